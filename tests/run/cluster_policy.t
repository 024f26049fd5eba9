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
all=$(grep -v 'role policy' <<<"$ALL")
has() { # the policies of the role
	signed_iam Action=ListAttachedRolePolicies -d RoleName=dwhRole | grep -oE '<PolicyArn>[^<]*' | sed 's/.*>//'
}
signed_iam() {
	curl -sS -u "$S3_ID:$S3_SECRET" --aws-sigv4 aws:amz:us-east-1:iam -d Version=2010-05-08 -d "$@" \
		"http://127.0.0.1:$DOUBLE_PORT/"
}
given="--set IAM_ROLE.POLICY=$policy"

# ---- up ----

prepare() { [ -z "$(left)" ] || dwh cluster down; }
proved() { is "$ST $(left | grep -v 'role policy') $(has)" "0 $all $policy" "$1"; }
# shellcheck disable=SC2086
clean up $given
proved 'the role has the policy'
prepare
# shellcheck disable=SC2086
each AttachRolePolicy up $given

# ---- down ----

prepare() {
	# shellcheck disable=SC2086
	dwh cluster up $given
	[ "$ST $(has)" = "0 $policy" ] || is "$ST $(has)" "0 $policy" 'the role has the policy'
}
proved() { is "$ST $(left)" '0 ' "$1"; }
clean down
proved 'it is gone with the role'
each DetachRolePolicy down
done_testing
