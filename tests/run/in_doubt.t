#!/bin/bash
# A connection that is lost at COMMIT leaves it open whether the server committed. It did, it did not,
# it does so seconds later beside the next attempt: the rows are those of a clean load, each once.
. "$(dirname "$0")/lib.sh"
small_data
rm "$T/buckets/sparkify/log_data"/*/*/*-[123]?-events.json # many runs: a third of the events will do
on_engine "$ENGINE"
P=$T/proxy
server=$T/sock/.s.PGSQL.5432
[ "$ENGINE" != redshift ] || server=$REDSHIFT_PORT
through=(--set "CLUSTER.HOST=$P" --set CLUSTER.DB_PORT=5432 --set LOAD.SHARD_OBJECTS=400)

mkdir "$P"
"$TOP/tests/run/pgproxy.py" "$P" "$server" 2>"$P/err" &
PROXY=$!
disown
trap 'kill $PROXY; clean_up' EXIT
until_true 10 test -S "$P/.s.PGSQL.5432"

rule() { # rule MODE COUNT REGEX
	rm -f "$P/hold" "$P/release" "$P/log"
	echo "$*" >"$P/rule"
}
proxy_log() { tr '\n' ' ' <"$P/log"; }
start() { # start COMMAND...: through the proxy, in the background; its report to $T/out
	"$DWH" "$1" -c "$T/dwh.cfg" "${through[@]}" --json "${@:2}" >"$T/out" 2>"$T/run.err" &
	RUN=$!
}
end() { # end CODE NAME
	wait $RUN
	is $? "$1" "$2"
	OUT=$(cat "$T/out")
}
one_waits() { [ -n "$(sql "select 1 from pg_locks where not granted and locktype in ($LOCKS) limit 1")" ]; }
LOCKS="'transactionid', 'advisory'"
[ "$ENGINE" != redshift ] || LOCKS="$LOCKS, 'relation'"
# The late COMMIT comes when the next attempt waits for it.
let_go() {
	rm "$P/hold"
	until_true 20 one_waits
	ok $? "$1: the next attempt waits for it"
	touch "$P/release"
}
agrees() { # agrees NAME: the rows of a clean load, and everything verified
	is "$(counts)" "$counts" "$1: counts"
	is "$(checksums)" "$clean" "$1: the rows of a clean load"
	dwh verify
	is "$ST" 0 "$1: ledger, lanes and manifests agree"
}
tries() { jq -r '[(.shards + .tasks)[] | select(.tries > 1) | (.name | split(" ") | .[0:2] | join(" "))
	+ " " + (.tries | tostring) + (if .skipped then " already" else "" end)] | join(", ")' <<<"$OUT"; }

dwh run --set LOAD.SHARD_OBJECTS=400
is "$ST" 0 'a clean load'
clean=$(checksums)
counts=$(counts)

# ---- in one run: what is committed, and what the report says of the second attempt ----

lost() { # lost NAME REGEX 'TRIES AFTER A COMMIT' 'AND WITHOUT ONE'
	rule after 1 "$2"
	start run --fresh
	end 0 "$1, the answer is lost: the run succeeds"
	is "$(proxy_log)" 'after answered COMMIT ' "$1, the answer is lost: it had committed"
	is "$(tries)" "$3" "$1, the answer is lost: the second attempt"
	agrees "$1, the answer is lost"

	rule before 1 "$2"
	start run --fresh
	end 0 "$1, the COMMIT is lost: the run succeeds"
	is "$(proxy_log)" 'before ' "$1, the COMMIT is lost: it had not committed"
	is "$(tries)" "$4" "$1, the COMMIT is lost: the second attempt"
	agrees "$1, the COMMIT is lost"

	rule late 1 "$2"
	start run --fresh
	until_true 20 test -e "$P/hold"
	let_go "$1, the COMMIT is late"
	end 0 "$1, the COMMIT is late: the run succeeds"
	is "$(proxy_log)" 'late answered COMMIT ' "$1, the COMMIT is late: it did commit"
	is "$(tries)" "$3" "$1, the COMMIT is late: the second attempt"
	agrees "$1, the COMMIT is late"
}
lost 'a shard' 'COPY "staging_songs' 'copy staging_songs 2 already' 'copy staging_songs 2'
already=' already'
[ "$ENGINE" != redshift ] || already= # its step is recorded in a transaction of its own
lost 'an insert' 'INSERT INTO songs ' "insert songs 2$already" 'insert songs 2'
lost 'a create' 'UPDATE dwh.target SET kind' 'create 2' 'create 2'

# ---- a shard with rejected records: they are of the same transaction ----

mkdir -p "$T/bears/copy"
sed 's/^COMPUPDATE/MAXERROR 10\n&/' "$TOP/sql/sparkify/copy/staging_songs.sql" >"$T/bears/copy/staging_songs.sql"
songs=$T/buckets/sparkify/song_data
bad=$songs/A/C/bad.json
mkdir "$songs/A/C"
echo '{"song_id": "S1", "year": "MCMLX"}' >"$bad"
errors() { sql "select count(*), count(distinct object) from dwh.load_errors"; }
for mode in after before late; do
	rule $mode 1 '(COPY|INSERT INTO) dwh.load_errors'
	start run --fresh --set LOAD.MODEL='sparkify ./bears'
	if [ $mode = late ]; then
		until_true 20 test -e "$P/hold"
		let_go 'rejected records, the COMMIT is late'
	fi
	end 0 "rejected records, $mode: the run succeeds"
	like "$(proxy_log)" "^$mode " "rejected records, $mode: a COMMIT was lost"
	is "$(errors)" '1|1' "rejected records, $mode: listed once"
	agrees "rejected records, $mode"
done

# ---- those of a shard that fails: a transaction of their own ----

# Loaded again by a rerun, so that no other shard of the same run waits for the lock that it holds.
dwh run --fresh --set LOAD.SHARD_OBJECTS=400
is "$ST" 7 'bad records of a shard that fails: exit code 7'
sql 'delete from dwh.load_errors'
rule late 1 '(COPY|INSERT INTO) dwh.load_errors'
start rerun
until_true 20 test -e "$P/hold"
rm "$P/hold"
end 7 'its rerun fails, too, and the COMMIT is late'
start rerun
until_true 20 one_waits
ok $? 'the next rerun waits for it'
touch "$P/release"
end 7 'and fails, too'
is "$(proxy_log)" 'late answered COMMIT ' 'it did commit'
is "$(errors)" '1|1' 'the record is listed once'

# ---- its bad objects go into quarantine ----

for mode in after before late; do
	rule $mode 1 'INSERT INTO dwh.quarantine'
	start run --fresh --set LOAD.MAX_BAD_OBJECTS=3
	if [ $mode = late ]; then
		until_true 20 test -e "$P/hold"
		let_go 'quarantine, the COMMIT is late'
	fi
	end 0 "quarantine, $mode: the run succeeds"
	like "$(proxy_log)" "^$mode " "quarantine, $mode: a COMMIT was lost"
	is "$(sql 'select count(*), count(distinct object) from dwh.quarantine')" '1|1' "quarantine, $mode: held once"
	is "$(errors)" '1|1' "quarantine, $mode: its record is listed once"
	agrees "quarantine, $mode"
done
rm "$bad"

# ---- the late COMMIT comes when the run is over, and its rerun is there ----
# On redshift it holds its lane as long as it is not over: each shard has a lane of its own, so that
# none of the same run waits for it.

dwh run --fresh --set LOAD.SHARD_OBJECTS=400
rule late 1 'COPY "staging_songs'
start run --fresh --set LOAD.ATTEMPTS=1 --set LOAD.SHARD_OBJECTS=1000
until_true 20 test -e "$P/hold"
rm "$P/hold"
end 6 'one attempt, and it is lost: exit code 6'
start rerun
until_true 20 one_waits
ok $? 'the rerun waits for what is in flight'
touch "$P/release"
end 0 'the rerun succeeds'
is "$(proxy_log)" 'late answered COMMIT ' 'it did commit'
is "$(jq '.totals.loaded' <<<"$OUT")" 0 'and is not loaded again'
agrees 'a COMMIT into the rerun'

# ---- the next attempt finds that an object has changed ----

rule late 1 'COPY "staging_songs'
start run --fresh
until_true 20 test -e "$P/hold"
cp -al "$songs" "$T/originals"
sed -i 's/$/ /' "$songs"/A/*/*/*.json
let_go 'its objects change meanwhile'
end 0 'its objects change meanwhile: the run succeeds'
is "$(proxy_log)" 'late answered COMMIT ' 'it did commit'
agrees 'its objects change meanwhile'
rm -rf "$songs" && mv "$T/originals" "$songs"

# ---- an answer that is slow ----

rule slow 2 'COPY "staging_songs'
start run --fresh --set LOAD.TASK_TIMEOUT=3 --set WAREHOUSE.CONNECT_TIMEOUT=2
until_true 20 grep -q slow "$P/log"
sleep 6 # past every deadline; beats come each second
touch "$P/release"
end 0 'an answer later than TASK_TIMEOUT: the run succeeds'
is "$(tries)" '' 'and nothing was tried again'
agrees 'a slow answer'
done_testing
