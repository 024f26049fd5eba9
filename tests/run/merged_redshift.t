#!/bin/bash
# STRATEGY = merged on Redshift (through redshiftd): one manifest and one COPY of each source, and each
# row once, whoever dies.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
own_redshiftd
redshift_config
merged=(--set LOAD.STRATEGY=merged --set LOAD.SHARD_OBJECTS=100 -w 3)
one='public.staging_events|1|30|8056|staging_events|VERIFIED
public.staging_songs|1|1168|1168|staging_songs|VERIFIED'
ledger() { # a line a relation: shards, objects, rows, lanes, verdicts
	sql "select relation, count(*), sum(objects), sum(l.row_count), string_agg(distinct lane, ' '),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation) group by 1 order by 1"
}
report() { jq -c "$1" <<<"$OUT"; }

dwh run --json
is "$ST $(report '.strategy')" '0 "sharded"' 'a load into lanes'
sums=$(checksums)
counts=$(counts)
copies="select count(distinct query_id) from sys_load_history"
before=$(sql "$copies")
dwh run --fresh --json "${merged[@]}"
is "$(report '[.exit, .strategy, .totals.shards, .totals.objects]')" '[0,"merged",2,1198]' 'a merged load has a shard a source'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums of the other load'
is "$(ledger)" "$one" 'one row a source in the ledger'
is "$(($(sql "$copies") - before))" 2 'and one COPY'
dwh run --json "${merged[@]}"
is "$(report '[.exit, .totals.shards]')" '[0,0]' 'a second run loads nothing'
cp -al "$DATA/song_data/A/C/A" "$T/buckets/sparkify/song_data/A/C"
new=$(find "$T/buckets/sparkify/song_data/A/C" -type f | wc -l)
dwh run --json "${merged[@]}"
is "$(report '[.exit, .totals.shards, .totals.objects]')" "[0,1,$new]" 'new objects: one more shard, of these'
is "$(sql 'select count(*) = count(distinct song_id), count(*) from staging_songs')" "t|$((1168 + new))" 'each once'
rm -r "$T/buckets/sparkify/song_data/A/C"

for place in list:before-answer merge:before-answer copy:before-commit copy:after-commit; do
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed.$place
	dwh load --fresh --json "${merged[@]}"
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes) $(ledger)" "0 1 $one" "$place: a worker dies, the run succeeds, the ledger is that of a clean load"
done

# One COPY holds the table for as long as it reads: the supervisor dies meanwhile.
stop_s3d
own_s3d --latency 300ms
copying() { [ -n "$(pids_of 'dwh: worker [0-9]+ copy staging_songs')" ]; }
"$DWH" run -c "$T/dwh.cfg" --fresh "${merged[@]}" >"$T/out" 2>"$T/run.err" &
RUN=$!
until_true 30 copying && kill -9 $RUN
ok $? 'the supervisor is killed in the COPY of the songs'
wait $RUN 2>/dev/null
stop_s3d
own_s3d
dwh rerun --json "${merged[@]}"
is "$ST $(ledger)" "0 $one" 'the rerun succeeds, the ledger is that of a clean load'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums'
dwh verify
is "$ST" 0 'dwh verify finds nothing'
done_testing
