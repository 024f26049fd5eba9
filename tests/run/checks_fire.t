#!/bin/bash
# Each check of the model finds what it is for: the data is broken by hand, the check says so and
# nothing else does that should not, and after the repair all is as before.
. "$(dirname "$0")/lib.sh"
local_config
small_data # where no artist is described twice
tables='staging_events staging_songs songplays users songs artists time'

dwh run
is "$ST" 0 'a clean load'
checks() { # what the checks say that is not "pass": "name=verdict rows", in the order of names
	dwh check --json
	OUT=$(jq -r '[.tasks[] | select(.kind == "check" and .verdict != "pass") |
		"\(.name | ltrimstr("check "))=\(.verdict) \(.rows)"] | sort | join(", ")' <<<"$OUT")
}
checks
clean=$OUT
is "$ST" 0 'checks that only warn end with 0'
is "$clean" 'users_key=warn 8' 'which they do: eight users changed their level'
sql "create schema keep"
for t in $tables; do sql "create table keep.$t as table public.$t"; done
repair() {
	for t in $tables; do
		echo "delete from public.$t; insert into public.$t"
		[ "$t" = songplays ] && echo 'overriding system value'
		echo "table keep.$t;"
	done >"$T/repair.sql"
	sql "$(cat "$T/repair.sql")"
}

fires() { # fires 'WHAT IS SAID' SQL NAME: beside what they say of the clean load
	sql "$2"
	[ -s "$T/err" ] && sed 's/^/# /' "$T/err"
	checks
	local said=$OUT
	is "$ST" "$(case $1 in *=fail*) echo 8 ;; *) echo 0 ;; esac)" "$3: exit status"
	is "$(tr , '\n' <<<"$said" | sed 's/^ //' | grep -vFx "$(tr , '\n' <<<"$clean" | sed 's/^ //')" |
		paste -sd, | sed 's/,/, /g')" "$1" "$3: what is said"
	repair
}
play='start_time, user_id, level, song_id, artist_id, session_id, location, user_agent'
one="(select min(songplay_id) from songplays)"
songplays="insert into songplays ($play) select"
of_one="from songplays where songplay_id = $one"

fires 'songplays_key=fail 1, songplays_once=fail 1' \
	"insert into songplays overriding system value select * $of_one" 'a play with the number of another'
fires 'songplays_once=fail 1' "$songplays $play $of_one" 'a play that is there twice'
fires 'songplays_orphans=fail 1' \
	"$songplays start_time, user_id, level, 'SONONE', artist_id, session_id, location, user_agent $of_one" \
	'a play of no song'
fires 'songplays_orphans=fail 1' \
	"$songplays start_time, user_id, level, song_id, 'ARNONE', session_id, location, user_agent $of_one" \
	'a play of no artist'
fires 'songplays_orphans=fail 1' \
	"$songplays start_time, '-1', level, song_id, artist_id, session_id, location, user_agent $of_one" \
	'a play of no user'
fires 'songplays_orphans=fail 1' \
	"$songplays '1999-12-31', user_id, level, song_id, artist_id, session_id, location, user_agent $of_one" \
	'a play at no moment'
fires 'songs_key=fail 1' "insert into songs select song_id, title || '!', artist_id, year, duration
	from songs order by song_id limit 1" 'a song in two forms'
fires 'time_key=fail 1' "insert into time select * from time order by start_time limit 1" \
	'a moment that is there twice'
fires 'users_key=warn 97' "insert into users select distinct on (user_id) user_id, 'New', 'Name', gender, level
	from users order by user_id, level" 'users with a second name'
fires "artists_key=warn $(sql 'select count(distinct artist_id) from artists')" \
	"insert into artists select distinct on (artist_id) artist_id, 'New name' from artists
	order by artist_id" 'artists with a second name'

fires 'staging_ledger=fail 1' \
	"delete from staging_songs where ctid = (select max(ctid) from staging_songs)" 'a staged row that is gone'
fires 'staging_ledger=fail 2' "insert into staging_events select * from staging_events limit 1;
	insert into staging_songs select * from staging_songs limit 1" 'staged rows that nobody loaded'
fires 'null_keys=warn 1, staging_accounted=fail 1, staging_ledger=fail 2' 'delete from dwh.ledger;
	insert into staging_events (page, userid) values ($$Home$$, 4711)' 'a ledger that is empty, a new user without a time'
dwh run --fresh
is "$ST" 0 'all is loaded anew'
checks
is "$OUT" "$clean" 'and well'
fires 'staging_accounted=fail 4' "update staging_events set ts = '1999-12-31', userid = -7 where ctid =
		(select min(ctid) from staging_events where page <> 'NextSong');
	update staging_songs set song_id = 'SONONE', artist_id = 'ARNONE' where ctid =
		(select min(ctid) from staging_songs where song_id not in (select song_id from songplays))" \
	'staged keys that are in no dimension'
fires 'null_keys=warn 1' "update staging_songs set artist_id = null where song_id =
	(select min(song_id) from staging_songs)" 'a song without an artist'
fires 'null_keys=warn 2' "update staging_events set ts = null where ctid =
	(select min(ctid) from staging_events where page = 'NextSong')" 'a play without a time'
fires 'null_keys=warn 1' "update staging_events set userid = null where ctid =
	(select min(ctid) from staging_events where page = 'NextSong')" 'a play without a user'

# Every check of the model, and of the keyed one, has been seen to fire here, and explains itself.
for f in "$TOP"/sql/sparkify/check/*.sql; do
	name=$(basename "$f" .sql)
	grep -q "^fires .*$name=" "$TOP/tests/run/checks_fire.t" && grep -q '^-- title: .' "$f" && grep -q '^-- severity: ' "$f" &&
		grep -q '^-- description: .' "$f"
	ok $? "$name has a title, a severity, an explanation, and fired"
done
sql "insert into users select * from users limit 1"
dwh check
is "$ST" 0 'what is a warning in the model'
dwh check --set 'LOAD.MODEL=sparkify sparkify_keyed'
is "$ST" 8 'is an error with the keyed overlay'
like "$OUT" '^  users_key: user_id is unique\. But [0-9]+ rows say otherwise, such as user_id=' 'which names it'
like "$OUT" '^    The table declares the key, and Redshift believes it' 'and says why'
sql "delete from users where user_id in (select user_id from users group by user_id having count(*) > 1);
	insert into artists select * from artists limit 1"
dwh check --set 'LOAD.MODEL=sparkify sparkify_keyed' --json
is "$ST" 8 'so for artists'
is "$(jq -r '.tasks[] | select(.name == "check artists_key" or .name == "check users_key") |
	"\(.name) \(.verdict) \(.rows) \(.description | .[0:31])"' <<<"$OUT" | LC_ALL=C sort | paste -sd,)" \
	'check artists_key fail 1 The table declares the key, and,check users_key pass 0 The table declares the key, and' \
	'with the description in JSON, too'
done_testing
