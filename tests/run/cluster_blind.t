#!/bin/bash
# Who may not look whether a warehouse is there, does not remove what it may need: `down`, whichever kind
# of it is configured, names the warehouse and what is left with it. What explains the parts otherwise,
# a record or a warehouse that is seen, lets `down` go on. Nobody logs in here.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config
quick_aws --take role=0 --take interface=0 --take workgroup=20 --take workgroup-deleting=20 --take namespace-deleting=10
made() { # made OPTION...: up, as far as it comes here
	dwh cluster up "$@"
	like "$(left)" '^(cluster|workgroup) dwh-cluster' "up $*: it is made"
}
# Nobody here has a record of it.
elsewhere() { rm -rf "$T/.dwh/cluster"; }
# stays NAME OPTION...: down leaves all of it
stays() {
	local before
	before=$(left)
	dwh cluster down "${@:2}"
	is "$ST $(left)" "9 $before" "$1: exit code 9, and nothing is removed"
	like "$ERR" 'may be left: security group|is left: security group dwh-dwh-cluster; by hand' 'what is left is named'
	like "$ERR" 'is left: bucket dwh-123456789012-us-west-2-dwh-cluster; by hand' 'all of it'
	double_post calm >/dev/null
}
gone() { # gone NAME OPTION...
	dwh cluster down "${@:2}"
	is "$ST $(left)" '0 ' "$1"
}

# ---- the other kind ----

made
elsewhere
fail_next DescribeClusters deny -1
stays 'a cluster, and who is set to serverless may not look for it' --set DWH.KIND=serverless
like "$ERR" 'may still cost money: cluster dwh-cluster; by hand: aws redshift delete-cluster' 'the cluster may be there'
like "$ERR" 'redshift:DescribeClusters' 'and what must be allowed'
gone 'who may look removes it' --set DWH.KIND=serverless
made --set DWH.KIND=serverless
elsewhere
fail_next GetNamespace deny -1
fail_next GetWorkgroup deny -1
stays 'the other way round'
like "$ERR" 'may still cost money: workgroup dwh-cluster; by hand' 'the workgroup may be there'
gone 'who may look removes it'
fail_next DescribeClusters deny -1
gone 'where nothing is there, nothing may belong to it' --set DWH.KIND=serverless
like "$ERR" 'DescribeClusters.*: taken for none' 'which is said'
double_post calm >/dev/null
made
elsewhere
fail_next GetNamespace deny -1
fail_next GetWorkgroup deny -1
gone 'a cluster that is seen, and is ours, explains the rest'
double_post calm >/dev/null

# ---- its own kind ----

made
fail_next DescribeClusters deny -1
stays 'a cluster that may not be looked at'
like "$ERR" 'may still cost money: cluster dwh-cluster' 'it is named'
fail_next DeleteCluster deny -1
stays 'a cluster that may not be deleted'
like "$ERR" 'is left: role dwhRole' 'with its role'
like "$ERR" 'may still cost money: cluster dwh-cluster' 'it is named'
gone 'who may removes it'

# ---- a part ----

# EC2 gives up the group after a while; what cannot be removed before it does not hold it up.
for action in DeleteRole GetRole HeadBucket DeleteBucket; do
	made
	fail_next $action deny -1
	fail_code DeleteSecurityGroup DependencyViolation 400 5
	dwh cluster down
	is "$ST $(left | grep -c 'security group')" '9 0' "$action is denied: the group is waited for, and goes"
	double_post calm >/dev/null
	gone 'down again removes the rest'
done
done_testing
