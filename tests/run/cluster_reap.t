#!/bin/bash
# dwh cluster reap finds serverless warehouses, too, page by page, and removes those whose time is
# over with all that belongs to them. Nobody logs in here: there is no warehouse behind the double.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config 'KIND = serverless' 'CLUSTER_IDENTIFIER = nobody'
cluster_aws --page 1 --take role=0 --take interface=0
# expires NAME TIME: another dwh:expires
expires() {
	python3 - "$@" <<-'PY'
		import boto3, os, sys
		c = boto3.client("redshift-serverless", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
		n = c.get_namespace(namespaceName=sys.argv[1])["namespace"]
		c.tag_resource(resourceArn=n["namespaceArn"], tags=[{"key": "dwh:expires", "value": sys.argv[2]}])
	PY
}
for name in early late; do
	dwh cluster up --max-hours 3 --set DWH.CLUSTER_IDENTIFIER=$name --set DWH.IAM_ROLE_NAME=$name-role
	like "$(left)" "workgroup $name" "$name is made"
done
dwh cluster up --set DWH.CLUSTER_IDENTIFIER=ever --set DWH.IAM_ROLE_NAME=ever-role
dwh cluster reap
is "$ST $(left | grep -c workgroup)" '0 3' 'nothing is removed before its time'
is "$(sed 's/ (AVAILABLE), expires .*//' <<<"$OUT")" 'stays  namespace early
stays  namespace late
no cluster of dwh in us-west-2 has outlived its time' 'and what has no time is not asked for it'
expires early 2020-01-01T00:00:00Z
dwh cluster reap --dry-run
like "$OUT" '^due +namespace early .*2020-01-01T00:00:00Z$' 'a dry run says what is due'
is "$(left | grep -c workgroup)" 3 'and leaves it'
fail_next DeleteNamespace deny
dwh cluster reap
is "$ST $(left | grep -c 'namespace early')" '9 1' 'what could not be removed is an error'
like "$ERR" 'DWH.CLUSTER_IDENTIFIER=early --set DWH.KIND=serverless cluster down' 'with the command that removes it'
dwh cluster reap --set DWH.KIND=cluster
is "$ST" 0 'reap, from whatever configuration'
is "$(left; buckets | sort)" 'namespace ever
namespace late
role ever-role
role late-role
role policy ever-role dwh-reads-s3
role policy late-role dwh-reads-s3
security group dwh-ever
security group dwh-late
workgroup ever
workgroup late
dwh-123456789012-us-west-2-ever
dwh-123456789012-us-west-2-late' 'removes that one with all that belongs to it, and no other'
# Without its workgroup it still costs its storage.
fail_next CreateWorkgroup deny
dwh cluster up --max-hours 3 --set DWH.CLUSTER_IDENTIFIER=half --set DWH.IAM_ROLE_NAME=half-role
expires half 2020-01-01T00:00:00Z
dwh cluster reap
is "$ST $(left | grep -c half)" '0 0' 'half of one is removed'
fail_next ListNamespaces deny
dwh cluster reap
is "$ST" 0 'who may not list serverless ones'
like "$ERR" 'looking for serverless namespaces: .*not permitted' 'is told that they were not looked for'
done_testing
