#!/bin/bash
# Processes, open files and memory come to their end: one clear message with the limit, in a bounded
# time, and nothing left behind. A load that can go on with less goes on.
. "$(dirname "$0")/lib.sh"
command -v prlimit >/dev/null || skip_all 'no prlimit here'
small_data
want='8056 1168 38 105 1168 1108 8023'

# refused CODE REGEX NAME COMMAND...: such a load ends soon, says so once, and leaves no process.
refused() {
	timeout 60 "${@:4}" >"$T/out" 2>"$T/err"
	is $? "$1" "$3: exit code $1"
	is "$(grep -c 'error: ' "$T/err")" 1 "$3: said once"
	like "$(grep 'error: ' "$T/err")" "$2" "$3: the message"
	until_true 10 nothing_new
	is "$(left_running)" "$BEFORE" "$3: nothing is left running"
}
nothing_new() { [ "$(left_running)" = "$BEFORE" ]; }
BEFORE=
# locked granted|'not granted': somebody has, or wants, a lock on staging_events
locked() {
	[ -n "$(sql "select 1 from pg_locks where $1 and relation = 'staging_events'::regclass
		and mode in ('AccessExclusiveLock', 'RowExclusiveLock') limit 1")" ]
}

# ---- the local engine: its first process, and those after it ----

local_config
for n in 6 8 9; do
	refused 12 'Too many open files: raise the limit on open files \(ulimit -n\)$' "$n open files" \
		prlimit --nofile=$n "$DWH" run -c "$T/dwh.cfg"
done
if [ "$(id -u)" = 0 ]; then
	# Root has no limit on processes: an account of which nothing else runs here, not this test again.
	rm -rf "$T/.dwh"
	chmod 777 "$T"
	chown -R $((200000 + $$)) "$T/buckets"
	as=(setpriv --reuid=$((200000 + $$)) --regid=61234 --clear-groups env LC_ALL=C ASAN_OPTIONS=detect_leaks=0)
	for n in 1 2; do
		refused 12 'cannot (start|make) .*Resource temporarily unavailable: raise the limit on processes \(ulimit -u\), or end some$' \
			"$n processes" "${as[@]}" prlimit --nproc=$n "$DWH" run -c "$T/dwh.cfg"
	done
	rm -rf "$T/.dwh"
fi

# ---- engine postgres ----

own_postgres
own_s3d
postgres_config
BEFORE=$(left_running)
refused 12 'Too many open files: raise the limit on open files \(ulimit -n\)$' 'no file for a worker' \
	prlimit --nofile=8 "$DWH" run -c "$T/dwh.cfg"
is "$(sql "select count(*) from information_schema.schemata where schema_name = 'dwh'")" 0 \
	'no file for a worker: the warehouse is as it was'

if [ "$(id -u)" = 0 ]; then
	rm -rf "$T/.dwh"
	# Another account: what ended above may not have been reaped yet, and counts until then.
	chown $((5000000 + $$)) "$T/dwh.cfg" "$T/buckets"
	as[1]=--reuid=$((5000000 + $$))
	# Two workers are asked for: with room for one, that one does it.
	"${as[@]}" prlimit --nproc=2 "$DWH" run -c "$T/dwh.cfg" >"$T/out" 2>"$T/err"
	is $? 0 'room for one worker of two: the run succeeds'
	is "$(counts)" "$want" 'room for one worker of two: counts'
	refused 12 'cannot start worker 1: Resource temporarily unavailable: raise the limit on processes' \
		'room for no worker' "${as[@]}" prlimit --nproc=1 "$DWH" run -c "$T/dwh.cfg" --fresh
	is "$(counts)" "$want" 'room for no worker: the warehouse is as it was'

	# A worker dies while there is no room for another one: the rest of them completes the load. It
	# waits for a lock as it dies, so its shard is not committed.
	dwh drop
	dwh create
	sql 'begin; lock table staging_events; select pg_sleep(60)' >/dev/null 2>&1 &
	until_true 10 locked granted
	"${as[@]}" "$DWH" run -c "$T/dwh.cfg" --set LOAD.SHARD_OBJECTS=50 >"$T/out" 2>"$T/run.err" &
	RUN=$!
	until_true 20 locked 'not granted'
	"${as[@]}" prlimit --pid "$RUN" --nproc=1
	kill -9 "$(pids_of 'dwh: worker [0-9]+ copy staging_events' | head -n 1)"
	until_true 10 grep -q 'attempt 2 of 5' "$T/run.err"
	sql "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock'
		and relation = 'staging_events'::regclass" >/dev/null
	wait $RUN
	is $? 0 'no room for another worker: those that live complete the run'
	is "$(counts)" "$want" 'no room for another worker: counts'
	like "$(cat "$T/run.err")" 'warning: copy .*killed by signal 9.*attempt 2 of 5' 'no room for another worker: the shard was tried again'
else
	echo '# not root: who may change no account has processes beside this test, which count'
fi

# ---- memory ----
# A sanitizer's own memory does not fit any limit: the release build, where it was made.
RELEASE=$TOP/build/release/dwh
if [ -x "$RELEASE" ]; then
	python3 -c "print('{\"artist\":\"a\",\"more\":\"' + 'x' * 3900000 + '\"}')" >"$T/record"
	mkdir "$T/buckets/sparkify/log_data/2018/12"
	for i in 1 2 3 4 5 6 7 8; do cp "$T/record" "$T/buckets/sparkify/log_data/2018/12/$i.json"; done
	DWH=$RELEASE
	BEFORE=$(left_running)
	# How much is too little depends on the libraries: enough to start, not enough for the records.
	for mb in 34 32 31 30 29 28 27 26; do
		timeout 60 prlimit --as=${mb}000000 "$RELEASE" run -c "$T/dwh.cfg" --fresh \
			--set LOAD.FETCH_MEMORY=67108864 >"$T/out" 2>"$T/err"
		ST=$?
		[ $ST = 0 ] || break
	done
	is "$ST" 6 "too little memory for a shard ($mb MB): exit code 6"
	like "$(grep 'error: ' "$T/err")" \
		'copy staging_events [0-9a-f]{8}: worker [0-9] exited with status 12: it ran out of memory: give it more, or lower \[LOAD\] FETCH_MEMORY and CONNECTIONS' \
		'too little memory for a shard: the message'
	until_true 10 nothing_new
	is "$(left_running)" "$BEFORE" 'too little memory for a shard: nothing is left running'
	is "$(sql "select count(*) from staging_events where artist = 'a'")" 0 \
		'too little memory for a shard: nothing of it is loaded'
	dwh run
	is "$ST" 0 'too little memory for a shard: with enough of it, dwh run completes the load'
else
	echo "# no $RELEASE: memory is not tried"
fi
stop_s3d # of another build than $DWH is now: nobody else ends it
done_testing
