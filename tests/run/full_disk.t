#!/bin/bash
# A disk that is full: under the warehouse, under its log, under .dwh, under the buckets. The run ends
# soon, says so once with the place and what to do, and when there is space again `dwh run` completes
# it. The disks are tmpfs of the test's own.
. "$(dirname "$0")/lib.sh"
small_data
mkdir "$T/probe"
mount -t tmpfs -o size=1m none "$T/probe" 2>/dev/null || skip_all 'no small disks: mounting is not allowed here'
umount "$T/probe"
want='8056 1168 38 105 1168 1108 8023'

MOUNTS=()
disk() { # disk NAME SIZE [OWNER]: $T/NAME is a disk
	mkdir -p "$T/$1"
	mount -t tmpfs -o "size=$2" none "$T/$1"
	MOUNTS+=("$T/$1")
	chown "${3:-root}" "$T/$1"
}
unmount_all() {
	cd / || exit 1
	for p in $(left_running | cut -d' ' -f1); do kill -QUIT "$p" 2>/dev/null; done
	until_true 3 nothing_left
	umount -l "${MOUNTS[@]}"
	clean_up
}
trap unmount_all EXIT
available() { df --output=avail -B1 "$T/$1" | tail -n 1; }
fill() { # fill NAME BYTES: so many are left
	head -c $(($(available "$1") - $2)) /dev/zero >"$T/$1/filler" 2>"$T/fill.err"
}
free_again() { rm "$T/$1/filler"; }
said_once() { # said_once REGEX NAME
	is "$(grep -c 'error: ' "$T/err")" 1 "$2: one error"
	like "$(grep 'error: ' "$T/err")" "$1" "$2: the message"
	[ "$(grep 'warning: ' "$T/err" | grep -vc 'ANALYZE')" -le 1 ]
	ok $? "$2: and not a warning for each task"
}
completes() { # completes NAME
	dwh run
	is "$ST" 0 "$1: with space again, dwh run succeeds"
	is "$(counts)" "$want" "$1: with the counts of a clean load"
	is "$(sql 'select sum(row_count) from dwh.ledger')" 9224 "$1: nothing is loaded twice"
}

# ---- under PostgreSQL ----

start_postgres() {
	"${AS[@]}" "$PG_BIN/postgres" -D "$T/pg" -k "$T/sock" -c listen_addresses= -c fsync=off \
		>"$T/pg.log" 2>&1 &
	PG=$!
	disown
	until_true 20 "$PG_BIN/pg_isready" -q -h "$T/sock"
}
AS=()
[ "$(id -u)" != 0 ] || AS=(setpriv --reuid=postgres --regid=postgres --init-groups)
PG_BIN=$(dirname "$(find /usr/lib/postgresql/*/bin -name initdb | sort -V | tail -n 1)")
PG_PASSWORD=secret
mkdir "$T/sock"
disk pg 120m postgres
disk wal 80m postgres
(umask 077 && echo $PG_PASSWORD >"$T/pg.password")
chown postgres "$T/sock" "$T/pg.password"
mkdir "$T/wal/log"
chown postgres "$T/wal/log"
"${AS[@]}" "$PG_BIN/initdb" -D "$T/pg" -U loader -A scram-sha-256 --pwfile="$T/pg.password" -E UTF8 \
	--locale=C --no-sync --wal-segsize=1 --waldir="$T/wal/log" >"$T/initdb.log" 2>&1
start_postgres
own_s3d
postgres_config
full="no space left on the warehouse's disk: .*(No space left on device|wrote only [0-9]+ of 8192 bytes).*: free space there, and run again"

dwh create
fill pg 500000
dwh run --set LOAD.SHARD_OBJECTS=200
is "$ST" 4 'in the middle of a COPY: exit code 4'
said_once "copy staging_[a-z]* [0-9a-f]{8}: $full" 'in the middle of a COPY'
is "$(sql 'select coalesce(sum(row_count), 0) = (select count(*) from staging_songs) +
	(select count(*) from staging_events) from dwh.ledger')" t \
	'in the middle of a COPY: the ledger has what is loaded'
is "$(left_running | grep 'dwh: ')" '' 'in the middle of a COPY: no worker is left'
free_again pg
completes 'in the middle of a COPY'

sums=$(checksums)
sql 'delete from dwh.step'
sql 'vacuum full'
sql 'select 1' >"$T/out" # a session after it writes what the next ones begin with
fill pg 300000
dwh run
is "$ST" 4 'in the middle of an insert: exit code 4'
said_once "insert [a-z]*: sql/sparkify/insert/[a-z]*.sql: $full" 'in the middle of an insert'
is "$(checksums)" "$sums" 'in the middle of an insert: the tables are as they were'
free_again pg
completes 'in the middle of an insert'

# What is written when a transaction commits: a trigger that is put off until then stands for it.
sql "create function full_disk() returns trigger language plpgsql as \$\$ begin
	raise exception 'could not extend file \"base/1\": No space left on device' using errcode = '53100';
	end \$\$;
	create constraint trigger full_disk after insert on dwh.ledger deferrable initially deferred
		for each row execute function full_disk()"
dwh run --fresh
is "$ST" 4 'at COMMIT: exit code 4'
said_once "copy staging_[a-z]* [0-9a-f]{8}: $full" 'at COMMIT'
is "$(sql 'select count(*) from dwh.ledger natural join dwh.target')/$(sql 'select count(*) from staging_songs')" \
	0/0 'at COMMIT: nothing is loaded, and the ledger does not say so'
sql 'drop function full_disk cascade'
completes 'at COMMIT'

# PostgreSQL panics when its log finds no space, and does not come back before there is some.
rm -r "$T/buckets/sparkify/song_data"
cp -al "$DATA/song_data" "$T/buckets/sparkify"
fill wal 300000
dwh run --fresh
like "$(cat "$T/pg.log")" 'PANIC: .*No space left on device' 'no space for the log: the server panics'
like "$ST" '^[46]$' 'no space for the log: exit code 4, or 6 where shards are left'
like "$(grep -m 1 'error: ' "$T/err")" \
	"cannot connect to the warehouse at .*; it was there before: its log tells what ended it \(a full disk may\)" \
	'no space for the log: the message sends one to the log of the server'
is "$(grep -c 'error: ' "$T/err")" 1 'no space for the log: one error'
free_again wal
until_true 30 not_there "$PG"
rm -f "$T/pg/postmaster.pid"
start_postgres
want='8056 14896 333 105 14896 10025 8023'
dwh run
is "$ST" 0 'no space for the log: with space again, dwh run succeeds'
is "$(counts)" "$want" 'no space for the log: with the counts of a clean load'
rm -r "$T/buckets/sparkify/song_data"
mkdir "$T/buckets/sparkify/song_data"
cp -al "$DATA/song_data/A/A" "$DATA/song_data/A/B" "$T/buckets/sparkify/song_data"
want='8056 1168 38 105 1168 1108 8023'

# ---- under .dwh: the journal ----

disk .dwh 4m
fill .dwh 8000
dwh run --fresh
is "$ST" 3 'no space for the journal: exit code 3'
said_once "cannot write to $T/.dwh/runs/.*/journal.jsonl: No space left on device: free space on that disk; .*dwh.ledger" \
	'no space for the journal'
is "$OUT" '' 'no space for the journal: no report pretends to be one'
is "$(counts)" "$want" 'no space for the journal: the load was completed'
dwh report
is "$ST" 0 'no space for the journal: its torn line is no hindrance'
like "$OUT" 'The run was killed before it ended' 'no space for the journal: its end is not known'
free_again .dwh
dwh run
is "$ST $(counts)" "0 $want" 'no space for the journal: with space again, all is up to date'

# ---- under the buckets ----

disk buckets/manifests 300k
fill buckets/manifests 12000
dwh run --fresh
is "$ST" 5 'no space for manifests: exit code 5'
said_once "\[S3\] MANIFESTS: s3://manifests/.*no space left on the server's disk \(HTTP 507.*: free space there" \
	'no space for manifests'
is "$(find "$T/buckets/manifests" -type f -size -1)" '' 'no space for manifests: no empty object is left'
curl -s -o "$T/answer" -w '%{http_code}' --aws-sigv4 aws:amz:us-west-2:s3 --user "$S3_ID:$S3_SECRET" \
	-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -T "$DATA/log_data/2018/11/2018-11-30-events.json" \
	"http://127.0.0.1:$S3_PORT/manifests/big" >"$T/status"
is "$(cat "$T/status")" 507 'a PUT without space is refused'
like "$(cat "$T/answer")" '<Code>InsufficientStorage</Code>' 'with an error of S3'
[ ! -e "$T/buckets/manifests/big" ]
ok $? 'and no half of the object is there'
is "$(find "$T/buckets/manifests/.s3d/tmp" -type f)" '' 'nor a draft of it'
free_again buckets/manifests
completes 'no space for manifests'

# ---- what dwh itself makes ----

disk small 20m
"$DWH" data --out "$T/small/data" >"$T/out" 2>"$T/err"
status=$?
if [ $status = 0 ]; then # a data set takes less than the disk
	fill small 200000
	"$DWH" data --out "$T/small/data2" >"$T/out" 2>"$T/err"
	status=$?
fi
[ $status != 0 ]
ok $? "dwh data on a full disk: exit code $status"
said_once "$T/small/data.*No space left on device: free space on that disk" 'dwh data on a full disk'

stop_postgres
stop_s3d
disk local 20m
local_config
sed -i "s|^DIR = .*|DIR = $T/local|" "$T/dwh.cfg"
dwh run
is "$ST" 4 'no space for the first PostgreSQL: exit code 4'
said_once "cannot make a PostgreSQL in $T/local/pg: .*(No space left on device|wrote only).*: free space on that disk" \
	'no space for the first PostgreSQL'
[ ! -e "$T/local/pg.new" ]
ok $? 'no space for the first PostgreSQL: no half of it stays'
is "$(left_running)" '' 'no space for the first PostgreSQL: nothing is left running'
mount -o remount,size=300m "$T/local"
completes 'no space for the first PostgreSQL'
fill local 0
dwh run
is "$ST" 4 'no space to start PostgreSQL: exit code 4'
said_once "PostgreSQL did not start .*$T/local/local/postgres.log: .*No space left on device: free space on that disk" \
	'no space to start PostgreSQL'
free_again local
completes 'no space to start PostgreSQL'

# The local PostgreSQL panics in the middle of a load: no answer, no services, and what its log says.
sql 'select pg_sleep(20)' &
until_true 10 sql 'select 1'
sed -i 's|^WORKERS = 2|&\nSHARD_OBJECTS = 1|' "$T/dwh.cfg"
"$DWH" run -c "$T/dwh.cfg" --fresh >"$T/out" 2>"$T/run.err" & # err is that of sql
RUN=$!
until_true 10 eval '[ "$(pids_of "dwh: worker [0-9]+ copy staging_songs")" ]'
fill local 0
for _ in {1..400}; do
	sql 'select pg_switch_wal(); create table x (i int); drop table x' >"$T/switch" 2>&1 || break
done
wait $RUN
is $? 4 'the local PostgreSQL panics: exit code 4'
wait
mv "$T/run.err" "$T/err"
like "$(grep 'error: ' "$T/err")" \
	"(the local services of $T/local have ended; see $T/local/local/postgres.log: |on the warehouse's disk: ).*(No space left on device|wrote only).*free space" \
	'the local PostgreSQL panics: the message'
until_true 10 nothing_left
is "$(left_running)" '' 'the local PostgreSQL panics: nothing is left running'
free_again local
completes 'the local PostgreSQL panics'
done_testing
