#!/bin/bash
# AWS keys that expire in the middle of a load, where nobody has new ones: the load ends with the
# reason, and goes on when there are.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/run/aws_keys.sh"
slow_keys_world
# Where STS refuses meanwhile.
start 'a role that is taken away'
files '[default]
role_arn = arn:aws:iam::123456789012:role/denied
source_profile = base'
expire 0002 0001
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
key READER0002
start 'keys of the environment'
expire 0003 0002
finish 2 'keys of the environment that expire'
like "$(cat "$T/seen/err")" 'the session token has expired \(HTTP 400, ExpiredToken.*get a new one \(they come from environment\)' \
	'the message says whose they are'
key READER0003
dwh rerun
saw
is "$ST $(counts | cut -d' ' -f1,2)" "0 8056 $SONGS" 'with new ones, a rerun loads the rest'

end_watch
done_testing
