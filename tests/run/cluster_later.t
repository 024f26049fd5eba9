#!/bin/bash
# Faults and signals at each change of a cluster that is there: paused, and resumed.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0 --take pausing=5 --take resuming=5

is_now() { # the state that the cluster is in
	left_json | jq -r '.[] | select(.kind == "cluster") | .status'
}
filled
# ---- pause ----
prepare() { [ "$(is_now)" = available ] || dwh cluster resume; }
proved() { is "$ST $(is_now)" '0 paused' "$1"; }
clean pause
is "${CHANGES[*]}" PauseCluster 'this is its change'
each PauseCluster pause

# ---- resume ----
prepare() { [ "$(is_now)" = paused ] || dwh cluster pause; }
proved() { is "$ST $(is_now)" '0 available' "$1"; }
prepare
clean resume
is "${CHANGES[*]}" ResumeCluster 'this is its change'
each ResumeCluster resume
done_testing
