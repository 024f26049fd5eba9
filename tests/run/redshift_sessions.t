#!/bin/bash
# Sessions on a cluster: what runs is cancelled there, though a cluster may not hear of it in the
# first way or the second; and a run is seen by others, whatever views tell of it.
. "$(dirname "$0")/lib.sh"
small_data
rm -r "$T/buckets/sparkify/log_data"/*/*/*-[123]?-events.json "$T/buckets/sparkify/song_data/A/B"
own_postgres
own_s3d
own_redshiftd
redshift_config
dwh create
is "$ST" 0 'create'

load() { # in the background
	"$DWH" load -c "$T/dwh.cfg" >"$T/out" 2>"$T/run.err" &
	RUN=$!
}
copying() { [ "$(direct "select count(*) from pg_stat_activity where query like 'SELECT pg_sleep%'")" = 2 ]; }
waiting() { [ "$(direct 'select count(*) from pg_locks where not granted')" = 1 ]; }
terminate() { # terminate NAME
	kill -TERM $RUN
	wait $RUN
	is $? 143 "$1: TERM ends it"
	is "$(direct "select count(*) from pg_stat_activity where application_name like 'dwh worker%'
		and (query like 'SELECT pg_sleep%' or wait_event_type = 'Lock')")" 0 "$1: and what ran on the server"
	is "$(crashes)" 0 "$1: no worker was killed for it"
}
# Of the last two COPYs: a session that was ended says nothing, a client that left is told.
last_words() {
	direct "select distinct coalesce(substring(error_message from 'cancelled on user|client is gone'), 'none')
		from (select error_message from redshiftd.load order by query_id desc limit 2) as l"
}

for how in request statement termination; do
	stop_redshiftd
	own_redshiftd --object-latency 60s --cancel-by $how
	load
	until_true 20 copying
	ok $? "$how: two COPYs run"
	terminate "$how, in a COPY"
	is "$(last_words)" "$([ $how = termination ] && echo none || echo 'cancelled on user')" \
		"$how: the COPY was ended in this way"

	direct 'begin; lock table staging_songs_l01, staging_songs_l02, staging_events_l01; select pg_sleep(60)' \
		>/dev/null 2>&1 &
	held() { [ "$(direct "select count(*) from pg_locks where relation = 'staging_songs_l02'::regclass and granted")" = 1 ]; }
	until_true 10 held
	load
	until_true 20 waiting
	ok $? "$how: a run waits for the lanes"
	terminate "$how, waiting for a lock"
	direct "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock%'" >/dev/null
	wait
done

# ---- a run that is alive elsewhere ----

stop_redshiftd
own_redshiftd --object-latency 60s
load
until_true 20 copying
ok $? 'a load is in its COPYs'
second() { # one that does not stop would wait as long as the first one's COPYs
	ERR=$(timeout 20 "$DWH" load -c "$T/dwh.cfg" --set LOCAL.DIR="$T/second" 2>&1 >"$T/out")
	ST=$?
}
second
like "$ST $ERR" '^3 .*run 2[-0-9a-fT]* is alive elsewhere: 2 session\(s\), the first from user awsuser since 20.*--take-over' \
	'a second run sees its sessions, and stops'
hide() { direct "set allow_system_table_mods = on; alter view pg_catalog.$1 rename to hidden_$1"; }
hide stv_sessions
second
like "$ST $ERR" '^3 .*run 2[-0-9a-fT]* is alive elsewhere: 2 session\(s\), the first from user 100 since 20.*--take-over' \
	'a serverless workgroup has no STV_SESSIONS: seen, too'
hide sys_query_history
"$DWH" load -c "$T/dwh.cfg" --set LOCAL.DIR="$T/second" >"$T/second.out" 2>"$T/second.err" &
SECOND=$!
until_true 20 grep -q 'whether run .* is alive elsewhere is not known' "$T/second.err"
ok $? 'where no view tells it, that is said'
kill -TERM $SECOND
wait $SECOND
is $? 143 'the second run is ended'
kill -TERM $RUN
wait $RUN
is $? 143 'and the first'
done_testing
