#!/bin/bash
# A fault that passes at each change that `dwh cluster up` asks for: it is borne, and `down` removes all.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

prepare() { :; }
proved() {
	is "$ST $(left)" "0 $ALL" "$1"
	removes "$1"
}
clean up
is "${CHANGES[*]}" "$UP_CHANGES" 'these are its changes'
removes up
for ((k = ${FIRST:-0}; k < ${#CHANGES[@]}; k += ${STEP:-1})); do
	borne "$k" up
done
done_testing
