#!/bin/bash
# Poison objects: the shards that they are in are split until they are alone; the others are loaded,
# they are held back with what is wrong with them, until they are mended, tried again or given up.
. "$(dirname "$0")/lib.sh"
small_data
on_engine "$ENGINE"
some=(--set LOAD.MAX_BAD_OBJECTS=3)
songs=$T/buckets/sparkify/song_data
mapfile -t all < <(find "$songs" -name '*.json' | LC_ALL=C sort)
address() { echo "s3://sparkify/${1#"$T/buckets/sparkify/"}"; }
spoil() { # spoil NUMBER TEXT
	cp "${all[$1]}" "$T/good.$1" && rm "${all[$1]}" && printf '%s' "$2" >"${all[$1]}"
}
mend() { rm "${all[$1]}" && mv "$T/good.$1" "${all[$1]}"; }
staged() { sql "select count(*), count(distinct song_id), (select sum(row_count) from dwh.ledger join dwh.target
	using (relation, generation) where relation = 'public.staging_songs') from staging_songs"; }

dwh run --json
clean=$(checksums)
total=${#all[@]}
is "$ST $(staged)" "0 $total|$total|$total" 'a clean load'

# ---- held back ----

spoil 40 '{"song_id": "S1", "title": "a", "year": "MCMLX"}'
spoil 700 '{"song_id": "S2", "title": "b"'
dwh run --fresh
is "$ST" 7 'two bad objects, and none may be: they fail their shards'
dwh rerun --json "${some[@]}"
is "$ST $(jq -c '[.totals.quarantined, .totals.failed]' <<<"$OUT")" '0 [2,0]' 'three may be: a rerun holds two back'
is "$(staged)" "$((total - 2))|$((total - 2))|$((total - 2))" 'all others are loaded, each once'
like "$(dwh report && echo "$OUT")" '2 of [0-9]+ objects are in quarantine: see .dwh quarantine list' 'the report says so'
dwh quarantine list --json
is "$(jq -c '.[0].rows[] | [.object, .line, .column_name, .value, .code]' <<<"$OUT")" \
	"[\"$(address "${all[40]}")\",1,\"year\",\"MCMLX\",1207]
[\"$(address "${all[700]}")\",1,\"\",\"{\\\"song_id\\\": \\\"S2\\\", \\\"title\\\": \\\"b\\\"\",1216]" \
	'they are listed with line, column, value and code'
manifest=$(jq -r '.[0].rows[0].manifest' <<<"$OUT")
is "$(jq -c '.entries[] | select(.url == "'"$(address "${all[40]}")"'") | [.mandatory, .meta.line, .meta.column, .meta.value, .meta.code]' \
	"$T/buckets/${manifest#s3://}")" '[true,1,"year","MCMLX",1207]' 'and stand in a manifest with the same'
is "$(sql 'select count(*) from dwh.load_errors')" 2 'and in dwh.load_errors'
sums=$(checksums)
for how in run rerun run; do
	dwh $how --json "${some[@]}"
	is "$ST $(jq -c '.totals.shards' <<<"$OUT")" '0 0' "dwh $how: they are not tried again"
done
is "$(checksums)" "$sums" 'and nothing is changed'
dwh run
is "$ST" 7 'with none allowed, a run says that they are there'
like "$ERR" '2 of [0-9]+ objects of public.staging_songs are in quarantine.*quarantine retry.*quarantine drop' \
	'and what to do'

# ---- a run that lost its tables ----
# It has read that a version is held; before it takes that out, the new owner holds another.

if only local 'a row of the new owner is not taken out' 'one engine is enough'; then
	mend 40
	mkfifo "$T/holder"
	"$DWH" -c "$T/dwh.cfg" psql -Xq <"$T/holder" >"$T/holder.out" 2>&1 &
	exec 8>"$T/holder"
	echo "begin; update dwh.quarantine set etag = 'another' where object = '$(address "${all[40]}")';" >&8
	one() { [ "$(sql "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and $1")" = 1 ]; }
	until_true 20 one "state = 'idle in transaction'"
	"$DWH" load -c "$T/dwh.cfg" "${some[@]}" >"$T/late.out" 2>"$T/late.err" &
	LATE=$!
	until_true 30 one "wait_event_type = 'Lock' and query like 'DELETE FROM dwh.quarantine%'"
	ok $? 'a listing waits to take a row out'
	echo 'commit; \q' >&8
	exec 8>&-
	wait "$LATE"
	is "$(sql "select etag from dwh.quarantine where object = '$(address "${all[40]}")'")" another \
		'a row of the new owner is not taken out'
	sql "delete from dwh.quarantine where etag = 'another'"
	spoil 40 '{"song_id": "S1", "title": "a", "year": "MCMLX"}'
	dwh run --fresh "${some[@]}"
	is "$ST" 0 'as it was'
fi

# ---- mended, tried again, given up ----

mend 40
dwh run --json "${some[@]}"
is "$ST $(jq -c '[.totals.objects, .totals.quarantined]' <<<"$OUT")" '0 [1,1]' 'another version is another object: it is loaded'
dwh quarantine retry --json "${some[@]}" "$(address "${all[700]}")"
is "$ST $(jq -c '[.totals.objects, .totals.quarantined]' <<<"$OUT")" '0 [0,1]' 'tried again, as bad as it was'
dwh quarantine drop "$(address "${all[1]}")"
is "$ST" 3 'one that is not there cannot be given up'
like "$ERR" 'is not in quarantine' 'which is said'
dwh quarantine drop "$(address "${all[700]}")"
is "$ST" 0 'one that is can'
dwh run --json
is "$ST $(jq -c '[.totals.objects, .totals.quarantined]' <<<"$OUT")" '0 [0,0]' 'then no run minds it'
dwh quarantine list --csv
like "$OUT" 'dropped' 'it is still listed'
mend 700
dwh quarantine retry --all
dwh run --json
is "$ST $(checksums)" "0 $clean" 'mended: the rows of a clean load'
dwh quarantine list --json
is "$(jq -c '.[0].rows' <<<"$OUT")" '[]' 'and nothing is listed'
dwh quarantine list
is "$(tail -n 1 <<<"$OUT")" '  none' 'which is said'

# ---- too many ----

for i in 10 20 30 40; do spoil $i '{'; done
dwh run --fresh "${some[@]}"
is "$ST $(sql 'select count(*) from dwh.quarantine')" '7 0' 'four in one shard, three may be: it fails, and none is taken in'
like "$ERR" '4 objects of public.staging_songs would be in quarantine, and MAX_BAD_OBJECTS is 3' 'and both numbers are said'
for i in 20 30 40; do mend $i; done
for i in 300 600 900; do spoil $i '{'; done
dwh run --fresh --json -w 1 --set LOAD.SHARD_OBJECTS=100 "${some[@]}"
is "$ST $(jq -c '[.shards[] | select(.state == "failed")] | length' <<<"$OUT")" '7 1' 'in four shards: the last one fails'
dwh run --fresh --json --set LOAD.MAX_BAD_RATIO=0.1%
is "$ST" 7 'a ratio that is passed: exit code 7'
like "$ERR" '4 of 1168 objects of public.staging_songs are in quarantine, more than MAX_BAD_RATIO allows' 'before any table is filled'
is "$(sql 'select count(*) from songs')" 0 'none is'
is "$(staged)" "$((total - 4))|$((total - 4))|$((total - 4))" 'what is good is loaded'
dwh run --json --set LOAD.MAX_BAD_RATIO=0.01
is "$ST $(jq -c '[.totals.shards, .totals.quarantined]' <<<"$OUT")" '0 [0,4]' 'a larger one: nothing is left to load'
for i in 10 300 600 900; do mend $i; done

# ---- what the warehouse itself does not take ----

refused_rows() {
	dwh drop
	dwh create
	sql 'alter table staging_songs add check (year < 3000)'
	spoil 555 "$(sed -E 's/"year": *[0-9]+/"year": 4711/' "${all[555]}")"
	dwh run --json "${some[@]}"
	is "$ST $(jq -c '.totals.quarantined' <<<"$OUT")" '0 1' 'a record that only the warehouse refuses'
	dwh quarantine list --json
	is "$(jq -r '.[0].rows[0].object' <<<"$OUT")" "$(address "${all[555]}")" 'is found'
	like "$(jq -r '.[0].rows[0].reason' <<<"$OUT")" 'violates check constraint' 'with what the warehouse said'
	is "$(staged)" "$((total - 1))|$((total - 1))|$((total - 1))" 'all others are loaded, each once'
	sql 'alter table staging_songs drop constraint staging_songs_year_check'
	dwh quarantine retry --all
	is "$ST $(staged)" "0 $total|$total|$total" 'taken by the warehouse: tried again, it is loaded'
	mend 555
}
! only 'local postgres' 'a record that only the warehouse refuses' 'Redshift has no CHECK' || refused_rows

# ---- others ----

spoil 40 '{'
dwh run --fresh "${some[@]}"
sql 'create schema other'
dwh quarantine drop --all --set WAREHOUSE.SCHEMA=other
is "$ST $(sql "select count(*) from dwh.quarantine where state = 'held'")" '0 1' 'another schema is not ours to change'
dwh quarantine list --json --set WAREHOUSE.SCHEMA=other
is "$(jq -c '.[0].rows' <<<"$OUT")" '[]' 'nor to show'
sql 'begin; lock table songs; select pg_sleep(60)' >/dev/null 2>&1 &
locked() { [ "$(sql "select count(*) from pg_locks where relation = 'songs'::regclass and granted and mode = 'AccessExclusiveLock'")" = 1 ]; }
until_true 10 locked
"$DWH" rerun -c "$T/dwh.cfg" --from songs "${some[@]}" >"$T/out" 2>&1 &
RUN=$!
inserts() { [ -n "$(pids_of 'dwh: worker [0-9]+ insert songs')" ]; }
until_true 10 inserts
dwh quarantine retry --all
if [ "$ENGINE" = redshift ]; then # whose sessions have no names that others see
	like "$ST $ERR" '^3 .*whether a run is going on is not known here' 'whether a run is going on is not known, and said'
else
	like "$ST $ERR" '^3 .*run 2[-0-9a-fT]* is going on: wait for it' 'while a run is going on nothing is taken out'
	is "$(sql "select count(*) from dwh.quarantine")" 1 'it is still held'
fi
direct "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()" >/dev/null
wait $RUN
is $? 0 'the run goes on'
mend 40
dwh run

# ---- killed in between ----

spoil 40 '{"song_id": "S1", "year": "MCMLX"}'
for place in split:before-commit split:after-commit; do
	rm -f "$T/crashed"
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed
	dwh run --fresh --json "${some[@]}" --set LOAD.STRATEGY=sharded --set LOAD.SHARD_OBJECTS=300
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	[ -e "$T/crashed" ]
	ok $? "killed at $place"
	is "$ST $(staged) $(sql 'select count(*) from dwh.quarantine')" \
		"0 $((total - 1))|$((total - 1))|$((total - 1)) 1" 'one is held, all others are loaded, each once'
done
mend 40
dwh run
is "$ST $(checksums)" "0 $clean" 'mended: the rows of a clean load'

# ---- usage ----

dwh drop
own=$(sql 'drop schema dwh cascade')
dwh quarantine list
like "$ST $ERR$own" '^3 .*there is no quarantine yet' 'before anything was made there is none'
dwh quarantine
is "$ST" 1 'no word: exit code 1'
dwh quarantine retry
like "$ST $ERR" '^1 .*wants the s3:// addresses of objects, or --all' 'no object'
dwh run --set LOAD.MAX_BAD_RATIO=2
like "$ST $ERR" '^2 .*must be a ratio from 0 to 1' 'no ratio'
done_testing
