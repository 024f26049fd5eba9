#!/bin/bash
# Signals at each step of `dwh cluster down`, once AWS has carried it out: down
# again removes the rest, and so does up, then down. kill -9, too.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
# Without an interface that keeps the group, so that its first deletion is carried out.
quick_aws --take role=0 --take interface=0

for action in DeleteCluster DeleteSecurityGroup DeleteRole DeleteBucket; do
	for signal in TERM KILL; do
		dwh cluster up
		interrupted down "$signal" "$action" hold-after
		[ "$signal" = KILL ] || is "$ST" 9 'down that is stopped ends with 9'
		[ "$signal" = KILL ] || like "$ERR" 'cluster down. removes what is left' 'and says what goes on'
		if [ "$signal" = KILL ]; then completes "$action"; else removes "$action"; fi
	done
done
is "$(record | jq -c 'select(.what == null)' 2>&1)" '' 'no line of the record is torn'
done_testing
