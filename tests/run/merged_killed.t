#!/bin/bash
# STRATEGY = merged: a worker or the supervisor dies wherever the listings, the merge and its COPY are;
# the run, or its rerun, ends with the rows of a clean load and one row a source in the ledger.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
merged=(--set LOAD.STRATEGY=merged --set LOAD.SHARD_OBJECTS=100 -w 3)
ledger() { # a line a relation: shards, objects, rows, lanes, verdicts
	sql "select relation, count(*), sum(objects), sum(l.row_count), string_agg(distinct lane, ' '),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation) group by 1 order by 1"
}

rows() { # of the staging tables: how many, and an order-free checksum
	sql "select (select count(*) || ' ' || sum(hashtext(t::text)::bigint) from staging_events t),
		(select count(*) || ' ' || sum(hashtext(t::text)::bigint) from staging_songs t)"
}

dwh load
is "$ST" 0 'a load'
rows=$(rows)
dwh load --fresh "${merged[@]}"
is "$ST $(rows)" "0 $rows" 'a merged load: the same rows'
one='public.staging_events|1|30|8056|staging_events|VERIFIED
public.staging_songs|1|1168|1168|staging_songs|VERIFIED'
is "$(ledger)" "$one" 'one row a source in the ledger'

# ---- a worker dies ----

for place in list:after-listing list:after-manifest list:before-answer merge:before-manifest \
	merge:before-answer copy:before-commit copy:after-commit staged:after-commit; do
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed.$place
	dwh load --fresh --json "${merged[@]}"
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes)" '0 1' "$place: a worker dies, the run succeeds"
	is "$(rows) $(ledger)" "$rows $one" "$place: the rows and the ledger of a clean load"
done

for place in merge:before-manifest merge:before-answer copy:before-commit copy:after-commit; do
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/failed.$place
	dwh load --fresh --json "${merged[@]}" --set LOAD.ATTEMPTS=1
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST" 6 "$place: not tried again, the run fails"
	dwh rerun --json "${merged[@]}"
	is "$ST $(rows) $(ledger)" "0 $rows $one" "$place: the rerun ends with the rows and the ledger of a clean load"
	dwh rerun --json "${merged[@]}"
	is "$(jq -c '[.exit, .totals.shards]' <<<"$OUT")" '[0,0]' "$place: then nothing is left"
done

# ---- the supervisor is killed ----

stop_s3d
own_s3d --latency 1s
doing() { [ -n "$(pids_of "dwh: worker [0-9]+ $1")" ]; }
for what in 'list staging_songs' 'copy staging_songs'; do
	"$DWH" load -c "$T/dwh.cfg" --fresh "${merged[@]}" --set LOAD.CONNECTIONS=1 >"$T/out" 2>"$T/run.err" &
	RUN=$!
	until_true 30 doing "$what" && kill -9 $RUN
	ok $? "the supervisor is killed while a worker is at $what"
	wait $RUN 2>/dev/null
	stop_s3d
	own_s3d
	dwh rerun --json "${merged[@]}"
	is "$ST $(rows) $(ledger)" "0 $rows $one" "$what: the rerun ends with the rows and the ledger of a clean load"
	dwh rerun --json "${merged[@]}"
	is "$(jq -c '[.exit, .totals.shards]' <<<"$OUT")" '[0,0]' "$what: then nothing is left"
	stop_s3d
	own_s3d --latency 300ms
done
is "$(left_running | grep -E 'dwh: (worker|load)')" '' 'nothing is left running'
done_testing
