#!/bin/bash
# Small objects joined before Redshift copies them: the same rows from few files, whoever dies, and
# nothing left beside them.
. "$(dirname "$0")/compact.sh"

# ---- the same rows ----

dwh run --json --set LOAD.COMPACT=off
is "$(joined)" '[0,1198,0,0]' 'off: nothing is joined'
is "$(copies)" '3|1198' 'Redshift reads every object'
is "$(jq -r '[.shards[].note] | unique | join(",")' <<<"$OUT")" '' 'and there is nothing to remark'
counts=$(counts)
sums=$(checksums)
was=$(ledger)
look
dwh run --fresh --json
is "$(joined)" '[0,1198,1198,5]' 'as it stands: all are joined'
is "$(copies)" '3|5' 'and Redshift reads the parts'
is "$(counts) $(checksums)" "$counts $sums" 'the same counts and checksums'
is "$(ledger)" "$was" 'the same ledger: of the objects, VERIFIED'
is "$(left)" 0 'no part is left, nor a manifest of parts'
dwh report
like "$OUT" '1,198 small objects were joined into 5 parts' 'the report tells'
dwh verify
is "$ST" 0 'dwh verify finds nothing'
dwh run --json
is "$(joined)" '[0,0,0,0]' 'a second run loads nothing'
dwh run --fresh --json --set LOAD.KEEP_PARTS=true
is "$(joined) $(left)" '[0,1198,1198,5] 13' 'KEEP_PARTS leaves parts, maps and manifests'
before=$(puts)
dwh run --fresh --json
is "$(joined) $(left)" '[0,1198,1198,5] 0' 'they are taken up by another load, and gone behind it'
is "$(puts)" "$before" 'which has not made them again'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums'
mkdir "$T/buckets/sparkify/flat"
ln "${all[@]}" "$T/buckets/sparkify/flat"
dwh run --fresh --json --set LOAD.SHARD_OBJECTS=20 --set S3.SONG_DATA=s3://sparkify/flat
is "$(jq -c '[.shards[] | select(.lane | startswith("staging_songs")) | .objects]' <<<"$OUT")" \
	'[20,20,20,20,40,40,40,40,80,80,80,80,160,160,160,128]' \
	'later shards of a listing hold more, so that COPYs stay few'

# ---- a worker dies ----

for place in copy:after-compact copy:before-ledger copy:before-commit copy:after-commit copy:amid-removal; do
	before=$(puts)
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed.$place
	dwh run --fresh --json
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes)" '0 1' "$place: a worker dies, the run succeeds"
	is "$(counts) $(checksums)" "$counts $sums" "$place: counts and checksums"
	is "$(ledger)" "$was" "$place: one row a shard in the ledger"
	is "$(left)" 0 "$place: no part is left"
	is $(($(puts) - before)) 5 "$place: none was made twice"
done
done_testing
