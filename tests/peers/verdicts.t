#!/bin/bash
# The same request, signed by curl, to radosgw and to s3d: both accept it, or both refuse it. So s3d
# judges as somebody else's server does, also where curl 7.88 signs what S3 does not (that it takes
# the path and the query as they stand: what is not escaped once, and in order, is refused).
. "$(dirname "$0")/lib.sh"
needs aws curl
own_ceph
own_s3d
keys "$S3_ID" "$S3_SECRET"
echo hello >hello
for S in "$PLAIN_PORT" "$S3_PORT"; do
	server "$S"
	make_bucket box
	for key in plain 'a b' 'a%b' 'dir/x' $'caf\xc3\xa9'; do "$S3TOOL" put box "$key" <hello; done
done
one() { # one PORT PATH CURL-OPTIONS...: the status
	${clock:+faketime -f "$clock"} curl -s -g --path-as-is --max-time 20 -o "$T/body" -w '%{http_code}' \
		--aws-sigv4 aws:amz:us-west-2:s3 --user "${user:-$S3_ID:$S3_SECRET}" \
		-H "x-amz-content-sha256: ${hash-UNSIGNED-PAYLOAD}" "${@:3}" "http://127.0.0.1:$1$2"
}
both() { # both STATUS NAME PATH CURL-OPTIONS...
	local there here
	there=$(one "$PLAIN_PORT" "${@:3}")
	here=$(one "$S3_PORT" "${@:3}")
	is "$there $here" "$1 $1" "$2"
}
both 200 'GET' /box/plain
both 200 'a blank, escaped' /box/a%20b
both 200 'a percent sign, escaped' /box/a%25b
both 200 'UTF-8, escaped' /box/caf%C3%A9
both 403 'UTF-8, escaped in lower case' /box/caf%c3%a9
both 403 'letters, escaped' /box/%70lain
both 403 'a slash, escaped' /box/dir%2Fx
both 404 'no such key' /box/nothing
both 404 'no such bucket' /nowhere/x
both 200 'HEAD' /box/plain -I
both 206 'a range' /box/plain -r 1-2
both 416 'a range behind the end' /box/plain -r 10-20
both 304 'If-None-Match' /box/plain -H "If-None-Match: \"$(md5sum hello | cut -c1-32)\""
both 412 'If-Match' /box/plain -H 'If-Match: "0"'
both 200 'a listing' '/box?list-type=2&prefix=p'
both 403 'a query out of order' '/box?prefix=p&list-type=2'
both 403 'a slash in the query' '/box?list-type=2&prefix=dir/'
both 200 'a slash in the query, escaped' '/box?list-type=2&prefix=dir%2F'
both 403 'a parameter without =' '/box/big?uploads' -X POST
both 200 'a parameter without a value' '/box/big?uploads=' -X POST
both 200 'PUT' /box/new -T hello
for c in '=' ':' "'" '(' ')' '*' '+' ',' '!' '@' '$' '&' ';'; do
	both 403 "PUT, with $c as it is" "/box/a${c}b" -T hello
	both 200 "PUT, with $c escaped" "/box/a$(printf '%%%02X' "'$c")b" -T hello
done
both 200 'PUT, with ~ as it is' '/box/a~b' -T hello
both 403 'PUT, with ~ escaped' '/box/a%7Eb' -T hello
hash=$(sha256sum hello | cut -c1-64) both 200 'PUT with its digest' /box/new -T hello
hash=$(sha256sum /dev/null | cut -c1-64) both 400 'PUT with another digest' /box/new -T hello
both 400 'PUT with another MD5' /box/new -T hello -H 'Content-MD5: 1B2M2Y8AsgTpgAmy7PhCfg=='
both 204 'DELETE' /box/new -X DELETE
user=$S3_ID:wrong both 403 'a wrong secret' /box/plain
user=AKIANOBODY:wrong both 403 'an unknown key' /box/plain
# Not by a header: of two X-Amz-Date, curl 7.88 signs one and sends both.
if command -v faketime >/dev/null; then
	clock=-1h both 403 'a clock that is an hour late' /box/plain
	clock=+1h both 403 'a clock that is an hour early' /box/plain
	clock=-10m both 200 'a clock that is a little late' /box/plain
else
	skip 'clocks' 'faketime is not installed'
fi
done_testing
