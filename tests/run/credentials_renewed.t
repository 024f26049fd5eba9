#!/bin/bash
# AWS keys that expire in the middle of a load: new ones are found before S3 refuses the old, or when
# it does, by each worker once; where there are none in time, the load ends with the reason.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/run/aws_keys.sh"
slow_keys_world
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
is "$(grep -c 'the AWS keys from role .* are good for [012] s only: each process asks for new ones' "$T/seen/err")" 1 \
	'which is said once'
is "$(refused)" 0 'before S3 refuses them'

dwh doctor --json
saw
like "$(found 'AWS key')" '^warn the AWS keys from role .* are good for [012] s only.*: have them given for an hour' \
	'doctor says so, too'

# Where they can not be looked for any more before that.
start 'keys that can not be renewed'
echo 'AssumeRole 999 403' >"$A/fail"
finish 2 'keys that can not be renewed'
like "$(cat "$T/seen/err")" 'the AWS keys from role .*role/reader.* (expire soon|have expired), and there are no new ones: .*role/reader is not to be had' \
	'are not waited for'
is "$(refused)" 0 'nor are the old ones used'
rm "$A/life" "$A/fail"

end_watch
done_testing
