#!/bin/bash
# Objects that change: after they were loaded (--changed fail, skip, reload), and between the
# listing and the copy. Rows of an old version are never beside those of a new one.
. "$(dirname "$0")/lib.sh"
small_data
on_engine "$ENGINE"
songs=$T/buckets/sparkify/song_data
object=$(find "$songs" -name '*.json' | LC_ALL=C sort | sed -n 5p)
years() { sql "select string_agg(year::text, ' ' order by year) from staging_songs where year in (1066, 1067)"; }
put() { # put FILE YEAR [ID]: as a new object
	sed -E "s/\"year\": *[0-9]+/\"year\": $2/; ${3:+s/\"song_id\": *\"[^\"]*\"/\"song_id\": \"$3\"/}" "$1" >"$T/new" && rm "$1" && mv "$T/new" "$1"
}

dwh run --json
is "$ST" 0 'a load'
clean=$(checksums)
all=$(jq .totals.objects <<<"$OUT")
cp "$object" "$T/kept"
put "$object" 1066

# ---- after it was loaded ----

dwh run --json
is "$ST $(jq -r '.tasks[] | select(.state == "failed") | .error.code' <<<"$OUT")" '6 ObjectChanged' \
	'it changed: an error'
is "$(checksums)" "$clean" 'and nothing is changed'
cp "$T/kept" "${object%.json}2.json"
put "${object%.json}2.json" 1067 SNEW
dwh run --changed skip
is "$ST" 0 '--changed skip: none'
like "$OUT" '1 object\(s\) changed since they were loaded; their old rows stay \(--changed skip\)' 'which is said'
is "$(years)" '1067' 'what is new beside it is loaded'
generation=$(sql "select generation from dwh.target where relation = 'public.staging_events'")
before=$(checksums)
for how in create transform 'rerun --from songs' 'rerun --only staging_events'; do
	# shellcheck disable=SC2086
	dwh $how --set LOAD.CHANGED=reload
	is "$(checksums)" "$before" "reload makes nothing anew in what does not load all of it: dwh $how"
done
dwh run --json --changed reload
is "$ST $(jq .totals.objects <<<"$OUT")" "0 $((all - 30 + 1))" '--changed reload: its relation is loaded again'
is "$(years)" '1066 1067' 'as it is now'
is "$(sql 'select count(*) = count(distinct song_id) from staging_songs')" t 'and nothing is there twice'
is "$(sql "select generation from dwh.target where relation = 'public.staging_events'")" "$generation" \
	'the other relation is left alone'
dwh run --json --changed reload
is "$ST $(jq .totals.objects <<<"$OUT")" '0 0' 'once more: nothing has changed'
dwh run --changed perhaps
is "$ST" 2 'an unknown choice: exit code 2'
like "$ERR" 'fail, skip or reload|fail.*skip.*reload' 'with the choices'
rm "$object" "${object%.json}2.json"
cp "$T/kept" "$object"
dwh run --changed reload
is "$(checksums)" "$clean" 'put back: the rows of a clean load'

# ---- between the listing and the copy ----

between() {
	stop_s3d
	own_s3d --latency 40ms
	copies() { [ -n "$(pids_of 'dwh: worker [0-9]+ copy staging_songs')" ]; }
	last=$(find "$songs" -name '*.json' | LC_ALL=C sort | sed -n 9p)
	cp "$last" "$T/kept"
	slow=(--set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=10 --set S3.SONG_DATA=s3://sparkify/song_data/A/A/A/)
	"$DWH" run -c "$T/dwh.cfg" --fresh --json -w 1 "${slow[@]}" >"$T/out" 2>"$T/err" &
	RUN=$!
	until_true 20 copies
	put "$last" 1066
	wait $RUN
	is $? 0 'an object that changes before it is read: the run succeeds'
	is "$(jq -c '[.shards[] | select(.verdict == "superseded")] | length' "$T/out")" 1 'its shard was listed again'
	is "$(years)" 1066 'and what it is now is loaded'
	is "$(sql "select count(*) = count(distinct song_id), count(*) = (select sum(row_count) from dwh.ledger
		where relation = 'public.staging_songs') from staging_songs")" 't|t' 'each object once'
	is "$(jq '.totals.rows - .counts.staging_songs - .counts.staging_events' "$T/out")" 0 'the report counts them once'
}
! only 'postgres redshift' 'between the listing and the copy' 'its S3 server is never slow' || between
done_testing
