#!/bin/bash
# A fault that passes at each change that `dwh cluster down` asks for: it is borne, and nothing is left.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
# Without an interface that keeps the group, so that its first deletion is carried out.
quick_aws --take role=0 --take interface=0

prepare() { filled; }
proved() {
	is "$ST $(left)" '0 ' "$1"
}
filled
clean down
is "${CHANGES[*]}" "$DOWN_CHANGES" 'these are its changes'
for k in "${!CHANGES[@]}"; do
	borne "$k" down
done
done_testing
