#!/bin/bash
# Our client and whole runs against Ceph's radosgw, which checks every signature.
. "$(dirname "$0")/lib.sh"
needs aws rclone
own_ceph
small_data
keys "$S3_ID" "$S3_SECRET"
server "$PLAIN_PORT"
for bucket in sparkify manifests box; do make_bucket $bucket; done

# ---- the calls, one by one ----
head -c 5000000 /dev/urandom >"$T/large"
"$S3TOOL" put box large <"$T/large" 2>"$T/err"
ok $? 'put'
aws s3 cp s3://box/large "$T/large.aws" --quiet
cmp -s "$T/large" "$T/large.aws"
ok $? 'awscli reads what we wrote'
"$S3TOOL" get box large >"$T/large.ours" 2>"$T/err"
cmp -s "$T/large" "$T/large.ours"
ok $? 'and so do we'
ours head box large
is "$(jq -r '"\(.size) \(.etag)"' <<<"$OUT")" "5000000 $(md5sum "$T/large" | cut -c1-32)" 'head'
printf '' | "$S3TOOL" put box empty 2>"$T/err"
is "$("$S3TOOL" get box empty | wc -c) $("$S3TOOL" read box empty | jq -r .sha256)" \
	"0 $(printf '' | sha256sum | cut -c1-64)" 'an empty object'
ours delete box large
ours head box large
like "$ERR" '^task s3 NoSuchKey: s3://box/large .* the object does not exist' 'delete'
ours get box large
like "$ERR" '^task s3 NoSuchKey: s3://box/large .* the object does not exist' 'and it is gone'
ours list nowhere
like "$ERR" '^setup s3 NoSuchBucket: s3://nowhere/ .* the bucket does not exist' 'no such bucket'

# ---- data that others brought ----
rclone copy --transfers 16 --no-check-dest -q "$T/buckets/sparkify" peer:sparkify 2>"$T/err"
ok $? 'rclone brings the data'
files=$(find "$T/buckets/sparkify" -type f -printf '%P\n' | LC_ALL=C sort)
ours list sparkify
is "$(jq -r .key <<<"$OUT")" "$files" 'we list every file, in order'
is "$(wc -l <<<"$OUT")" "$(aws s3 ls --recursive s3://sparkify | wc -l)" 'as many as awscli'
is "$(wc -l <<<"$OUT")" "$(rclone lsf -R --files-only peer:sparkify | wc -l)" 'and rclone'
pages=$("$S3TOOL" list sparkify '' '' 7 | jq -r .key)
is "$pages" "$files" 'and the same in pages of 7'
ours list sparkify song_data/A/ /
is "$(jq -r .prefix <<<"$OUT" | paste -sd ' ')" 'song_data/A/A/ song_data/A/B/' 'sub-prefixes'
ours read sparkify
is "$(jq -r '"\(.sha256)  \(.key)"' <<<"$OUT" | LC_ALL=C sort)" \
	"$(cd "$T/buckets/sparkify" && find . -type f -printf '%P\0' | xargs -0 sha256sum | LC_ALL=C sort)" \
	'every byte of every object arrives'

# ---- whole runs ----
own_postgres
S3_PORT=$PLAIN_PORT postgres_config
# An object of song_data is a row, and so is each line of log_data.
songs=$(grep -c ^song_data <<<"$files") events=$(awk 'END { print NR }' buckets/sparkify/log_data/*/*/*)
objects=$((songs + $(grep -c ^log_data <<<"$files")))
totals() { jq -c '[.totals.objects, .totals.rows]' <<<"$OUT"; }
dwh run --json
is "$ST $(totals)" "0 [$objects,$((events + songs))]" 'a run from radosgw into PostgreSQL'
is "$(counts | cut -d' ' -f1,2)" "$events $songs" 'all rows are there'
is "$(sql 'select count(*) from dwh.ledger')" "$(aws s3 ls --recursive s3://manifests/of/tests/ | wc -l)" \
	'a manifest in the bucket for each shard'
from_radosgw=$(checksums)
dwh run --json
is "$ST $(jq -c '[.totals.shards, .totals.rows]' <<<"$OUT")" '0 [0,0]' 'a second run loads nothing'

# ---- session tokens ----
# The user may make roles and take them on.
server "$STS_PORT"
everybody='{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/loader"]},
	"Action":["sts:AssumeRole"]}]}'
become() { # become ROLE ACTIONS: makes a role with such rights, and takes on its keys with a token
	local may
	may="{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":$2,\"Resource\":[\"arn:aws:s3:::*\"]}]}"
	keys "$S3_ID" "$S3_SECRET"
	aws iam create-role --role-name "$1" --assume-role-policy-document "$everybody" >"$T/role" &&
		aws iam put-role-policy --role-name "$1" --policy-name "$1" --policy-document "$may" &&
		aws sts assume-role --role-arn "arn:aws:iam:::role/$1" --role-session-name test \
			>"$T/session" || return 1
	keys "$(session AccessKeyId)" "$(session SecretAccessKey)" "$(session SessionToken)"
}
session() { jq -r ".Credentials.$1" "$T/session"; }
become reader '["s3:ListBucket","s3:GetObject"]' 2>"$T/err"
ok $? 'radosgw gives out the keys of a role, with a token'
ours list sparkify log_data/
is "$(wc -l <<<"$OUT")" 30 'our client lists with them'
ours put sparkify new </dev/null
like "$ERR" '^setup s3 AccessDenied: .* writing denied .*s3:PutObject' 'what the role may not, it may not'
S3_PORT=$STS_PORT postgres_config without-keys
dwh run --fresh
is "$ST" 5 'a run that may not write manifests fails'
like "$ERR" '\[S3\] MANIFESTS: s3://manifests/of/tests/.*writing denied' 'and says what it needs'
is "$(checksums)" "$from_radosgw" 'before it dropped anything'
become loader '["s3:*"]' 2>"$T/err"
ok $? 'another role'
dwh run --fresh --json
is "$ST $(totals)" "0 [$objects,$((events + songs))]" 'a run with a session token from the environment'
is "$(checksums)" "$from_radosgw" 'loads the same'
own_s3d
postgres_config
dwh run --fresh --json
is "$ST $(checksums)" "0 $from_radosgw" 'and a run from s3d does, too'

# ---- what is refused ----
server "$STS_PORT"
first=x
[ "${AWS_SESSION_TOKEN:0:1}" != x ] || first=y
AWS_SESSION_TOKEN=$first${AWS_SESSION_TOKEN:1} ours list sparkify
like "$ERR" '^setup s3 InvalidArgument: ' 'a mangled token is refused'
AWS_SESSION_TOKEN='' ours list sparkify
like "$ERR" '^setup s3 AccessDenied: ' 'keys of a session without their token, too'
refused() { # refused KIND-WHERE-CODE WHAT-WE-SAY NAME
	like "$ERR" "^$1: .*$2" "$3"
	[ "$ST" = 1 ] || ok 1 "$3: exit code $ST"
}
server "$PLAIN_PORT"
keys "$S3_ID" wrong
ours list sparkify
refused 'setup config SignatureDoesNotMatch' \
	'the secret does not belong to the access key .* check the access key' 'a wrong secret'
S3_PORT=$PLAIN_PORT S3_SECRET=wrong postgres_config
dwh run
is "$ST" 2 'a run with a wrong secret ends with 2'
like "$ERR" 'secret does not belong to the access key.*come from .*dwh.cfg' 'and says where it is from'
keys AKIANOBODY wrong
ours list sparkify
refused 'setup config InvalidAccessKeyId' 'the access key is unknown' 'an unknown key'
keys "$S3_ID" "$S3_SECRET"
echo kept | "$S3TOOL" put box kept 2>"$T/err"
echo other | "$S3TOOL" put box other 2>"$T/err"
tampered "$PLAIN_PORT" none x x
ours get box kept
is "$ST $OUT" '0 kept' 'the proxy that will tamper lets honest requests through'
tampered "$PLAIN_PORT" path /box/kept /box/other
ours get box kept
refused 'setup config SignatureDoesNotMatch' '' 'a signature of another path'
ours delete box kept
refused 'setup config SignatureDoesNotMatch' '' 'and not even to delete'
tampered "$PLAIN_PORT" path prefix=k prefix=o
ours list box k
refused 'setup config SignatureDoesNotMatch' '' 'a signature of another query'
tampered "$PLAIN_PORT" body kept evil
printf kept | "$S3TOOL" put box kept 2>"$T/err"
ST=$? ERR=$(cat "$T/err")
refused 'retry s3 XAmzContentSHA256Mismatch' 'the body was damaged' 'another body'
tampered "$PLAIN_PORT" x-amz-content-sha256 e3 e4
ours get box kept
refused 'setup config SignatureDoesNotMatch' '' 'another header that was signed'
server "$PLAIN_PORT"
ours get box kept
is "$OUT" kept 'nothing has changed'
is "$("$S3TOOL" get box other)" other 'nowhere'

# ---- a clock that is wrong ----
clock=(env ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" S3_STATS=1 faketime -f -1h)
if command -v faketime >/dev/null; then
	"${clock[@]}" "$S3TOOL" get box kept >"$T/out" 2>"$T/err"
	is "$? $(cat "$T/out" "$T/err")" '0 kept
requests 2, retries 1' 'an hour late: refused, and right at once with the time of the server'
	tampered "$PLAIN_PORT" hide date x
	"${clock[@]}" "$S3TOOL" get box kept >"$T/out" 2>"$T/err"
	ST=$? ERR=$(cat "$T/err")
	refused 'setup config RequestTimeTooSkewed' 'the clock of this machine is wrong .* set it' \
		'a server that does not tell the time'
else
	skip 'a clock that is wrong' 'faketime is not installed'
fi
done_testing
