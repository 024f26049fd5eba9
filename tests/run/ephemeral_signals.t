#!/bin/bash
# dwh run --ephemeral: signals, whenever they come, and processes that are killed.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

# in_background: dwh run --ephemeral, as process $RUN
in_background() {
	"${FROM_TERMINAL[@]}" "$DWH" run --ephemeral --fresh -c "$T/dwh.cfg" "$@" >"$T/out" 2>"$T/talk" &
	RUN=$!
}
ended() { # ended STATUS NAME
	wait $RUN 2>/dev/null
	is "$?" "$1" "$2: exit code $1"
	is "$(left)" '' "$2: nothing is left"
}
for row in INT:130 HUP:129 USR1:143 XCPU:143; do # others are as TERM
	signal=${row%:*} status=${row#*:}
	fail_next CreateCluster hold-after
	in_background
	until_true 30 held
	kill -s "$signal" $RUN
	until_true 30 grep -q 'error: stopped by signal' "$T/talk"
	double_post calm >/dev/null
	ended "$status" "$signal while it is made"
done
stop_s3d
own_s3d --latency 50ms
in_background --set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=100
until_true 60 slow_run_is_on
is $? 0 'a run is on its way'
kill -TERM $RUN
ended 143 'TERM while it loads'
like "$(cat "$T/out")" 'A warehouse of --ephemeral goes with its run\. Load all again: .*dwh run --ephemeral -c' \
	'its report says what loads it again, and not the rest'
stop_s3d
own_s3d
fail_next DeleteCluster hold
in_background
until_true 60 held
kill -TERM $RUN
until_true 30 grep -q 'still being removed' "$T/talk"
is $? 0 'TERM while it is removed: it says that it is at it'
double_post release >/dev/null
double_post calm >/dev/null
ended 0 'and goes on'

fail_next DeleteCluster hold
in_background
until_true 60 held
kill -TERM $RUN
until_true 30 grep -q 'still being removed' "$T/talk"
kill -TERM $RUN
wait $RUN
is $? 9 'the second time it ends: exit code 9'
like "$(cat "$T/talk")" 'may still cost money: cluster dwh-cluster; by hand: aws redshift delete-cluster' 'what is left is named'
like "$(tail -n 1 "$T/talk")" 'cluster dwh-cluster .*may still cost money: .*cluster down. removes' \
	'and, last of all, what removes it'
double_post calm >/dev/null
removes 'what was left'

# ---- processes are killed ----

fail_next DescribeClusters hold 1 3
in_background
until_true 30 held
kill_at 9 'dwh cluster .* up'
double_post calm >/dev/null
ended 137 'the process that makes it is killed'
fail_next CreateCluster hold-after
in_background
until_true 30 held
kill -9 $RUN
wait $RUN 2>/dev/null
double_post calm >/dev/null
nothing_works() { [ -z "$(pids_of 'dwh cluster')" ]; }
until_true 20 nothing_works
is $? 0 'all of it is killed: its processes end'
like "$(left)" 'cluster dwh-cluster' 'the cluster is there'
removes 'by its record'
done_testing
