#!/bin/bash
# The complete real data: 1, 2 and 8 workers, one lane and several, the counts of the original; and
# the same rows through redshiftd, small objects joined.
. "$(dirname "$0")/lib.sh"
archive=${DWH_REAL_DATA:-$TOP/../shared/data/sparkify.tar.gz}
[ -f "$archive" ] || skip_all "real_data: no archive of the real data (DWH_REAL_DATA)"
local_config
tar -xzf "$archive" -C "$T/buckets" sparkify/log_data sparkify/song_data sparkify/log_json_path.json
want='8056 14896 333 105 14896 10025 8023'
first=

for strategy in direct sharded; do
	for workers in 1 2 8; do
		dwh run -w $workers --fresh --set LOAD.STRATEGY=$strategy
		is "$ST" 0 "$strategy with $workers workers: run succeeds"
		is "$(counts)" "$want" "$strategy with $workers workers: the counts of the original"
		sums=$(checksums)
		first=${first:-$sums}
		is "$sums" "$first" "$strategy with $workers workers: the same rows"
	done
done
dwh run --set LOAD.STRATEGY=sharded
like "$OUT" 'Nothing new to load' 'a second run finds nothing new'
is "$(checksums)" "$first" 'and changes nothing'
is "$(sql "select count(*) from users where user_id is null")" 0 'no user without an id'
numbers=$(grep -rhoE '"artist_name": ?[0-9]+[,}]' "$T/buckets/sparkify/song_data" | wc -l)
is "$(sql "select count(*) from staging_songs where artist_name ~ '^[0-9]+$'")" "$numbers" \
	'numbers are kept as names'
is "$(sql "select count(*) from artists where location = ''") $(
	sql 'select count(*) from artists where location is null')" '4805 1' 'empty is not null'

on_engine redshift
for strategy in sharded merged; do
	dwh run --fresh --json --set LOAD.STRATEGY=$strategy
	is "$ST $(jq .totals.objects_joined <<<"$OUT")" '0 14926' "redshift, $strategy: all objects are joined"
	is "$(counts)" "$want" "redshift, $strategy: the counts of the original"
	is "$(checksums)" "$first" "redshift, $strategy: the same rows"
done
dwh verify
is "$ST" 0 'redshift: verified'
done_testing
