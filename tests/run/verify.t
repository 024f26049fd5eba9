#!/bin/bash
# dwh verify finds and names whatever in lanes, ledger and manifests is not as dwh left it, and
# changes nothing; a COPY or a lane whose counts do not agree is never a success.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
cut=(--set LOAD.SHARD_OBJECTS=100) # 13 shards: 1 of the events, 12 of the songs

lanes() { jq -r '[.lanes[] | .lane + " " + ([.rows, .ledger, .shards, .verified] | map(tostring)
	| join(" ")) + " " + .verdict] | sort | join(", ")' <<<"$OUT"; }
wrong() { jq -r '[.wrong[] | .verdict + " " + .lane + " " + .shard[:8] + ": " + .message] | .[]' <<<"$OUT"; }
# All that verify could change.
everything() {
	sql "$CHECKSUMS; select * from dwh.ledger order by shard, generation, run; select * from dwh.target
		order by 1; select * from dwh.step order by 1; select * from dwh.load_errors order by 1;
		select * from dwh.quarantine order by 1;
		select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables order by 1"
	find "$T/buckets" -type f -printf '%p %s %T@\n' | LC_ALL=C sort
}
sql_says() { [ "$(sql "$2")" = "$1" ]; }
flushed() { sql 'select pg_stat_force_next_flush()' >/dev/null; }

dwh verify
is "$ST" 3 'before anything was loaded: exit code 3'
like "$ERR" 'nothing was ever loaded here.*dwh run' 'and what to do'

# ---- a clean load ----

dwh run --json "${cut[@]}"
first=$(jq -r .run <<<"$OUT")
flushed
before=$(everything)
dwh verify --json
is "$ST" 0 'a clean load verifies'
is "$(lanes)" 'staging_events 8056 8056 1 1 VERIFIED, staging_songs 1168 1168 12 12 VERIFIED' \
	'rows, ledger, shards, and how many of them are verified'
is "$(wrong)" '' 'nothing is wrong'
is "$(jq -c '[.tasks[] | .rows]' <<<"$OUT")" '[8056,1168]' 'one task for each source'
flushed
is "$(everything)" "$before" 'nothing was changed'
dwh verify
like "$OUT" '^  *staging_songs +1,168 +1,168 +12 +12 +0 +0 +VERIFIED$' 'the table for people'
like "$OUT" 'All VERIFIED: 9,224 rows in 2 lanes; 13 shards, 1,198 objects' 'and the last line'

# ---- what is wrong ----

# found CODE TEXT NAME: verify ends with 8 and says exactly one such thing.
found() {
	dwh verify --json
	is "$ST $(jq '.wrong | length' <<<"$OUT")" "8 $1" "$3: exit code 8"
	like "$(wrong)" "$2" "$3: is named"
}
shard=$(sql "select shard from dwh.ledger where relation = 'public.staging_songs' order by first_key limit 1")
other=$(sql "select shard from dwh.ledger where relation = 'public.staging_songs' order by first_key desc limit 1")
sql "create table kept_ledger as select * from dwh.ledger; create table kept as select * from staging_songs"
mend_tables() {
	sql "truncate dwh.ledger, staging_songs; insert into dwh.ledger select * from kept_ledger;
		insert into staging_songs select * from kept"
}

sql "delete from staging_songs where ctid = (select min(ctid) from staging_songs)"
found 1 'MISMATCH staging_songs : staging_songs has 1167 rows, the ledger says 1168.*--fresh' 'a row deleted'
dwh verify
like "$OUT" '^  MISMATCH staging_songs: staging_songs has 1167 rows' 'and said to people'
like "$OUT" '^NOT all verified, 1 thing.s. wrong: exit code 8' 'and in the end'
like "$OUT" 'Mend what is wrong, then look again: .*dwh verify' 'with what to do'
mend_tables
sql "insert into staging_songs select * from staging_songs limit 1"
found 1 'staging_songs has 1169 rows, the ledger says 1168' 'a row added'
mend_tables
sql "delete from dwh.ledger where shard = '$shard'"
found 1 'staging_songs has 1168 rows, the ledger says 10[0-9][0-9]' 'a row of the ledger deleted'
mend_tables
sql "update dwh.ledger set row_count = row_count + 1 where shard = '$shard'"
found 1 'staging_songs has 1168 rows, the ledger says 1169' 'its count of rows altered'
mend_tables
sql "update dwh.ledger set objects = 7 where shard = '$shard'"
found 1 "MISMATCH staging_songs ${shard:0:8}: the ledger says 7 objects and [0-9]+ bytes, its manifest has 100" \
	'its objects altered'
is "$(lanes)" 'staging_events 8056 8056 1 1 VERIFIED, staging_songs 1168 1168 12 11 MISMATCH' \
	'one shard of twelve'
sql "update dwh.ledger set bytes = 7, objects = 100 where shard = '$shard'"
found 1 "${shard:0:8}: the ledger says 100 objects and 7 bytes" 'its bytes altered'
mend_tables
sql "update dwh.ledger set last_key = first_key where shard = '$shard'"
found 1 "${shard:0:8}: the ledger says that its keys go from song_data/[^ ]* to .*takes some of them again" \
	'its keys altered'
mend_tables
sql "update dwh.ledger set verdict = 'UNVERIFIED' where shard = '$shard'"
found 1 "^UNVERIFIED staging_songs ${shard:0:8}: it was committed as UNVERIFIED" 'its verdict altered'
like "$(lanes)" 'staging_songs 1168 1168 12 11 UNVERIFIED$' 'the lane is not verified, either'
mend_tables
sql "update dwh.ledger set generation = 3 where shard = '$shard'"
found 2 "${shard:0:8}: the ledger has it in life 3 of the relation, which is in life 1" 'its generation altered'
mend_tables
sql "update dwh.ledger set lane = 'staging_song' where shard = '$shard'"
found 2 "${shard:0:8}: the ledger says that it is in staging_song, which is no table of staging_songs:" 'its lane altered'
mend_tables
sql "drop index dwh.ledger_key; alter table dwh.ledger drop constraint if exists ledger_pkey;
	insert into dwh.ledger select * from dwh.ledger where shard = '$shard'"
found 2 "${shard:0:8}: it is in the ledger twice: its rows were loaded twice, or somebody else wrote" 'a row of the ledger doubled'
mend_tables

# ---- manifests ----

manifests=$T/buckets/manifests/of/tests/public.staging_songs
a=$manifests/$shard.manifest
b=$manifests/$other.manifest
cp -a "$manifests" "$T/manifests"
mend_manifests() { rm -rf "$manifests" && cp -a "$T/manifests" "$manifests"; }
rm "$a"
found 1 "^UNVERIFIED staging_songs ${shard:0:8}: the manifest s3://manifests/of/tests/public.staging_songs/$shard.manifest .*restore it" \
	'a manifest deleted'
mend_manifests
sed -i 's/"content_length":[0-9]*/"content_length":1/' "$a"
found 1 "^MISMATCH staging_songs ${shard:0:8}: the manifest .*its content is not what was written" 'a manifest altered'
mend_manifests
cp "$a" "$T/swap" && cp "$b" "$a" && cp "$T/swap" "$b"
found 2 "^MISMATCH staging_songs ${shard:0:8}: .*its content is not what was written" 'two manifests swapped: the one'
like "$(wrong)" "^MISMATCH staging_songs ${other:0:8}: .*its content" 'and the other'
mend_manifests
echo garbage >"$b"
found 1 "^MISMATCH staging_songs ${other:0:8}: .*its content" 'a manifest overwritten'
mend_manifests

# Another manifest with some of the same objects, which the ledger has, too: loaded twice.
mkdir "$T/again"
{
	sed -n '1,10p' "$a"
	sed -n '11s/,$//p' "$a"
	printf ']}\n'
} >"$T/again/m"
again=$(sha256sum "$T/again/m" | cut -c 1-32)
cp "$T/again/m" "$manifests/$again.manifest"
sql "insert into dwh.ledger select relation, generation, '$again', lane, replace(manifest, shard, '$again'), first_key,
	$(jq '.entries[-1].url' "$T/again/m" | sed "s,s3://sparkify/,,; s/\"/'/g"), 10,
	$(jq '[.entries[].meta.content_length] | add' "$T/again/m"), 10, 0, run, 1, verdict, committed_at
	from dwh.ledger where shard = '$shard';
	insert into staging_songs select * from staging_songs limit 10"
found 1 ': 10 of its objects are in shard [0-9a-f]{8}, too: their rows are there twice.*--fresh' 'objects in two shards'
sql "delete from dwh.ledger where shard = '$again'; truncate staging_songs; insert into staging_songs select * from kept"
mend_manifests
dwh verify
is "$ST" 0 'all mended: all verified'

stop_s3d
dwh verify --set LOAD.ATTEMPTS=1
is "$ST" 5 'no S3 server: exit code 5'
own_s3d

# ---- the shards of one run ----

mkdir "$T/buckets/sparkify/song_data/new"
for f in "$T"/buckets/sparkify/song_data/A/A/A/*.json; do
	sed 's/"song_id": "SO/"song_id": "SX/' "$f" >"$T/buckets/sparkify/song_data/new/${f##*/}"
done
new=$(find "$T/buckets/sparkify/song_data/new" -type f | wc -l)
dwh run --json "${cut[@]}"
second=$(jq -r .run <<<"$OUT")
cp "$manifests"/* "$T/manifests"
dwh verify "$second" --json
is "$ST $(jq -c '[.lanes[] | [.shards, .verified]] | sort' <<<"$OUT")" '0 [[0,0],[1,1]]' 'the shards of the second run'
is "$(jq -c '[([.lanes[] | .rows == .ledger] | all), ([.lanes[].rows] | add)]' <<<"$OUT")" "[true,$((9224 + new))]" \
	'and the whole lanes'
rm "$a"
dwh verify "$second"
is "$ST" 0 'what is wrong with shards of another run is not its business'
dwh verify "$first"
is "$ST" 8 'but that of the other run'
mend_manifests
dwh verify 20200101T000000-abcd
is "$ST" 3 'an unknown run: exit code 3'
like "$ERR" 'the ledger has no shard of 20200101T000000-abcd, and no journal of it is in' 'and why'
dwh verify "$second" --set LOCAL.DIR="$T/elsewhere"
is "$ST" 0 'the ledger knows a run whose journal is elsewhere'

# ---- lanes ----

dwh run --fresh "${cut[@]}" --set LOAD.STRATEGY=sharded --set LOAD.LANES=3
dwh verify --json
is "$ST $(jq -c '[.lanes | length, ([.[] | .rows == .ledger] | all), ([.[].shards] | add), ([.[].verified] | add)]' <<<"$OUT")" \
	'0 [6,true,14,14]' 'six lanes verify'
# One object has one song, and a shard at most 100 of them.
is "$(jq -c '[.lanes[] | select(.relation == "staging_songs").rows] | max - min <= 100' <<<"$OUT")" true \
	'and were given the same to do, as far as whole shards allow'
moved=$(sql "select shard from dwh.ledger where lane = 'staging_songs_l02' limit 1")
sql "update dwh.ledger set lane = 'staging_songs_l03' where shard = '$moved'"
found 2 '^MISMATCH staging_songs_l02 : staging_songs_l02 has [0-9]+ rows, the ledger says [0-9]+:' 'a shard in another lane'
sql "update dwh.ledger set lane = 'staging_songs_l02' where shard = '$moved'"
sql 'drop table staging_songs_l01 cascade'
found 1 '^MISMATCH staging_songs_l01 : the table staging_songs_l01 is gone.*--fresh' 'a lane dropped'

# ---- a load that goes on meanwhile ----

dwh run --fresh "${cut[@]}"
sql "begin; delete from dwh.ledger where shard = '$shard'; delete from staging_songs; select pg_sleep(60)" >/dev/null 2>&1 &
until_true 10 sql_says t "select count(*) > 0 from pg_stat_activity where query like '%pg_sleep(60)%' and wait_event = 'PgSleep' and pid <> pg_backend_pid()"
dwh verify
is "$ST" 0 'what another session has not committed is not seen'
sql "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()" >/dev/null

# ---- a COPY whose counts do not agree ----

sql "create function meddle() returns trigger language plpgsql as 'begin
	if new.song_id = (select min(song_id) from kept) then return null; end if; return new; end'"
sql "truncate staging_songs; delete from dwh.ledger where relation = 'public.staging_songs';
	create trigger meddle before insert on staging_songs for each row execute function meddle()"
dwh run --json "${cut[@]}"
is "$ST" 8 'a trigger that swallows a row: exit code 8'
is "$(jq -r '[.shards[] | select(.state == "failed") | .error.code] | join(" ")' <<<"$OUT")" MISMATCH \
	'one shard does not agree'
like "$(jq -r '.shards[] | select(.state == "failed") | .error.message' <<<"$OUT")" \
	'[0-9]+ records were sent, the server counted [0-9]+ rows' 'and says so'
dwh verify
is "$ST" 0 'nothing of it was committed'
sql "create or replace function meddle() returns trigger language plpgsql as 'begin
	if new.song_id = (select min(song_id) from kept) and pg_trigger_depth() = 1 then
	insert into staging_songs select (new).*; end if; return new; end'"
dwh rerun --json
is "$ST" 8 'a trigger that doubles a row: exit code 8'
is "$(jq -r '[.tasks[] | select(.state == "failed") | .name + " " + .error.code] | join(" ")' <<<"$OUT")" \
	'staged staging_songs MISMATCH' 'the lane does not agree'
is "$(jq -r '[.tasks[] | select(.kind == "insert" and .state == "done") | .name] | join(" ")' <<<"$OUT")" \
	'insert time insert users' 'and nothing was made of it'
dwh verify --json
is "$ST" 8 'nor does it later'
like "$(wrong)" 'staging_songs has 1[0-9]+ rows, the ledger says' 'and verify says so'
done_testing
