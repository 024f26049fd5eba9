#!/bin/bash
# Every fault and every signal at each change by which Redshift Serverless lives longer, and is removed.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_serverless
quick_serverless

# ---- up of what is there ----

expires() { # their hours from now
	left_json | jq -r '[.[] | select(.kind == "namespace" or .kind == "workgroup") | .tags."dwh:expires"]
		| unique | "\(length) \((.[0] | fromdate) - now | . / 3600 | round)"'
}
prepare() { [ "$(expires)" != '1 5' ] || dwh cluster up --max-hours 1; }
proved() { is "$ST $(expires)" '0 1 5' "$1"; }
dwh cluster up --max-hours 1
is "$ST $(left)" "0 $all" 'all of it is there'
clean up --max-hours 5
each TagResource up --max-hours 5

# ---- down ----

prepare() {
	dwh cluster up
	[ "$ST $(left)" = "0 $all" ] || is "$ST $(left)" "0 $all" 'all of it is there'
}
proved() { is "$ST $(left)" '0 ' "$1"; }
clean down
is "${CHANGES[*]:0:2}" 'DeleteWorkgroup DeleteNamespace' 'these are the changes of its own'
for action in DeleteWorkgroup DeleteNamespace; do
	each $action down
done
done_testing
