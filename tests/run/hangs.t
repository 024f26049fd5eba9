#!/bin/bash
# What hangs: a lock, S3, the server, a worker. TERM and INT end a run within five seconds whatever
# it waits for, and nothing is left of it; a worker that is silent for too long is killed and its
# task done by another; one that only waits is not.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
want='8056 1168 38 105 1168 1108 8023'
dwh run
is "$ST $(counts)" "0 $want" 'a clean load'
sums=$(checksums)

begin() { # begin OPTIONS...: a load in the background
	"$DWH" run -c "$T/dwh.cfg" "$@" >"$T/out" 2>"$T/run.err" &
	RUN=$!
}
ends() { # ends SIGNAL CODE NAME: it does, within five seconds
	local began=$EPOCHREALTIME ms
	kill -s "$1" "$RUN"
	wait "$RUN"
	is $? "$2" "$3: exit code $2"
	ms=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
	[ $ms -lt 5000 ]
	ok $? "$3: within five seconds ($ms ms)"
	is "$(pids_of 'dwh: ')" '' "$3: no process is left"
}
sessions() { sql "select count(*) from pg_stat_activity where application_name like 'dwh worker%'"; }
no_session() { [ "$(sessions)" = 0 ]; }
gone() { # gone NAME: the server has rolled back, and the rest is as it was promised
	until_true 30 no_session
	is "$(sessions)" 0 "$1: no session is left" # also while a lock is still held
	release
	is "$(sql 'select (select count(*) from staging_events) + (select count(*) from staging_songs) =
		coalesce((select sum(row_count) from dwh.ledger join dwh.target using (relation, generation)), 0)')" t \
		"$1: what is committed is in the ledger"
}
completes() {
	dwh rerun
	is "$ST $(checksums)" "0 $sums" "$1: a rerun completes it"
}
title() { [ -n "$(pids_of "dwh: worker [0-9]+ $1")" ]; }
backends() { # of workers
	sql "select pid from pg_stat_activity where application_name like 'dwh worker%'"
}
hold_lock() { # hold_lock TABLE
	sql "begin; lock table $1; select pg_sleep(60)" >/dev/null 2>&1 &
	until_true 30 locked "$1"
}
locked() { [ -n "$(sql "select 1 from pg_locks where granted and mode = 'AccessExclusiveLock'
	and relation = '$1'::regclass")" ]; }
release() { sql "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock%'" >/dev/null; }
waits_for_lock() { [ "$(sql "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
	and application_name like 'dwh worker%'")" -gt 0 ]; }

# ---- what a load may wait for when the signal comes ----

dwh create --fresh
hold_lock staging_events
begin
until_true 10 waits_for_lock
ends TERM 143 'a COPY that waits for a lock'
gone 'a COPY that waits for a lock'
completes 'a COPY that waits for a lock'

stop_s3d
own_s3d --fault slow:100%:20s
begin --fresh
until_true 10 title probe
ends INT 130 'an S3 that takes its time'
gone 'an S3 that takes its time'

stop_s3d
own_s3d --latency 20ms
begin --fresh
until_true 10 title 'copy staging_songs'
kill -STOP "$S3D"
sleep 0.3
ends TERM 143 'an S3 that hangs'
kill -CONT "$S3D"
gone 'an S3 that hangs'
completes 'an S3 that hangs'

begin --fresh
until_true 10 title 'copy staging_songs'
stopped=$(backends)
for p in $stopped; do kill -STOP "$p"; done
ends TERM 143 'sessions that hang'
for p in $stopped; do kill -CONT "$p"; done
gone 'sessions that hang'
completes 'sessions that hang'

dwh create --fresh
hold_lock staging_events
begin
until_true 10 waits_for_lock
kill -STOP "$PG"
ends INT 130 'a server that takes no cancel'
kill -CONT "$PG"
gone 'a server that takes no cancel'
completes 'a server that takes no cancel'

# ---- a worker that is silent ----

for what in 'list staging_songs' 'copy staging_songs' 'insert songs'; do
	[ "$what" != 'insert songs' ] || hold_lock songs
	# shellcheck disable=SC2046
	begin $([ "$what" = 'insert songs' ] || echo --fresh) --set LOAD.TASK_TIMEOUT=3 --set LOAD.CONNECTIONS=4
	kill_at STOP "dwh: worker [0-9]+ $what"
	ok $? "$what: its worker stops"
	[ "$what" != 'insert songs' ] || release
	wait "$RUN"
	is $? 0 "$what: another one does it"
	like "$(cat "$T/run.err")" 'was silent for [0-9]+ s and was killed; attempt 2' "$what: which is said"
	is "$(crashes)" 1 "$what: one death"
	is "$(checksums)" "$sums" "$what: the rows of a clean load"
	is "$(pids_of 'dwh: ')" '' "$what: no process is left"
	gone "$what"
	sql "delete from dwh.step where step = 'public.songs'" >/dev/null
done

# Who waits for S3 or for a lock is not silent.
stop_s3d
own_s3d --fault list:slow:100%:4s
dwh create --fresh
hold_lock staging_events
begin --set LOAD.TASK_TIMEOUT=3
until_true 30 waits_for_lock
sleep 4
release
wait "$RUN"
is "$? $(crashes)" '0 0' 'four seconds for each listing, and for a lock: nobody is given up'
is "$(checksums)" "$sums" 'and the rows are those of a clean load'
done_testing
