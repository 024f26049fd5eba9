#!/bin/bash
# ENGINE = redshift, through redshiftd: the warehouse executes the COPYs, locks are of tables and no
# key is enforced; each row is loaded once all the same, whoever dies, and bad records are found.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
own_redshiftd
redshift_config

ledger() { # shards, distinct ones, rows, verdicts; of the present generation
	sql "select count(*), count(distinct l.relation || l.shard), sum(l.row_count),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation)"
}

dwh load --validate --json
is "$ST $(jq -c '[.totals.objects, .totals.rows, .totals.rejected]' <<<"$OUT")" '0 [1198,9224,0]' \
	'validate reads all before anything is made'
is "$(sql "select count(*) from pg_class where relname ~ '^(staging|songs|ledger)'")" 0 'and leaves nothing'
dwh run --json
is "$ST" 0 'a load'
is "$ERR" "$(grep -v warning "$T/err")" 'without a warning'
counts=$(counts)
is "$counts" '8056 1168 38 105 1168 1108 8023' 'counts'
sums=$(checksums)
is "$(ledger)" '3|3|9224|VERIFIED' 'the ledger'
is "$(sql "select count(*) from pg_class where relname ~ '^staging_(events|songs)_l0[12]$'")" 4 \
	'lanes are the default'
dwh run --json
is "$(jq -c '[.exit, .totals.shards]' <<<"$OUT")" '[0,0]' 'a second run loads nothing'
is "$(counts) $(checksums)" "$counts $sums" 'and changes nothing'
dwh verify
is "$ST" 0 'dwh verify finds nothing'

# ---- a worker dies ----

for place in create:before-commit copy:before-copying copy:before-ledger copy:before-commit \
	copy:after-commit insert:before-commit insert:after-commit; do
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed.$place
	dwh run --fresh --json
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes)" '0 1' "$place: a worker dies, the run succeeds"
	is "$(counts) $(checksums)" "$counts $sums" "$place: counts and checksums"
	is "$(ledger)" '3|3|9224|VERIFIED' "$place: one row a shard in the ledger"
done

stop_s3d
own_s3d --latency 20ms
"$DWH" run -c "$T/dwh.cfg" --fresh >"$T/out" 2>"$T/run.err" &
RUN=$!
kill_at 9 'dwh: worker [0-9]+ copy'
ok $? 'a worker is killed in its COPY'
wait $RUN
is $? 0 'the run succeeds'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums'
is "$(ledger)" '3|3|9224|VERIFIED' 'one row a shard in the ledger'

"$DWH" run -c "$T/dwh.cfg" --fresh >"$T/out" 2>"$T/run.err" &
RUN=$!
copying() { [ -n "$(pids_of 'dwh: worker [0-9]+ copy')" ]; }
until_true 20 copying
kill -9 $RUN
wait $RUN 2>/dev/null
dwh rerun
is "$ST" 0 'the supervisor is killed: the rerun succeeds'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums'

# ---- an old session that is still in its COMMIT ----
# It holds its lane; who takes over waits for that, and then finds what it has committed.

sql "create table kept as select * from staging_songs_l01" >/dev/null
sql "create table kept_ledger as select * from dwh.ledger where lane = 'staging_songs_l01'" >/dev/null
sql "delete from staging_songs_l01" >/dev/null
sql "delete from dwh.ledger where lane = 'staging_songs_l01'" >/dev/null
mkfifo "$T/old"
rs -q <"$T/old" >"$T/old.out" 2>&1 &
OLD=$!
exec 7>"$T/old"
printf '%s\n' 'begin; lock table staging_songs_l01; insert into staging_songs_l01 select * from kept;
	insert into dwh.ledger select * from kept_ledger; \echo held' >&7
until_true 10 grep -q held "$T/old.out"
ok $? 'an old session has loaded a shard, and not committed'
"$DWH" run -c "$T/dwh.cfg" --json >"$T/out" 2>"$T/run.err" &
RUN=$!
one_waits() { [ "$(sql "select count(*) from pg_locks where not granted")" -gt 0 ]; }
until_true 10 one_waits
sleep 1
kill -0 $RUN
ok $? 'a run waits for it'
echo 'commit;' >&7
exec 7>&-
wait $OLD
wait $RUN
is "$? $(jq '.totals.loaded' "$T/out")" '0 0' 'and loads nothing twice'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums'
is "$(ledger)" '3|3|9224|VERIFIED' 'one row a shard in the ledger'

# ---- two supervisors ----

rm -rf "$T/.dwh"
copied() { [ "$(journal | grep -c '"t":"done".*"verdict":"VERIFIED"')" -ge 1 ]; }
"$DWH" run -c "$T/dwh.cfg" --fresh --set LOAD.SHARD_OBJECTS=100 >"$T/first.out" 2>"$T/first.err" &
RUN=$!
until_true 20 copied
dwh run --set LOCAL.DIR="$T/second" --set LOAD.SHARD_OBJECTS=170
is "$ST" 3 'a second supervisor stops'
like "$ERR" 'run 2[-0-9a-fT]* is alive elsewhere.*--take-over' 'and says which run is alive'
dwh run --set LOCAL.DIR="$T/second" --set LOAD.SHARD_OBJECTS=170 --take-over
is "$ST" 0 'asked to, it takes over'
wait $RUN
is $? 3 'the first one ends with exit code 3'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums'
stop_s3d
own_s3d

# ---- bad records ----

bad=$(find "$T/buckets/sparkify/song_data" -name '*.json' | sort | sed -n 7p)
cp "$bad" "$T/good"
jq -c '.year = "never"' "$T/good" >"$bad.new"
mv "$bad.new" "$bad"
dwh run --fresh
is "$ST" 7 'a bad record: exit code 7'
like "$ERR" "${bad##*/} line 1, column year \(int.*\): .*error 1207" 'its place is told'
is "$(sql "select object, line, column_name, code from dwh.load_errors" | sed 's|.*/||')" \
	"${bad##*/}|1|year|1207" 'and is in dwh.load_errors'
dwh run --fresh --set LOAD.MAX_BAD_OBJECTS=3
is "$ST" 0 'with MAX_BAD_OBJECTS it goes into quarantine'
is "$(sql "select object, code from dwh.quarantine" | sed 's|.*/||')" "${bad##*/}|1207" 'alone'
is "$(sql 'select count(*) from staging_songs')" 1167 'and the others are loaded'
cp "$T/good" "$bad.new"
mv "$bad.new" "$bad"
dwh run --fresh
is "$ST $(checksums)" "0 $sums" 'it is mended'

# ---- what is not set up ----

for key in ARN MANIFESTS; do
	sed "/^$key/d" "$T/dwh.cfg" >"$T/without.cfg"
	chmod 600 "$T/without.cfg"
	"$DWH" run -c "$T/without.cfg" >"$T/out" 2>"$T/err"
	is $? 2 "without $key: exit code 2"
	like "$(cat "$T/err")" "\\] $key is not set" 'and what to set'
done
dwh run --set LOAD.WORKERS=16
like "$ERR" 'warning: 16 workers: a queue of Redshift' 'many workers are warned of'
is "$(left_running | grep -E 'dwh: worker')" '' 'nothing is left running'
done_testing
