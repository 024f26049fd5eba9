#!/bin/bash
# AWS keys of a container and of an EC2 instance, from small servers that speak as those do, judged by
# an s3d that verifies every signature and token. No secret is printed anywhere.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/run/aws_keys.sh"
keys_world

# ---- the container ----

export AWS_CONTAINER_CREDENTIALS_FULL_URI=$AWS/container
gives ASIACONTAINER0001 'container \(AWS_CONTAINER_CREDENTIALS_FULL_URI\)' 'a container'
echo 'Bearer BEARER-OF-THE-POD' >"$A/bearer"
refuses 'asked 3 times in vain: HTTP 401' 'without the token that it wants'
is "$(asked | grep -c '^container')" 3 'asked three times'
AWS_CONTAINER_AUTHORIZATION_TOKEN='Bearer BEARER-OF-THE-POD' gives ASIACONTAINER0001 container 'with the token'
printf 'Bearer BEARER-OF-THE-POD' >"$T/bearer"
export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$T/bearer
AWS_CONTAINER_AUTHORIZATION_TOKEN=other gives ASIACONTAINER0001 container 'a file with the token goes first'
printf 'Bearer BEARER-OF-THE-POD\r\nX-Evil: 1' >"$T/bearer"
refuses 'token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE holds an end of line' 'a token that would be two headers'
is "$(asked)" '' 'is not sent'
rm "$T/bearer"
refuses 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE .*bearer: No such file' 'no file'
unset AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
: >"$A/bearer"
echo 'container 2 500' >"$A/fail"
gives ASIACONTAINER0001 container 'the third attempt'
AWS_EC2_METADATA_DISABLED=false AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/ refuses 'asked 3 times in vain: cannot reach' \
	'nobody there: no other place is tried'
is "$(asked)" '' 'not even the instance'
for url in "http://example.com/" "http://127.0.0.1@example.com/" "http://169.254.169.254/"; do
	AWS_CONTAINER_CREDENTIALS_FULL_URI=$url refuses 'names a server that may not be asked for keys' "$url"
done
http_proxy=http://127.0.0.1:1 gives ASIACONTAINER0001 container 'a proxy is passed by'
AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=no-slash refuses 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash' \
	'a relative address'
unset AWS_CONTAINER_CREDENTIALS_FULL_URI

# AWS's own address, in a network of the test's own, without an S3.
mkdir "$T/aws2"
cp "$A/keys" "$A/generation" "$T/aws2"
# shellcheck disable=SC2016
OUT=$(unshare -rn bash -c 'ip link set lo up && ip addr add 169.254.170.2/32 dev lo || exit
	python3 "$1/tests/run/aws_keys.py" "$2/aws2" 169.254.170.2 80 2>"$2/aws2/err" &
	for i in $(seq 100); do [ -s "$2/aws2/port" ] || sleep 0.1; done
	AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/container "$3" doctor -c "$2/dwh.cfg" --json
	kill $!' bash "$TOP" "$T" "$DWH" 2>"$T/err")
if [ -s "$T/aws2/port" ]; then
	like "$(found 'AWS key')" '^ok \*\*\*\*0001.*, from container \(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI\)' \
		'a relative address is one of 169.254.170.2'
else
	ok 0 'a relative address # SKIP no network of its own can be made here'
fi

# ---- the instance ----

export AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$AWS/
sed -i '/^REGION/d' "$T/dwh.cfg"
gives ASIAINSTANCE0001 'role instance-role of the instance' 'an instance'
like "$(found S3)" 'region us-west-2 \(the instance\)' 'the region is that of the instance'
is "$(asked | grep -c imds-without-token)" 0 'version 1 is not spoken'
AWS_REGION=us-west-2 gives ASIAINSTANCE0001 'role instance-role' 'with AWS_REGION'
like "$(found S3)" 'region us-west-2 \(AWS_REGION\)' 'which goes first'
is "$(asked | grep -c 'imds region')" 0 'so the instance is not asked for it'
echo 'imds 1 403' >"$A/fail"
AWS_REGION=us-west-2 refuses 'gives no token \(HTTP 403\): dwh speaks IMDSv2 alone' 'an instance without version 2'
is "$(asked | grep -c '^imds ')" 1 'version 1 is not tried'
echo 'imds 1 500' >"$A/fail"
AWS_REGION=us-west-2 AWS_METADATA_SERVICE_NUM_ATTEMPTS=2 gives ASIAINSTANCE0001 'role instance-role' 'the second attempt'
files "[default]
ec2_metadata_service_endpoint = $AWS
metadata_service_num_attempts = 2"
echo 'imds 1 500' >"$A/fail"
AWS_EC2_METADATA_SERVICE_ENDPOINT='' gives ASIAINSTANCE0001 'role instance-role' 'what the profile says of the service'
rm -r "$T/.aws"
echo none >"$A/role"
refuses 'no AWS key: .*from no instance .*the instance has no role' 'an instance without a role'
rm "$A/role"
AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1 refuses 'no AWS key: .*from no instance .*cannot reach' 'no instance at all'
AWS_EC2_METADATA_DISABLED=true refuses 'no AWS key: not in .*dwh.cfg.*not in the environment.*from no container: set one of them' 'and switched off'
AWS_EC2_METADATA_DISABLED=true doctor
like "$(found S3)" 'region us-west-2 \(default\)' 'the region then'


# ---- whole loads ----

load 0 'a load by the keys of the instance'
AWS_CONTAINER_CREDENTIALS_FULL_URI=$AWS/container load 0 'a load by the keys of the container'
is "$(jq -r .status "$A/s3d.log" | grep -c '^40[03]')" 0 'S3 has refused nothing'
end_watch
done_testing
