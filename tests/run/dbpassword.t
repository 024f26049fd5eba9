#!/bin/bash
# Whose password opens the warehouse: of AWS, for minutes (a cluster's, a workgroup's), of Secrets
# Manager, of libpq's own places. It is asked for with signed requests, used with the user's name that
# comes along, asked for again when it has changed, and printed nowhere.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
. "$TOP/tests/run/aws_keys.sh"
own_aws
export AWS_ENDPOINT_URL_REDSHIFT=$AWS AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS=$AWS AWS_ENDPOINT_URL_SECRETS_MANAGER=$AWS

# opens USER PASSWORD: that opens the warehouse, and AWS gives it; another password may come later
opens() {
	(umask 077 && printf '%s\n%s\n' "$1" "$2" >"$T/opens")
	cp "$T/opens" "$A/password"
}
opens IAM:awsuser 'Temporary/+=&<1'
HIDDEN+=('Temporary/+' 'Temporary%2F' 'Temporary\/')
own_redshiftd --password-file "$T/opens"
redshift_config
sed -i '/^DB_PASSWORD/d' "$T/dwh.cfg"
start_watch

login() { # login USER FROM NAME OPTIONS...
	doctor "${@:4}"
	is "$ST" 0 "$3: all is well"
	like "$(found login)" "^ok user $1 of database postgres, with a password from $2" "$3: doctor says where it comes from"
}
no_login() { # no_login CODE WHAT REGEX NAME OPTIONS...
	doctor "${@:5}"
	is "$ST" "$1" "$4: exit code $1"
	like "$(found "$2")" "^missing .*$3" "$4"
}

login IAM:awsuser 'GetClusterCredentials of dwh-cluster, good for logins until 20' 'a user of a cluster' --set CLUSTER.IAM_AUTH=user
is "$(asked)" "GetClusterCredentials $S3_ID DbUser=awsuser DbName=postgres ClusterIdentifier=dwh-cluster DurationSeconds=900 AutoCreate=false" \
	'asked once, and signed'
login IAM:awsuser 'GetClusterCredentialsWithIAM of dwh-cluster' 'a role of a cluster' --set CLUSTER.IAM_AUTH=role
is "$(asked)" "GetClusterCredentialsWithIAM $S3_ID DbName=postgres ClusterIdentifier=dwh-cluster DurationSeconds=900" 'signed'
login IAM:awsuser 'GetCredentials of group' 'a workgroup' --set CLUSTER.IAM_AUTH=serverless --set DWH.CLUSTER_IDENTIFIER=group
is "$(asked)" "GetCredentials $S3_ID workgroupName=group dbName=postgres durationSeconds=900" 'signed'
login IAM:awsuser 'GetSecretValue of dwh/loader' 'a secret' --set CLUSTER.DB_SECRET=dwh/loader
is "$(asked)" "GetSecretValue $S3_ID SecretId=dwh/loader" 'signed'
no_login 4 'database password' 'AccessDenied.*: check \[DWH\] CLUSTER_IDENTIFIER and \[CLUSTER\] DB_USER; the AWS keys need redshift:GetClusterCredentials' \
	'a user that the keys may not be' --set CLUSTER.IAM_AUTH=user --set CLUSTER.DB_USER=somebody
no_login 4 'database password' 'ClusterNotFound.*check \[DWH\] CLUSTER_IDENTIFIER' 'no such cluster' \
	--set CLUSTER.IAM_AUTH=role --set DWH.CLUSTER_IDENTIFIER=other
no_login 4 'database password' 'there is none in the answer to GetSecretValue of empty' 'a secret without a password' \
	--set CLUSTER.DB_SECRET=empty
AWS_ENDPOINT_URL_REDSHIFT=http://127.0.0.1:1 no_login 4 'database password' 'no password for the warehouse' \
	'nobody there' --set CLUSTER.IAM_AUTH=role
DWH_AWS_SECRET=WRONGWRONG no_login 2 'database password' 'SignatureDoesNotMatch' 'wrong keys' --set CLUSTER.IAM_AUTH=role

# Where libpq looks by itself.
export PGPASSWORD='Temporary/+=&<1'
login IAM:awsuser PGPASSWORD 'a password of the environment' --set CLUSTER.DB_USER=IAM:awsuser
unset PGPASSWORD
(umask 077 && printf '%s\n' '*:*:*:IAM\:awsuser:Temporary/+=&<1' >"$T/.pgpass")
login IAM:awsuser '[~]/.pgpass' 'a password of the file' --set CLUSTER.DB_USER=IAM:awsuser
mv "$T/.pgpass" "$T/passwords"
PGPASSFILE=$T/passwords login IAM:awsuser "$T/passwords" 'another file' --set CLUSTER.DB_USER=IAM:awsuser
rm "$T/passwords"
export DWH_CLUSTER_DB_PASSWORD='Temporary/+=&<1'
login IAM:awsuser 'environment DWH_CLUSTER_DB_PASSWORD' 'a password of the configuration goes before AWS' \
	--set CLUSTER.IAM_AUTH=role --set CLUSTER.DB_USER=IAM:awsuser
is "$(asked)" '' 'which is not asked'
unset DWH_CLUSTER_DB_PASSWORD

# A load; and one in which the warehouse goes away and comes back with another password, while that
# of the workers has not expired.
echo '[CLUSTER]
IAM_AUTH = role' >>"$T/dwh.cfg"
load 0 'a load'
is "$(sql 'select count(*) from staging_events')" 8056 'which loads all; psql opens the warehouse, too'
stop_s3d
"$DWH" s3d --root "$T/buckets" --key-file "$A/keys" --port "$S3_PORT" --latency 30ms >"$T/s3d.ready2" 2>>"$T/s3d.log" &
S3D=$!
disown
until_true 30 grep -q ready "$T/s3d.ready2"
"$DWH" run --fresh -c "$T/dwh.cfg" --set LOAD.SHARD_OBJECTS=100 --set LOAD.STRATEGY=direct --set LOAD.COMPACT=off \
	>"$T/seen/out" 2>"$T/seen/err" &
RUN=$!
until_true 60 slow_run_is_on
nothing_asked
stop_redshiftd
opens IAM:awsuser 'Temporary/+=&<2'
own_redshiftd --password-file "$T/opens"
wait $RUN
is $? 0 'another password in the middle of a load: exit code 0'
[ "$(asked | grep -c '^GetClusterCredentialsWithIAM ')" -ge 1 ]
ok $? 'it was asked for again'
is "$(sql 'select count(*) from staging_events')" 8056 'all is loaded'

end_watch
done_testing
