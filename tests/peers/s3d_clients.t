#!/bin/bash
# Other people's S3 clients at work with s3d: what one has written all read; a wrong secret is refused.
. "$(dirname "$0")/lib.sh"
needs aws rclone s3cmd curl
small_data
own_s3d
keys "$S3_ID" "$S3_SECRET"
server "$S3_PORT"
quiet() { "$@" >"$T/out" 2>"$T/err"; }
sums() { (cd "$1" && find . -type f -print0 | xargs -0 md5sum | LC_ALL=C sort -k2); }
s3cmd() {
	command s3cmd --no-ssl --host="${SERVER#http://}" --host-bucket="${SERVER#http://}" \
		--region=us-west-2 --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" \
		--config=/dev/null "$@"
}
s3curl() { # s3curl PATH OPTIONS...
	curl -sSf -g --path-as-is --aws-sigv4 aws:amz:us-west-2:s3 \
		--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$SERVER$1" "${@:2}"
}
head -c 20000000 /dev/urandom >large
mkdir -p tree/sub 'tree/with blank'
echo one >tree/one
echo two >'tree/sub/t+w&o=2'
echo three >"tree/with blank/caf"$'\xc3\xa9'" 100%~'(1)"
: >tree/empty

# ---- awscli ----
quiet aws s3 mb s3://awscli
ok $? 'awscli makes a bucket'
quiet aws s3 cp large s3://awscli/large
ok $? 'awscli puts 20 MB in parts'
like "$(aws s3api head-object --bucket awscli --key large --query ETag)" '-3\\""$' 'three of them'
quiet aws s3 cp s3://awscli/large large.aws
cmp -s large large.aws
ok $? 'and gets them back'
quiet aws s3 sync tree s3://awscli/tree
ok $? 'awscli sync'
is "$(aws s3 sync tree s3://awscli/tree)" '' 'has nothing left to do'
quiet aws s3 sync s3://awscli/tree tree.aws
is "$(sums tree.aws)" "$(sums tree)" 'and brings the same back'
quiet aws s3 cp s3://awscli/tree/one s3://awscli/two
is "$(aws s3 cp s3://awscli/two -)" one 'a copy in the server'
is "$(aws s3 ls s3://awscli/tree/ | sed 's/.* //' | paste -sd ' ')" 'sub/ blank/ empty one' 'awscli ls'
is "$(curl -s "$(aws s3 presign s3://awscli/two)")" one 'a presigned address'
is "$(aws s3api get-object --bucket awscli --key two --range bytes=1-2 part.aws --query ContentRange \
	--output text) $(cat part.aws)" 'bytes 1-2/4 ne' 'a range'
like "$(aws s3api get-object --bucket awscli --key two --if-match x part.aws 2>&1)" \
	'\(PreconditionFailed\)|\(412\)' 'a condition'
quiet aws s3 rm --recursive s3://awscli/tree
is "$(aws s3 ls --recursive s3://awscli | sed 's/.* //' | paste -sd ' ')" 'large two' \
	'awscli rm --recursive'

# ---- rclone ----
RCLONE_S3_NO_CHECK_BUCKET=false quiet rclone mkdir peer:rclone
is "$(aws s3 ls | sed 's/.* //' | grep -c rclone)" 1 'rclone makes a bucket'
quiet rclone copy tree peer:rclone/tree
ok $? 'rclone copy'
quiet rclone check tree peer:rclone/tree
ok $? 'rclone check'
is "$(rclone cat peer:awscli/large | md5sum)" "$(md5sum <large)" 'rclone reads what awscli wrote'
quiet rclone copyto large peer:rclone/large --s3-upload-cutoff 5M --s3-chunk-size 6M
ok $? 'rclone puts 20 MB in parts'
is "$(aws s3 cp s3://rclone/large - | md5sum)" "$(md5sum <large)" 'which awscli reads'
is "$(rclone lsf -R --files-only peer:rclone/tree | LC_ALL=C sort)" \
	"$(cd tree && find . -type f -printf '%P\n' | LC_ALL=C sort)" 'rclone ls'
quiet rclone purge peer:rclone
is "$(aws s3 ls | sed 's/.* //' | grep -c rclone)" 0 'rclone purge'

# ---- s3cmd ----
quiet s3cmd mb s3://s3cmd
ok $? 's3cmd makes a bucket'
quiet s3cmd sync tree/ s3://s3cmd/tree/
ok $? 's3cmd sync'
mkdir tree.s3cmd
quiet s3cmd sync s3://s3cmd/tree/ tree.s3cmd/
is "$(sums tree.s3cmd)" "$(sums tree)" 'and back'
quiet s3cmd put --multipart-chunk-size-mb=6 large s3://s3cmd/large
ok $? 's3cmd puts 20 MB in parts'
is "$(aws s3 cp s3://s3cmd/large - | md5sum)" "$(md5sum <large)" 'which awscli reads'
like "$(s3cmd info s3://s3cmd/tree/one)" 'MD5 sum: +5bbf5a52328e7439ae6e719dfe712200' 's3cmd info'
quiet s3cmd rb --recursive --force s3://s3cmd
is "$(aws s3 ls | sed 's/.* //' | grep -c s3cmd)" 0 's3cmd rb --recursive'

# ---- curl ----
# What it can sign, and what not, is in verdicts.t.
s3curl /awscli/curl -T tree/one && s3curl /awscli/a%20b -T tree/one
is "$(aws s3 ls s3://awscli | sed 's/^.\{31\}//' | paste -sd ,)" 'a b,curl,large,two' 'curl writes'
is "$(s3curl /awscli/two)" one 'and reads'
is "$(s3curl '/awscli?list-type=2&prefix=cu' | grep -o '<Key>[^<]*')" '<Key>curl' 'and lists'
s3curl /awscli/curl -X DELETE
is "$(s3curl '/awscli?list-type=2&prefix=cu' | grep -c '<Key>')" 0 'and deletes'

# ---- boto3 ----
if /usr/bin/python3 -c 'import boto3' 2>/dev/null; then
	is "$(/usr/bin/python3 - "$SERVER" <<'PY'
import io, os, sys, boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[1])
big = os.urandom(12 << 20)
s3.upload_fileobj(io.BytesIO(big), "awscli", "boto/big")
back = s3.get_object(Bucket="awscli", Key="boto/big")["Body"].read() == big
for i in range(7):
    s3.put_object(Bucket="awscli", Key=f"boto/{i}", Body=b"x", ContentType="text/plain")
pages = s3.get_paginator("list_objects_v2").paginate(
    Bucket="awscli", Prefix="boto/", PaginationConfig={"PageSize": 3})
keys = [o["Key"] for page in pages for o in page["Contents"]]
gone = s3.delete_objects(Bucket="awscli", Delete={"Objects": [{"Key": k} for k in keys]})["Deleted"]
print(back, len(keys), len(gone))
PY
)" 'True 8 8' 'boto3: parts, pages, many deleted at once'
else
	skip 'boto3' 'python3-boto3 is not installed'
fi

# ---- numbers ----
files=$(find buckets/sparkify -type f | wc -l)
bytes=$(find buckets/sparkify -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
is "$(aws s3 ls --recursive --summarize s3://sparkify | sed -n 's/.*Total [A-Za-z]*: //p' | paste -sd ' ')" \
	"$files $bytes" 'awscli counts as many objects and bytes as there are files'
is "$(rclone size --json peer:sparkify | jq -r '"\(.count) \(.bytes)"')" "$files $bytes" 'rclone, too'
is "$(s3cmd du s3://sparkify | awk '{ print $2, $1 }')" "$files $bytes" 's3cmd, too'
is "$("$S3TOOL" list sparkify | jq -rs '"\(length) \(map(.size) | add)"')" "$files $bytes" 'and we do'
quiet rclone check --download buckets/sparkify peer:sparkify
ok $? 'and rclone finds every byte the same'

# ---- a wrong secret ----
keys "$S3_ID" 'a/Secret+of/40+characters/for+the+tests,'
refused() { # refused NAME COMMAND...
	"${@:2}" >"$T/out" 2>&1
	is "$? $(grep -cE 'SignatureDoesNotMatch|403|Forbidden' "$T/out" | sed 's/^[1-9].*/refused/')" \
		"${want:-1} refused" "$1 with a wrong secret is refused"
}
want=254 refused 'awscli' aws s3api list-objects-v2 --bucket sparkify
refused 'awscli cp' aws s3 cp s3://awscli/two -
refused 'rclone' rclone --retries 1 --low-level-retries 1 lsf peer:sparkify
want=77 refused 's3cmd' s3cmd ls s3://sparkify
want=22 refused 'curl' s3curl /awscli/two
refused 'our client' "$S3TOOL" list sparkify
done_testing
