#!/bin/bash
# Workers die at the worst moments, by their own hand and by ours: the run ends by itself with every
# row once. On postgres; kill_worker_keeps_counts_*.t: on the other engines.
. "$(dirname "$0")/lib.sh"
small_data
on_engine "$ENGINE"

ledger() { # shards, distinct ones, rows; of the present generation
	sql "select count(*), count(distinct l.relation || l.shard), sum(l.row_count)
		from dwh.ledger l join dwh.target t using (relation, generation)"
}
# ---- at a place ----

dwh run
is "$ST" 0 'a clean load'
counts=$(counts)
sums=$(checksums)
like "$counts" '^8056 1168 ' 'to compare with'

# die_at PLACE COMMAND...: a worker dies there, once; the run ends by itself
die_at() {
	export DWH_CRASH_AT=$1 DWH_CRASH_ONCE=$T/crashed.$1
	dwh "${@:2}" --json
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes)" '0 1' "$1: a worker dies, the run succeeds"
	like "$ERR" 'killed by signal 9 .*attempt 2 of 5' "$1: and tells of the death"
	is "$(pids_of 'dwh: worker')" '' "$1: no worker is left running"
}
# Where the warehouse copies, a worker only waits.
case $ENGINE in
redshift) copying=copy:before-copying ;;
*) copying='copy:while-fetching copy:while-copying' ;;
esac
for place in list:after-listing list:after-manifest list:before-answer $copying copy:before-ledger \
	copy:before-commit copy:after-commit copy:before-answer staged:before-commit staged:after-commit \
	insert:before-commit insert:after-commit create:before-commit create:after-commit \
	step:before-answer; do
	die_at "$place" run --fresh
	is "$(counts)" "$counts" "$place: counts"
	is "$(checksums)" "$sums" "$place: checksums"
	is "$(ledger)" '3|3|9224' "$place: one row a shard in the ledger"
	note=
	case $place in copy:after-commit | copy:before-answer) note='was committed already' ;; esac
	is "$(crashed)" "ready running backoff ready running done | $note" \
		"$place: the journal has both attempts"
	tries=1,1,1
	case $place in copy:*) tries=1,1,2 ;; esac
	is "$(jq -c '[([.shards[].tries] | sort), .totals.retries]' <<<"$OUT")" "[[$tries],1]" \
		"$place: and so has the report"
done
for place in drop:before-commit drop:after-commit; do
	die_at $place drop
	is "$(sql "select count(*) from pg_tables where schemaname = 'public'")" 0 "$place: all is gone"
	dwh run
	is "$ST $(checksums)" "0 $sums" "$place: and comes back"
done

# ---- by kill -9, from outside ----

start_run() {
	"$DWH" run -c "$T/dwh.cfg" "$@" --set LOAD.CONNECTIONS=8 >"$T/out" 2>"$T/run.err" &
	RUN=$!
}
end_run() { # what every such run must come to
	wait $RUN
	is $? 0 "$1: the run succeeds"
	is "$(counts)" "$counts" "$1: counts"
	is "$(checksums)" "$sums" "$1: checksums"
	is "$(ledger)" '3|3|9224' "$1: one row a shard in the ledger"
}

hold_lock() { # hold_lock TABLE: nobody else reads or writes it until release_lock TABLE
	sql "begin; lock table $1; select pg_sleep(60)" >/dev/null 2>&1 &
	until_true 30 locked "$1"
}
locked() { [ -n "$(sql "select 1 from pg_locks $LOCK '$1'::regclass")" ]; }
release_lock() { sql "select pg_terminate_backend(pid) from pg_locks $LOCK '$1'::regclass" >/dev/null; }
LOCK="where granted and mode = 'AccessExclusiveLock' and relation ="

# An insert into songs waits until release_insert; a lock of songs would stop a run on Redshift before.
hold_insert() {
	direct "create function held() returns trigger language plpgsql as
		'begin perform pg_advisory_xact_lock_shared(77); return null; end';
		create trigger held before insert on songs for each statement execute function held()"
	direct 'select pg_advisory_lock(77), pg_sleep(60)' >"$T/holder" 2>&1 &
	until_true 30 held
}
held() { [ -n "$(direct "select 1 from pg_locks $HELD")" ]; }
HELD="where locktype = 'advisory' and objid = 77 and granted and mode = 'ExclusiveLock'"
release_insert() { direct "select pg_terminate_backend(pid) from pg_locks $HELD" >/dev/null; }

kills() {
	stop_s3d
	own_s3d --latency 20ms
	start_run --fresh
	kill_at KILL 'dwh: worker [0-9]+ copy staging_songs'
	ok $? 'kill -9 of a worker that copies'
	until_true 10 eval '[ "$(crashes)" = 1 ]' # not the same one again, half dead
	kill_at KILL 'dwh: worker [0-9]+ copy staging_songs'
	ok $? 'and of another one'
	end_run 'kill -9 in copies'
	is "$(crashes)" 2 'kill -9 in copies: the journal has both'

	sql "delete from dwh.step where step = 'public.songs'"
	stop_s3d
	own_s3d --latency 20ms --fault list:slow:100%:500ms
	hold_insert
	start_run
	kill_at KILL 'dwh: worker [0-9]+ list staging_songs'
	ok $? 'kill -9 of a worker that lists'
	kill_at KILL 'dwh: worker [0-9]+ insert songs'
	ok $? 'kill -9 of a worker that fills a table'
	release_insert
	end_run 'kill -9 in list and insert'
	is "$(crashes)" 2 'kill -9 in list and insert: the journal has both'
	direct 'drop trigger held on songs; drop function held()'
}
! only 'postgres redshift' 'kill -9 from outside' 'its S3 server is never slow' || kills

# ---- the commit in doubt ----
# The server has the COMMIT of a worker that is dead, and is not done with it (it waits for a
# standby): the second attempt must wait for it, and what it copied be taken back.

waits() { # waits EVENT: sessions of workers that wait for it
	sql "select count(*) from pg_stat_activity where wait_event = '$1'
		and application_name like 'dwh worker%'"
}
wait_there() { [ "$(waits "$1")" -ge "$2" ]; }
standby() { # standby NAME: commits wait for it
	sql "alter system set synchronous_standby_names = '$1'"
	sql 'select pg_reload_conf()' >/dev/null
}

in_doubt() {
	dwh create --fresh
	is "$ST" 0 'create'
	hold_lock staging_events
	hold_lock staging_songs
	start_run -w 4
	until_true 10 wait_there relation 3
	standby nobody
	release_lock staging_events
	release_lock staging_songs
	until_true 10 wait_there SyncRep 3
	kill_at KILL 'dwh: worker [0-9]+ copy'
	ok $? 'kill -9 of a worker whose COMMIT the server has'
	until_true 10 wait_there transactionid 1
	ok $? 'its second attempt waits for that COMMIT'
	is "$(sql 'select count(*) from dwh.ledger')" 0 'of which nobody sees anything yet'
	standby ''
	end_run 'a COMMIT in doubt'
	is "$(crashed)" 'ready running backoff ready running done | was committed already' \
		'a COMMIT in doubt: the second attempt found it committed'
}
! only postgres 'a COMMIT in doubt' 'locks of tables are COMMITs, too, and would wait as well; redshift.t and in_doubt.t have others' || in_doubt
off_engine
is "$(left_running)" '' 'nothing is left running'
done_testing
