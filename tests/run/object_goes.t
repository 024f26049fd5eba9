#!/bin/bash
# An object that goes while a run is reading: after the listing, before the GET. Its shard fails, by
# name and with what to do, nothing of it is loaded, the others are; and the next run lists anew. (One
# that changes: changed_objects.t.)
. "$(dirname "$0")/lib.sh"
small_data
on_engine "$ENGINE"
stop_s3d
own_s3d --latency 8ms
key=song_data/A/B/Z
victim=$(find "$T/buckets/sparkify/$key" -name '*.json' | LC_ALL=C sort | tail -n 1)
url=s3://sparkify/${victim#"$T/buckets/sparkify/"}
cp "$victim" "$T/kept"

# during COMMAND: a load with one connection, so that the last object is asked for a while after its
# shard began; COMMAND is done meanwhile.
during() {
	"$DWH" run -c "$T/dwh.cfg" --fresh -w 1 --set LOAD.CONNECTIONS=1 >"$T/out" 2>"$T/err" &
	RUN=$!
	until_true 20 eval '[ -n "$(pids_of "dwh: worker [0-9]+ copy")" ]'
	"$@"
	wait $RUN
	ST=$?
	ERR=$(cat "$T/err")
}

during rm "$victim"
is "$ST" 6 'an object is gone: exit code 6'
is "$(grep -c 'error: ' "$T/err")" 1 'an object is gone: said once'
gone="$url is gone since it was listed: run again, and the others are listed anew"
like "$ERR" "error: copy staging_songs [0-9a-f]{8}: $gone$" \
	'an object is gone: the message'
is "$(sql "select count(*) from dwh.ledger natural join dwh.target where relation = 'public.staging_songs'")" 1 \
	'an object is gone: the other shards are loaded'
is "$(sql "select (select count(*) from staging_songs) = (select sum(row_count) from dwh.ledger
	natural join dwh.target where relation = 'public.staging_songs')")" t \
	'an object is gone: and nothing of its own'
is "$(sql 'select count(*) from songs')" 0 'an object is gone: what needs all shards was not done'
like "$(tail -n 1 "$T/out")" 'What is committed stays. Load the rest: .*dwh rerun 2' \
	'an object is gone: how to go on'
dwh run
is "$ST $(counts | cut -d' ' -f1,2)" '0 8056 1167' 'the next run loads what there is'
cp "$T/kept" "$victim"
dwh run
is "$ST $(counts)" '0 8056 1168 38 105 1168 1108 8023' 'and when it is back, it, too'
done_testing
