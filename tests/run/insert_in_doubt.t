#!/bin/bash
# A worker dies while the COMMIT of its insert is still going on in the server: the insert is not
# done a second time beside it, and what it left is what a clean load gives.
. "$(dirname "$0")/lib.sh"
local_config
small_data
dwh load
is "$ST" 0 'staging is loaded'
dwh create
# A COMMIT that takes two seconds: a deferred trigger runs in it.
sql "create function slow() returns trigger language plpgsql as
	'begin perform pg_sleep(2); return null; end';
	create constraint trigger slow after insert or update on dwh.step
	deferrable initially deferred for each row execute function slow()" >/dev/null

"$DWH" transform -c "$T/dwh.cfg" -w 1 --json >"$T/out" 2>"$T/err" &
run=$!
for _ in $(seq 500); do
	backend=$(pids_of 'postgres: dwh dwh .* COMMIT')
	[ "$backend" ] && break
	sleep 0.01
done
[ "$backend" ]
ok $? 'an insert is in its COMMIT'
worker=$(pgrep -P "$run" -f 'dwh: worker')
kill -9 "$worker"
ok $? 'its worker is killed'
kill -0 "$backend" 2>/dev/null
ok $? 'the server goes on with it'
wait "$run"
is $? 0 'the run ends by itself'
is "$(jq '[.tasks[] | select(.tries > 1)] | length' "$T/out")" 1 'one insert was begun again'
sql 'drop trigger slow on dwh.step; drop function slow()'
is "$(sql 'select count(*) = count(distinct (start_time, user_id, level, song_id, artist_id,
	session_id, location, user_agent)) from songplays')" t 'no play is there twice'
doubt=$(checksums)
dwh run --fresh
is "$ST" 0 'a clean load'
is "$(checksums)" "$doubt" 'gives the same rows'
done_testing
