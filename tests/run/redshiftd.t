#!/bin/bash
# dwh redshiftd as other people's clients see it: psql, psycopg2, pgbench.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
own_redshiftd --tls-dir "$T/tls"
role="iam_role 'arn:aws:iam::123456789012:role/dwh'"
q() { OUT=$(rs -Atq -c "$1" 2>"$T/err"); ST=$?; ERR=$(cat "$T/err"); }

# ---- coming in ----

q 'select version()'
like "$OUT" '^PostgreSQL 8\.0\.2 on .*, Redshift 1\.0\.' 'version() is a cluster'"'"'s'
is "$(rs -Atqc '\echo :SERVER_VERSION_NUM')" 80002 'and so is the server_version of the protocol'
OUT=$(PGPASSWORD=wrong psql -X -h 127.0.0.1 -p "$REDSHIFT_PORT" -U awsuser postgres -c 'select 1' 2>&1)
like "$OUT" 'FATAL:  password authentication failed for user "awsuser"' 'a wrong password'
OUT=$(PGPASSWORD=$RS_PASSWORD psql -X -h 127.0.0.1 -p "$REDSHIFT_PORT" -U loader postgres -c 'select 1' 2>&1)
like "$OUT" 'FATAL:  password authentication failed for user "loader"' 'a user of PostgreSQL is none here'
OUT=$(PGPASSWORD=$RS_PASSWORD psql -X -h 127.0.0.1 -p "$REDSHIFT_PORT" -U awsuser other -c 'select 1' 2>&1)
like "$OUT" 'FATAL:  database "other" does not exist' 'a database that is not there'
OUT=$(PGOPTIONS='-c geqo=off' rs -c 'select 1' 2>&1)
like "$OUT" 'FATAL:  unrecognized configuration parameter' 'a startup option that no cluster knows'
export PGSSLMODE=verify-full PGSSLROOTCERT=$T/tls/ca.crt
like "$(rs -c '\conninfo')" 'SSL connection \(protocol: TLSv1\.[23]' 'TLS, its certificate verified'
is "$(rs -Atc "select repeat('x', 100000)" | wc -c)" 100001 'much passes through it'
PGSSLROOTCERT=/etc/ssl/certs/ca-certificates.crt rs -c 'select 1' >/dev/null 2>&1
is $? 2 'whoever trusts others only does not come in'
unset PGSSLMODE PGSSLROOTCERT
is "$(stat -c %a "$T/tls/server.key")" 600 'the key is for its owner'

# ---- COPY ----

q 'create table public.events (artist varchar(256), ts bigint primary key) diststyle even sortkey (ts)'
is "$ST" 0 "a table in Redshift's words"
q "copy events from 's3://sparkify/log_data' $role json 'auto'; select pg_last_copy_count()"
is "$OUT" 8056 'COPY of a prefix, and its count, in one string'
like "$ERR" "^INFO:  Load into table 'events' completed, 8056 record\(s\) loaded successfully\.$" 'and its INFO'
q "select count(*), (select sum(lines_scanned) from stl_load_commits),
	(select trim(status) || loaded_rows from sys_load_history) from events"
is "$OUT" '8056|8056|completed8056' 'its rows, and the load views'

(
	cd "$T/buckets/sparkify" || exit 1
	printf '{"entries":['
	find log_data -name '*.json' | sort | head -n 2 | while read -r f; do
		printf '{"url":"s3://sparkify/%s","mandatory":true},' "$f"
	done
	printf '{"url":"s3://sparkify/log_data/not there","mandatory":%s}]}' false
) >"$T/buckets/sparkify/two.manifest"
two=$(find "$T/buckets/sparkify/log_data" -name '*.json' | sort | head -n 2 | xargs grep -oh '"artist"' | wc -l)
q "begin; copy events from 's3://sparkify/two.manifest' $role manifest json 'auto';
	select pg_last_copy_count(); commit"
is "$OUT" "$two" 'COPY of a manifest, in a transaction of the string; what may be missing is left out'
sed -i 's/false}/true}/' "$T/buckets/sparkify/two.manifest"
q "copy events from 's3://sparkify/two.manifest' $role manifest json 'auto'"
like "$ERR" '^ERROR:  S3ServiceException:The specified key does not exist\.,Status 404,Error NoSuchKey' \
	'and what may not is an error of S3'
q "copy events from 's3://sparkify/nothing' $role json 'auto'"
like "$ERR" 'ERROR:  .*nothing.* does not exist' 'a prefix without objects'
q "copy events from 's3://sparkify/log_data' iam_role '' json 'auto'"
like "$ERR" 'ERROR:  .*IAM_ROLE' 'no role'
q "copy nowhere from 's3://sparkify/log_data' $role json 'auto'"
like "$ERR" 'ERROR:  .*nonexistent table nowhere' 'no table'

echo '{"artist":"a","ts":"x1"} {"artist":"b","ts":3}' >"$T/buckets/sparkify/bad.json"
q "begin; create table gone (x int); copy events from 's3://sparkify/bad.json' $role json 'auto'"
like "$ERR" "ERROR:  Load into table 'events' failed.  Check 'stl_load_errors' system table for details." \
	'bad data fails it'
q "select count(*) from events"
is "$OUT" $((8056 + two)) 'and leaves nothing'
q "select count(*), min(err_code), min(trim(colname)), min(trim(raw_field_value)) from stl_load_errors"
is "$OUT" '1|1207|ts|x1' 'but the reason, which outlives the rollback'
q "copy events from 's3://sparkify/bad.json' $role json 'auto' maxerror 5"
like "$ERR" '1 record\(s\) could not be loaded' 'or is borne, with MAXERROR'
OUT=$(rs -Atq 2>/dev/null <<-SQL
	create table gone (x int)\; copy events from 's3://sparkify/bad.json' $role json 'auto';
	select count(*) from pg_class where relname = 'gone';
SQL
)
is "$OUT" 0 'a string of statements is one transaction, and the session goes on'
q "begin" && q "select status from sys_load_history where status = 'running'"
is "$OUT" '' 'nothing runs any more'

# ---- transactions ----

OUT=$(rs -Atq 2>&1 <<-SQL
	begin;
	copy events from 's3://sparkify/log_data' $role json 'auto';
	rollback;
	select count(*) from events;
	begin;
	copy events from 's3://sparkify/nothing' $role json 'auto';
	select 1;
	rollback;
	select count(*) from events;
	begin;
	truncate events;
	rollback;
	select count(*) from events;
SQL
)
is "$(grep -vE 'INFO|WARNING' <<<"$OUT" | tr '\n' ' ')" "$((8057 + two)) ERROR:  The specified S3 prefix 'nothing' does not exist \
ERROR:  current transaction is aborted, commands ignored until end of transaction block $((8057 + two)) 0 " \
	'COPY rolls back, fails its transaction; TRUNCATE commits'
for s in 'savepoint x' 'create index i on events (ts)' "unload ('select 1') to 's3://b/k'" \
	'copy events from stdin' 'select distinct on (ts) ts from events'; do
	q "$s"
	like "$ERR" '^ERROR:  .*(not supported|does not do|must be)' "refused: $s"
done
q 'set lock_timeout to 1000'
like "$ERR" 'unrecognized configuration parameter "lock_timeout"' 'a parameter of later servers'
q "set query_group to 'etl'; vacuum delete only events to 99 percent"
like "$ERR" 'cannot run inside a transaction' 'VACUUM is its own'
q 'vacuum delete only events to 99 percent'
is "$ST" 0 "VACUUM with Redshift's options"

# ---- prepared statements ----

if command -v "$PG_BIN/pgbench" >/dev/null; then
	# Without an ARN: to pgbench :aws is a variable.
	cat >"$T/bench.sql" <<-SQL
		select pg_last_copy_id();
		begin;
		copy events from 's3://sparkify/two.manifest' iam_role default manifest json 'auto';
		commit;
		select count(*) from events where ts > 1;
		truncate events;
		copy events from 's3://sparkify/two.manifest' iam_role default manifest json 'auto';
	SQL
	sed -i 's/true}\]/false}]/' "$T/buckets/sparkify/two.manifest"
	for how in extended prepared; do
		PGPASSWORD=$RS_PASSWORD "$PG_BIN/pgbench" -n -M "$how" -t 3 -f "$T/bench.sql" -h 127.0.0.1 \
			-p "$REDSHIFT_PORT" -U awsuser postgres >"$T/out" 2>"$T/err"
		is $? 0 "pgbench, $how"
		q 'select count(*) from events'
		is "$OUT" "$two" "and its rows, $how"
	done
fi
python=python3
"$python" -c 'import psycopg2' 2>/dev/null || python=/usr/bin/python3
OUT=$(RS_PASSWORD=$RS_PASSWORD "$python" - "$REDSHIFT_PORT" <<-'PY' 2>&1
	import os, sys, psycopg2
	c = psycopg2.connect(host="127.0.0.1", port=sys.argv[1], user="awsuser", dbname="postgres",
	                     password=os.environ["RS_PASSWORD"], sslmode="prefer")
	k = c.cursor()
	k.execute("create temp table t (ts bigint)")
	k.execute("""copy t from 's3://sparkify/log_data' iam_role 'arn:aws:iam::1:role/r'
	             json 'auto'""")
	k.execute("select count(*), pg_last_copy_count() from t where ts > %s", (1,))
	print(k.fetchone(), len(c.notices))
	c.rollback()
	try:
	    k.execute("copy t from 's3://sparkify/log_data' iam_role 'x' json 'auto'")
	except psycopg2.Error as e:
	    print(e.pgcode)
	c.rollback()
	k.execute("select 1")
	print(k.fetchone())
PY
)
is "$(tr '\n' ' ' <<<"$OUT")" '(8056, 8056) 1 XX000 (1,) ' 'psycopg2'

# ---- waiting, cancelling ----

stop_redshiftd
own_redshiftd --object-latency 100ms --isolation serializable
q 'select trim(db_isolation_level) from stv_db_isolation_level; truncate events'
is "$OUT" Serializable 'isolation of the database'
running() { [ "$(rs -Atqc "select count(*) from sys_load_history where status = 'running'")" = 1 ]; }
copy="copy events from 's3://sparkify/log_data' $role json 'auto'"
rs -q -c "$copy" >"$T/first" 2>&1 &
first=$!
until_true 30 running
q "select session_id from sys_load_history where status = 'running'"
q "cancel $OUT"
wait "$first"
like "$(cat "$T/first")" "ERROR:  .*cancel" 'CANCEL of another session ends its COPY'
q "select count(*) from events"
is "$OUT" 0 'which leaves nothing'
began=$(date +%s%N)
rs -q -c "$copy" 2>/dev/null &
first=$!
rs -q -c "$copy" 2>/dev/null
wait "$first"
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 6000 ]
ok $? 'two COPYs into one table, serializable: one after the other'
stop_redshiftd
own_redshiftd --object-latency 100ms --isolation snapshot
began=$(date +%s%N)
rs -q -c "$copy" 2>/dev/null &
first=$!
rs -q -c "$copy" 2>/dev/null
wait "$first"
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 3000 ] && [ $took -lt 5900 ]
ok $? 'with snapshot side by side'
timeout -s INT 1 psql -X "host=127.0.0.1 port=$REDSHIFT_PORT user=$RS_USER dbname=postgres password='$RS_PASSWORD'" \
	-c "$copy" >"$T/out" 2>&1
like "$(cat "$T/out")" 'ERROR:  .*cancel' 'a CancelRequest ends a COPY'
q 'select count(*) from events'
is "$OUT" $((4 * 8056)) 'four of them are there'

# ---- a client that dies ----

none() { ! running; }
q 'truncate events'
for begin in 'select 1' begin; do
	PGPASSWORD=$RS_PASSWORD psql -X -h 127.0.0.1 -p "$REDSHIFT_PORT" -U "$RS_USER" -d postgres -q \
		-c "$begin" -c "$copy" >/dev/null 2>&1 &
	client=$!
	disown
	until_true 30 running
	kill -9 "$client"
	until_true 10 none
	q 'select count(*) from events'
	is "$OUT" 8056 "COPY behind '$begin': it goes on without its client, unless in a transaction"
done
OUT=$(rs -Atq 2>&1 <<-SQL
	begin;
	set statement_timeout to 500;
	$copy;
	rollback;
	select 1
SQL
)
is "$(sed 's/^\(ERROR:  [a-z]*\).*/\1/' <<<"$OUT" | tr '\n' ' ')" 'ERROR:  canceling 1 ' \
	'a COPY that takes too long; the session goes on'

# ---- its end ----

rs -q -c "begin; $copy" 2>/dev/null &
until_true 30 running
kill -9 "$REDSHIFTD"
sessions_left() { pids_of 'dwh: redshiftd session' | grep -q .; }
no_sessions() { ! sessions_left; }
until_true 30 no_sessions
ok $? 'sessions do not outlive it'
stop_redshiftd
direct "create table redshiftd.load_file (query_id bigint, file_name varchar(1200), bytes bigint, lines bigint);
	insert into redshiftd.load_file values (9, 's3://old/1', 1, 2), (9, 's3://old/2', 3, 4);
	insert into redshiftd.load (query_id, status, end_time) values (9, 'completed', '2020-01-01')"
own_redshiftd --auth-method 13
is "$(direct "select trim(filename), byte_offset, lines_scanned from stl_load_commits where query = 9 order by 1")" \
	$'s3://old/1|1|2\ns3://old/2|3|4' 'what an earlier redshiftd has written down is still there'
q 'select 1'
like "$ERR" 'authentication method 13 not supported' 'a user with a SHA-256 password'
like "$(tail -n 3 "$T/redshiftd.log")" 'a Redshift over' 'and no word of failure in its log'
done_testing
