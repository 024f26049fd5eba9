#!/bin/bash
# Buckets, made and removed by our client at other people's S3 servers: Ceph's radosgw, which checks
# every signature, and moto, which has regions.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../aws/lib.sh
. "$TOP/tests/aws/lib.sh"
trap 'stop_aws; stop_peers; clean_up' EXIT
needs aws

# life NAME KEY: of a bucket at $SERVER, in $AWS_REGION, with an odd key in it; awscli is the witness
life() {
	ours find ours
	is "$ST $OUT" '0 ' "$1: there is no such bucket"
	ours make ours
	is "$ST $OUT" '0 made' "$1: made"
	aws s3api head-bucket --bucket ours >"$T/out" 2>&1
	ok $? "$1: awscli sees it"
	ours make ours
	like "$ST $OUT" '^0 (had|made)$' "$1: made again is no error"
	ours tags ours
	is "$ST $OUT" '0 ' "$1: no tags yet"
	ours tag ours 'dwh:made-by' 'a <b> & "c" +é'
	is "$ST" 0 "$1: tagged"
	is "$(aws s3api get-bucket-tagging --bucket ours | jq -c .TagSet)" \
		'[{"Key":"dwh:made-by","Value":"a <b> & \"c\" +é"}]' "$1: awscli sees the tag"
	ours tags ours
	is "$OUT" '{"key":"dwh:made-by","value":"a <b> & \"c\" +é"}' "$1: and so do we"
	ours block ours
	is "$ST" 0 "$1: closed to the public"
	is "$(aws s3api get-public-access-block --bucket ours |
		jq -c '.PublicAccessBlockConfiguration | to_entries | map(.value) | unique')" '[true]' \
		"$1: awscli sees that"
	ours drop ours
	is "$ST" 0 "$1: removed"
	ours drop ours
	is "$ST" 0 "$1: removed again is no error"
	ours make ours
	is "$ST $OUT" '0 made' "$1: made anew"
	for key in 'a folder/' "$2" 'plain'; do
		"$S3TOOL" put ours "$key" </dev/null || echo "# put $key: $?"
	done
	jq -nc 'range(1100) | {key: "many/\(.)", body: "x"}' | "$S3TOOL" load ours
	ours drop ours
	like "$ST $ERR" '^1 setup s3 BucketNotEmpty: s3://ours/ .* the bucket is not empty' \
		"$1: one with objects stays"
	ours empty ours
	is "$ST $OUT" '0 1103' "$1: emptied, in two requests"
	is "$(aws s3 ls --recursive s3://ours)" '' "$1: awscli sees nothing in it"
	ours drop ours
	is "$ST" 0 "$1: removed"
	ours find ours
	is "$ST $OUT" '0 ' "$1: and gone"
	ours tags ours
	like "$ERR" 'setup s3 NoSuchBucket' "$1: tags of none"
}

if has_moto; then
	start_moto
	server "$MOTO_PORT"
	export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1
	# Its check of signatures fails on keys that have to be encoded.
	life moto 'key~_.1'
	ours make far
	is "$(aws s3api get-bucket-location --bucket far | jq -r .LocationConstraint)" eu-west-1 \
		'moto: the bucket is where it should be'
	export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
	ours make near
	is "$ST $(aws s3api get-bucket-location --bucket near | jq -r .LocationConstraint)" '0 null' \
		'moto: the oldest region has no name'
else
	skip 'moto' 'moto is not installed'
fi

unset AWS_ENDPOINT_URL
own_ceph
keys "$S3_ID" "$S3_SECRET"
server "$PLAIN_PORT"
# radosgw has one region, whose name it takes for the oldest.
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
life radosgw 'odd <&> key+%41'
done_testing
