#!/bin/bash
# Long listings are given back in parts, those in parts again: whatever the keys look like, each is
# in the shards of exactly one part, no part is long, and what is committed is left out.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
dwh run
is "$ST" 0 'a load, so that there are tables'
bucket=$T/buckets/sparkify

hello="{\"t\":\"hello\",\"v\":1,\"worker\":7,\"run\":\"by-hand\",\"config\":\"$T/dwh.cfg\",\"sets\":[]}"
# Tasks as lines "prefix<TAB>after<TAB>upto": a round of them, in one worker. What it says is in
# said.ROUND; the parts that it gives back are the next round's tasks, with four times the pages.
round() { # round NUMBER FAN PAGES
	jq -Rc --argjson fan "$2" --argjson pages "$3" 'split("\t") | {t: "list", id: (input_line_number),
		attempt: 1, source: "staging_songs", prefix: .[0], after: .[1], upto: .[2], fan: $fan,
		pages: $pages, shard: "", manifest: "", generation: 99, validate: false}' <"$T/tasks" |
		{ echo "$hello" && cat; } | "$DWH" worker >"$T/said.$1" 2>"$T/err" || echo "worker: $(cat "$T/err")"
	jq -r 'select(.t == "range") | [.prefix, .after, .upto] | @tsv' "$T/said.$1" >"$T/tasks"
}
# Of all keys under PREFIX, each page up to 1,000; keys of all shards are in $T/listed.
list() { # list PREFIX PAGES
	local n=0 pages=$2
	rm -f "$T"/said.*
	printf '%s\t\t\n' "$1" >"$T/tasks"
	while [ -s "$T/tasks" ] && [ $n -lt 9 ]; do
		round $n "$([ $n = 0 ] && echo true || echo false)" $((pages))
		n=$((n + 1)) pages=$((pages * 4))
	done
	ROUNDS=$n
	PARTS=$(cat "$T"/said.* | jq -s '[.[] | select(.t == "done")] | length')
	LONGEST=$(cat "$T"/said.* | jq -s '[.[] | select(.t == "done") | .objects] | max')
	cat "$T"/said.* | jq -r 'select(.t == "shard") | .manifest' | sed "s|^s3:/|$T/buckets|" |
		xargs -d '\n' jq -r '.entries[].url' | LC_ALL=C sort >"$T/listed"
	(cd "$bucket" && find "$1" -type f | sed 's|^|s3://sparkify/|' | LC_ALL=C sort) >"$T/there"
}
all_once() { # all_once NAME
	is "$(grep -vc '"t":"\(ready\|range\|shard\|done\|beat\)"' <(cat "$T"/said.*))" 0 "$1: no task failed"
	is "$(wc -l <"$T/listed") keys, $(cmp "$T/listed" "$T/there" 2>&1)" "$(wc -l <"$T/there") keys, " "$1: each key once"
}

# ---- many sub-prefixes with many keys: neighbours share a part ----
python3 - "$bucket/many" <<'PY'
import os, sys
for i in range(1200):
    d = f"{sys.argv[1]}/p{i:04}"
    os.makedirs(d)
    for k in range(17):
        open(f"{d}/{k}.json", "w").write("{}")
open(f"{sys.argv[1]}/p0500.json", "w").write("{}")
open(f"{sys.argv[1]}/a.json", "w").write("{}")
open(f"{sys.argv[1]}/z.json", "w").write("{}")
PY
list many 4
all_once '1,200 sub-prefixes of 17 keys'
is "$ROUNDS" 2 'they are parts of the first task'
ok $((PARTS < 8 || PARTS > 20)) "of which there are some, not a thousand: $PARTS"
ok $((LONGEST > 2500)) "none of them long: $LONGEST"

# ---- many sub-prefixes with a key each: listed as they are, and divided ----
python3 - "$bucket/sparse" <<'PY'
import os, sys
for i in range(5000):
    d = f"{sys.argv[1]}/{i * 7919 % 100000:05}"
    os.makedirs(d)
    open(f"{d}/part.json", "w").write("{}")
PY
list sparse 1
all_once '5,000 sub-prefixes of a key'
ok $((PARTS < 4)) "in parts: $PARTS"
ok $((LONGEST > 4000)) "none of them all of it: $LONGEST"

# ---- flat, and keys that differ in long characters ----
python3 - "$bucket/flat" <<'PY'
import os, sys
os.makedirs(sys.argv[1])
for i in range(2600):
    c = "aé中𝄞"[i % 4]
    open(f"{sys.argv[1]}/{c}{chr(0x4E00 + i)}{i}", "w").write("{}")
PY
list flat/ 1
all_once '2,600 keys of Chinese'
ok $((ROUNDS < 2)) "parts of parts: $ROUNDS rounds"

# ---- what is committed, in manifests that overlap the parts ----
songs=(--set S3.SONG_DATA=s3://sparkify/sparse --set LOAD.SHARD_OBJECTS=700 --set LOAD.CONNECTIONS=8)
dwh load --fresh "${songs[@]}"
is "$ST" 0 'the sparse ones, loaded'
for i in 00000 00001 49999 99998; do
	mkdir -p "$bucket/sparse/$i" && echo '{}' >"$bucket/sparse/$i/new.json"
done
dwh load --json "${songs[@]}" --set LOAD.SHARD_OBJECTS=300
is "$(jq -c '[.totals.objects, .totals.rows]' <<<"$OUT")" '[4,4]' 'then four new ones among them: these alone'
dwh load --json "${songs[@]}" --set LOAD.STRATEGY=merged
is "$(jq -c '[.totals.objects, .totals.rows]' <<<"$OUT")" '[0,0]' 'then nothing'
is "$(sql 'select count(*) from staging_songs')" 5004 'each has its row'
done_testing
