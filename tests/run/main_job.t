#!/bin/bash
# The main job on generated data: run, run again, load all anew, look at it.
. "$(dirname "$0")/lib.sh"
local_config
generated_data
want='8056 14896 333 105 14896 10025 8023'

dwh run
is "$ST" 0 'run succeeds'
like "$OUT" 'as the generator of the data expects' 'the counts are what the generator expects'
like "$OUT" 'all verified' 'every shard is verified'
is "$(counts)" "$want" 'the warehouse holds them'
is "$(sql 'select count(*), sum(row_count) from dwh.ledger')" '27|22952' 'the ledger has 27 shards'
is "$(left_running)" '' 'nothing is left running'
before=$(checksums)

dwh run --json
is "$ST" 0 'a second run succeeds'
is "$(jq -c '[.totals.shards, .exit, .counts.time]' <<<"$OUT")" '[0,0,8023]' 'it finds nothing new'
is "$(jq '[.tasks[] | select(.kind == "insert" and (.skipped | not))] | length' <<<"$OUT")" 0 \
	'and fills nothing again'
is "$(checksums)" "$before" 'and changes nothing'

dwh run --fresh --json
is "$(jq -c '[.totals.shards, .totals.rows, .exit]' <<<"$OUT")" '[27,22952,0]' \
	'--fresh loads all again'
is "$(checksums)" "$before" 'with the same rows'
is "$(sql "select generation from dwh.target where relation = 'public.staging_songs'")" 2 \
	'in a new generation'

dwh report
like "$OUT" 'Run .*fresh' 'report shows the last run'
dwh query top_songs --csv
is "$ST" 0 'a query by name'
is "$(wc -l <<<"$OUT")" 11 'has a head and ten rows'
dwh query top_song
is "$ST" 1 'an unknown query is a usage error'
like "$ERR" 'top_songs' 'that lists the known ones'
dwh check
is "$ST" 0 'check: warnings are no failures'
dwh drop
is "$ST" 0 'drop'
is "$(sql "select count(*) from information_schema.tables where table_schema = 'public'")" 0 \
	'leaves no table'
dwh load
is "$ST" 0 'load alone'
is "$(sql 'select count(*) from songs')" 0 'fills staging only'
dwh transform
is "$ST" 0 'transform alone'
is "$(counts)" "$want" 'does the rest'
done_testing
