#!/bin/bash
# The warehouse as people build it by hand, with psycopg2 and with psql, against redshiftd: TLS, tables
# with keys of distribution and order, COPYs from S3, the load views. Its counts are dwh's own.
. "$(dirname "$0")/lib.sh"
needs python3 psql
/usr/bin/python3 -c 'import psycopg2' 2>/dev/null || skip_all 'python3-psycopg2 is not installed (make deps-test)'
small_data
own_postgres
own_s3d
own_redshiftd --tls-dir "$T/tls"
redshift_config
mkdir "$T/buckets/sparkify/bad_data"
echo '{"song_id": "S1", "title": "a", "year": "MCMLX"}' >"$T/buckets/sparkify/bad_data/one.json"

# ---- dwh's own counts, in a schema of its own ----

rs -qc 'create schema mine'
dwh run --json --set WAREHOUSE.SCHEMA=mine
is "$ST" 0 'dwh loads'
want=$(jq -r '.counts | "\(.staging_events) \(.staging_songs) \(.songplays) \(.users) \(.songs) \(.artists) \(.time)"' <<<"$OUT")
like "$want" '^8056 1168 ' 'and counts'
objects=$(jq '.totals.objects - 30' <<<"$OUT")

# ---- psycopg2 ----

# The order of [CLUSTER] counts.
cat >"$T/hand.cfg" <<-CFG
	[CLUSTER]
	HOST=127.0.0.1
	DB_NAME=postgres
	DB_USER=$RS_USER
	DB_PASSWORD='$RS_PASSWORD'
	DB_PORT=$REDSHIFT_PORT
	[IAM_ROLE]
	ARN=arn:aws:iam::123456789012:role/dwhRole
	[S3]
	REGION=us-west-2
	LOG_DATA=s3://sparkify/log_data
	LOG_JSONPATH=s3://sparkify/log_json_path.json
	SONG_DATA=s3://sparkify/song_data
	BAD_DATA=s3://sparkify/bad_data
CFG
by_hand() { # by_hand SSLMODE [CA]
	local name="psycopg2, $1"
	OUT=$(/usr/bin/python3 "$TOP/tests/peers/original.py" "$T/hand.cfg" "$@" 2>"$T/err")
	is $? 0 "$name: it ends well"
	like "$OUT" '^tls True$' "$name: with TLS"
	like "$OUT" '^copied staging_events 8056 of 30 8056 and completed 8056 0$' \
		"$name: COPY with CREDENTIALS and jsonpaths, and what the load views say of it"
	like "$OUT" "^copied staging_songs 1168 of $objects 1168 and completed 1168 0\$" \
		"$name: COPY with IAM_ROLE and 'auto', and what the load views say of it"
	is "$(sed -n 's/^counts //p' <<<"$OUT")" "$want" "$name: dwh's own counts"
	like "$OUT" "^aborted: Load into table 'staging_songs' failed\.  Check 'stl_load_errors' system table for details\.$" \
		"$name: bad data aborts a load, in the words that people know"
	like "$OUT" "^error s3://sparkify/bad_data/one.json 1 year int4 MCMLX 1207 Invalid digit, Value 'M', Pos 0, Type: Integer$" \
		"$name: and where people look it is told"
	is "$(sed -n 's/^after //p' <<<"$OUT")" 1168 "$name: nothing of it is there"
}
by_hand require
by_hand verify-full "$T/tls/ca.crt"
OUT=$(/usr/bin/python3 "$TOP/tests/peers/original.py" "$T/hand.cfg" verify-full \
	/etc/ssl/certs/ca-certificates.crt 2>&1)
like "$OUT" 'certificate verify failed' 'psycopg2: authorities who do not know it are not enough'

# ---- the same with psql ----

export PGSSLMODE=verify-full PGSSLROOTCERT=$T/tls/ca.crt
role=arn:aws:iam::123456789012:role/dwhRole
rs -Atq >"$T/psql.out" 2>"$T/err" <<-SQL
	\\set ON_ERROR_STOP on
	drop table if exists plays;
	drop table if exists catalogue;
	create table plays (id bigint identity(0, 1), artist varchar, auth varchar, firstname varchar,
		gender varchar, iteminsession int, lastname varchar, length float, level varchar,
		location varchar, method varchar, page varchar, registration varchar, sessionid int,
		song varchar, status int, ts timestamp sortkey, useragent varchar, userid int distkey);
	create table catalogue (song_id varchar(18) encode zstd, title varchar, artist_name varchar,
		artist_id varchar, primary key (song_id)) diststyle key distkey (song_id)
		compound sortkey (artist_id, title);
	begin;
	copy plays from 's3://sparkify/log_data' credentials 'aws_iam_role=$role' region 'us-west-2'
		timeformat as 'epochmillisecs' compupdate off statupdate off
		format as json 's3://sparkify/log_json_path.json';
	copy catalogue from 's3://sparkify/song_data' iam_role '$role' format as json 'auto';
	commit;
	select count(*) from plays;
	select count(*) from catalogue;
	select count(distinct (p.ts, p.userid, p.sessionid, c.song_id)) from plays p
		join catalogue c on p.song = c.title and p.artist = c.artist_name and p.page = 'NextSong';
	select count(*) from stl_load_commits where query = pg_last_copy_id();
	select trim(status) from sys_load_history order by query_id desc limit 1;
SQL
is $? 0 'psql: the same session'
is "$(tr '\n' ' ' <"$T/psql.out")" "$(cut -d' ' -f1-3 <<<"$want") $objects completed " "psql: dwh's own counts"
is "$(grep -c '^INFO:  Load into table .* completed, [0-9]* record(s) loaded successfully' "$T/err")" 2 \
	'psql: and says what it loaded'
done_testing
