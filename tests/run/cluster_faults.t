#!/bin/bash
# A fault at each step of `dwh cluster up`: what passes is borne; what is denied is said, with the
# command that goes on. The same command again completes it, or `down` removes it; nothing leaks.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

makes=(CreateBucket PutBucketTagging PutPublicAccessBlock CreateRole PutRolePolicy
	CreateSecurityGroup AuthorizeSecurityGroupIngress CreateCluster)

for action in "${makes[@]}"; do
	fail_next "$action" deny
	dwh cluster up
	is "$([ "$ST" != 0 ]; echo $?)" 0 "up, $action denied: it fails ($ST)"
	like "$ERR" "what was made stays.*cluster up. goes on, .*cluster down. removes it" \
		'and says what goes on'
	[ "$action" = PutBucketTagging ] || [ "$action" = CreateCluster ] || { removes "$action denied" && continue; }
	completes "$action denied"
done
for action in "${makes[@]}"; do
	for how in throttle lost; do
		fail_next "$action" "$how"
		dwh cluster up
		is "$ST $(left)" "0 $ALL" "up, $action: $how: it is borne"
		double_post calm >/dev/null
		[ "$how" = throttle ] || removes "$action $how"
		[ "$how" = lost ] || removes "$action $how"
	done
done

# ---- no answer at all ----

fail_next CreateCluster timeout
dwh cluster up
is "$ST" 0 'up, CreateCluster is never answered: it is sent again'
removes 'CreateCluster unanswered'

# ---- the role is too new ----

fail_next CreateCluster role 6
dwh cluster up
is "$ST $(calls | grep -c 'CreateCluster InvalidParameterValue')" '0 6' 'a role that cannot be assumed yet is waited for'
like "$ERR" "its role can't be assumed yet" 'and it is said what is waited for'
removes 'a new role'

# ---- nothing goes any more ----

fail_next 'redshift:*' throttle -1
dwh cluster up
is "$ST" 9 'throttled for ever: up gives up'
double_post calm >/dev/null
completes 'throttled for ever'
done_testing
