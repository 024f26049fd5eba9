#!/bin/bash
# Clusters of other kinds: with a role that is given, a policy that is given, one node, not public; and
# in the partitions of AWS that are not `aws`.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0
args() { # args ACTION: of its last call
	calls_json | jq -cS --arg a "$1" '[.[] | select(.action == $a)] | last | .args'
}

# ---- a role that is given ----

double_post role '{"name": "given", "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
	"Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}' >/dev/null
for key in DWH.ROLE_ARN IAM_ROLE.ARN; do
	from=$(count_calls)
	dwh cluster up --set $key=arn:aws:iam::123456789012:role/given
	is "$ST $(left | grep -c role)" '0 0' "$key: no role is made"
	like "$OUT" '^uses +role arn:aws:iam::123456789012:role/given' 'the plan says which one is used'
	is "$(args CreateCluster | jq -c 'with_entries(select(.key | startswith("IamRoles")))')" \
		'{"IamRoles.IamRoleArn.1":"arn:aws:iam::123456789012:role/given"}' 'the cluster has it'
	dwh cluster down --set $key=arn:aws:iam::123456789012:role/given
	is "$ST $(left)" '0 ' 'down'
	is "$(calls "$from" | grep -cE 'iam:(Create|Put|Attach|Detach|Delete)')" 0 'the role is left as it is'
done

# ---- what is given is not there ----

refused() { # refused TEXT OPTION...: before anything is made
	dwh cluster up "${@:2}"
	is "$ST $(left)" '2 ' "${*:2}: exit code 2, and nothing is made"
	like "$ERR" "$1" 'the key is named, and what to do'
}
for key in DWH.ROLE_ARN IAM_ROLE.ARN; do
	refused "\\[${key%.*}\\] ${key#*.} is arn:aws:iam::123456789012:role/none, and there is no such role: .*leave the key empty" \
		--set $key=arn:aws:iam::123456789012:role/none
done
refused 'ARN is arn:aws:iam::123456789012:role/of/given, but the role of that name is arn:aws:iam::123456789012:role/given' \
	--set IAM_ROLE.ARN=arn:aws:iam::123456789012:role/of/given
refused '\[IAM_ROLE\] POLICY is arn:aws:iam::aws:policy/AmazonS3ReadOnly, and there is no such policy: .*leave the key empty' \
	--set IAM_ROLE.POLICY=arn:aws:iam::aws:policy/AmazonS3ReadOnly
fail_next GetRole deny -1
fail_next GetPolicy deny -1
dwh cluster up --set IAM_ROLE.ARN=arn:aws:iam::123456789012:role/given
is "$ST" 0 'who may not look takes a role for there'
double_post calm >/dev/null
dwh cluster down
fail_next GetPolicy deny -1
dwh cluster up --set IAM_ROLE.POLICY=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
is "$ST" 0 'and a policy'
double_post calm >/dev/null
dwh cluster down --set IAM_ROLE.ARN=arn:aws:iam::123456789012:role/none
is "$ST $(left)" '0 ' 'down does not ask for it'

# ---- one node, not public ----

dwh cluster up --set DWH.CLUSTER_TYPE=single-node --set DWH.NUM_NODES=1 --set DWH.PUBLIC=no
is "$ST" 0 'one node, not public'
like "$OUT" '^makes +cluster dwh-cluster: .* within its VPC; 0\.543 USD an hour: 1 node of ra3\.large' \
	'the plan says so'
is "$(args CreateCluster | jq -c '[.ClusterType, .NumberOfNodes, .PubliclyAccessible]')" \
	'["single-node",null,"false"]' 'and it is what AWS is asked for'
removes 'one node'

# ---- a policy that is given ----

policy=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
cluster_config '[IAM_ROLE]' "POLICY = $policy"
sed -i '/^ENDPOINT/d' "$T/dwh.cfg"
dwh cluster up
is "$ST $(args AttachRolePolicy | jq -r .PolicyArn)" "0 $policy" 'the role has that policy'
is "$(left | grep -c 'role policy dwhRole dwh-reads-s3')" 0 'and none of ours'
from=$(count_calls)
dwh cluster down
is "$ST $(left)" '0 ' 'down'
is "$(calls "$from" | grep 'iam:De' | paste -sd ' ')" 'iam:DetachRolePolicy ok iam:DeleteRole ok' \
	'the policy is taken away first'

# ---- partitions ----

for region in cn-north-1 us-gov-west-1; do
	partition=aws-cn
	[ $region = cn-north-1 ] || partition=aws-us-gov
	kill "$DOUBLE"
	until_true 30 not_there "$DOUBLE"
	stop_s3d
	own_s3d --region $region
	cluster_config
	sed -i -e '/^ENDPOINT/d' -e "s/^REGION.*/REGION = $region/" "$T/dwh.cfg"
	quick_aws --take role=0 --region $region
	export AWS_REGION=$region
	dwh cluster up
	is "$ST" 0 "up in $region"
	is "$(left)" "${ALL//us-west-2/$region}" 'all of it is there'
	is "$(args CreateCluster | jq -r '."IamRoles.IamRoleArn.1"')" "arn:$partition:iam::123456789012:role/dwhRole" \
		"its role is one of $partition"
	is "$(args PutRolePolicy | jq -r '.PolicyDocument' | grep -oE 'arn:[a-z-]+:s3' | sort -u)" "arn:$partition:s3" \
		'and may read its buckets'
	like "$OUT" "price unknown(: in us-east-1 .*; $region is not in the table for| .*none of) ra3.large" 'the price is not known there, and it says so'
	dwh cluster up --max-hours 2
	is "$ST $(args CreateTags | jq -r '.ResourceName')" \
		"0 arn:$partition:redshift:$region:123456789012:cluster:dwh-cluster" 'its tags, too'
	is "$(unread)" '' 'AWS understood every argument'
	removes "in $region"
done
done_testing
