#!/bin/bash
# Every fault and every signal where a namespace that is there gets another role. And answers that do not
# say what there is.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_serverless
quick_serverless

# ---- an answer that does not say ----

dwh cluster up
is "$ST $(left)" "0 $all" 'all of it is there'
for action in GetNamespace GetWorkgroup GetRole DescribeSecurityGroups; do
	fail_next $action empty 3
	dwh cluster status
	is "$ST $(grep -c ' ours' <<<"$OUT")" '0 5' "$action answers nothing: it is asked again"
	fail_next $action empty -1
	dwh cluster down
	double_post calm >/dev/null
	is "$ST" 9 "$action never says: down does not believe that nothing is there"
	like "$ERR" "looking for .*: $action answers without" 'and names it'
	dwh cluster up
	is "$ST $(left)" "0 $all" 'all of it is there again'
done
dwh cluster down
dwh cluster up --set DWH.KIND=cluster --set DWH.CLUSTER_IDENTIFIER=day --set DWH.IAM_ROLE_NAME=day
fail_next DescribeClusters empty -1
dwh cluster down --set DWH.KIND=cluster --set DWH.CLUSTER_IDENTIFIER=day --set DWH.IAM_ROLE_NAME=day
double_post calm >/dev/null
is "$ST $(left | grep cluster)" '9 cluster day' 'nor of a cluster'
dwh cluster down --set DWH.KIND=cluster --set DWH.CLUSTER_IDENTIFIER=day --set DWH.IAM_ROLE_NAME=day
is "$ST $(left)" '0 ' 'down'

# ---- another role ----

role() { left_roles | tail -n 1; }
left_roles() { # of the namespace
	signed redshift-serverless -H 'X-Amz-Target: RedshiftServerless.GetNamespace' \
		-H 'Content-Type: application/x-amz-json-1.1' -d '{"namespaceName": "night"}' |
		jq -r '.namespace.iamRoles[]' | sed 's:.*/::; s/)//'
}
prepare() { [ "$(role)" = nightRole ] || dwh cluster up; }
proved() { is "$ST $(role)" '0 otherRole' "$1"; }
dwh cluster up
clean up --set DWH.IAM_ROLE_NAME=otherRole
proved 'it has the other role'
like "${CHANGES[*]}" UpdateNamespace 'by this change'
# Both roles are there from here on.
prepare
clean up --set DWH.IAM_ROLE_NAME=otherRole
each UpdateNamespace up --set DWH.IAM_ROLE_NAME=otherRole
dwh cluster down
is "$ST $(left)" '0 ' 'down'
done_testing
