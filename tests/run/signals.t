#!/bin/bash
# INT and TERM in the middle of a load: what runs is cancelled and rolled back, what is committed
# stays, and `dwh run` completes it. A second signal kills.
. "$(dirname "$0")/lib.sh"
generated_data
want='8056 14896 333 105 14896 10025 8023'
set -m # children that do not ignore INT, each in a process group of its own, as from a terminal

begin() { # begin TITLE OPTIONS...: a load, until a worker has such a title and three shards are in
	"$DWH" run -c "$T/dwh.cfg" -w 3 --set LOAD.CONNECTIONS=2 --set LOAD.SHARD_OBJECTS="${PER_SHARD:-200}" "${@:2}" \
		>"$T/out" 2>"$T/run.err" &
	RUN=$!
	local n=1000
	until [ -n "$(pids_of "dwh: worker [0-9]+ $1")" ] && copied; do
		[ $((n--)) -gt 0 ] || break
		sleep 0.005
	done
	kill -0 $RUN 2>/dev/null
	ok $? "in the middle of a load: $1"
	BEGAN=$EPOCHREALTIME
}
copied() { [ "$(journal 2>/dev/null | grep -c '"t":"done".*"verdict":"VERIFIED"')" -ge 3 ]; }
ended() { # ended CODE SECONDS NAME
	wait $RUN
	is $? "$1" "$3: exit code $1"
	local ms=$(((${EPOCHREALTIME/./} - ${BEGAN/./}) / 1000))
	[ $ms -lt $(($2 * 1000)) ]
	ok $? "$3: within $2 seconds ($ms ms)"
}
ledger_agrees() {
	is "$(sql 'select (select count(*) from staging_events) + (select count(*) from staging_songs) =
		(select sum(row_count) from dwh.ledger join dwh.target using (relation, generation))')" t \
		"$1: what is committed is in the ledger"
}

# ---- the local engine: its services get the terminal's signal, too ----

local_config
begin 'copy staging_songs'
kill -INT -- -$RUN
ended 130 6 'INT'
like "$(cat "$T/run.err")" 'interrupted: cancelling what runs and rolling it back; once more kills' \
	'INT: says what it does'
is "$(grep -c error: "$T/run.err")" 0 'INT: which is no error'
like "$(tail -n 2 "$T/out" | paste -sd' ')" '[0-9]+ of [0-9]+ shards loaded.* Load the rest: .*dwh rerun 2[^ ]* -c ' \
	'INT: and what to do'
until_true 3 nothing_left
is "$(left_running)" '' 'INT: nothing is left running'
ledger_agrees INT
dwh run --json
is "$ST" 0 'INT: the next run completes the load'
is "$(counts)" "$want" 'INT: counts'
[ "$(jq .totals.objects <<<"$OUT")" -lt 14926 ]
ok $? 'INT: and did not load all again'
first=$(basename "$(find "$T/.dwh/runs" -mindepth 1 -type d | sort | head -n 1)")
dwh report --json "$first"
is "$(jq -c '[.exit, (.totals.left > 0)]' <<<"$OUT")" '[130,true]' 'INT: the journal knows how it ended'

# ---- the postgres engine ----

PER_SHARD=20

own_postgres
own_s3d --latency 10ms
postgres_config
sed -i 's|song_data$|song_data/A/A|' "$T/dwh.cfg"
begin 'copy staging_songs'
kill -TERM $RUN
ended 143 6 'TERM'
like "$(cat "$T/run.err")" 'terminated: cancelling what runs' 'TERM: says what it does'
is "$(left_running | grep 'dwh: ')" '' 'TERM: no worker is left'
is "$(sql "select count(*) from pg_stat_activity where application_name like 'dwh worker%'")" 0 \
	'TERM: nor a session of one'
ledger_agrees TERM

# A worker in a statement that takes long: cancelled on the server.
sql 'begin; lock table songs in share mode; select pg_sleep(60)' >/dev/null 2>&1 &
begin 'insert songs'
kill -TERM $RUN
ended 143 6 'TERM in an insert'
is "$(sql "select count(*) from pg_stat_activity where application_name like 'dwh worker%'")" 0 \
	'TERM in an insert: no session is left'
sql "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock%'" >/dev/null

# Workers that do not listen: stopped ones are killed after five seconds, or by a second signal.
begin 'copy staging_songs' --fresh
for p in $(pids_of 'dwh: worker'); do kill -STOP "$p"; done
kill -TERM $RUN
sleep 0.5
kill -0 $RUN 2>/dev/null
ok $? 'workers that hang: waited for'
BEGAN=$EPOCHREALTIME
kill -INT $RUN
ended 130 1 'a second signal'
until_true 1 eval '[ -z "$(pids_of "dwh: worker")" ]'
is "$(pids_of 'dwh: worker')" '' 'a second signal: no worker is left'
begin 'copy staging_songs' --fresh
for p in $(pids_of 'dwh: worker'); do kill -STOP "$p"; done
kill -TERM $RUN
ended 143 7 'workers that hang'
is "$(pids_of 'dwh: worker')" '' 'workers that hang: none is left'

dwh run
is "$ST" 0 'the next run completes the load'
sums=$(checksums)
dwh run --fresh
is "$(checksums)" "$sums" 'with the rows of a clean load'
done_testing
