#!/bin/bash
# Faults and signals where `dwh cluster up` changes a cluster that is there: another time to live, and
# another role.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0 --take creating=5 --take in-sync=1 --take deleting=5

# ---- another time to live ----

expires() { # its hours from now, and whether the bucket has the same
	left_json | jq -r '[.[] | select(.kind == "cluster" or .kind == "bucket") | .tags."dwh:expires"]
		| unique | "\(length) \((.[0] | fromdate) - now | . / 3600 | round)"'
}
prepare() { [ "$(expires)" != '1 5' ] || dwh cluster up --max-hours 1; }
proved() { is "$ST $(expires)" '0 1 5' "$1"; }
dwh cluster up --max-hours 1
is "$(expires)" '1 1' 'an hour'
clean up --max-hours 5
each CreateTags up --max-hours 5

# ---- another role ----

roles() { # of the cluster
	signed redshift -d Action=DescribeClusters -d Version=2012-12-01 |
		grep -oE '<IamRoleArn>[^<]*' | sed 's:.*/::' | sort | paste -sd ' '
}
prepare() {
	dwh cluster down --set DWH.IAM_ROLE_NAME=other
	dwh cluster down
	dwh cluster up
	[ "$ST $(roles)" = '0 dwhRole' ] || is "$ST $(roles)" '0 dwhRole' 'it has the role'
}
proved() { like "$ST $(roles)" '^0 .*other' "$1"; }
prepare
clean up --set DWH.IAM_ROLE_NAME=other
proved 'and has the other role'
each ModifyClusterIamRoles up --set DWH.IAM_ROLE_NAME=other
dwh cluster down --set DWH.IAM_ROLE_NAME=other
removes 'with both roles'
done_testing
