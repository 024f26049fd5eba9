#!/bin/bash
# STRATEGY = merged: workers list in parallel, and a source is one shard, one manifest, one COPY; each
# row is loaded once all the same, whoever dies, and loading again loads what is new.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
merged=(--set LOAD.STRATEGY=merged --set LOAD.SHARD_OBJECTS=100 --set LOAD.SHARD_BYTES=10kB -w 3)

report() { jq -c "$1" <<<"$OUT"; }
ledger() { # a line a relation: shards, objects, rows, lanes, verdicts
	sql "select relation, count(*), sum(objects), sum(l.row_count), string_agg(distinct lane, ' '),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation) group by 1 order by 1"
}
lists='[.tasks[] | select(.kind == "list" and (.name | test("songs")))] | length'

dwh run --json
is "$ST" 0 'a load with many shards'
sums=$(checksums)
counts=$(counts)
dwh run --fresh --json "${merged[@]}"
is "$ST" 0 'a merged load'
is "$(report '[.strategy, .totals.shards, .totals.objects]')" '["merged",2,1198]' 'has a shard a source'
[ "$(report "$lists")" -gt 2 ]
ok $? 'the songs were listed in parts'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums of a direct load'
one='public.staging_events|1|30|8056|staging_events|VERIFIED
public.staging_songs|1|1168|1168|staging_songs|VERIFIED'
is "$(ledger)" "$one" 'one row a source in the ledger, however small shards are to be'
done_testing
