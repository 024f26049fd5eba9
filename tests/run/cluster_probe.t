#!/bin/bash
# By which object `dwh cluster up` proves that the role may read: the first one that a COPY can read,
# and that says something. Where there is none, it says so.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take creating=5
up() { dwh cluster up --set S3.LOG_DATA="$1" --set S3.LOG_JSONPATH="$1" --set S3.SONG_DATA="$1"; }
# Only what is listed through AWS is archived there.
archive() { double_post archive "{\"bucket\": \"sparkify\", \"key\": \"$1\"}" >/dev/null; }
mkdir -p buckets/sparkify/some/{a,b,c}
echo '{"n": 1}' >buckets/sparkify/some/a/old.json
: >buckets/sparkify/some/b/empty.json
echo '{"n": 2}' >buckets/sparkify/some/c/good.json
archive some/a/old.json

up s3://sparkify/some
is "$ST" 0 'up, where the first object is archived, and the second is empty'
is "$(grep -c 'not proved' <<<"$ERR")" 0 'the role is proved'
nothing=$(sha256sum </dev/null | cut -d' ' -f1)
like "$(curl -sS -o /dev/null -w '%{http_code}' -u "$S3_ID:$S3_SECRET" --aws-sigv4 aws:amz:us-west-2:s3 -X PUT --data-binary '' \
	-H "x-amz-content-sha256: $nothing" "http://127.0.0.1:$S3_PORT/sparkify/marks/")" '^200' 'the mark of a folder'
mkdir -p buckets/sparkify/marks
echo '{"n": 3}' >buckets/sparkify/marks/good.json
up s3://sparkify/marks
is "$ST $(grep -c 'not proved' <<<"$ERR")" '0 0' 'where the first is the mark of a folder: it is proved, too'

archive some/c/good.json
up s3://sparkify/some
is "$ST" 0 'where none can be read: up'
like "$ERR" 'may read S3 is not proved: no source of \[S3\] begins with an object that is neither empty nor archived' 'says that it is not proved, and why'
fail_next ListObjectsV2 deny
up s3://sparkify/some
like "$ERR" 'is not proved: s3://sparkify/some .*access denied.*needs? s3:ListBucket' 'who may not list is told that'
removes 'what was made'
done_testing
