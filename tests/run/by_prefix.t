#!/bin/bash
# ENGINE = redshift, [S3] MANIFESTS = none: COPY by a bare prefix. A source is one shard, loaded once,
# whoever dies; what cannot be loaded once is refused; the verdict is UNVERIFIED.
. "$(dirname "$0")/held_copy.sh"
small_data
own_postgres
own_s3d
own_redshiftd
redshift_config
want='8056 1168 38 105 1168 1108 8023'
dwh run
is "$ST $(counts)" "0 $want" 'by manifests, to compare with'
sums=$(checksums)
sed -i '/^MANIFESTS/d' "$T/dwh.cfg"
dwh run --fresh
is "$ST" 2 'MANIFESTS is not set: refused, not taken for none'
like "$ERR" 'MANIFESTS is not set.*none loads each prefix as a whole, UNVERIFIED' 'with what to set'
sed -i 's|^SONG_DATA.*|&\nMANIFESTS = none|' "$T/dwh.cfg"
songs=$T/buckets/sparkify/song_data
first=$(find "$songs" -name '*.json' | LC_ALL=C sort | head -n 1)
new=$songs/A/B/new.json
jq -c '.song_id = "SNEW"' "$first" >"$T/new.json"

ledger() { # shards, distinct ones, rows, verdicts; of the present generation
	sql "select count(*), count(distinct l.relation || l.shard), sum(l.row_count),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation)"
}
copies() { sql "select count(*) from sys_load_history where data_source = 's3://sparkify/song_data'"; }

dwh run
is "$ST" 3 'what has lanes must be made anew'
like "$ERR" 'was made with 2 lanes, and COPY by a prefix .* needs one: load all again with --fresh' 'which is said'
like "$OUT" "load all again: $DWH run --fresh -c $T/dwh.cfg\$" 'and the command is the one that helps'
dwh run --set IAM_ROLE.ARN=foo --set LOAD.ATTEMPTS=2
is "$ST" 2 'a --set that is at fault'
like "$OUT" "That is the --set of a key that the error names: .*, and then: $DWH r[a-z]+ .*-c $T/dwh.cfg --set LOAD.ATTEMPTS=2\$" \
	'is not advised again, and the others are'

rm -rf "$T/buckets/manifests"
dwh run --fresh --json --set LOAD.SHARD_OBJECTS=100
is "$ST" 8 'a load: exit code 8'
like "$(jq -r '.tasks[].note // empty' <<<"$OUT")" 'shards are UNVERIFIED: \[S3\] MANIFESTS is none' 'the remark says why'
is "$(counts) $(checksums)" "$want $sums" 'with the rows of a load by manifests'
is "$(ledger)" '2|2|9224|UNVERIFIED' 'a shard for each source, UNVERIFIED'
like "$(jq -r '.shards[].manifest' <<<"$OUT")" "^file://$T/.dwh/manifests/" 'what it holds is kept in a folder'
is "$(copies)" 1 'the COPY named the prefix'
dwh report
like "$OUT" 'Set \[S3\] MANIFESTS to a folder.*--fresh, or .* allow it: .* verify --allow-unverified -c' 'and the advice what would help'
dwh run --json
is "$(jq .totals.shards <<<"$OUT") $(counts)" "0 $want" 'a second run loads nothing'
dwh verify --allow-unverified
is "$ST" 0 'verify allows it'
like "$(head -n 1 <<<"$OUT")" 'model sparkify, [0-9]+ workers$' 'and has no strategy'

# ---- what cannot be loaded once ----

cp "$T/new.json" "$new"
for how in run load; do
	dwh $how
	is "$ST $(counts)" "3 $want" "a new object beside loaded ones: dwh $how is refused"
	like "$ERR" 'public.staging_songs has objects that are loaded.*would be loaded again.*--fresh, or --changed reload' \
		"dwh $how: and what to do"
done
is "$(copies) $(shards_cut)" '1 0' 'before anything was read, or a shard cut'
dwh run --changed reload
is "$ST $(sql 'select count(*), count(distinct song_id) from staging_songs')" '8 1169|1169' \
	'--changed reload loads all of it again'
is "$(ledger)" '2|2|9225|UNVERIFIED' 'and the other source stays as it is'
rm "$new"

# A listing that another one has overtaken: its shard is no longer the first one. The worker that
# copies it is driven by hand.
copies=$(copies)
jq -c '{entries: .entries[:3]}' "$(find "$T/.dwh/manifests" -size +100k | head -n 1)" >"$T/part"
shard=$(sha256sum <"$T/part" | cut -c1-32)
cp "$T/part" "$T/.dwh/manifests/$shard.manifest"
task=$(sql "select json_build_object('t', 'copy', 'id', 1, 'attempt', 1, 'source', 'staging_songs', 'lane',
	'staging_songs', 'generation', generation, 'objects', 3, 'bytes', 1, 'again', 0, 'validate', false, 'shard',
	'$shard', 'manifest', 'file://$T/.dwh/manifests/$shard.manifest') from dwh.target
	where relation = 'public.staging_songs'")
run=$(sql "select run from dwh.target where relation = 'public.staging_songs'")
OUT=$("$DWH" worker 2>"$T/err" <<-LINES
	{"t":"hello","v":1,"worker":7,"run":"$run","config":"$T/dwh.cfg","sets":["LOAD.WORKERS=1"]}
	$task
LINES
)
is "$(jq -rs '.[-1] | [.t, .kind, .code] | join(" ")' <<<"$OUT") $(($(copies) - copies))" 'fail setup LoadedBefore 0' \
	'a shard that comes after another one is refused, before its COPY'

dwh rerun --only s3://sparkify/song_data/A/A/
is "$ST" 3 'a part of a prefix is refused'
like "$ERR" 'a part of staging_songs can not be loaded alone' 'with the reason'
dwh run --fresh --set LOAD.MAX_BAD_OBJECTS=3
is "$ST" 2 'and so is a quarantine'
like "$ERR" 'no object can be held back' 'with the reason'
dwh run --allow-unverified --set AWS.ENDPOINT=http://127.0.0.1:1 --set LOAD.ATTEMPTS=1
like "$OUT" "and then: .* --allow-unverified --set AWS" '--allow-unverified is kept in the command that goes on'

# ---- who dies, and what changes meanwhile ----

for place in list:after-manifest copy:before-copying copy:before-ledger copy:before-commit copy:after-commit; do
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed.$place
	dwh run --fresh
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes)" '8 1' "$place: a worker dies, the load goes on"
	is "$(counts) $(checksums)" "$want $sums" "$place: counts and checksums"
	is "$(ledger)" '2|2|9224|UNVERIFIED' "$place: one row a shard in the ledger"
done

during 2 cp "$T/new.json" "$new"
is "$ST $(ledger)" '8 2|2|9225|UNVERIFIED' 'an object comes: it is loaded, too'
is "$(sql 'select count(*), count(distinct song_id) from staging_songs')" '1169|1169' 'each once'
like "$(journal | jq -r 'select(.t == "done" and .verdict == "superseded") | .note')" \
	"listed again: s3://sparkify/song_data/A/B/new.json has come since the prefix was listed" 'the report says why'
overwritten() { jq -c '.year = 1066' "$first" >"$T/new" && cp -p "$first" "$T/kept" && mv "$T/new" "$first"; }
rm "$new"
during 2 overwritten
is "$ST $(counts)" "8 $want" 'an object is overwritten: as many rows'
is "$(sql 'select count(*) from staging_songs where year = 1066')" 1 'and its new content, once'
like "$(journal | jq -r 'select(.t == "done" and .verdict == "superseded") | .note')" \
	"listed again: s3://sparkify/song_data/.* has changed since it was listed" 'which was listed again'
rm "$first"
mv "$T/kept" "$first"
cp "$T/new.json" "$new"
during 2 rm "$new"
is "$ST $(sql 'select count(*) from staging_songs')" '6 0' 'an object goes: its shard is not loaded'
dwh rerun
is "$ST $(checksums)" "8 $sums" 'and the rerun loads what there is'
rm -rf "$T/.dwh"
dwh run
is "$ST $(counts)" "3 $want" 'without the folder nothing is loaded twice'
like "$ERR" 'the manifest file://.*restore it, or load all again with --fresh' 'which is said'

# ---- doctor, and the way back ----

dwh doctor
is "$ST" 0 'dwh doctor'
like "$OUT" 'warn +\[S3\] MANIFESTS +none: each prefix is loaded as a whole, once until --fresh' 'says what it costs'
dwh run --fresh
mkdir -p "$T/buckets/manifests"
cp "$T/new.json" "$new"
dwh run --set S3.MANIFESTS=s3://manifests/m --allow-unverified
is "$ST $(sql 'select count(*), count(distinct song_id) from staging_songs')" '0 1169|1169' \
	'with a bucket again, new objects are loaded beside the old ones'
dwh load --validate --set S3.MANIFESTS=none
is "$ST" 0 'and --validate reads by prefix'
done_testing
