#!/bin/bash
# Each change that `dwh cluster down` asks for is denied: it ends with 9, and names what is left, what may
# still cost money, and the command that goes on, which removes the rest. Or AWS is busy for long.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0

filled
for action in $DOWN_CHANGES; do
	fail_next "$action" deny -1
	dwh cluster down
	is "$ST" 9 "down, $action denied: exit code 9"
	like "$ERR" 'cluster down. removes what is left' 'and it says what goes on'
	like "$ERR" 'by hand: aws ' 'also by hand'
	[ "$action" != DeleteCluster ] || like "$ERR" 'may still cost money: cluster dwh-cluster' 'and what costs'
	double_post calm >/dev/null
	removes "$action denied"
	filled
done

# ---- AWS is busy with it ----

fail_code DeleteCluster InvalidClusterState 400 80
removes 'InvalidClusterState for 13 minutes is waited through'
filled
from=$(count_calls)
fail_code DeleteSecurityGroup DependencyViolation 400 100
removes 'DependencyViolation for a quarter of an hour, too'
is "$(calls "$from" | grep -c ' DependencyViolation')" 100 'as often as that'
filled
fail_code DeleteCluster InvalidClusterState 400 -1
dwh cluster down
is "$ST" 9 'not for ever'
double_post calm >/dev/null
removes 'busy for ever'
done_testing
