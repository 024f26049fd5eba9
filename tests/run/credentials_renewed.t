#!/bin/bash
# AWS keys that expire in the middle of a load: new ones are found before S3 refuses the old, or when
# it does, by each worker once; where there are none, the load ends with the reason, and goes on when
# there are.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config without-keys
. "$TOP/tests/run/aws_keys.sh"
sed -i "s|^SONG_DATA.*|&/A/A|" "$T/dwh.cfg"
SONGS=$(find "$T/buckets/sparkify/song_data/A/A" -type f | wc -l)
own_aws --latency 60ms
export AWS_ENDPOINT_URL_STS=$AWS
start_watch

start() { # a load that has some way to go, and has begun
	"$DWH" run --fresh -c "$T/dwh.cfg" --set LOAD.CONNECTIONS=4 --set LOAD.SHARD_OBJECTS=100 \
		>"$T/seen/out" 2>"$T/seen/err" &
	RUN=$!
	until_true 60 slow_run_is_on
	ok $? "$1: it is on"
}
finish() { # finish CODE NAME
	wait $RUN
	is $? "$1" "$2: exit code $1"
}
expire() { # expire NEW OLD
	write_keys "$1" "$2"
	kill -USR1 "$S3D"
}
refused() { jq -r 'select(.status == 400) | .code // .error // "400"' "$A/s3d.log" | wc -l; }
again() { : >"$A/s3d.log" && nothing_asked; }

ROLE='[default]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base'
files "$ROLE"
again
start 'a role'
nothing_asked
expire 0002 0001
finish 0 'a role whose keys expire'
is "$(counts | cut -d' ' -f1,2)" "8056 $SONGS" 'all is loaded, once'
[ "$(refused)" -gt 0 ]
ok $? 'S3 has refused the old keys'
[ "$(asked | grep -c '^AssumeRole ')" -le 2 ]
ok $? 'and each of the two workers has asked for new ones once, however many requests were in flight'
dwh report
like "$OUT" 'ExpiredToken' 'the report says why requests were sent again'

# Keys that are good for 2 s are looked for before that.
echo 2 >"$A/life"
again
start 'keys that live for seconds'
nothing_asked
finish 0 'keys that live for seconds'
[ "$(asked | grep -c '^AssumeRole ')" -gt 0 ]
ok $? 'are renewed while the load goes on'
is "$(refused)" 0 'before S3 refuses them'

# Where they can not be looked for any more before that.
start 'keys that can not be renewed'
echo 'AssumeRole 999 403' >"$A/fail"
finish 2 'keys that can not be renewed'
like "$(cat "$T/seen/err")" 'the AWS keys from role .*role/reader.* (expire soon|have expired), and there are no new ones: .*role/reader is not to be had' \
	'are not waited for'
is "$(refused)" 0 'nor are the old ones used'
rm "$A/life" "$A/fail"

# Where STS refuses meanwhile.
start 'a role that is taken away'
files '[default]
role_arn = arn:aws:iam::123456789012:role/denied
source_profile = base'
expire 0003 0002
finish 2 'a role that is taken away'
like "$(cat "$T/seen/err")" 'keys from role .*role/reader.* have expired, and there are no new ones: .*role/denied is not to be had: .*AccessDenied' \
	'both are said'
files "$ROLE"
dwh rerun
saw
is "$ST $(counts | cut -d' ' -f1,2)" "0 8056 $SONGS" 'with the role, a rerun loads the rest'

# Where nobody has new ones.
rm -r "$T/.aws"
key() {
	AWS_ACCESS_KEY_ID=ASIA$1
	AWS_SECRET_ACCESS_KEY=$(grep -A1 "^ASIA$1\$" "$A/keys" | tail -n 1)
	AWS_SESSION_TOKEN=$(grep -A2 "^ASIA$1\$" "$A/keys" | tail -n 1 | cut -d' ' -f2)
	export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}
key READER0003
start 'keys of the environment'
expire 0004 0003
finish 2 'keys of the environment that expire'
like "$(cat "$T/seen/err")" 'the session token has expired \(HTTP 400, ExpiredToken.*get a new one \(they come from environment\)' \
	'the message says whose they are'
key READER0004
dwh rerun
saw
is "$ST $(counts | cut -d' ' -f1,2)" "0 8056 $SONGS" 'with new ones, a rerun loads the rest'

end_watch
done_testing
