#!/bin/bash
# dwh run --ephemeral: what keeps it from removing its warehouse, or from saying what stays: signals to
# a whole group, a network that is away for a while, another `dwh cluster`, kill -9.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

# in_background OPTION...: dwh run --ephemeral, as process $RUN
in_background() {
	"${FROM_TERMINAL[@]}" "$DWH" run --ephemeral --fresh -c "$T/dwh.cfg" "$@" >"$T/out" 2>"$T/talk" &
	RUN=$!
}
nothing_works() { [ -z "$(pids_of 'dwh (cluster|run)')" ]; }

# ---- another is at work in the same folder ----

fail_next CreateSecurityGroup hold
"$DWH" cluster up -c "$T/dwh.cfg" >"$T/out" 2>"$T/talk" &
UP=$!
until_true 30 held
dwh run --ephemeral
is "$ST" 3 'beside another `dwh cluster`: exit code 3'
like "$ERR" 'another `dwh cluster` is at work on it.*wait for it, or stop it' 'it says so'
is "$(grep -cE 'still cost money|cluster down' <<<"$ERR")" 0 'and takes nothing for its own'
double_post release >/dev/null
wait $UP
is "$? $(left)" "0 $ALL" 'the other one is left alone'
removes 'what the other has made'

# ---- a signal to all of a group, as by systemd ----

for signal in TERM INT; do
	fail_next DeleteCluster hold
	in_background
	until_true 60 held
	kill -s $signal "$(pids_of 'dwh cluster .* down')"
	kill -s $signal $RUN
	until_true 30 grep -q 'still being removed' "$T/talk"
	is $? 0 "$signal to all while it is removed: it says that it is at it"
	double_post release >/dev/null
	double_post calm >/dev/null
	wait $RUN
	is "$? $(left)" '0 ' 'and goes on'
	is "$(grep -cE 'stopped by signal|once more in' "$T/talk")" 0 'in one go'
done

# ---- what may pass ----

fail_next DeleteCluster deny 4
dwh run --ephemeral --fresh
is "$ST $(left)" '0 ' 'what fails four times is removed the fifth'
is "$(grep -oE 'once more in [0-9]+ s' <<<"$ERR" | xargs)" \
	'once more in 15 s once more in 30 s once more in 60 s once more in 120 s' 'with pauses'
fail_next DeleteCluster deny -1
DWH_AWS_SPEED=60 in_background
until_true 60 grep -q 'once more in 240 s' "$T/talk"
kill -TERM $RUN
until_true 30 grep -q 'still being removed' "$T/talk"
kill -TERM $RUN
wait $RUN
is $? 9 'two signals in a pause end it: exit code 9'
like "$(tail -n 1 "$T/talk")" 'may still cost money: .*cluster down. removes' 'with what removes the rest'
double_post calm >/dev/null
removes 'what was left'

# ---- kill -9 ----

fail_next CreateCluster hold-after
in_background
until_true 30 held
kill -9 $RUN
wait $RUN 2>/dev/null
double_post calm >/dev/null
until_true 30 nothing_works
like "$(cat "$T/talk")" 'what was made stays, and may cost money: .*cluster down. removes it' \
	'killed while it is made: what is there, and what removes it'
removes 'what was made'
stop_s3d
own_s3d --latency 50ms
in_background --set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=100
until_true 60 slow_run_is_on
kill -9 $RUN
wait $RUN 2>/dev/null
until_true 30 nothing_works
like "$(cat "$T/talk")" 'was killed: the cluster dwh-cluster .* stay, and cost money: .*cluster down. removes them' \
	'killed while it loads: what stays, and what removes it'
removes 'what was loaded into'
stop_s3d
own_s3d
mkdir -p "$T/model/query"
echo 'SELECT COUNT(*) FROM pg_advisory_lock(77)' >"$T/model/query/waits.sql"
ON_77="from pg_locks where locktype = 'advisory' and objid = 77"
is_waiting() { [ "$(direct "select count(*) $ON_77 and not granted")" = 1 ]; }
direct 'select pg_advisory_lock(77), pg_sleep(600)' >/dev/null 2>&1 &
in_background --set LOAD.MODEL="sparkify $T/model"
until_true 60 is_waiting
is $? 0 'the load has ended, the queries are asked'
kill -9 $RUN
wait $RUN 2>/dev/null
direct "select pg_terminate_backend(pid) $ON_77 and granted" >/dev/null
until_true 30 nothing_works
like "$(tail -n 1 "$T/talk")" 'was killed: the cluster dwh-cluster .* stay, and cost money' \
	'killed while they are answered: what stays'
removes 'what was asked, too'
done_testing
