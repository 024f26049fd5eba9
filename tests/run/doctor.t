#!/bin/bash
# dwh doctor: what a load needs, what is missing of it with the remedy, and the exit code of the first
# thing that is. It goes on after each, makes nothing, and never shows a secret.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
own_redshiftd

# state WHAT: "STATE FOUND: REMEDY" of a finding in $OUT, which is JSON
state() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | "\(.state) \(.found): \(.remedy)"' <<<"$OUT"; }
missing() { jq -r '[.findings[] | select(.state == "missing") | .what] | join(", ")' <<<"$OUT"; }
warned() { jq -r '[.findings[] | select(.state == "warn") | .what] | join(", ")' <<<"$OUT"; }
doctor() { dwh doctor --json "$@"; }
all_well() { # all_well NAME OPTIONS...
	doctor "${@:2}"
	is "$ST $(jq .exit <<<"$OUT") $(missing)|$(warned)" '0 0 |' "$1: all is well"
}
# wants CODE WHAT REGEX NAME OPTIONS...: that alone is missing, with the remedy
wants() {
	doctor "${@:5}"
	is "$ST $(jq .exit <<<"$OUT") $(missing)" "$1 $1 $2" "$4: exit code $1"
	like "$(state "${2%%,*}")" "$3" "$4: the remedy"
}
nothing_made() { find "$T/.dwh" "$T/buckets/manifests" -type f 2>/dev/null; }

without() { # without KEY COMMAND...: the configuration lacks the key meanwhile
	cp -p "$T/dwh.cfg" "$T/kept.cfg"
	sed -i "/^$1 =/d" "$T/dwh.cfg"
	"${@:2}"
	mv "$T/kept.cfg" "$T/dwh.cfg"
}

# ---- redshift ----

redshift_config
all_well redshift
is "$(nothing_made)" '' 'redshift: nothing is left in the bucket, nothing made here'
is "$(sql "select count(*) from pg_namespace where nspname = 'dwh'")" 0 'redshift: nor in the warehouse'
for fact in 'version ok Redshift 1\.0' 'isolation ok Snapshot Isolation' 'slices ok 4:' 'WLM ok automatic' \
	'login ok user awsuser of database postgres, with a password' 'role ok .* of account 123456789012' \
	'AWS key ok \*\*\*\*TEST, from .*dwh\.cfg \[AWS\]' 'clock of S3 ok less than' 'workers ok 2' \
	'COPY staging_songs unknown not tried: .*dwh create' '[S3] LOG_JSONPATH ok .*may be read'; do
	what=${fact%% ok *}
	what=${what%% unknown *}
	like "$(state "$what")" "^${fact#"$what "}" "redshift: $what"
done
dwh create
all_well 'redshift, with tables'
like "$(state 'COPY staging_songs')" '^ok with NOLOAD: the cluster reads the first object' 'a COPY with NOLOAD proves the role'
is "$(sql 'select count(*) from staging_songs'; nothing_made | grep -c manifests)" '0
0' 'and loads nothing, leaves nothing'
dwh doctor
is "$ST" 0 'for people'
like "$(head -n 1 <<<"$OUT")" '^ *state +what +found and remedy' 'a table'
like "$(tail -n 1 <<<"$OUT")" '^Nothing that a load needs is missing; 0 warning' 'and a word at its end'
is "$(grep -c '^ *- ' <<<"$OUT")" 0 'nothing is unknown'
is "$(grep -c -e "$RS_PASSWORD" -e "$S3_SECRET" -e "$S3_ID" <<<"$OUT$ERR")" 0 'no secret in it'

wants 4 warehouse 'is the server running, and are \[CLUSTER\] HOST and DB_PORT right' 'a wrong port' \
	--set CLUSTER.DB_PORT=1
like "$(state '[S3] SONG_DATA')" '^ok ' 'a wrong port: S3 is looked at all the same'
DWH_CLUSTER_DB_PASSWORD=wrong wants 4 warehouse ': check \[CLUSTER\] DB_USER and DB_PASSWORD \(or .*DB_SECRET\)$' 'a wrong password'
wants 4 warehouse 'check \[CLUSTER\] HOST' 'a wrong host' --set CLUSTER.HOST=no-such-host.invalid
wants 4 warehouse 'is \[WAREHOUSE\] ENGINE right' 'another engine' \
	--set WAREHOUSE.ENGINE=postgres
wants 4 'schema none' 'does not exist: say CREATE SCHEMA none' 'no such schema' --set WAREHOUSE.SCHEMA=none
without ARN wants 2 role '\[IAM_ROLE\] ARN is not set: set \[IAM_ROLE\] ARN' 'no role'
wants 2 role 'is no ARN of a role' 'a role that is none' --set IAM_ROLE.ARN=arn:aws:iam::1234:role/dwh
wants 5 '[S3] SONG_DATA' 'the bucket does not exist .*: check the s3:// addresses' 'no such bucket' \
	--set S3.SONG_DATA=s3://none/songs
wants 5 '[S3] SONG_DATA' 'there are no objects under' 'an empty prefix' --set S3.SONG_DATA=s3://sparkify/none/
wants 5 '[S3] LOG_JSONPATH, COPY staging_events' 'the object does not exist .*: check the address' 'no JSON paths' \
	--set S3.LOG_JSONPATH=s3://sparkify/none.json
wants 5 '[S3] MANIFESTS' 'the bucket does not exist' 'no bucket for manifests' --set S3.MANIFESTS=s3://none/m
without MANIFESTS wants 2 '[S3] MANIFESTS' 'not set: set it to a folder' 'no place for manifests'
wants 5 '[S3] LOG_DATA' 'AWS\] ENDPOINT|is it running' \
	'no S3 there' --set AWS.ENDPOINT=http://127.0.0.1:1
AWS_ENDPOINT_URL_S3=http://127.0.0.1:1 without ENDPOINT doctor
like "$(state '[S3] LOG_DATA')" 'is it running\? The address is AWS_ENDPOINT_URL_S3' 'which the environment has set'
doctor --set AWS.ENDPOINT=http://127.0.0.1:1
unknown() { jq -r '[.findings[] | select(.state == "unknown") | .what] | join(", ")' <<<"$OUT"; }
is "$(unknown)" '[S3] LOG_JSONPATH, [S3] SONG_DATA, [S3] MANIFESTS, clock of S3, COPY staging_events, COPY staging_songs' \
	'no S3 there: what is not looked at is named'
dwh doctor --set AWS.ENDPOINT=http://127.0.0.1:1
like "$OUT" '^ *- +\[S3\] SONG_DATA +not looked at' 'for people, too'
like "$(tail -n 1 <<<"$OUT")" '^1 thing\(s\) missing, 0 warning\(s\), 6 not known: exit code 5' 'and counted apart'
doctor --set CLUSTER.DB_PORT=1
like "$(state 'COPY staging_songs')" '^unknown not tried' 'no warehouse there: the COPYs are named'

# What the run refuses at once: a quarantine without manifests, lanes that are not those wanted.
wants 2 '[S3] MANIFESTS, lanes of staging_events, lanes of staging_songs' 'no object can be held back: leave' 'a prefix with a quarantine' \
	--set S3.MANIFESTS=none --set LOAD.MAX_BAD_OBJECTS=3
wants 3 'lanes of staging_events, lanes of staging_songs' 'was made with 2 lanes, and COPY by a prefix' \
	'a prefix over lanes' --set S3.MANIFESTS=none
wants 2 'lanes of staging_events, lanes of staging_songs' 'was made with 2 lane.*LANES says 3' \
	'another number of lanes' --set LOAD.LANES=3

# A COPY that fails: what is wrong of the role is told of the role alone.
mkdir -p "$T/parquet/copy"
sed 's/^FORMAT.*/FORMAT AS PARQUET/' "$TOP/sql/sparkify/copy/staging_songs.sql" >"$T/parquet/copy/staging_songs.sql"
wants 4 'COPY staging_songs' 'PARQUET.*: $' 'a COPY that is not executed' --set LOAD.MODEL="sparkify $T/parquet"
"$DWH" s3d --root "$T/buckets" --key-file "$T/s3d.key" --port 0 --fault get:403:100% >"$T/denied.ready" 2>>"$T/s3d.log" &
DENIED=$!
disown
until_true 10 grep -q ready "$T/denied.ready"
stop_redshiftd
own_redshiftd --s3-endpoint "http://127.0.0.1:$(sed -n 's/^s3d ready //p' "$T/denied.ready")"
wants 5 'COPY staging_events, COPY staging_songs' 'AccessDenied.*: the role of .* needs s3:ListBucket.*files: its policy must have \{' \
	'a role that may not read'
kill $DENIED
stop_redshiftd
own_redshiftd
wants 2 '[S3] LOG_DATA, [S3] LOG_JSONPATH, [S3] SONG_DATA, [S3] MANIFESTS' 'another|REGION = us-west-2' 'another region' \
	--set AWS.REGION=eu-west-1
sed 's/^SECRET = .*/SECRET = wrong-one/' "$T/dwh.cfg" >"$T/wrong.cfg"
chmod 600 "$T/wrong.cfg"
OUT=$("$DWH" doctor -c "$T/wrong.cfg" --json 2>"$T/err")
is "$? $(state '[S3] LOG_DATA' | grep -c 'check the access key and its secret')" '2 1' 'a wrong secret: exit code 2'
is "$(grep -c -e wrong-one -e "$S3_ID" <<<"$OUT")" 0 'which is not shown'
sed -E '/^(KEY|SECRET) =/d' "$T/dwh.cfg" >"$T/wrong.cfg"
OUT=$("$DWH" doctor -c "$T/wrong.cfg" --json 2>"$T/err")
is "$? $(missing)" '2 AWS key' 'no key: exit code 2'
doctor -w 20
is "$ST $(warned)" '0 workers' 'twenty workers: a warning'
stop_redshiftd
own_redshiftd --isolation serializable --tls-dir "$T/tls"
doctor
like "$(state isolation)" '^ok Serializable: COPYs into one table wait' 'the other isolation level'

redshift_config require
doctor
like "$(state TLS)" '^warn TLSv1.*; certificate not verified: set \[WAREHOUSE\] SSLMODE = verify-full' \
	'TLS that nobody verifies: a warning'
is "$ST $(warned)" '0 TLS' 'and that alone'
doctor --set WAREHOUSE.SSLMODE=verify-ca --set WAREHOUSE.SSLROOTCERT="$T/tls/ca.crt"
like "$(state TLS)" '^ok TLSv1.*; certificate verified' 'TLS that is verified'
wants 4 warehouse 'check \[WAREHOUSE\] SSLMODE and SSLROOTCERT' 'a certificate that nobody vouches for' \
	--set WAREHOUSE.SSLMODE=verify-full
redshift_config

# views that refuse, that are not there, and a WLM with few slots
system() { PGPASSWORD=$PG_PASSWORD psql -XAtq -h "$T/sock" -U loader -d postgres -c 'set allow_system_table_mods to on' \
	"$@" >"$T/out" 2>&1; }
system -c 'drop view sys_load_detail' -c 'create view pg_catalog.sys_load_detail as
	select 1 / cast(random() * 0 as integer) as query_id'
wants 4 'view sys_load_detail' 'GRANT SELECT ON sys_load_detail TO awsuser' 'a view that refuses'
system -c 'drop view sys_load_detail, stl_load_commits' -c 'create or replace view
	pg_catalog.stv_wlm_service_class_config as select 6 as service_class, 1 as num_query_tasks,
	cast(null as char(64)) as name'
doctor
is "$ST $(warned)" '0 WLM, load views' 'no views, and few slots: warnings'
like "$(state WLM)" '1 slots of all queues together for 2 workers.*: use -w 1' 'few slots: the remedy'
system -c 'create or replace view pg_catalog.stv_wlm_service_class_config as select 6 as service_class,
	1 as num_query_tasks, cast(null as char(64)) as name where false'
doctor
is "$ST $(warned) $(state WLM | cut -d: -f1)" '0 load views unknown not told to this user' \
	'no rows of the WLM, as for a user who is no superuser: nothing is advised'
like "$(state 'load views')" 'shards stay UNVERIFIED' 'no views: what follows'
stop_redshiftd
own_redshiftd

# denied: of the bucket, of an object, of writing
for fault in 'list:403:100% LOG_DATA' 'put:403:100% MANIFESTS'; do
	stop_s3d
	own_s3d --fault "${fault% *}"
	doctor
	is "$ST" 5 "denied (${fault% *}): exit code 5"
	like "$(state "[S3] ${fault#* }")" '^missing .*denied.*: the credentials need s3:' "denied (${fault% *}): the remedy"
done
stop_s3d
own_s3d --fault head:403:100%
doctor
is "$ST $(warned)" '0 [S3] LOG_DATA, [S3] LOG_JSONPATH, [S3] SONG_DATA' \
	'reading denied: a warning, since the cluster reads by its role'
stop_s3d
own_s3d

sql 'drop schema dwh cascade; drop schema public cascade; create schema public' >/dev/null

# ---- postgres ----

postgres_config
rm -rf "$T/.dwh"
all_well postgres
is "$(nothing_made)" '' 'postgres: nothing is made'
is "$(state role)$(state slices)$(state WLM)" '' 'postgres: without what is of Redshift alone'
wants 4 warehouse 'HOST and DB_PORT' 'no server' --set CLUSTER.HOST="$T"
wants 2 version 'this is no Redshift: set \[WAREHOUSE\] ENGINE = postgres' 'no Redshift' \
	--set WAREHOUSE.ENGINE=redshift --set CLUSTER.DB_PORT=5432 --set WAREHOUSE.SSLMODE=disable --set IAM_ROLE.ARN=arn:aws:iam::123456789012:role/x
without MANIFESTS doctor
is "$ST $(warned)" '0 [S3] MANIFESTS' 'manifests in a folder: a warning'
sql "create role poor login password 'x'; revoke create on schema public from public" >/dev/null
DWH_CLUSTER_DB_PASSWORD=x wants 4 'schema public, schema dwh' 'GRANT USAGE, CREATE ON SCHEMA public TO poor' \
	'a user who may nothing' --set CLUSTER.DB_USER=poor
stop_s3d
own_s3d --fault head:403:100%
doctor
is "$ST $(missing)" '5 [S3] LOG_DATA, [S3] LOG_JSONPATH, [S3] SONG_DATA' 'reading denied: missing, since we read'
stop_s3d

# A clock that is an hour ahead, of a server that takes nothing.
cat >"$T/late.py" <<-'PY'
	import email.utils, http.server, time
	class Late(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        self.send_response_only(403)
	        self.send_header("Date", email.utils.formatdate(time.time() + 3600, usegmt=True))
	        self.send_header("Content-Length", "0")
	        self.end_headers()
	    do_HEAD = do_DELETE = do_GET
	    def do_PUT(self):
	        self.rfile.read(int(self.headers["Content-Length"]))
	        self.do_GET()
	    def log_message(self, *args):
	        pass
	server = http.server.HTTPServer(("127.0.0.1", 0), Late)
	print(server.server_port, flush=True)
	server.serve_forever()
PY
python3 "$T/late.py" >"$T/late.port" 2>/dev/null &
LATE=$!
disown
until_true 10 grep -q . "$T/late.port"
doctor --set AWS.ENDPOINT="http://127.0.0.1:$(cat "$T/late.port")"
kill $LATE
like "$(state 'clock of S3')" '^warn 3[56][0-9]{2} s ahead of ours.*: set the clock' 'a clock that is wrong'

# ---- local ----

local_config
sed -i "s|^DIR = .*|DIR = $T/own|" "$T/dwh.cfg"
all_well 'local, before the first run'
is "$(find "$T/own" 2>/dev/null)" '' 'local: nothing is made'
like "$(state services)" 'not made yet: the first `dwh run` makes them' 'local: which is said'
dwh run
all_well 'local, loaded'
like "$(state 'schema dwh')" 'has a ledger' 'local: the ledger is seen'
is "$(find "$T/buckets/dwh-manifests" -name 'doctor*')" '' 'local: nothing is left'
wants 2 PostgreSQL 'PG_BIN|postgresql' 'no PostgreSQL' --set LOCAL.PG_BIN=/nowhere
is "$(pids_of 'dwh: keeper')" '' 'local: nothing is left running'
done_testing
