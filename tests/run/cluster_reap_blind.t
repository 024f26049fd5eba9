#!/bin/bash
# dwh cluster reap, by who may not look at all of it: it says so, and no success is reported; what may
# belong to a warehouse that could not be listed stays.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config
quick_aws --take role=0 --take interface=0 --take workgroup=20 --take workgroup-deleting=20 --take namespace-deleting=10
for action in DescribeSecurityGroups ListBuckets ListRoles DescribeClusters ListNamespaces; do
	fail_next $action deny
	dwh cluster reap
	is "$ST $OUT" '4 of what could be looked at, no cluster of dwh in us-west-2 has outlived its time' \
		"$action is denied: exit code 4"
	like "$ERR" "looking for .*$action|looking for .*s3:ListAllMyBuckets" 'and it is said'
done
AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS=http://nowhere.invalid dwh cluster reap
is "$ST $OUT" '0 no cluster of dwh in us-west-2 has outlived its time' 'a region without Serverless has none'

# past: what is there of groups, buckets and roles has outlived its time, and of namespaces
past() {
	python3 - <<-'PY'
		import boto3, os
		def at(service):
		    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"],
		                        region_name="us-east-1" if service == "iam" else None)
		past = {"Key": "dwh:expires", "Value": "2020-01-01T00:00:00Z"}
		for g in at("ec2").describe_security_groups(Filters=[{"Name": "tag-key", "Values": ["dwh:made-by"]}])["SecurityGroups"]:
		    at("ec2").create_tags(Resources=[g["GroupId"]], Tags=[past])
		for b in at("s3").list_buckets()["Buckets"]:
		    old = at("s3").get_bucket_tagging(Bucket=b["Name"])["TagSet"]
		    at("s3").put_bucket_tagging(Bucket=b["Name"], Tagging={"TagSet": [t for t in old if t["Key"] != past["Key"]] + [past]})
		at("iam").tag_role(RoleName="dwhRole", Tags=[past])
		c = at("redshift-serverless")
		arns = [n["namespaceArn"] for n in c.list_namespaces()["namespaces"]]
		arns += [w["workgroupArn"] for w in c.list_workgroups()["workgroups"]]
		for arn in arns:
		    c.tag_resource(resourceArn=arn, tags=[{"key": past["Key"], "value": past["Value"]}])
	PY
}

# ---- a warehouse that cannot be listed ----

dwh cluster up --max-hours 3 --set DWH.KIND=serverless
rm -rf "$T/.dwh/cluster"
before=$(left)
like "$before" '^workgroup dwh-cluster' 'a serverless warehouse is there'
fail_next ListNamespaces deny
dwh cluster reap
is "$ST $(left)" "4 $before" 'before its time, by who may not list it: exit code 4'
past
for action in ListNamespaces GetNamespace GetWorkgroup; do
	fail_next $action deny -1
done
for dry in --dry-run ''; do
	dwh cluster reap $dry
	is "$ST $(left)" "9 $before" "reap $dry by who may not see it: nothing is removed, exit code 9"
	like "$OUT" '^stays  security group dwh-dwh-cluster .*but is left: whether it has a warehouse could not be asked' 'and why'
done
double_post calm >/dev/null
fail_next GetNamespace deny -1
dwh cluster reap
is "$ST $(left)" "9 $before" 'by who may list it, and not look at it: exit code 9'
double_post calm >/dev/null
fail_next DescribeClusters deny
fail_next DescribeSecurityGroups deny
dwh cluster reap
is "$ST $(left | grep -c workgroup)" '4 0' 'one that is seen goes, though not all could be listed'
double_post calm >/dev/null
dwh cluster down
is "$ST $(left)" '0 ' 'the rest goes'

# ---- its cluster was never made ----

fail_next CreateCluster deny
dwh cluster up --max-hours 3
rm -rf "$T/.dwh/cluster"
past
before=$(left)
fail_next DescribeClusters deny -1
dwh cluster reap
is "$ST $(left)" "9 $before" 'by who may not list clusters: nothing is removed, exit code 9'
double_post calm >/dev/null
dwh cluster reap
is "$ST $(left)" '0 ' 'who may removes it'
done_testing
