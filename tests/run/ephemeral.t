#!/bin/bash
# dwh run --ephemeral: a warehouse for one run, removed whatever the end of the run is. Where that
# fails, the exit code is 9, and what may still cost money is named.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

# ---- before anything is made ----

dwh run --ephemeral --set WAREHOUSE.ENGINE=local
is "$ST" 2 'the local engine needs no cluster: exit code 2'
dwh run --ephemeral --set CLUSTER.HOST=warehouse.example
is "$ST" 2 'a warehouse that is named: exit code 2'
like "$ERR" '\[CLUSTER\] HOST names one' 'which key names it'
dwh run --max-hours 3
is "$ST" 1 'options of the cluster need --ephemeral'
dwh run --ephemeral --max-hours never
is "$ST" 1 'a number that is none'
dwh run --ephemeral --set LOAD.MODEL=./nosuch
is "$ST" 2 'a run that cannot be: exit code 2'
like "$ERR" 'nosuch' 'which says what is wrong of it'
is "$(calls | grep -c Create)" 0 'nothing was made'

# ---- all goes well ----

dwh run --ephemeral
is "$ST" 0 'a run'
like "$OUT" 'Loaded 1,198 objects' 'its report is on stdout'
like "$OUT" '^The most played artists' 'and the answers to the queries'
is "$(grep -c '^makes' <<<"$OUT") $(grep -c '^makes' <<<"$ERR")" '0 4' 'what is made is talk'
like "$ERR" 'nothing is left of dwh-cluster' 'and that nothing is left, too'
is "$(left)" '' 'nothing is left'
hours=$(calls_json | jq -r '[.[] | select(.action == "CreateCluster" and .outcome == "ok")] | last | .args
	| [.. | strings | select(test("^20..-..-..T"))][0] | fromdate')
is "$(((hours - $(date +%s) + 1800) / 3600))" 12 'it might have been reaped after 12 hours'
dwh run --ephemeral --json --fresh
is "$ST $(jq .totals.objects <<<"$OUT")" '0 1198' '--json: stdout is the report alone'
is "$(left)" '' 'nothing is left'
for where in '/dev/full' '&-'; do
	eval '"$DWH" run --ephemeral --fresh --json -c "$T/dwh.cfg" 2>'"$where"' >"$T/report"'
	is "$? $(left) $(jq .totals.objects "$T/report")" '0  1198' "stderr is $where: the run is what it is"
done

# ---- it does not ----

dwh run --ephemeral --set S3.SONG_DATA=s3://sparkify/nothing
is "$([ "$ST" != 0 ] && [ "$ST" != 9 ]; echo $?)" 0 "the run fails: its exit code ($ST)"
is "$(left)" '' 'nothing is left'
fail_next CreateCluster deny
dwh run --ephemeral
is "$ST" 9 'up fails'
is "$(left)" '' 'nothing is left'
like "$ERR" 'nothing is left of dwh-cluster' 'and it says so'

# ---- what is there already is not removed ----

# Whatever is loaded into today: what is made is a Redshift.
dwh cluster up --set WAREHOUSE.ENGINE=local
is "$ST" 0 'up with the local engine: exit code 0'
like "$ERR" 'ENGINE is local: set it to redshift, then .dwh run. loads into it' 'and what to set'
is "$(grep -c 'is not proved' <<<"$ERR")" 0 'the role is proved'
DWH_DWH_DB_PASSWORD=Another1Password dwh cluster up
is "$ST" 4 'another password than that of the cluster: exit code 4'
like "$ERR" 'authentication failed.*: check \[DWH\] DB_USER, DB_PASSWORD and DB' 'the keys of [DWH] are named'
is "$(grep -c '\[CLUSTER\]' <<<"$ERR")" 0 'and no others'
dwh run --ephemeral
is "$ST" 3 'a cluster that is there: exit code 3'
like "$ERR" 'cluster dwh-cluster is there already.*dwh run. alone loads into it' 'and what to do'
is "$(left)" "$ALL" 'it is left alone'
dwh cluster down

# ---- signals ----

# in_background: dwh run --ephemeral, as process $RUN
in_background() {
	"$DWH" run --ephemeral --fresh -c "$T/dwh.cfg" "$@" >"$T/out" 2>"$T/talk" &
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
	until_true 30 grep -q 'what was made stays' "$T/talk"
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

# ---- removing fails ----

fail_next DeleteCluster deny -1
dwh run --ephemeral
is "$ST" 9 'it cannot be removed: exit code 9'
like "$ERR" 'may still cost money: cluster dwh-cluster; by hand: aws redshift delete-cluster' 'what is left'
like "$(tail -n 1 <<<"$ERR")" 'cluster down. removes' 'and the command'
double_post calm >/dev/null
removes 'what could not be removed'

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
