#!/bin/bash
# A supervisor is killed while it writes its journal: wherever that ends, a rerun loads every object
# once, also when it cuts the shards otherwise.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
sed -i 's|song_data$|song_data/A/B/|' "$T/dwh.cfg"

dwh run --json --set LOAD.SHARD_OBJECTS=9
is "$ST" 0 'a load'
clean=$(checksums)
run=$(jq -r .run <<<"$OUT")
file=$T/.dwh/runs/$run/journal.jsonl
cp "$file" "$T/whole"
# Up to the first shard that is committed: behind it the ledger would have its row.
copied=$(grep -n '"t":"done".*"verdict":"VERIFIED"' "$T/whole" | head -n 1 | cut -d: -f1)
[ "$copied" -gt 40 ]
ok $? "$copied lines until the first shard is committed"

bad=''
tried=0
for ((n = 0; n < copied; n += 5)); do
	sql 'delete from staging_events; delete from staging_songs; delete from dwh.ledger; delete from dwh.step'
	find "$T/.dwh/runs" -mindepth 1 -maxdepth 1 -type d -exec rm -r {} +
	mkdir "$T/.dwh/runs/$run"
	{
		head -n $n "$T/whole"
		sed -n "$((n + 1))p" "$T/whole" | head -c 20 # torn
	} >"$file"
	dwh rerun --set LOAD.SHARD_OBJECTS=7
	tried=$((tried + 1))
	[ "$ST $(checksums)" = "0 $clean" ] || bad+=" $n:$ST"
done
is "$bad" '' "cut off at $tried lines: always the rows of a clean load"
done_testing
