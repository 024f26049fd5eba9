#!/bin/bash
# STRATEGY = merged and dwh rerun: wherever the journal of a run ends, whatever the strategy was and is,
# and in parts; every object is loaded once.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
sed -i 's|song_data$|song_data/A/B/|' "$T/dwh.cfg"
merged=(--set LOAD.STRATEGY=merged -w 3)
songs=$T/buckets/sparkify/song_data/A/B

dwh load --json "${merged[@]}"
is "$ST $(jq .totals.shards <<<"$OUT")" '0 2' 'a merged load'
sums="select (select sum(hashtext(t::text)::bigint) from staging_events t),
	(select sum(hashtext(t::text)::bigint) from staging_songs t)"
clean=$(sql "$sums")
run=$(jq -r .run <<<"$OUT")
file=$T/.dwh/runs/$run/journal.jsonl
cp "$file" "$T/whole"

# ---- its supervisor was killed while it wrote ----

# Up to the first shard that is committed: behind it the ledger would have its row.
copied=$(grep -n '"t":"done".*"commit_ms":[0-9]*,.*"verdict":"VERIFIED"' "$T/whole" | head -n 1 | cut -d: -f1)
merge=$(jq -r 'select(.t == "task" and .name == "merge staging_songs") | .id' "$T/whole")
merged_at=$(grep -n "\"t\":\"move\",\"id\":$merge,.*\"to\":\"done\"" "$T/whole" | cut -d: -f1)
[ "$copied" -gt "$merged_at" ]
ok $? "$copied lines until the first shard is committed, the merge being done at $merged_at"
cut_at() { # cut_at LINES: the rerun of a run whose journal has so many, and a torn one
	sql 'delete from staging_events; delete from staging_songs; delete from dwh.ledger'
	find "$T/.dwh/runs" -mindepth 1 -maxdepth 1 -type d -exec rm -r {} +
	mkdir "$T/.dwh/runs/$run"
	{
		head -n "$1" "$T/whole"
		sed -n "$(($1 + 1))p" "$T/whole" | head -c 20 # torn
	} >"$file"
	dwh rerun --json --set LOAD.STRATEGY="$2"
	tried=$((tried + 1))
	[ "$ST $(sql "$sums")" = "0 $clean" ] || bad+=" $1/$2:$ST"
}
bad=''
tried=0
for ((n = merged_at - 14; n < copied; n++)); do cut_at "$n" merged; done
for n in $((merged_at - 3)) $((merged_at - 1)) $merged_at; do cut_at "$n" direct; done
is "$bad" '' "cut off at $tried lines: always the rows of a clean load"

# ---- a bad object, mended; a merged run completed by another strategy, and the reverse ----

object=$(find "$songs" -name '*.json' | LC_ALL=C sort | sed -n 300p)
cp "$object" "$T/good"
spoil() { rm "$object" && echo '{"song_id": "S1", "year": "MCMLX"}' >"$object"; }
mend() { rm "$object" && cp "$T/good" "$object"; }
for how in 'merged merged' 'merged direct' 'direct merged'; do
	spoil
	dwh load --fresh --json --set LOAD.STRATEGY="${how% *}" --set LOAD.SHARD_OBJECTS=50
	is "$ST" 7 "$how: a bad record, the run fails"
	failed=$(jq -c '[.shards[] | select(.state == "failed") | 1, .objects]' <<<"$OUT")
	mend
	dwh rerun --json --set LOAD.STRATEGY="${how#* }" --set LOAD.SHARD_OBJECTS=50
	is "$ST $(sql "$sums")" "0 $clean" 'mended: the rerun ends with the rows of a clean load'
done
is "$(jq -c '[.totals.shards, .totals.objects]' <<<"$OUT")" "$failed" 'it has loaded the shard that failed, nothing else'

# ---- in parts ----

spoil
dwh load --fresh --json "${merged[@]}"
shard=$(jq -r '.shards[] | select(.state == "failed") | .shard' <<<"$OUT")
mend
dwh rerun --json "${merged[@]}" --only staging_events
is "$ST $(jq .totals.shards <<<"$OUT")" '6 0' '--only a table where nothing is missing'
dwh rerun --json "${merged[@]}" --only "${shard:0:8}"
is "$ST $(sql "$sums")" "0 $clean" '--only the shard'
spoil
dwh load --fresh "${merged[@]}"
mend
key=${object#"$T/buckets/sparkify/"}
dwh rerun --json "${merged[@]}" --only "s3://sparkify/${key%/*}/"
is "$ST $(jq -c '[.totals.shards, .totals.objects]' <<<"$OUT")" "6 [1,$(find "${object%/*}" -type f | wc -l)]" \
	'--only the keys under an address: one shard of these'
dwh rerun --json "${merged[@]}"
is "$ST $(sql "$sums")" "0 $clean" 'and the rest'

# ---- another machine ----

spoil
dwh load --fresh "${merged[@]}"
mend
rm -r "$T/.dwh"
dwh rerun --json "${merged[@]}"
is "$ST $(jq .totals.shards <<<"$OUT") $(sql "$sums")" "0 1 $clean" 'without a journal: the ledger tells what is loaded'

# ---- quarantine, and what changed meanwhile ----

spoil
dwh load --fresh --json "${merged[@]}" --set LOAD.MAX_BAD_OBJECTS=3
all=$(find "$songs" -type f | wc -l)
is "$ST $(sql "select count(*), sum(objects) from dwh.ledger where relation = 'public.staging_songs'")" \
	"0 1|$((all - 1))" 'with a bad object in quarantine: one shard of the others'
mend
dwh load --json "${merged[@]}"
is "$ST $(sql "$sums")" "0 $clean" 'mended: it is loaded'
done_testing
