#!/bin/bash
# Every fault and every signal at each change by which Redshift Serverless is made.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_serverless
quick_serverless

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
