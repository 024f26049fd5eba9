#!/bin/bash
# Loading again loads what is new, however it is cut, by however many; what was changed behind our
# back is told. A long listing is divided among the workers, and every object is loaded once.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config

report() { jq -c "$1" <<<"$OUT"; }
fills='[.tasks[] | select(.kind == "insert") | .skipped] | unique'

# ---- what is new ----

dwh run --json
is "$(report '[.exit, .totals.objects, .totals.rows]')" '[0,1198,9224]' 'a load'
dwh plan
like "$OUT" 'run [0-9T-]+[0-9a-f]+ listed 30 objects and cut 1 new shards \(30 objects, 3.8 MB\)' \
	'plan knows what was found'
cp -al "$DATA/song_data/A/C" "$T/buckets/sparkify/song_data/A"
songs=$(find "$T/buckets/sparkify/song_data/A/C" -type f | wc -l)
sed -n 1,7p "$DATA/log_data/2018/11/2018-11-01-events.json" |
	sed -E 's/"userId":"[0-9]*"/"userId":"4711"/' >"$T/buckets/sparkify/log_data/2018/11/2018-11-01-more.json"
total=$((1198 + songs + 1))
dwh run --json -w 3 --set LOAD.SHARD_OBJECTS=50 --set LOAD.SHARD_BYTES=5kB
is "$(report '[.exit, .totals.objects, .totals.rows]')" "[0,$((songs + 1)),$((songs + 7))]" \
	'new objects, cut otherwise: only these are loaded'
is "$(report "$fills")" '[false]' 'and all tables are filled again'
is "$(sql "select count(distinct user_id) from users where user_id = '4711'")" 1 'a new user is there'
is "$(sql 'select sum(objects), sum(row_count) from dwh.ledger')" "$total|$((9224 + songs + 7))" \
	'the ledger has the sum'
is "$(sql 'select (select count(*) from staging_songs) = (select count(distinct song_id) from staging_songs),
	(select count(*) from songs) = (select count(*) from staging_songs)')" 't|t' 'no song is there twice'
sums=$(checksums)
for how in '-w 1' '-w 5 --set LOAD.SHARD_OBJECTS=7' '--set LOAD.STRATEGY=sharded' \
	'--set LOAD.SHARD_BYTES=1kB'; do
	# shellcheck disable=SC2086
	dwh run --json $how
	is "$(report "[.exit, .totals.shards, ($fills)]")" '[0,0,[true]]' "no new objects, $how: nothing to do"
done
is "$(checksums)" "$sums" 'and nothing is changed'
dwh run --set LOAD.STRATEGY=sharded --set LOAD.LANES=3
is "$ST" 2 'another number of lanes: exit code 2'
like "$ERR" 'made with 1 lane.*LANES says 3: load all again with --fresh' 'and the remedy'
dwh run --json --fresh --set LOAD.STRATEGY=sharded --set LOAD.LANES=3 --set LOAD.SHARD_OBJECTS=100
is "$(report '[.exit, .totals.objects, ([.shards[].lane] | unique | length > 2)]')" "[0,$total,true]" \
	'all anew, with three lanes'
is "$(checksums)" "$sums" 'the same rows'
cp -al "$DATA/song_data/A/D" "$T/buckets/sparkify/song_data/A"
more=$(find "$T/buckets/sparkify/song_data/A/D" -type f | wc -l)
dwh run --json -w 5 --set LOAD.STRATEGY=sharded
is "$(report '[.exit, .totals.objects]')" "[0,$more]" 'new objects for three lanes, by five workers'
is "$(sql 'select count(*) = count(distinct song_id) from staging_songs')" t 'no song is there twice'

# ---- what was changed, what is gone ----

sums=$(checksums)
changed=song_data/A/A/$(cd "$T/buckets/sparkify/song_data/A/A" && find . -type f | sed 's|^./||' | sort | head -n 1)
mv "$T/buckets/sparkify/$changed" "$T/kept"
sed 's/"year": *[0-9]*/"year": 1066/' "$T/kept" >"$T/buckets/sparkify/$changed"
dwh run
is "$ST" 6 'a changed object: exit code 6'
like "$ERR" "s3://sparkify/$changed has changed since it was loaded.*put it back, keep the old rows .--changed skip., or load the relation again .--changed reload." \
	'it is named, with the remedy'
is "$(checksums)" "$sums" 'and nothing is changed'
rm "$T/buckets/sparkify/$changed"
dwh run
is "$ST" 0 'an object that is gone is no error'
is "$(grep -c 'staging_[a-z]* has 3 lanes; \[LOAD\] STRATEGY = direct takes effect with --fresh' <<<"$OUT")" 1 \
	'lanes that stay, though they are not what is asked for, are told of once'
is "$(checksums)" "$sums" 'its rows stay'
mv "$T/kept" "$T/buckets/sparkify/$changed"
dwh run --json
is "$(report '[.exit, .totals.shards]')" '[0,0]' 'put back, it is the one that was loaded'

# ---- long listings ----

mkdir -p "$T/items"/{create,copy}
echo 'CREATE TABLE items (id INTEGER);' >"$T/items/create/items.sql"
cat >"$T/items/copy/items.sql" <<-'SQL'
	-- source: ITEMS
	COPY items FROM :'manifest' IAM_ROLE :'role' REGION :'region' MANIFEST FORMAT AS JSON 'auto';
SQL
# listed NAME N LISTS: all under items/ is loaded once, by so many listings.
listed() {
	dwh load --json --fresh -w 3 --set "LOAD.MODEL=$T/items" --set S3.ITEMS=s3://sparkify/items/ \
		--set LOAD.SHARD_OBJECTS=500
	is "$(report '[.exit, .totals.objects]')" "[0,$2]" "$1: every object is loaded"
	is "$(sql 'select count(*), count(distinct id), min(id), max(id) from items')" "$2|$2|1|$2" "$1: once"
	local lists
	lists=$(report '[.tasks[] | select(.kind == "list")] | length')
	[ "$lists" -ge "$3" ] && [ "$lists" -le "$4" ]
	ok $? "$1: in $lists listings"
	is "$(journal | grep -c -e $'\xef\xbf\xbd' -e '\\ufffd')" 0 "$1: bounded by whole characters"
	dwh load --json -w 3 --set "LOAD.MODEL=$T/items" --set S3.ITEMS=s3://sparkify/items/
	is "$(report '[.exit, .totals.shards]')" '[0,0]' "$1: a second load finds nothing"
	rm -rf "$T"/buckets/sparkify/items/*
}
mkdir "$T/buckets/sparkify/items"
cd "$T/buckets/sparkify/items" || exit 1
for i in {1..5500}; do echo "{\"id\":$i}" >"item-$(((i * 7919) % 99991)).json"; done
listed 'a flat prefix of more than four pages' 5500 2 11
for i in {1..5500}; do echo "{\"id\":$i}" >"item-$((100000 + i)).json"; done
listed 'keys that differ late' 5500 2 11
letters=(a b é ü ñ Ω 日 本 語 𝄞 z '~')
for i in {1..5500}; do echo "{\"id\":$i}" >"x${letters[i % 12]}$i.json"; done
listed 'keys beyond ASCII' 5500 5 13
for i in {1..100}; do
	mkdir "f$i"
	echo "{\"id\":$i}" >"f$i/a.json"
	echo "{\"id\":$((100 + i))}" >"f$i/b.json"
done
listed 'a hundred sub-prefixes' 200 40 65
for i in {1..20}; do
	mkdir -p "only/one/way/f$i"
	echo "{\"id\":$i}" >"only/one/way/f$i/a.json"
done
listed 'sub-prefixes far down' 20 21 21
for i in {1..20}; do
	mkdir -p "f$i"
	echo "{\"id\":$i}" >"f$i/a.json"
	echo "{\"id\":$((20 + i))}" >"f$i.json"
done
listed 'objects beside sub-prefixes' 40 21 21
mkdir only
for i in {1..30}; do
	echo "{\"id\":$i}" >"only/$i.json"
	echo "{\"id\":$((30 + i))}" >"x$i.json"
done
listed 'objects beside one sub-prefix' 60 1 1
cd "$T" || exit 1
done_testing
