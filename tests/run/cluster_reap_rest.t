#!/bin/bash
# dwh cluster reap finds what belongs to a warehouse that was never made: security group, bucket and
# role, by their tags; and removes it when its time is over, from another machine, too. What it is not
# sure of it leaves, and a dry run says the same as the run.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config
export DWH_LOAD_ALLOW_EMPTY=yes # nothing is loaded: what --ephemeral looks for is not there
quick_aws --take role=0 --take interface=0 --page 1

# expires TIME [group|bucket|role]...: of those that are there
expires() {
	python3 - "$@" <<-'PY'
		import boto3, os, sys
		when, kinds = sys.argv[1], sys.argv[2:] or ["group", "bucket", "role"]
		def at(service):
		    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"],
		                        region_name="us-east-1" if service == "iam" else None)
		tag = [{"Key": "dwh:expires", "Value": when}]
		groups = at("ec2").describe_security_groups(Filters=[{"Name": "tag-key", "Values": ["dwh:made-by"]}])
		for g in groups["SecurityGroups"] if "group" in kinds else []:
		    at("ec2").create_tags(Resources=[g["GroupId"]], Tags=tag)
		for b in at("s3").list_buckets()["Buckets"] if "bucket" in kinds else []:
		    old = at("s3").get_bucket_tagging(Bucket=b["Name"])["TagSet"]
		    new = [t for t in old if t["Key"] != "dwh:expires"] + tag
		    at("s3").put_bucket_tagging(Bucket=b["Name"], Tagging={"TagSet": new})
		for r in at("iam").get_paginator("list_roles").paginate().search("Roles[]") if "role" in kinds else []:
		    at("iam").tag_role(RoleName=r["RoleName"], Tags=tag)
	PY
}
# It is made first, so that where another part is there alone somebody has removed it.
group_goes() {
	python3 - <<-'PY'
		import boto3, os
		ec2 = boto3.client("ec2", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
		groups = ec2.describe_security_groups(Filters=[{"Name": "tag-key", "Values": ["dwh:made-by"]}])
		for g in groups["SecurityGroups"]:
		    ec2.delete_security_group(GroupId=g["GroupId"])
	PY
}
PAST=2020-01-01T00:00:00Z
# Nobody here has a record of it.
elsewhere() { rm -rf "$T/.dwh/cluster"; }
# reaps NAME: all of it is removed
reaps() {
	dwh cluster reap
	is "$ST $(left)" '0 ' "$1: it is removed"
}
# leaves REGEX NAME: in a dry run and in a run, with the same words
leaves() {
	local before
	before=$(left)
	dwh cluster reap --dry-run
	is "$ST" 0 "$2: exit code 0"
	like "$OUT" "$1" "$2: why it stays"
	DRY=$OUT
	dwh cluster reap
	is "$ST $(left)" "0 $before" "$2: it is left"
	is "$OUT" "$DRY" "$2: the dry run has said the same"
}

# ---- killed before the warehouse ----

fail_next CreateCluster hold
"$DWH" run --ephemeral -c "$T/dwh.cfg" >"$T/out" 2>"$T/talk" &
RUN=$!
until_true 30 held
kill -9 $RUN
wait $RUN 2>/dev/null
double_post release '{"drop": true}' >/dev/null
double_post calm >/dev/null
nothing_works() { [ -z "$(pids_of 'dwh cluster')" ]; }
until_true 30 nothing_works
REST='bucket dwh-123456789012-us-west-2-dwh-cluster
role dwhRole
role policy dwhRole dwh-reads-s3
security group dwh-dwh-cluster'
is "$(left)" "$REST" 'a run is killed before its cluster is made'
elsewhere
leaves '^stays  security group dwh-dwh-cluster \(there\), expires 20..-..-..T..:..:..Z$' 'before its time'
expires $PAST group role
leaves '^stays  security group .* but is left: bucket dwh-123456789012-us-west-2-dwh-cluster expires 20' \
	'a part of it that has more time'
expires $PAST
dwh cluster reap --set AWS.REGION=eu-west-1
is "$ST $(left)" "0 $REST" 'from another region nothing is removed'
dwh cluster reap --dry-run
like "$OUT" '^due  security group dwh-dwh-cluster' 'a dry run says that it is due'
is "$(left)" "$REST" 'and leaves it'
reaps 'a run that was killed'

# ---- a part of that ----

fail_next CreateRole deny
dwh cluster up --max-hours 3
group_goes
is "$(left)" 'bucket dwh-123456789012-us-west-2-dwh-cluster' 'a bucket alone'
elsewhere
expires $PAST
fail_next ListBuckets deny
fail_next ListRoles deny
dwh cluster reap
is "$ST" 4 'who may not list buckets and roles: exit code 4'
like "$ERR" 'looking for buckets: .*s3:ListAllMyBuckets' 'is told that buckets were not looked for'
like "$ERR" 'looking for roles: .*not permitted' 'nor roles'
is "$(left)" 'bucket dwh-123456789012-us-west-2-dwh-cluster' 'and nothing is removed'
dwh cluster reap --dry-run
like "$OUT" '^due  bucket dwh-123456789012-us-west-2-dwh-cluster \(there\), expires 2020-01-01T00:00:00Z$' 'who may finds it'
reaps 'a bucket alone'

long=a-name-that-is-so-long-that-no-bucket-could-have-all-of-it-here
fail_next CreateRole deny
dwh cluster up --max-hours 3 --set DWH.CLUSTER_IDENTIFIER=$long
group_goes
elsewhere
expires $PAST
reaps 'a bucket whose name is shortened'

fail_next CreateCluster deny
dwh cluster up --max-hours 3 --set DWH.IAM_ROLE_NAME=odd-name --set S3.MANIFESTS=s3://sparkify/m
group_goes
is "$(left)" 'role odd-name
role policy odd-name dwh-reads-s3' 'a role alone'
elsewhere
expires $PAST
aws_query iam CreateRole 'RoleName=theirs&Description=lets a warehouse of dwh read S3&AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},"Action":"sts:AssumeRole"}]}' >/dev/null
dwh cluster reap
is "$ST $(left)" '0 role theirs' 'a role of any name is removed, not one that has no more than our description'
aws_query iam DeleteRole RoleName=theirs >/dev/null

# ---- what is not sure ----

fail_next CreateCluster deny
dwh cluster up --max-hours 3
elsewhere
for when in tomorrow 2020-02-30T00:00:00Z 2020-01-01; do
	expires $when
	leaves "^stays  security group dwh-dwh-cluster \(there\), expires $when, but is left: that is no time" "expires $when"
done
expires $PAST
expires tomorrow role
leaves 'but is left: role dwhRole expires tomorrow$' 'a part of it of which nobody can tell'
expires $PAST
bucket=dwh-123456789012-us-west-2-another
python3 - "$bucket" <<-'PY'
	import boto3, os, sys
	c = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
	c.create_bucket(Bucket=sys.argv[1], CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
	c.put_bucket_tagging(Bucket=sys.argv[1], Tagging={"TagSet": [
	    {"Key": "dwh:made-by", "Value": "dwh"}, {"Key": "dwh:cluster", "Value": "somebody"},
	    {"Key": "dwh:region", "Value": "us-west-2"}, {"Key": "dwh:expires", "Value": "2020-01-01T00:00:00Z"}]})
PY
dwh cluster reap
is "$ST $(left)" "0 bucket $bucket" 'what carries the tags of another is left, and the rest goes'
like "$OUT" "^stays  bucket $bucket .* but is left: its tags are those of somebody in us-west-2" 'which is said'
is "$(unread)" '' 'AWS would know each argument'
done_testing
