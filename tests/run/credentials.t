#!/bin/bash
# Where AWS keys come from: roles, web identities, programs and files (credentials_metadata.t has the
# rest), with real files, a real program and a real STS, judged by an s3d that verifies every signature
# and token. What is wrong is refused by its name, and no secret is printed anywhere.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/run/aws_keys.sh"
keys_world

# ---- roles ----

files '[default]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
region = us-west-2
[profile second]
role_arn = arn:aws:iam::123456789012:role/second
source_profile = default
role_session_name = by-name@x
duration_seconds = 1800
[profile outside]
role_arn = arn:aws:iam::123456789012:role/outside
source_profile = base
external_id = ext-1
[profile noid]
role_arn = arn:aws:iam::123456789012:role/outside
source_profile = base
[profile itself]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = itself
[profile a]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = b
[profile b]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = c
[profile c]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = a
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile both]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
credential_source = Environment
[profile none]
role_arn = arn:aws:iam::123456789012:role/reader
[profile nobody]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = no-such
[profile short]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
duration_seconds = 60
[profile name]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
role_session_name = a b
[profile odd]
role_arn = arn:aws:iam::123456789012:role/reader
credential_source = Somewhere
[profile fromenv]
role_arn = arn:aws:iam::123456789012:role/reader
credential_source = Environment
[profile fromcontainer]
role_arn = arn:aws:iam::123456789012:role/reader
credential_source = EcsContainer
[profile frominstance]
role_arn = arn:aws:iam::123456789012:role/reader
credential_source = Ec2InstanceMetadata' "[itself]
aws_access_key_id = $S3_ID
aws_secret_access_key = $S3_SECRET"
gives ASIAREADER0001 'role arn:aws:iam::123456789012:role/reader, assumed by profile default .*/.aws/config' 'a role'
like "$(asked)" "^AssumeRole $S3_ID RoleArn=arn:aws:iam::123456789012:role/reader$" 'asked for by the keys of source_profile, signed'
like "$(found 'AWS key')" 'good until 20[0-9-]+T[0-9:.]+Z' 'a role: until when'
like "$(found 'AWS key, looked for')" 'configuration no, environment no, role_arn of profile default yes' 'a role: what was looked at before it'
AWS_PROFILE=second gives ASIASECOND0001 'role .*role/second, assumed by profile second' 'a role behind a role'
is "$(asked | tail -n 2 | cut -d' ' -f1-3)" "AssumeRole $S3_ID RoleArn=arn:aws:iam::123456789012:role/reader
AssumeRole ASIAREADER0001 RoleArn=arn:aws:iam::123456789012:role/second" 'asked for by the keys of the first'
like "$(asked)" 'role/second DurationSeconds=1800$' 'for as long as the profile says'
gives ASIAOUTSIDE0001 'role .*outside, assumed by profile outside' 'an external id' --set AWS.PROFILE=outside
like "$(asked)" 'ExternalId=ext-1' 'is sent'
refuses 'profile noid .*role/outside is not to be had: .*AccessDenied' 'a role that is refused' --set AWS.PROFILE=noid
AWS_PROFILE=itself gives ASIAREADER0001 'role .*reader, assumed by profile itself' 'a profile that is its own source'
AWS_PROFILE=a refuses 'source_profile go round in a circle: a -> b -> c -> a' 'a circle is told as a whole'
is "$(asked)" '' 'and nobody is asked'
AWS_PROFILE=mfa refuses 'mfa_serial asks for a code .*which a load can not type.*export-credentials --profile mfa' 'a code that must be typed'
AWS_PROFILE=both refuses 'source_profile and credential_source are both set' 'two sources'
AWS_PROFILE=none refuses 'role_arn needs source_profile or credential_source' 'no source'
AWS_PROFILE=nobody refuses 'profile nobody .*source_profile no-such: the profile no-such does not exist' 'a source that is none'
AWS_PROFILE=short refuses 'duration_seconds must be a number from 900 to 43200' 'a duration that STS does not take'
AWS_PROFILE=name refuses 'role_session_name must be' 'a name of a session that STS does not take'
AWS_PROFILE=odd refuses 'credential_source must be Environment, EcsContainer or Ec2InstanceMetadata' 'an unknown source'
AWS_PROFILE=gone refuses 'profile gone, named by AWS_PROFILE, is neither in .*credentials nor in .*config' 'no such profile'
AWS_PROFILE=fromenv refuses 'credential_source Environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set' \
	'an environment without keys'
AWS_ACCESS_KEY_ID=$S3_ID AWS_SECRET_ACCESS_KEY=$S3_SECRET gives ASIAREADER0001 'role .*, assumed by profile fromenv' \
	'a role by the keys of the environment' --set AWS.PROFILE=fromenv
AWS_ACCESS_KEY_ID=$S3_ID AWS_SECRET_ACCESS_KEY=$S3_SECRET AWS_PROFILE=second gives "$S3_ID" 'environment' \
	'the environment goes before AWS_PROFILE'
AWS_PROFILE=fromcontainer refuses 'credential_source EcsContainer: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI' 'no container'
AWS_CONTAINER_CREDENTIALS_FULL_URI=$AWS/container AWS_PROFILE=fromcontainer gives ASIAREADER0001 \
	'role .*, assumed by profile fromcontainer' 'a role by the keys of the container'
like "$(asked)" 'AssumeRole ASIACONTAINER0001 ' 'which ask for it'
AWS_PROFILE=frominstance refuses 'credential_source Ec2InstanceMetadata: AWS_EC2_METADATA_DISABLED' 'metadata switched off'
export AWS_EC2_METADATA_SERVICE_ENDPOINT=$AWS/
AWS_EC2_METADATA_DISABLED=false AWS_PROFILE=frominstance gives ASIAREADER0001 'role .*, assumed by profile frominstance' \
	'a role by the keys of the instance'
like "$(asked)" 'AssumeRole ASIAINSTANCE0001 ' 'which ask for it'
AWS_ENDPOINT_URL_STS=http://127.0.0.1:1 doctor
is "$ST" 2 'no STS there: exit code 2'
like "$(found 'AWS key')" 'role/reader is not to be had: .*127\.0\.0\.1:1' 'no STS there'

# ---- web identity ----

rm -r "$T/.aws"
echo JWT-OF-THE-POD >"$T/jwt"
cp "$T/jwt" "$A/jwt"
export AWS_WEB_IDENTITY_TOKEN_FILE=$T/jwt AWS_ROLE_ARN=arn:aws:iam::123456789012:role/web AWS_ROLE_SESSION_NAME=pod
gives ASIAWEB0001 'role .*role/web, assumed by AWS_WEB_IDENTITY_TOKEN_FILE' 'a web identity'
like "$(asked)" '^AssumeRoleWithWebIdentity nobody RoleArn=' 'is not signed'
echo OTHER >"$T/jwt"
refuses 'AssumeRoleWithWebIdentity.*InvalidIdentityToken' 'a token that STS does not take'
AWS_ROLE_ARN='' refuses 'a web identity needs a role: set role_arn \(AWS_ROLE_ARN\)' 'no role'
: >"$T/jwt"
refuses "token file $T/jwt is empty" 'an empty token'
rm "$T/jwt"
refuses "cannot open the token file $T/jwt" 'no token'
unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME
files "[profile pod]
web_identity_token_file = $A/jwt
role_arn = arn:aws:iam::123456789012:role/web
[profile behind]
role_arn = arn:aws:iam::123456789012:role/second
source_profile = pod"
AWS_PROFILE=pod gives ASIAWEB0001 'role .*role/web, assumed by profile pod' 'a web identity of a profile'
AWS_PROFILE=behind gives ASIASECOND0001 'role .*second, assumed by profile behind' 'and a role behind it'

# ---- credential_process ----

cat >"$T/job" <<'JOB'
#!/bin/sh
# job KEYFILE ID SPOILT: prints the keys of that id
echo "job says: $#" >&2
test "$3" = late && sleep 600
test "$3" = status && exit 7
awk -v id="$2" -v spoilt="$3" '$0 == id { f = 1; next } f == 1 { s = $0; f = 2; next }
	f == 2 { sub("token ", ""); v = spoilt == "version" ? 2 : 1
		printf "{\"Version\": %s, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"%s\", \"SessionToken\": \"%s\"%s\n",
			v, id, s, $0, spoilt == "json" ? "" : "}"; exit }' "$1"
JOB
chmod 755 "$T/job"
mkdir "$T/a folder"
cp "$T/job" "$T/a folder/job"
process() { files "[default]
credential_process = $1"; }
process "\"$T/a folder/job\" $A/keys 'ASIAPROCESS0001' x"
gives ASIAPROCESS0001 "credential_process $T/a folder/job of profile default" 'a program'
like "$ERR" '^job says: 3' 'what it says to stderr is passed on'
process "$T/job $A/keys ASIAPROCESS0001 json"
refuses 'credential_process .*/job of profile default .*no JSON object' 'a program that prints something else'
process "$T/job $A/keys ASIAPROCESS0001 version"
refuses '"Version" is not 1' 'another version'
process "$T/job $A/keys ASIAPROCESS0001 status"
refuses 'ended with status 7' 'a program that fails'
process "$T/none $A/keys"
refuses 'ended with status 127: is there such a program' 'no such program'
process "$T/job $A/keys nobody x"
refuses 'no JSON object' 'a program that prints nothing'
process "$T/job '$A/keys"
refuses 'a quote that is not closed' 'a quote that is not closed'
process "touch $T/shell; echo \$(touch $T/shell2) | tee"
doctor
is "$ST $(find "$T" -maxdepth 1 -name shell2)" '2 ' 'no shell runs it'
process "sh -c 'exec >&-; sleep 600; $T/late'"
"$DWH" doctor -c "$T/dwh.cfg" >"$T/late" 2>&1 &
LATE=$!
until_true 30 pgrep -f "exec >&-; sleep 600; $T/late"
kill -0 $LATE
ok $? 'a program that closes its output is waited for'
kill -9 $LATE
wait $LATE 2>/dev/null
process "yes"
refuses 'prints more than 64 KiB' 'a program without an end'
process "$T/job $A/keys ASIAPROCESS0001 late"
"$DWH" doctor -c "$T/dwh.cfg" >"$T/late" 2>&1 &
LATE=$!
until_true 30 pgrep -f "$T/job $A/keys ASIAPROCESS0001 late"
kill -9 $LATE
wait $LATE 2>/dev/null
no_job() { ! pgrep -f "$T/job $A/keys ASIAPROCESS0001 late"; }
until_true 10 no_job
ok $? 'it ends with us'

# ---- keys in files go on to work, and go before what costs a request ----

files "[default]
credential_process = $T/none" "[default]
aws_access_key_id = $S3_ID
aws_secret_access_key = $S3_SECRET"
AWS_CONTAINER_CREDENTIALS_FULL_URI=$AWS/container gives "$S3_ID" 'profile default .*/.aws/credentials' 'keys of a file'
is "$(asked)" '' 'and nobody is asked'

# ---- what is asked for, and not done ----

AWS_USE_FIPS_ENDPOINT=true doctor
like "$(found AWS_USE_FIPS_ENDPOINT)" '^warn dwh does not know .*: name those addresses, as AWS_ENDPOINT_URL_S3' 'FIPS addresses'

# ---- whole loads ----

process "\"$T/a folder/job\" $A/keys ASIAPROCESS0001 x"
load 0 'a load by the keys of a program'
files '[default]
role_arn = arn:aws:iam::123456789012:role/second
source_profile = first
[profile first]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base'
load 0 'a load by a role behind a role'
is "$(sql 'select count(*) from staging_events')" 8056 'which loads all'
is "$(jq -r .status "$A/s3d.log" | grep -c '^40[03]')" 0 'S3 has refused nothing'
sed -i 's/^aws_secret_access_key.*/aws_secret_access_key = WRONG/' "$T/.aws/credentials"
load 2 'a load by wrong keys behind a role'

# ---- certificates of the profile ----

files "[default]
aws_access_key_id = $S3_ID
aws_secret_access_key = $S3_SECRET
ca_bundle = $T/bundle-of-profile"
doctor --set AWS.ENDPOINT="https://127.0.0.1:$S3_PORT"
like "$(found '[S3] LOG_DATA')" 'bundle-of-profile' 'ca_bundle of the profile is used'
AWS_CA_BUNDLE=$T/bundle-of-environment doctor --set AWS.ENDPOINT="https://127.0.0.1:$S3_PORT"
like "$(found '[S3] LOG_DATA')" 'bundle-of-environment' 'AWS_CA_BUNDLE goes first'

end_watch
done_testing
