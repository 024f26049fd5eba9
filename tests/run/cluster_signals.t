#!/bin/bash
# Signals at each step of `dwh cluster up`, before AWS has carried it out and after: the
# same command again completes it, or `down` removes it. kill -9, too.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

makes=(CreateBucket PutBucketTagging CreateRole PutRolePolicy CreateSecurityGroup
	AuthorizeSecurityGroupIngress CreateCluster)
n=0
for action in "${makes[@]}"; do
	n=$((n + 1))
	signal=TERM status=143 how=hold-after
	[ $((n % 2)) = 1 ] || signal=INT status=130
	[ $((n % 3)) != 0 ] || how=hold
	interrupted up "$signal" "$action" "$how"
	is "$ST" $status 'it ends with the signal'
	like "$ERR" 'what was made stays.*cluster down. removes it' 'and says what removes it'
	if [ $((n % 2)) = 0 ]; then completes "$action"; else removes "$action"; fi
	interrupted up KILL "$action" hold-after
	if [ $((n % 2)) = 0 ]; then removes "$action"; else completes "$action"; fi
done
is "$(record | jq -c 'select(.what == null)' 2>&1)" '' 'no line of the record is torn'
done_testing
