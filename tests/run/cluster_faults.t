#!/bin/bash
# A fault at each step of `dwh cluster up` and `down`: what passes is borne; what is denied is said,
# with what is left and the command that goes on. The same command again completes it, or `down`
# removes it; nothing leaks.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws

makes=(CreateBucket PutBucketTagging PutPublicAccessBlock CreateRole PutRolePolicy
	CreateSecurityGroup AuthorizeSecurityGroupIngress CreateCluster)
unmakes=(DeleteCluster DeleteSecurityGroup DeleteRolePolicy DeleteRole DeleteBucket)

# ---- up ----

for action in "${makes[@]}"; do
	fail_next $action deny
	dwh cluster up
	is "$([ "$ST" != 0 ]; echo $?)" 0 "up, $action denied: it fails ($ST)"
	like "$ERR" "what was made stays.*cluster up. goes on, .*cluster down. removes it" \
		'and says what goes on'
	[ $action = PutBucketTagging ] || [ $action = CreateCluster ] || { removes "$action denied" && continue; }
	completes "$action denied"
done
for action in "${makes[@]}"; do
	for how in throttle lost; do
		fail_next $action $how
		dwh cluster up
		is "$ST $(left)" "0 $ALL" "up, $action: $how: it is borne"
		double_post calm >/dev/null
		[ $how = throttle ] || removes "$action $how"
		[ $how = lost ] || removes "$action $how"
	done
done

# ---- down ----

for action in "${unmakes[@]}"; do
	dwh cluster up
	fail_next $action deny -1
	dwh cluster down
	is "$ST" 9 "down, $action denied: exit code 9"
	like "$ERR" 'cluster down. removes what is left' 'and it says what goes on'
	like "$ERR" 'by hand: aws ' 'also by hand'
	[ $action != DeleteCluster ] || like "$ERR" 'may still cost money: cluster dwh-cluster' 'and what costs'
	double_post calm >/dev/null
	removes "$action denied"
done
for action in "${unmakes[@]}"; do
	for how in throttle lost; do
		dwh cluster up
		fail_next $action $how
		dwh cluster down
		is "$ST $(left)" '0 ' "down, $action: $how: it is borne"
		double_post calm >/dev/null
	done
done

# ---- no answer at all ----

fail_next CreateCluster timeout
dwh cluster up
is "$ST" 0 'up, CreateCluster is never answered: it is sent again'
fail_next DeleteCluster timeout
dwh cluster down
is "$ST $(left)" '0 ' 'down likewise'

# ---- nothing goes any more ----

fail_next 'redshift:*' throttle -1
dwh cluster up
is "$ST" 9 'throttled for ever: up gives up'
double_post calm >/dev/null
completes 'throttled for ever'
done_testing
