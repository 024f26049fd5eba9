#!/bin/bash
# Faults and signals where `dwh cluster up` lets in another address to a cluster that is there.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0 --take creating=5 --take in-sync=1 --take deleting=5

open_to() { # who may connect
	signed ec2 -d Action=DescribeSecurityGroups -d Version=2016-11-15 |
		grep -oE '<cidrIp>[0-9.]*/32' | sed 's/.*>//' | sort | paste -sd ' '
}
prepare() { [ "$(open_to)" = 203.0.113.7/32 ] || dwh cluster up; }
proved() { is "$ST $(open_to)" '0 198.51.100.7/32' "$1"; }
dwh cluster up
is "$ST $(open_to)" '0 203.0.113.7/32' 'one address'
clean up --ingress 198.51.100.7/32
proved 'another one'
for action in AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress; do
	prepare
	each $action up --ingress 198.51.100.7/32
done
dwh cluster down
is "$ST $(left)" '0 ' 'down'
done_testing
