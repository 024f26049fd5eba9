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
		arns = [n["namespaceArn"] for n in c.get_paginator("list_namespaces").paginate().search("namespaces[]") if n["namespaceName"] == sys.argv[1]]
		arns += [w["workgroupArn"] for w in c.get_paginator("list_workgroups").paginate().search("workgroups[]") if w["workgroupName"] == sys.argv[1]]
		for arn in arns:
		    c.tag_resource(resourceArn=arn, tags=[{"key": "dwh:expires", "value": sys.argv[2]}])
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

# ---- it is looked at again, just before it goes ----

expires late 2020-01-01T00:00:00Z
fail_next DescribeSecurityGroups hold
"$DWH" cluster reap -c "$T/dwh.cfg" >"$T/reaped" 2>"$T/talk" &
reap=$!
until_true 30 held
is $? 0 'what is due has been found'
expires late 2099-01-01T00:00:00Z
double_post release >/dev/null
wait $reap
is "$? $(left | grep -c 'workgroup late')" '0 1' 'it was given more time meanwhile: it stays'
like "$(cat reaped)" '^stays  namespace late .* but is left: (namespace|workgroup) late expires 2099-' 'and this is said'
double_post calm >/dev/null

# ---- tags go with a snapshot ----

restored() { # restored NAME TAG=VALUE...
	local args=() n=0 tag
	for tag in dwh:made-by=dwh dwh:expires=2020-01-01T00:00:00Z "${@:2}"; do
		n=$((n + 1))
		args+=(--data-urlencode "Tags.Tag.$n.Key=${tag%%=*}" --data-urlencode "Tags.Tag.$n.Value=${tag#*=}")
	done
	signed redshift -o "$T/restored" -d Action=CreateCluster -d Version=2012-12-01 -d ClusterIdentifier="$1" \
		-d NodeType=ra3.large -d ClusterType=multi-node -d NumberOfNodes=2 -d DBName=x -d MasterUsername=someone \
		--data-urlencode MasterUserPassword="$CLUSTER_PASSWORD" "${args[@]}"
}
restored copy dwh:cluster=late dwh:region=us-west-2
restored moved dwh:cluster=moved dwh:region=eu-west-1
before=$(left)
dwh cluster reap
is "$ST $(left)" "0 $before" 'neither what has the tags of another is removed, nor that other'
like "$OUT" '^stays  cluster copy .* but is left: its tags are those of late in us-west-2$' 'it is told'
like "$OUT" '^stays  cluster moved .* but is left: its tags are those of moved in eu-west-1$' 'one of another region, too'

# ---- the warehouse was never made ----

group_expires() { # group_expires NAME TIME
	python3 - "$@" <<-'PY'
		import boto3, os, sys
		c = boto3.client("ec2", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
		g = c.describe_security_groups(Filters=[{"Name": "group-name", "Values": [sys.argv[1]]}])
		c.create_tags(Resources=[g["SecurityGroups"][0]["GroupId"]],
		              Tags=[{"Key": "dwh:expires", "Value": sys.argv[2]}])
	PY
}
double_post role '{"name": "theirs"}' >/dev/null
fail_next CreateNamespace deny
never=(--set DWH.CLUSTER_IDENTIFIER=never --set S3.MANIFESTS=s3://sparkify/m
	--set IAM_ROLE.ARN=arn:aws:iam::123456789012:role/theirs)
dwh cluster up --max-hours 3 "${never[@]}"
rm "$T/.dwh/cluster/never.jsonl"
dwh cluster reap
like "$OUT" '^stays  security group dwh-never ' 'what was made before it is found'
group_expires dwh-never 2020-01-01T00:00:00Z
dwh cluster reap
is "$ST $(left | grep -c never)" '0 0' 'and removed when its time is over'
fail_next ListNamespaces deny
dwh cluster reap
is "$ST" 4 'who may not list serverless ones: exit code 4'
like "$ERR" 'looking for serverless namespaces: .*not permitted' 'is told that they were not looked for'
done_testing
