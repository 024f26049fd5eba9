#!/bin/bash
# s3d.t - `dwh s3d` is S3 to a client: objects, listings, errors, ranges, multipart, faults.
# TAP. curl signs; DWH names the program (default: build/dwh).
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
dwh=${DWH:-$here/build/dwh}
tmp=$(mktemp -d)
pid='' n=0 failed=0 key=AKIDTEST secret=sEcReT/+x region=us-west-2

stop() { [ -z "$pid" ] || { kill "$pid" && wait "$pid"; }; pid=; }
trap 'stop 2>/dev/null; rm -rf "$tmp"' EXIT
ok() { # ok NAME, after a command whose status counts
	local s=$?
	n=$((n + 1))
	[ $s = 0 ] && { echo "ok $n - $1"; return; }
	echo "not ok $n - $1"; failed=1
	sed 's/^/# /' "$tmp/head" "$tmp/body" "$tmp/err" 2>/dev/null | head -40
}
is() { [ "$1" = "$2" ] || echo "# got '$1', not '$2'"; [ "$1" = "$2" ]; ok "$3"; }

start() { # start OPTIONS: a server over $tmp/root; sets pid and port
	stop
	mkfifo "$tmp/ready"
	"$dwh" s3d --root "$tmp/root" --key-file "$tmp/keys" "$@" >"$tmp/ready" 2>"$tmp/err" &
	pid=$!
	read -r _ _ port <"$tmp/ready"
	rm "$tmp/ready"
}

# s3 METHOD PATH [CURL OPTIONS]: the status in $status, the answer in head and body
s3() {
	local method=$1 path=$2
	shift 2
	[ "$method" = HEAD ] && set -- -I "$@"
	status=$(curl -sS --path-as-is -g --max-time 20 -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' \
		-X "$method" --aws-sigv4 "aws:amz:$region:s3" --user "$key:$secret" \
		-H "x-amz-content-sha256: ${sha256:-UNSIGNED-PAYLOAD}" "$@" \
		"http://127.0.0.1:$port$path" 2>>"$tmp/curl")
}
plain() { # plain METHOD PATH [CURL OPTIONS]
	local method=$1 path=$2
	shift 2
	status=$(curl -sS --path-as-is -g --max-time 20 -o "$tmp/body" -D "$tmp/head" \
		-w '%{http_code}' -X "$method" "$@" "http://127.0.0.1:$port$path" 2>>"$tmp/curl")
}
code() { sed -n 's|.*<Code>\(.*\)</Code>.*|\1|p' "$tmp/body"; }
keys() { grep -o '<Key>[^<]*' "$tmp/body" | sed 's/<Key>//' | paste -sd ' '; }
prefixes() { grep -o '<CommonPrefixes><Prefix>[^<]*' "$tmp/body" | sed 's/.*>//' | paste -sd ' '; }
field() { sed -n "s|.*<$1>\([^<]*\)</$1>.*|\1|p" "$tmp/body"; }
header() { tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //Ip"; }

command -v curl >/dev/null || { echo '1..0 # SKIP curl is not installed'; exit 0; }
[ -x "$dwh" ] || { echo "Bail out! $dwh is not there: make first"; exit 1; }

printf '%s\n%s\n' "$key" "$secret" >"$tmp/keys"
chmod 644 "$tmp/keys"
mkdir -p "$tmp/root/data/log_data/2018/11" "$tmp/root/data/song_data" "$tmp/outside"
for i in 1 2 3 4 5; do echo "line $i" >"$tmp/root/data/log_data/2018/11/0$i.json"; done
echo song >"$tmp/root/data/song_data/s.json"
echo top >"$tmp/root/data/log_data-x"
echo hidden >"$tmp/root/data/.DS_Store"
echo secret >"$tmp/outside/file"
echo secret >"$tmp/root/file"
ln -s "$tmp/outside" "$tmp/root/data/link"

# --- the command
"$dwh" s3d 2>"$tmp/err"; is $? 1 "without --root it is a usage error"
"$dwh" s3d --root "$tmp/root" 2>"$tmp/err"; is $? 2 "without a key it does not start"
"$dwh" s3d --root "$tmp/root" --key-file "$tmp/keys" 2>"$tmp/err"
is $? 2 "a key file that others can read is refused"
grep -q 'chmod 600' "$tmp/err"; ok "and the remedy is named"
chmod 600 "$tmp/keys"
"$dwh" s3d --root "$tmp/root" --key-file "$tmp/keys" --fault 404:1% 2>"$tmp/err"
is $? 1 "an unknown fault is a usage error"

start
# --- listings
s3 GET '/data?list-type=2'
is "$status $(keys)" "200 log_data-x $(echo log_data/2018/11/0{1..5}.json) song_data/s.json" \
	"a folder is a bucket; keys are in byte order; hidden files are none"
s3 GET '/data?delimiter=%2F&list-type=2'
is "$(keys)|$(prefixes)|$(field KeyCount)" "log_data-x|log_data/ song_data/|3" "common prefixes count"
got='' pages=0 token=''
while :; do
	s3 GET "/data?${token:+continuation-token=$token&}list-type=2&max-keys=2&prefix=log_data%2F"
	got="$got $(keys)" pages=$((pages + 1))
	[ "$(field IsTruncated)" = true ] || break
	token=$(field NextContinuationToken | sed 's/+/%2B/g; s/=/%3D/g; s|/|%2F|g')
done
is "$pages$got" "3 $(echo log_data/2018/11/0{1..5}.json)" "pages join without gap or repetition"
s3 GET '/data?list-type=2&prefix=log_data%2F&start-after=log_data%2F2018%2F11%2F03.json'
is "$(keys)" "log_data/2018/11/04.json log_data/2018/11/05.json" "start-after"
s3 GET '/data?continuation-token=junk&list-type=2'
is "$status $(code)" "400 InvalidArgument" "a token of somebody else is refused"
s3 GET '/data?list-type=2&max-keys=x'
is "$status $(code)" "400 InvalidArgument" "max-keys must be a number"
mkdir -p "$tmp/root/data/new/dir"; echo x >"$tmp/root/data/new/dir/x"
s3 GET '/data?list-type=2&prefix=new'
is "$(keys)" new/dir/x "what is put into the folder from outside is listed"
rm -r "$tmp/root/data/new"
s3 GET '/data?list-type=2&prefix=new'
is "$(keys)" "" "and what is removed is not"

# --- objects
s3 GET /data/log_data/2018/11/02.json
is "$status $(cat "$tmp/body")" "200 line 2" "GET"
etag=$(header ETag)
s3 HEAD /data/log_data/2018/11/02.json
is "$status $(header ETag) $(header Content-Length)" "200 $etag 7" "HEAD says the same"
s3 GET /data/log_data/2018/11/02.json -H 'Range: bytes=2-3'
is "$status $(cat "$tmp/body") $(header Content-Range)" "206 ne bytes 2-3/7" "a range"
s3 GET /data/log_data/2018/11/02.json -H 'Range: bytes=-2'
is "$status $(header Content-Range)" "206 bytes 5-6/7" "the last bytes"
s3 GET /data/log_data/2018/11/02.json -H 'Range: bytes=7-'
is "$status $(code)" "416 InvalidRange" "a range behind the end"
s3 GET /data/log_data/2018/11/02.json -H "If-Match: $etag"; is "$status" 200 "If-Match"
echo changed >"$tmp/root/data/log_data/2018/11/02.json"
s3 GET /data/log_data/2018/11/02.json -H "If-Match: $etag"
is "$status $(code)" "412 PreconditionFailed" "a changed file has another ETag"
s3 HEAD /data/log_data/2018/11/02.json
s3 GET /data/log_data/2018/11/02.json -H "If-None-Match: $(header ETag)"
is "$status" 304 "If-None-Match"

s3 PUT /data/m/1.manifest --data-binary '{"entries":[]}' -H 'Content-Type: application/json'
is "$status $(header ETag)" "200 \"$(printf '{"entries":[]}' | md5sum | cut -c1-32)\"" \
	"PUT answers with the MD5"
is "$(cat "$tmp/root/data/m/1.manifest")" '{"entries":[]}' "and it is a file"
s3 HEAD /data/m/1.manifest
is "$(header Content-Type)" application/json "the content type comes back"
sha256=$(printf other | sha256sum | cut -c1-64)
s3 PUT /data/m/1.manifest --data-binary 'body'
is "$status $(code)" "400 XAmzContentSHA256Mismatch" "a body that is not what was signed is refused"
sha256=
s3 PUT /data/m/1.manifest --data-binary 'body' -H 'Content-MD5: 1B2M2Y8AsgTpgAmy7PhCfg=='
is "$status $(code)" "400 BadDigest" "and one with another MD5"
is "$(cat "$tmp/root/data/m/1.manifest")" '{"entries":[]}' "and the object is still the old one"
s3 PUT /data/m/1.manifest --data-binary x -H 'If-None-Match: *'
is "$status $(code)" "412 PreconditionFailed" "If-None-Match: * does not replace"
for length in 0 4; do
	head -c $length /dev/zero >"$tmp/zeros"
	s3 PUT /data/zeros -T "$tmp/zeros" -H 'Expect: 100-continue' -H "Content-Length: $length"
	is "$status $(grep -c '100 Continue' "$tmp/head")" '200 1' "100 Continue before $length bytes"
done
s3 DELETE /data/zeros
s3 PUT /data/copy -H 'x-amz-copy-source: /data/m/1.manifest'; s3 GET /data/copy
is "$status $(cat "$tmp/body") $(header Content-Type)" '200 {"entries":[]} application/json' "a copy"
s3 DELETE /data/copy; is "$status" 204 "DELETE"
s3 DELETE /data/copy; is "$status" 204 "DELETE again"
[ -z "$(ls "$tmp/root/data/.s3d/tmp")" ]; ok "no temporary file is left"

# curl signs an escaped slash as it stands there, S3 as a slash: so they are sent as slashes.
for odd in a//b dir/ a/../b .. / a%20b%2Bc%C3%A9 .x a a/b; do
	s3 PUT "/data/odd$odd" --data-binary "$odd" && s3 GET "/data/odd$odd"
	is "$status $(cat "$tmp/body")" "200 $odd" "the key odd$odd survives"
	s3 DELETE "/data/odd$odd"
done

# --- errors
s3 GET /data/nothing; is "$status $(code)" "404 NoSuchKey" "NoSuchKey"
s3 GET /nobucket/x; is "$status $(code)" "404 NoSuchBucket" "NoSuchBucket"
s3 GET /No_Bucket/x; is "$status $(code)" "400 InvalidBucketName" "InvalidBucketName"
s3 GET "/data/$(printf 'x%.0s' {1..1025})"; is "$status $(code)" "400 KeyTooLongError" "KeyTooLongError"
s3 GET '/data?acl='; is "$status $(code)" "501 NotImplemented" "a sub-resource that is not there"
s3 PATCH /data/x; is "$status $(code)" "405 MethodNotAllowed" "MethodNotAllowed"
s3 GET /data/%zz; is "$status $(code)" "400 InvalidURI" "InvalidURI"
secret=wrong; s3 GET /data/m/1.manifest; secret=sEcReT/+x
is "$status $(code)" "403 SignatureDoesNotMatch" "a wrong secret"
key=AKIDNONE; s3 GET /data/m/1.manifest; key=AKIDTEST
is "$status $(code)" "403 InvalidAccessKeyId" "an unknown key"
region=eu-west-1; s3 GET /data/m/1.manifest; region=us-west-2
is "$status $(code) $(field Region)" "400 AuthorizationHeaderMalformed us-west-2" "another region"
s3 GET /data/m/1.manifest -H 'x-amz-date: 20200101T000000Z'
is "$status $(code)" "403 RequestTimeTooSkewed" "an old date"
status=$(curl -sS -o "$tmp/body" -w '%{http_code}' "http://127.0.0.1:$port/data/m/1.manifest")
is "$status $(code)" "403 AccessDenied" "no signature"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET / HTTP/1.1\r\nno header\r\n\r\n' >&3
read -r answer <&3; exec 3>&-
is "${answer%$'\r'}" "HTTP/1.1 400 Bad Request" "what is no HTTP"
! grep -q "$secret" "$tmp/err"; ok "the log holds no secret"

# --- buckets
s3 PUT /fresh; is "$status" 200 "CreateBucket"
s3 PUT /fresh; is "$status $(code)" "409 BucketAlreadyOwnedByYou" "CreateBucket again"
s3 HEAD /fresh; is "$status $(header x-amz-bucket-region)" "200 us-west-2" "HEAD of a bucket"
s3 PUT /fresh/k --data-binary x
s3 DELETE /fresh; is "$status $(code)" "409 BucketNotEmpty" "a bucket with an object stays"
doc='<Delete><Object><Key>k</Key></Object><Object><Key>none</Key></Object></Delete>'
s3 POST '/fresh?delete=' --data-binary "$doc"
is "$status $(code)" "400 InvalidRequest" "DeleteObjects wants a checksum"
s3 POST '/fresh?delete=' --data-binary "$doc" \
	-H "Content-MD5: $(printf %s "$doc" | openssl md5 -binary | base64)"
is "$status $(keys)" "200 k none" "DeleteObjects"
s3 GET '/fresh?tagging='; is "$status $(code)" "404 NoSuchTagSet" "a bucket without tags"
doc='<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
s3 PUT '/fresh?tagging=' --data-binary "$doc"
is "$status $(code)" "400 InvalidRequest" "PutBucketTagging wants a checksum, too"
s3 PUT '/fresh?tagging=' --data-binary "$doc" \
	-H "x-amz-checksum-sha256: $(printf %s "$doc" | openssl sha256 -binary | base64)"
s3 GET '/fresh?tagging='; is "$status $(cat "$tmp/body")" "200 $doc" "tags are kept"
s3 PUT '/fresh?publicAccessBlock=' --data-binary "$doc" \
	-H "x-amz-checksum-sha256: $(printf %s "$doc" | openssl sha256 -binary | base64)"
is "$status $(code)" "400 MalformedXML" "another document than was announced"
s3 GET '/fresh?publicAccessBlock='
is "$status $(code)" "404 NoSuchPublicAccessBlockConfiguration" "a bucket that was not closed"
s3 DELETE '/fresh?tagging='; is "$status" 204 "tags are deleted"
s3 GET '/fresh?tagging='; is "$status $(code)" "404 NoSuchTagSet" "and gone"
s3 GET '/nobucket?tagging='; is "$status $(code)" "404 NoSuchBucket" "tags of no bucket"
s3 PUT '/fresh?tagging=' --data-binary "$doc" \
	-H "x-amz-checksum-sha256: $(printf %s "$doc" | openssl sha256 -binary | base64)"
s3 DELETE /fresh; is "$status $([ -e "$tmp/root/fresh" ] || echo gone)" "204 gone" "DeleteBucket"
s3 GET /; is "$status $(grep -c '<Name>data</Name>' "$tmp/body")" "200 1" "ListBuckets"
s3 GET '/data?location='
is "$status $(sed -n 's|.*>\(us-west-2\)<.*|\1|p' "$tmp/body")" "200 us-west-2" "GetBucketLocation"

# --- multipart, and bodies larger than one reading
head -c 5242880 /dev/urandom >"$tmp/p1"
head -c 777777 /dev/urandom >"$tmp/p2"
s3 POST '/data/big?uploads='; id=$(field UploadId)
s3 PUT "/data/big?partNumber=2&uploadId=$id" --data-binary "@$tmp/p2"; e2=$(header ETag)
s3 PUT "/data/big?partNumber=1&uploadId=$id" --data-binary "@$tmp/p2"
s3 PUT "/data/big?partNumber=1&uploadId=$id" --data-binary "@$tmp/p1"; e1=$(header ETag)
s3 GET "/data/big?uploadId=$id"
is "$status $(grep -o '<Size>[0-9]*' "$tmp/body" | cut -c7- | paste -sd ' ')" "200 5242880 777777" \
	"parts are listed; the later one of a number counts"
s3 GET '/data?list-type=2&prefix=big'; is "$(keys)" "" "until it is complete there is no object"
part() { echo "<Part><PartNumber>$1</PartNumber><ETag>$2</ETag></Part>"; }
complete() { # complete KEY PARTS
	s3 POST "/data/$1?uploadId=$id" --data-binary \
		"<CompleteMultipartUpload>$2</CompleteMultipartUpload>"
}
complete big "$(part 2 "$e2")$(part 1 "$e1")"; is "$status $(code)" "400 InvalidPartOrder" "order"
complete big "$(part 1 "$e2")$(part 2 "$e1")"; is "$status $(code)" "400 InvalidPart" "ETags"
complete big "<Part>"; is "$status $(code)" "400 MalformedXML" "XML"
complete big "$(part 1 "$e1")$(part 2 "$e2")"
want=$({ openssl md5 -binary "$tmp/p1"; openssl md5 -binary "$tmp/p2"; } | md5sum | cut -c1-32)-2
is "$status $(field ETag)" "200 &quot;$want&quot;" "the ETag of the whole"
cat "$tmp/p1" "$tmp/p2" >"$tmp/whole"
s3 GET /data/big; cmp -s "$tmp/body" "$tmp/whole"; ok "the whole"
s3 GET /data/big -H 'Range: bytes=5242870-5242889'
cmp -s "$tmp/body" <(tail -c +5242871 "$tmp/whole" | head -c 20); ok "a range across the parts"
complete big "$(part 1 "$e1")"; is "$status $(code)" "404 NoSuchUpload" "an upload ends once"
s3 POST '/data/small?uploads='; id=$(field UploadId)
for i in 1 2; do
	s3 PUT "/data/small?partNumber=$i&uploadId=$id" --data-binary small; e1=$(header ETag)
done
complete small "$(part 1 "$e1")$(part 2 "$e1")"
is "$status $(code)" "400 EntityTooSmall" "a part under 5 MiB that is not the last"
s3 DELETE "/data/small?uploadId=$id"; is "$status" 204 "abort"
[ -z "$(find "$tmp/root/data/.s3d" -type f)" ]; ok "nothing of it is left"
kill -TERM "$pid"; wait "$pid"; is $? 0 "SIGTERM ends it with 0"; pid=

# --- faults
start --fault get:503:100% --fault head:retryafter:100%:7 --fault list:error200:100% \
	--fault-log "$tmp/faults"
s3 GET /data/big; is "$status $(code)" "503 SlowDown" "--fault 503"
s3 HEAD /data/big; is "$status $(header Retry-After)" "503 7" "--fault retryafter"
s3 GET '/data?list-type=2'; is "$status $(code)" "200 InternalError" "--fault error200"
s3 PUT /data/kept --data-binary kept; is "$status" 200 "what the fault does not name works"
key=AKIDNONE; s3 GET /data/big; key=AKIDTEST
is "$status $(code)" "403 InvalidAccessKeyId" "a fault hides no bad signature"
is "$(paste -sd ' ' "$tmp/faults")" "503 GET /data/big retryafter HEAD /data/big error200 GET /data" \
	"--fault-log holds each"
start --fault get:cut:100%
s3 GET /data/big; [ "$status" = 200 ] && [ "$(stat -c %s "$tmp/body")" -lt 6020657 ]
ok "--fault cut shortens the body"
start --fault get:reset:100% --seed 1
r=0; for _ in 1 2 3 4; do s3 GET /data/big || r=$((r + 1)); done; is $r 4 "--fault reset"
start --fault get:slow:100%:600ms
before=$(date +%s%N); s3 GET /data/big; took=$((($(date +%s%N) - before) / 1000000))
cmp -s "$tmp/body" "$tmp/whole" && [ $took -ge 600 ]; ok "--fault slow stalls, and goes on"
start --latency 200ms
before=$(date +%s%N); s3 GET /data/kept; took=$((($(date +%s%N) - before) / 1000000))
[ "$status" = 200 ] && [ $took -ge 200 ]; ok "--latency"
start --anonymous
plain GET /data/kept
is "$status $(cat "$tmp/body")" "200 kept" "--anonymous lets unsigned requests in"
plain GET /kept -H "Host: data.localhost:$port"
is "$status $(cat "$tmp/body")" "200 kept" "virtual-host style"
secret=wrong; s3 GET /data/kept; is "$status $(code)" "403 SignatureDoesNotMatch" \
	"but verifies those that are signed"

# --- nothing outside, whatever is asked; unsigned, as curl does not sign such paths like S3
for path in /data/../file /data/%2e%2e/file /data/..%2Ffile /data/link/file /data/a/../../file /file; do
	plain GET "$path"
	[ "$status" = 404 ] || [ "$status" = 400 ]
	ok "GET $path stays inside ($status $(code))"
done
plain PUT /data/link/new --data-binary x; [ ! -e "$tmp/outside/new" ]; ok "PUT does not follow a link"
plain DELETE /data/link/file; [ -e "$tmp/outside/file" ]; ok "DELETE does not follow a link"
plain DELETE /data/link/new
plain PUT /data/..%2Fescaped --data-binary x; [ ! -e "$tmp/root/escaped" ]; ok "PUT stays inside"
plain DELETE /data/..%2Fescaped

echo "1..$n"
exit $failed
