#!/bin/bash
# A fault at each step of `dwh cluster down`: what passes is borne; what is denied ends with 9, and is
# named, with what may still cost money and the command that goes on, which removes the rest.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws

unmakes=(DeleteCluster DeleteSecurityGroup DeleteRolePolicy DeleteRole DeleteBucket)

for action in "${unmakes[@]}"; do
	dwh cluster up
	fail_next "$action" deny -1
	dwh cluster down
	is "$ST" 9 "down, $action denied: exit code 9"
	like "$ERR" 'cluster down. removes what is left' 'and it says what goes on'
	like "$ERR" 'by hand: aws ' 'also by hand'
	[ "$action" != DeleteCluster ] || like "$ERR" 'may still cost money: cluster dwh-cluster' 'and what costs'
	double_post calm >/dev/null
	removes "$action denied"
done
for action in "${unmakes[@]}"; do
	for how in throttle lost; do
		dwh cluster up
		fail_next "$action" "$how"
		dwh cluster down
		is "$ST $(left)" '0 ' "down, $action: $how: it is borne"
		double_post calm >/dev/null
	done
done

# ---- no answer at all ----

dwh cluster up
fail_next DeleteCluster timeout
dwh cluster down
is "$ST $(left)" '0 ' 'DeleteCluster is never answered: it is sent again'

# ---- AWS is busy with it ----

dwh cluster up
fail_code DeleteCluster InvalidClusterState 400 80
dwh cluster down
is "$ST $(left)" '0 ' 'InvalidClusterState for 13 minutes is waited through'
dwh cluster up
fail_code DeleteSecurityGroup DependencyViolation 400 100
dwh cluster down
is "$ST $(left)" '0 ' 'DependencyViolation for a quarter of an hour, too'
dwh cluster up
fail_code DeleteCluster InvalidClusterState 400 -1
dwh cluster down
is "$ST" 9 'not for ever'
double_post calm >/dev/null
removes 'busy for ever'
done_testing
