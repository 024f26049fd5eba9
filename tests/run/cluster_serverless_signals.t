#!/bin/bash
# Every fault and every signal at each change by which Redshift Serverless is made.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config 'KIND = serverless' 'CLUSTER_IDENTIFIER = night' 'BASE_CAPACITY = 16' \
	'IAM_ROLE_NAME = nightRole'
quick_aws --take role=0 --take workgroup=20 --take workgroup-deleting=20 --take namespace-deleting=10 \
	--take interface=0
all='bucket dwh-123456789012-us-west-2-night
namespace night
role nightRole
role policy nightRole dwh-reads-s3
security group dwh-night
workgroup night'

prepare() { [ -z "$(left)" ] || dwh cluster down; }
proved() { is "$ST $(left)" "0 $all" "$1"; }
clean up
is "$(printf '%s\n' "${CHANGES[@]}" | tail -n 2 | paste -sd ' ')" 'CreateNamespace CreateWorkgroup' \
	'these are the changes of its own'
for action in CreateNamespace CreateWorkgroup; do
	prepare
	each $action up
done

done_testing
