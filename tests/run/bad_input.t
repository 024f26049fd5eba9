#!/bin/bash
# Bad input of every kind: one clear message with the place and the remedy, the right exit code, and
# the warehouse as it was.
. "$(dirname "$0")/lib.sh"
small_data
mkdir "$T/buckets/empty"
own_postgres
own_s3d
postgres_config

# Everything that is in the warehouse, but for dwh.load_errors; of dwh.target these columns: a load
# that gets as far as taking the relations over changes `run`, and that is all it may change.
warehouse() {
	sql "select table_schema, table_name from information_schema.tables
			where table_schema in ('public', 'dwh') order by 1, 2;
		$CHECKSUMS;
		select sum(hashtext(t::text)::bigint), count(*) from dwh.ledger t;
		select sum(hashtext(t::text)::bigint), count(*) from dwh.step t;
		select $1 from dwh.target order by 1" 2>&1
}
ALL='*'
BUT_RUN='relation, kind, generation, lanes, created_at'
COLUMNS_OF_TARGET=$ALL
# refused CODE REGEX NAME COMMAND...: dwh fails so, says it once, and changes nothing.
refused() {
	local before
	before=$(warehouse "$COLUMNS_OF_TARGET")
	dwh "${@:4}"
	is "$ST" "$1" "$3: exit code $1"
	like "$ERR" "$2" "$3: the message"
	is "$(grep -c 'error: ' "$T/err")" 1 "$3: said once"
	is "$(warehouse "$COLUMNS_OF_TARGET")" "$before" "$3: the warehouse is as it was"
}
cp -p "$T/dwh.cfg" "$T/dwh.cfg.good"

# ---- before the first load: nothing is made ----

refused 5 'LOG_DATA: s3://nosuch/log_data .*bucket does not exist.*check the s3:// addresses' \
	'a missing bucket' run --set S3.LOG_DATA=s3://nosuch/log_data
sql 'create schema theirs; create table theirs.users (who text); insert into theirs.users values (1)'
refused 3 'theirs.users exists and was not made by dwh: rename or drop it, or .*SCHEMA' \
	"a table that is somebody else's" run --set WAREHOUSE.SCHEMA=theirs
is "$(sql "select count(*) from information_schema.schemata where schema_name = 'dwh'")" 0 \
	'not even a schema'
dwh run
is "$ST" 0 'a load'

# ---- where it comes from ----

refused 5 'LOG_DATA: s3://nosuch/log_data .*bucket does not exist.*check the s3:// addresses' \
	'a missing bucket' run --set S3.LOG_DATA=s3://nosuch/log_data
refused 5 'MANIFESTS: s3://nosuch.*bucket does not exist' 'a missing bucket for manifests' run \
	--set S3.MANIFESTS=s3://nosuch/m
refused 5 '\[S3\] SONG_DATA: there are no objects under s3://empty/songs: check the address' \
	'an empty prefix' run --set S3.SONG_DATA=s3://empty/songs
refused 5 'jsonpaths file s3://sparkify/nosuch.json' 'a missing jsonpaths file' run \
	--set S3.LOG_JSONPATH=s3://sparkify/nosuch.json
refused 2 'S3\.LOG_DATA.*s3://' 'no s3:// address' run --set S3.LOG_DATA=http://sparkify/log_data
export DWH_AWS_SECRET=wrong
refused 2 'the secret does not belong to the access key.*environment DWH_AWS_SECRET' 'a wrong secret' run
export DWH_AWS_SECRET=$S3_SECRET DWH_AWS_KEY=AKIANOBODYKNOWS
refused 2 'the access key is unknown.*check the access key' 'a wrong key' run
unset DWH_AWS_SECRET DWH_AWS_KEY
refused 5 'http://127.0.0.1:9\b.*\[AWS\] ENDPOINT' 'an unreachable S3' run \
	--set AWS.ENDPOINT=http://127.0.0.1:9 --set LOAD.ATTEMPTS=1

# ---- where it goes ----

refused 4 'cannot connect to the warehouse at 127.0.0.1:9/postgres.*\[CLUSTER\] HOST and DB_PORT' \
	'an unreachable warehouse' run --set CLUSTER.HOST=127.0.0.1 --set CLUSTER.DB_PORT=9 \
	--set LOAD.ATTEMPTS=2
refused 4 'nosuchdb.*\[CLUSTER\] DB_NAME' 'an unknown database' run --set CLUSTER.DB_NAME=nosuchdb
export DWH_CLUSTER_DB_PASSWORD=wrong
refused 4 'password authentication failed.*\[CLUSTER\] DB_USER and DB_PASSWORD' \
	'a wrong password' run
unset DWH_CLUSTER_DB_PASSWORD
refused 3 'theirs.users exists and was not made by dwh' \
	"a table that is somebody else's is not dropped by --fresh" run --set WAREHOUSE.SCHEMA=theirs --fresh
is "$(sql 'select * from theirs.users')" 1 'which is kept'
refused 4 'schema.*nosuch.*SCHEMA' 'a schema that is not there' run --set WAREHOUSE.SCHEMA=nosuch

# ---- what is to be done: the model ----

overlay() { # overlay PHASE/STEM TEXT: over sparkify
	mkdir -p "$T/model/${1%/*}"
	echo "$2" >"$T/model/$1.sql"
}
M=(--set "LOAD.MODEL=sparkify $T/model")
overlay insert/users '-- depends: staging_events nosuch
SELECT 1'
refused 2 "$T/model/insert/users.sql:1: .*nosuch" 'an unknown name in depends' run "${M[@]}"
overlay insert/users '-- depends: songplays
SELECT 1'
overlay insert/songplays '-- depends: time users
SELECT 1'
refused 2 '(songplays -> users -> songplays|users -> songplays -> users)' 'a cycle' run "${M[@]}"
refused 2 '(songplays -> users -> songplays|users -> songplays -> users)' 'a cycle' plan "${M[@]}"
rm "$T/model/insert/songplays.sql"
overlay insert/users '-- dependz: songplays
SELECT 1'
refused 2 "$T/model/insert/users.sql:1: .*depends" 'a misspelt head' run "${M[@]}"
overlay insert/users '-- depends: staging_events
INSERT INTO users SELECT :nosuch'
COLUMNS_OF_TARGET=$BUT_RUN
refused 2 "$T/model/insert/users.sql:2:26: unknown variable nosuch. Known: .*LOG_DATA" 'an unknown variable' run "${M[@]}"
overlay insert/users '-- depends: staging_events
DELETE FROM users;
INSERT INTO users SELECT nosuch FROM staging_events'
refused 4 "$T/model/insert/users.sql: .*nosuch" 'an SQL error' run "${M[@]}"
COLUMNS_OF_TARGET=$ALL
refused 2 "LOAD.MODEL: no model .nosuch.*Built in: sparkify" 'an unknown model' run --set LOAD.MODEL=nosuch
refused 2 "LOAD.MODEL: no model .sparkfy.*did you mean .sparkify" 'a misspelt model' run --set LOAD.MODEL=sparkfy

# ---- how: the configuration ----

refused_line() { # refused_line LINE REGEX NAME: as the last of the configuration
	printf '%s\n' "$1" >>"$T/dwh.cfg"
	refused 2 "$T/dwh.cfg:$(wc -l <"$T/dwh.cfg"): .*$2" "$3" run
	cp -p "$T/dwh.cfg.good" "$T/dwh.cfg"
}
refused_line 'DIRR = x' 'DIRR.*DIR\b' 'an unknown key'
refused_line $'[LOUD]\nLANES = 2' 'unknown section \[LOUD\]; did you mean .LOAD' 'an unknown section'
refused_line $'[LOAD]\nLANES = many' 'LANES.*many.*(number|[0-9])' 'a wrong type'
refused_line $'[LOAD]\nSTRATEGY = shraded' 'shraded.*direct.*sharded' 'a wrong choice'
refused_line "[DWH]
DB_USER = $(printf 'x%.0s' {1..250})" 'more than the 198 that can be read.*DWH_DWH_DB_USER' 'a line that is too long for inih'
refused_line 'no equals sign here' 'neither \[SECTION\] nor KEY = VALUE' 'a line that is none'
refused 2 '--set LOAD.WORKRES: unknown key.*did you mean .WORKERS' 'an unknown --set' run --set LOAD.WORKRES=3
refused 2 'AWS.SECRET.*(file|environment|DWH_AWS_SECRET)' 'a secret in --set' run --set AWS.SECRET=hush
is "$(grep -c hush "$T/err")" 0 'which is not repeated'
refused 1 'unknown option --wrokers.*--workers' 'an unknown option' run --wrokers 3
refused 1 'unknown command rnu.*run' 'an unknown command' rnu

# ---- when: two at once ----

"$DWH" run -c "$T/dwh.cfg" --fresh --set S3.LOG_DATA=s3://sparkify/log_data >/dev/null 2>"$T/run.err" &
RUN=$!
until_true 10 test -s "$T/run.err"
dwh run
is "$ST" 3 'two runs at once: exit code 3'
like "$ERR" "another run is alive here .*$T/.dwh/runs/lock.*: wait for it, or stop it" \
	'two runs at once: the message'
wait $RUN
is $? 0 'two runs at once: the first succeeds'

# ---- what is loaded: bad records ----
# The good shards are committed, and so stay; the star tables are as they were.

star() { sql "$CHECKSUMS; select * from dwh.step order by 1" | sed '1s/^[^|]*|[^|]*|//'; }
put() { printf '%s' "$2" >"$T/buckets/sparkify/$1"; } # put KEY CONTENT
mkdir -p "$T/buckets/sparkify/log_data/2018/12" "$T/buckets/sparkify/song_data/B"
good=$(tail -n 1 "$T/buckets/sparkify/log_data/2018/11/2018-11-30-events.json")
day=log_data/2018/12/2018-12-0
put ${day}1-events.json "$good"
put ${day}3-events.json "$good
$good"
N_EVENTS=8059
# bad_data REGEX ROW-OF-LOAD-ERRORS NAME CONTENT: an object of such a content
bad_data() {
	local before
	before=$(star)
	sql 'delete from dwh.load_errors'
	put ${day}2-events.json "$4"
	dwh run --set LOAD.SHARD_OBJECTS=1
	is "$ST" 7 "$3: exit code 7"
	like "$ERR" "copy staging_events [0-9a-f]{8}: s3://sparkify/${day}2-events.json $1" \
		"$3: the message"
	is "$(grep -c 'error: ' "$T/err")" 1 "$3: said once"
	is "$(sql 'select line, column_name, column_type, code, value from dwh.load_errors')" "$2" \
		"$3: its row in dwh.load_errors"
	is "$(sql 'select count(*) from staging_events')" $N_EVENTS "$3: the other shards are committed"
	is "$(star)" "$before" "$3: the star tables are as they were"
}
changed() { sed -E "s/\"userId\":\"[0-9]*\"/\"userId\":$1/" <<<"$good"; }

bad_data 'line 3: the file ends inside .* \(error 1216\), value' '3|||1216|{"artist":null,' \
	'an object that ends too early' "$good
$good
{\"artist\":null,"
is "$(sql "select object || '|' || reason from dwh.load_errors")" \
	"s3://sparkify/${day}2-events.json|the file ends inside a JSON object or array" \
	'dwh.load_errors has object and reason'
bad_data 'line 2, column user_?id \(int4\): .* \(error 1207\), value .abc.' '2|userid|int4|1207|abc' \
	'a value that does not fit' "$good
$(changed '"abc"')"
bad_data 'line 1, column userid ' '1|userid|int4|1207|??' 'bytes that are no UTF-8' "$(changed $'"\xff\xfe"')"
bad_data 'line 1, column userid ' "1|userid|int4|1204|x$(printf 'é%.0s' {1..511})" \
	'a long value, cut between characters' "$(changed "\"x$(printf 'é%.0s' {1..900})\"")"
dwh run --set LOAD.SHARD_OBJECTS=1
is "$ST $(sql 'select count(*) from dwh.load_errors')" '7 1' 'tried again, it is in dwh.load_errors once'
rm "$T/buckets/sparkify/${day}2-events.json"
dwh run
is "$ST" 0 'without the bad object the run succeeds'
is "$(sql 'select count(*) from staging_events')" $N_EVENTS 'and nothing is loaded twice'
done_testing
