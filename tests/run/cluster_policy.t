#!/bin/bash
# Faults and signals where the role gets a policy that is given, and where that is taken away again.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0 --take creating=5 --take in-sync=1 --take deleting=5

policy=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
all="attached policy dwhRole $policy
$(grep -v 'role policy' <<<"$ALL")"
given="--set IAM_ROLE.POLICY=$policy"

# ---- up ----

prepare() { [ -z "$(left)" ] || dwh cluster down; }
proved() { is "$ST $(left)" "0 $all" "$1"; }
# shellcheck disable=SC2086
clean up $given
is "$ST $(left)" "0 $all" 'the role has the policy'
removes up
# shellcheck disable=SC2086
each AttachRolePolicy up $given

# ---- down ----

prepare() {
	# shellcheck disable=SC2086
	dwh cluster up $given
	[ "$ST $(left)" = "0 $all" ] || is "$ST $(left)" "0 $all" 'the role has the policy'
}
proved() { is "$ST $(left)" '0 ' "$1"; }
clean down
proved 'it is gone with the role'
each DetachRolePolicy down
done_testing
