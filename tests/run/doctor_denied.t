#!/bin/bash
# dwh doctor where something is denied: the permission and what it is needed on, with the statement that
# a policy lacks. And in its order: a warehouse, then a password for it.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
own_postgres
own_s3d
own_redshiftd
redshift_config
start_double --key "$S3_ID:$S3_SECRET" --s3 "http://127.0.0.1:$S3_PORT" --s3-key "$S3_ID:$S3_SECRET"
sed -i -e '/^ENDPOINT/d' -e '/^DB_PASSWORD/d' "$T/dwh.cfg"
export PGPASSWORD=$RS_PASSWORD

found() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | "\(.state) \(.found)"' <<<"$OUT"; }
remedy() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | .remedy' <<<"$OUT"; }
allowed() { remedy "$1" | grep -o '{"Effect".*}' | jq -c '[.Action, .Resource]'; } # what the statement allows
doctor() { dwh doctor --json "$@"; }

doctor
is "$ST $(jq -r '[.findings[] | select(.state == "missing") | .what] | join(", ")' <<<"$OUT")" '0 ' 'all is well'

# ---- a warehouse, then a password ----

sed '/^HOST/d' "$T/dwh.cfg" >"$T/none.cfg"
chmod 600 "$T/none.cfg"
from=$(count_calls)
OUT=$("$DWH" doctor --json -c "$T/none.cfg" --set CLUSTER.IAM_AUTH=user 2>"$T/err")
is "$? $(found 'database password')" '2 ' 'no warehouse: no password is spoken of'
is "$(found warehouse): $(remedy warehouse)" 'missing none is known: [CLUSTER] HOST is not set, and no cluster of ours is up: `dwh cluster up` makes one; or set [CLUSTER] HOST to one that is there' 'which is missing'
is "$(calls "$from" | grep -c Credentials)" 0 'nor asked for'
sed -i -E '/^(ARN|MANIFESTS)/d' "$T/none.cfg"
OUT=$("$DWH" doctor --json -c "$T/none.cfg" 2>"$T/err")
like "$(remedy role)" '^`dwh cluster up` makes one; or set \[IAM_ROLE\] ARN' 'where the warehouse is to be made: the role, too'
like "$(remedy '[S3] MANIFESTS')" '^`dwh cluster up` makes a bucket for them; or set it' 'and the place of manifests'
from=$(count_calls)
doctor --set CLUSTER.IAM_AUTH=user --set CLUSTER.DB_PORT=1
is "$ST $(found 'database password')" '4 ' 'a warehouse that is not there: no password is spoken of'
like "$(remedy warehouse)" 'is the server running, and are \[CLUSTER\] HOST and DB_PORT right\?$' 'but of where it should be'
is "$(calls "$from" | grep -c Credentials)" 0 'nor asked for'

# ---- the password ----

# denies ACTION PERMISSION STATEMENT OPTION...
denies() {
	fail_next "$1" deny
	doctor "${@:4}"
	is "$ST" 4 "$2 is denied: exit code 4"
	like "$(found 'database password')" "^missing .*not authorized to perform: $2.*[^;]$" 'what is missing'
	like "$(remedy 'database password')" "^check \[(DWH|CLUSTER)\] .*need .*$2" 'the permission is named, and the remedy not cut'
	is "$(grep -cF "$(remedy 'database password' | sed 's/: {.*//')" <<<"$(found 'database password')")" 0 'nor said twice'
	is "$(allowed 'database password')" "$3" 'and what a policy must allow'
}
denies GetClusterCredentials redshift:GetClusterCredentials '["redshift:GetClusterCredentials",["arn:aws:redshift:*:*:dbuser:dwh-cluster/awsuser","arn:aws:redshift:*:*:dbname:dwh-cluster/postgres"]]' --set CLUSTER.IAM_AUTH=user
denies GetClusterCredentialsWithIAM redshift:GetClusterCredentialsWithIAM '["redshift:GetClusterCredentialsWithIAM","arn:aws:redshift:*:*:dbname:dwh-cluster/postgres"]' --set CLUSTER.IAM_AUTH=role
denies GetCredentials redshift-serverless:GetCredentials '["redshift-serverless:GetCredentials","arn:aws:redshift-serverless:*:*:workgroup/*"]' --set CLUSTER.IAM_AUTH=serverless
denies GetSecretValue secretsmanager:GetSecretValue '["secretsmanager:GetSecretValue","arn:aws:secretsmanager:*:*:secret:mine-*"]' --set CLUSTER.DB_SECRET=mine

# ---- the keys ----

mkdir -p "$T/.aws"
cat >"$T/.aws/config" <<-CFG
	[profile base]
	aws_access_key_id = $S3_ID
	aws_secret_access_key = $S3_SECRET
	[profile other]
	role_arn = arn:aws:iam::123456789012:role/loader
	source_profile = base
CFG
sed -E '/^(KEY|SECRET) =/d' "$T/dwh.cfg" >"$T/role.cfg"
chmod 600 "$T/role.cfg"
OUT=$(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_PROFILE=other "$DWH" doctor --json -c "$T/role.cfg" 2>"$T/err")
is $? 2 'sts:AssumeRole is denied: exit code 2'
like "$(found 'AWS key')" 'not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/loader' 'it is named, and on which role'
like "$(remedy 'AWS key')" 'sts:AssumeRole' 'and the remedy'

# ---- S3, by our own keys ----

fail_next ListObjectsV2 deny
doctor
is "$ST $(allowed '[S3] LOG_DATA')" '5 [["s3:ListBucket"],"arn:aws:s3:::sparkify"]' 's3:ListBucket is denied: the statement'
like "$(remedy '[S3] LOG_DATA')" 'need s3:ListBucket on the bucket' 'and the permission'
fail_next HeadObject deny
doctor
is "$ST $(allowed '[S3] LOG_DATA')" '0 [["s3:GetObject"],"arn:aws:s3:::sparkify/log_data*"]' 's3:GetObject is denied: the statement'
own='[["s3:PutObject","s3:GetObject","s3:DeleteObject"],"arn:aws:s3:::manifests/of/tests/*"]'
for row in PutObject:5 GetObject:5 DeleteObject:0; do
	fail_next "${row%:*}" deny
	doctor
	is "$ST $(allowed '[S3] MANIFESTS')" "${row#*:} $own" "s3:${row%:*} is denied in MANIFESTS: the statement"
	like "$(remedy '[S3] MANIFESTS')" "s3:${row%:*}" 'and the permission'
done
find "$T/buckets/manifests" -name 'doctor*' -delete
double_post fail '{"action": "PutObject", "how": "error", "code": "AccessDenied", "status": 403, "message": "User: arn:aws:iam::123456789012:user/loader is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:us-west-2:123456789012:key/k because no identity-based policy allows the kms:GenerateDataKey action"}' >/dev/null
doctor
like "$(found '[S3] MANIFESTS')" 'kms:GenerateDataKey on resource: arn:aws:kms:us-west-2:123456789012:key/k' 'the key of an encrypted bucket is denied: it is named'
is "$ST $(remedy '[S3] MANIFESTS')" "5 the credentials need kms:Decrypt and, to write, kms:GenerateDataKey on that key, and the key's own policy must let them" 'and what is needed on it'

# ---- S3, by the role ----

dwh create
"$DWH" s3d --root "$T/buckets" --key-file "$T/s3d.key" --port 0 --fault get:403:100% >"$T/denied.ready" 2>>"$T/s3d.log" &
disown
until_true 10 grep -q ready "$T/denied.ready"
stop_redshiftd
own_redshiftd --s3-endpoint "http://127.0.0.1:$(sed -n 's/^s3d ready //p' "$T/denied.ready")"
doctor
is "$ST" 5 'the role may not read: exit code 5'
like "$(remedy 'COPY staging_songs')" '^the role of \[IAM_ROLE\] ARN needs s3:ListBucket and .*s3:GetObject on data' 'what it needs'
is "$(remedy 'COPY staging_songs' | grep -o '{"Version".*' | jq -c '[.Statement[] | select(.Action == "s3:GetObject") | .Resource[]]')" \
	'["arn:aws:s3:::sparkify/log_data*","arn:aws:s3:::sparkify/log_json_path.json*","arn:aws:s3:::sparkify/song_data*","arn:aws:s3:::manifests/of/tests/*"]' 'the policy that it must have'
is "$(found 'COPY staging_songs' | grep -c 'the role of')" 0 'which is the remedy, not what was found'
done_testing
