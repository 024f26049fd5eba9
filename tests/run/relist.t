#!/bin/bash
# ENGINE = redshift: COPY takes no ETag, so the keys of a shard are listed again before its COMMIT.
# An object that changed between the listing and the COPY is loaded as it is now, once; one that went
# fails its shard; a table that went fails the load, and its name is told.
. "$(dirname "$0")/held_copy.sh"
small_data
own_postgres
own_s3d
own_redshiftd
redshift_config
export DWH_LOAD_COMPACT=off # what we join ourselves is read under the ETag that was listed
want='8056 1168 38 105 1168 1108 8023'
songs=$T/buckets/sparkify/song_data
object=$(find "$songs" -name '*.json' | LC_ALL=C sort | sed -n 5p)
cp "$object" "$T/kept"

overwritten() { jq -c '.year = 1066' "$T/kept" >"$T/new" && mv "$T/new" "$object"; }

dwh run --json
is "$ST $(counts)" "0 $want" 'a load'
sums=$(checksums)
is "$(shards_cut)" 3 'of three shards'

during 3 overwritten
is "$ST" 0 'an object is overwritten between its listing and the COPY: the run succeeds'
is "$(counts)" "$want" 'with the counts of a clean load'
is "$(sql 'select count(*) from staging_songs where year = 1066')" 1 'its new content is loaded, once'
is "$(sql "select count(*), sum(objects), sum(row_count) from dwh.ledger natural join dwh.target
	where relation = 'public.staging_songs'")" '2|1168|1168' 'and the ledger says so'
like "$(journal | jq -r 'select(.t == "done" and .verdict == "superseded") | .note')" \
	"listed again: s3://sparkify/song_data/.*/${object##*/} has changed since it was listed[^:]*\$" 'the report says why, without a remedy: nothing is left to do'
dwh verify
is "$ST" 0 'dwh verify finds nothing'

cp "$T/kept" "$T/new" && mv "$T/new" "$object"
during 3 rm "$object"
is "$ST" 6 'an object goes: exit code 6'
dwh run
is "$ST $(counts | cut -d' ' -f2)" '0 1167' 'the next run loads what there is'
cp "$T/kept" "$object"
dwh run
is "$ST $(checksums)" "0 $sums" 'and when it is back, it, too'

gone() { direct 'drop table staging_events_l01 cascade'; }
during 3 gone
is "$ST" 4 'a lane goes: exit code 4'
like "$(<"$T/run.err")" '"staging_events_l01" does not exist' 'and the first of the statements that were sent together says why'
done_testing
