#!/bin/bash
# dwh rerun loads what a run has left, nothing else and nothing twice, any number of times: after
# data or SQL was mended, in parts, and without the journal.
# shellcheck disable=SC2086 # "${cut[@]}" is two words
. "$(dirname "$0")/lib.sh"
small_data
on_engine "$ENGINE"
# No more than that where small objects are joined, either.
cut=(--set LOAD.SHARD_OBJECTS=48 --set LOAD.COMPACT=off) # 26 shards: 1 of the events, 25 of the songs

dwh run --json "${cut[@]}"
clean=$(checksums)
want=$(counts)
is "$(jq '.totals.shards' <<<"$OUT")" 26 'a clean load of 26 shards'
dwh rerun --json
is "$ST $(jq -c '[.totals.shards, .totals.failed]' <<<"$OUT")" '0 [0,0]' 'its rerun has nothing to do'
is "$(checksums)" "$clean" 'and changes nothing'

# ---- a bad object, mended ----

songs=$T/buckets/sparkify/song_data
bad=$(find "$songs" -name '*.json' | LC_ALL=C sort | sed -n 700p)
cp "$bad" "$T/good"
spoil() { rm "$bad" && echo '{"song_id": "S1", "year": "MCMLX"}' >"$bad"; }
mend() { rm "$bad" && cp "$T/good" "$bad"; }
spoil
dwh run --fresh --json "${cut[@]}"
is "$ST $(jq -c '[.totals.loaded, .totals.failed]' <<<"$OUT")" '7 [25,1]' '1 of 26 shards fails'
first=$(jq -r .run <<<"$OUT")
dwh report
like "$OUT" 'dwh rerun' 'the report says how to go on'
sums=$(sql "select sum(hashtext(t::text)::bigint) from staging_songs t")
for i in 1 2 3 4 5 6 7 8 9 10; do
	dwh rerun --json "${cut[@]}"
	[ "$ST $(jq -c '[.totals.shards, .totals.failed]' <<<"$OUT")" = '7 [1,1]' ] || break
done
is "$i $ST" '10 7' 'ten reruns: each tries the one shard, and fails'
is "$(sql "select sum(hashtext(t::text)::bigint) from staging_songs t")" "$sums" 'no row is doubled'
is "$(sql 'select count(*) from dwh.load_errors')" 1 'the error is listed once'
mend
dwh rerun --json
is "$ST $(jq -c '[.totals.loaded, .totals.objects]' <<<"$OUT")" '0 [1,48]' \
	'once it is mended, a rerun loads that shard: 48 of 1,198 objects'
is "$(counts)" "$want" 'counts'
is "$(checksums)" "$clean" 'the rows of a clean load'
is "$(jq -r '[.tasks[] | select(.kind == "insert" and (.skipped | not)) | .name] | sort | join(" ")' <<<"$OUT")" \
	'insert artists insert songplays insert songs' 'and what depends on it is filled again, nothing else'
dwh rerun --json
is "$ST $(jq -c '.totals.shards' <<<"$OUT")" '0 0' 'then nothing is left'
dwh rerun "$first" --json
is "$ST $(jq -c '.totals.loaded' <<<"$OUT")" '0 0' 'nor of the first run, asked by its name'
is "$(checksums)" "$clean" 'and nothing is doubled'

# ---- in parts ----

other=$(find "$songs" -name '*.json' | LC_ALL=C sort | sed -n 1100p)
cp "$other" "$T/other"
spoil
rm "$other" && echo '{' >"$other"
dwh run --fresh --json "${cut[@]}"
is "$ST $(jq -c '[.totals.loaded, .totals.failed]' <<<"$OUT")" '7 [24,2]' '2 of 26 shards fail'
mend
rm "$other" && cp "$T/other" "$other"
mapfile -t failed < <(jq -r '.shards[] | select(.state == "failed") | .shard' <<<"$OUT")
dwh rerun --json --only "${failed[0]:0:8}"
is "$ST $(jq -c '[.totals.loaded, .totals.left > 0]' <<<"$OUT")" '6 [1,true]' 'one shard by its id: the other is left'
dwh rerun --json --only staging_events
is "$ST $(jq -c '[.totals.shards]' <<<"$OUT")" '6 [0]' 'a table where nothing is missing'
dwh rerun --json
is "$ST $(jq -c '[.totals.loaded]' <<<"$OUT")" '0 [1]' 'the rest is not forgotten'
is "$(checksums)" "$clean" 'the rows of a clean load'

spoil
rm "$other" && echo '{' >"$other"
dwh run --fresh --json "${cut[@]}"
mend
rm "$other" && cp "$T/other" "$other"
key=${other#"$T/buckets/sparkify/"}
dwh rerun --json --only "s3://sparkify/${key%/*}/"
in=$(find "${other%/*}" -type f | wc -l)
is "$ST $(jq -c '.totals.failed' <<<"$OUT")" '6 0' 'the keys under an address: the rest is left'
[ "$(jq -c '.totals.objects' <<<"$OUT")" -le "$in" ]
ok $? "at most the $in objects there are loaded"
dwh rerun --json --only staging_songs
is "$ST" 0 'then the table'
is "$(checksums)" "$clean" 'the rows of a clean load, none twice'

# A part that was asked for, and failed, lies within what was left: together they are loaded once.
spoil
dwh run --fresh --json
mend
rm "$other" && echo '{' >"$other"
dwh rerun --json --only "s3://sparkify/${key%/*}/"
is "$ST" 7 'the keys under an address, one bad: the part fails'
rm "$other" && cp "$T/other" "$other"
dwh rerun --json --set LOAD.SHARD_OBJECTS=31
is "$ST $(checksums)" "0 $clean" 'the next rerun: the rows of a clean load, none twice'

# ---- other places ----

spoil
dwh run --fresh "${cut[@]}"
mend
cp -al "$T/buckets/sparkify/song_data" "$T/buckets/sparkify/moved"
dwh rerun --json --set S3.SONG_DATA=s3://sparkify/moved/A/A/
is "$ST $(sql "select sum(objects) from dwh.ledger where first_key like 'moved/A/A/%'")" \
	"0 $(find "$T/buckets/sparkify/moved/A/A" -type f | wc -l)" \
	'another address: what is there is listed, not what the earlier run saw'
rm -r "$T/buckets/sparkify/moved"
dwh run --fresh
is "$(checksums)" "$clean" 'the rows of a clean load'

# ---- SQL, mended ----

mkdir -p "$T/mine/insert"
{
	echo '-- depends: staging_events'
	echo 'DELETE FROM users;'
	echo 'INSERT INTO users (user_id, first_nam) SELECT userid, firstname FROM staging_events;'
} >"$T/mine/insert/users.sql"
dwh run --fresh --set LOAD.MODEL='sparkify ./mine'
is "$ST" 4 'an insert with a mistake'
dwh rerun --json
is "$ST $(jq -c '[.totals.shards, [.tasks[] | select(.kind == "insert" and (.skipped | not)) | .name]]' <<<"$OUT")" \
	'0 [0,["insert users"]]' 'mended: a rerun fills that table, and loads nothing'
is "$(checksums)" "$clean" 'the rows of a clean load'
mkdir -p "$T/order/insert"
sed 's/^-- depends: staging_events/& songs/' "$TOP/sql/sparkify/insert/time.sql" >"$T/order/insert/time.sql"
dwh rerun --json --from songs --set LOAD.MODEL='sparkify ./order'
is "$ST $(jq -c '[.tasks[] | select(.kind == "insert" and (.skipped | not)) | .name] | sort' <<<"$OUT")" \
	'0 ["insert songs","insert time"]' '--from a table: it and what depends on it, again'
dwh rerun --json --only users
is "$ST $(jq -c '[.tasks[] | select(.kind == "insert") | [.name, .skipped]]' <<<"$OUT")" \
	'0 [["insert users",false]]' '--only a table: it alone, again'
is "$(checksums)" "$clean" 'the rows of a clean load'

mkdir -p "$T/mine/copy"
sed "s/TIMEFORMAT.*/TIMEFORMAT AS 'YYYY-MM-DD'/" "$TOP/sql/sparkify/copy/staging_events.sql" >"$T/mine/copy/staging_events.sql"
rm "$T/mine/insert/users.sql"
dwh run --fresh --set LOAD.MODEL='sparkify ./mine'
is "$ST" 7 'a COPY with a mistake: its shards fail'
dwh rerun --json
is "$ST" 0 'mended: as none of its rows was loaded, a rerun makes the relation anew and loads it'
is "$(checksums)" "$clean" 'the rows of a clean load'
dwh rerun --set LOAD.MODEL='sparkify ./mine'
is "$ST" 3 'changed over committed rows: refused'
like "$ERR" 'the COPY of staging_events has changed since its rows were loaded.*--fresh' 'with the remedy'

# ---- without the journal ----

spoil
dwh run --fresh "${cut[@]}"
is "$ST" 7 'a load with a bad object'
mend
if only 'postgres redshift' 'from another machine' 'its warehouse lies in that folder'; then
	dwh rerun --json --set LOCAL.DIR="$T/elsewhere"
	is "$ST $(jq -c '[.totals.loaded, .totals.objects]' <<<"$OUT")" '0 [1,48]' \
		'from another machine: what the ledger has is not loaded again'
	like "$ERR" 'no journal here tells what the last run has left: all is listed again, and what the ledger has is not loaded again' \
		'which is said'
	is "$(checksums)" "$clean" 'the rows of a clean load'
else
	dwh run
fi

# ---- after a drop: generations begin anew, and what was loaded before is not there any more ----

dwh drop
dwh run "${cut[@]}"
dwh rerun --json
is "$ST $(jq -c '.totals.shards' <<<"$OUT")" '0 0' 'a complete run'
dwh drop
is "$ST" 0 'is dropped'
dwh rerun --json
is "$ST $(jq -c '.totals.objects' <<<"$OUT")" '0 1198' 'its rerun loads all again'
is "$(checksums)" "$clean" 'the rows of a clean load'

# ---- a server that loses what it said was committed: as a crash with synchronous_commit off ----

lane=$(sql "select min(lane) from dwh.ledger where relation = 'public.staging_events'")
dwh drop
dwh create
direct "create function lose() returns trigger language plpgsql as
	'begin delete from $lane; return null; end';
	create trigger lose before insert on dwh.ledger for each row
	when (new.relation = 'public.staging_events') execute function lose()" >/dev/null
dwh run --json "${cut[@]}"
is "$ST" 4 'a shard is lost: exit code 4'
like "$ERR" '1 shards of staging_events were committed, and 0 are there: the server has lost' 'which is said'
direct 'drop trigger lose on dwh.ledger; drop function lose()' >/dev/null
dwh rerun --json
is "$ST $(jq -c '.totals.objects' <<<"$OUT")" '0 30' 'a rerun believes the ledger, and loads it again'
is "$(checksums)" "$clean" 'the rows of a clean load'
sql "begin; delete from dwh.ledger where relation = 'public.staging_events';
	delete from $lane; commit" >/dev/null
dwh rerun --json
is "$ST $(jq -c '.totals.objects' <<<"$OUT")" '0 30' 'lost after a run that was complete: its rerun loads it, too'
is "$(checksums)" "$clean" 'the rows of a clean load'

# ---- what cannot be ----

dwh rerun nonsense
is "$ST" 3 'no run: exit code 3'
like "$ERR" 'nonsense is no run: their names are those in .*/runs' 'and where their names are'
dwh rerun 20181115T063000-1a2b
like "$ST $ERR" '^3 .*there is no run 20181115T063000-1a2b' 'a run that never was'
dwh rerun "$first" another
is "$ST" 1 'a word too many: exit code 1'
dwh rerun --only staging_song
is "$ST" 1 'no table: exit code 1'
like "$ERR" 'did you mean "staging_songs"\?' 'with the nearest'
dwh rerun --only s3://elsewhere/x
like "$ERR" 'is not under the address of any source' 'no source'
dwh rerun --from nothing
is "$ST" 1 'no step'
dwh rerun --only users --from songs
is "$ST" 1 'both'
dwh load --validate >/dev/null
dwh rerun --json
is "$ST $(jq -c '.totals.shards' <<<"$OUT")" '0 0' 'a run that loaded nothing is passed over'
done_testing
