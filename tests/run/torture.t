#!/bin/bash
# Killed with -9 at random moments of a load: a worker, the supervisor, PostgreSQL (its immediate
# shutdown). After each kill `dwh rerun` or `dwh run`, until it succeeds: then every table has the
# rows of a clean load, the ledger agrees, every object is in one shard, and nothing is left.
#
# First on postgres and local, then a part as many through redshiftd, which is killed, too.
#
# TORTURE="WORKERS SUPERVISORS SERVERS" says how many of each, TORTURE_SEED which moments. A kill
# that finds nobody any more is none: it is tried again. `make torture` has ten times as many.
. "$(dirname "$0")/lib.sh"
read -r WORKERS SUPERVISORS SERVERS <<<"${TORTURE:-20 5 2}"
SEED=${TORTURE_SEED:-$RANDOM}
RANDOM=$SEED
echo "# TORTURE_SEED=$SEED"
small_data
objects=1198
declare -A HIT # kills by "victim: phase"
ROUND=0
MISSED=0

begin() { # a load in the background, from nothing or over what is there
	local fresh=--fresh
	[ $((RANDOM % 2)) = 1 ] || { "$DWH" drop -c "$T/dwh.cfg" >/dev/null 2>&1 && fresh=; }
	# shellcheck disable=SC2086
	"$DWH" run -c "$T/dwh.cfg" $fresh --set LOAD.SHARD_OBJECTS=150 --set LOAD.CONNECTIONS=3 \
		>"$T/out" 2>"$T/run.err" &
	RUN=$!
	BEGAN=$EPOCHREALTIME
}
title() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null; }
alive() { [ -n "$(title "$RUN")" ]; } # not so of one that has ended and was not waited for
children() { cat "/proc/$RUN/task/$RUN/children" 2>/dev/null; }
phase_of() { # phase_of PID: what this worker does
	sed -nE 's/^dwh: worker [0-9]+ ([a-z]+).*/\1/p; s/^dwh worker.*/starting/p' <<<"$(title "$1")"
}
phase() { # what a worker does, one that is busy if there is any
	local p one all=
	for p in $(children); do
		one=$(phase_of "$p")
		case $one in idle | starting | '') all=${all:-$one} ;; *) all=$one ;; esac
	done
	echo "${all:-alone}"
}
# They return false where nobody was hit, and set PHASE.
kill_worker() {
	local all
	read -ra all < <(children)
	[ ${#all[@]} -gt 0 ] || return 1
	local victim=${all[RANDOM % ${#all[@]}]}
	PHASE=$(phase_of "$victim")
	[ -n "$PHASE" ] && kill -9 "$victim"
}
kill_supervisor() {
	PHASE=$(phase)
	alive && kill -9 "$RUN"
}
kill_postgres() {
	PHASE=$(phase)
	alive && kill -QUIT "$PG" && until_true 30 not_there "$PG"
}
kill_local_postgres() {
	local p
	PHASE=$(phase)
	p=$(head -n 1 "$T/.dwh/pg/postmaster.pid" 2>/dev/null)
	alive && [ -n "$p" ] && [ -n "$(title "$p")" ] && kill -QUIT "$p"
}
kill_redshiftd() { # with all its sessions
	PHASE=$(phase)
	# shellcheck disable=SC2046 # they are numbers
	alive && kill -9 "$REDSHIFTD" $(cat "/proc/$REDSHIFTD/task/$REDSHIFTD/children") &&
		until_true 30 not_there "$REDSHIFTD"
}
restart() { # restart postgres|redshiftd
	[ "$1" != postgres ] || start_postgres
	[ "$1" != redshiftd ] || own_redshiftd
}
no_dwh() { ! left_running | grep -v ' [^ ]*s3d\b\|^[0-9]* postgres\|/postgres \|^'"${REDSHIFTD:-0} "; }

# All that must hold, in one line.
LOOK="$CHECKSUMS;
	select (select count(*) from staging_events) + (select count(*) from staging_songs)
		= sum(row_count), sum(objects), count(*) = count(distinct (relation, shard))
	from dwh.ledger join dwh.target using (relation, generation);
	select count(*) from dwh.ledger left join dwh.target using (relation, generation)
	where target.run is null;
	select 'manifest ' || manifest from dwh.ledger"
look() {
	local all
	all=$(sql "$LOOK")
	grep -v '^manifest' <<<"$all" | tr '\n' ' '
	# The objects of all committed shards: how many, and how many different ones.
	sed -n "s|^manifest s3:/|$T/buckets|p" <<<"$all" | xargs -d '\n' jq -r '.entries[].url' |
		sort | tee "$T/objects" | wc -l | tr '\n' ' '
	uniq "$T/objects" | wc -l
}
idle_server() { # no session of a worker, nobody holds a lock
	[ "$(direct "select count(*) from pg_stat_activity a left join pg_locks l using (pid)
		where backend_type = 'client backend' and a.pid <> pg_backend_pid()")" = 0 ]
}
nobody_left() { # processes, locks, sockets
	until_true 20 no_dwh && flock -n "$T/.dwh/runs/lock" true &&
		[ -z "$(find "$T/.dwh" -type s ! -path '*/pg.sock/*')" ] &&
		{ [ "$ENGINE" = local ] || until_true 20 idle_server; }
}

clean_load() { # what all is compared with, and how long it takes
	local took=() _
	for _ in 1 2 3 4 5; do
		begin
		wait $RUN
		ok $? "$ENGINE: a clean load"
		took+=($(((${EPOCHREALTIME/./} - ${BEGAN/./}) / 1000)))
	done
	CLEAN=$(look)
	DURATION=$(printf '%s\n' "${took[@]}" | sort -n | sed -n 3p)
	like "$CLEAN" "t\|$objects\|t 0 $objects $objects\$" "$ENGINE: to compare with"
	echo "# $ENGINE: $DURATION ms"
}

# strike VICTIM: one round
strike() {
	local at tries=0 st codes how=run early=$((RANDOM % 2))
	[ $((RANDOM % 3)) = 0 ] || how=rerun
	while :; do
		ROUND=$((ROUND + 1))
		at=$((RANDOM * DURATION / 32768))
		begin
		sleep "$(printf '%d.%03d' $((at / 1000)) $((at % 1000)))"
		"kill_$1" && break
		MISSED=$((MISSED + 1))
		wait $RUN
	done 2>/dev/null
	# A server comes back while the load still tries, or after it has given up.
	[ $early = 1 ] && restart "$1"
	wait "$RUN" 2>/dev/null
	st=$?
	codes=$st
	[ $early = 0 ] && restart "$1"
	if [ "$1" = worker ]; then
		[ "$(crashes)" != 0 ] || [ "$PHASE" = starting ] || PHASE=idle
		[ $st = 0 ] || tries=5 # nobody needs to do anything
	else
		[ "$1" = supervisor ] && until_true 20 no_dwh
		st=1
	fi
	while [ $st != 0 ] && [ $((tries++)) -lt 5 ]; do
		"$DWH" "$how" -c "$T/dwh.cfg" --set LOAD.SHARD_OBJECTS=150 >"$T/out" 2>"$T/err"
		st=$?
		codes="$codes, $how $st"
	done
	LOOKS=$(look)
	[ $st = 0 ] && [ "$LOOKS" = "$CLEAN" ] && nobody_left
	st=$?
	ok $st "$ENGINE, round $ROUND: $1 killed after $at ms in $PHASE; exit $codes"
	if [ $st != 0 ]; then
		printf '# got:    %s\n# wanted: %s\n# left:   %s\n' "$LOOKS" "$CLEAN" "$(left_running)"
		sed 's/^/# run: /' "$T/run.err"
	fi
	HIT["$1: $PHASE"]=$((${HIT["$1: $PHASE"]} + 1))
	DONE=$((DONE + 1))
}

ENGINE=postgres
own_postgres
own_s3d --latency 5ms
postgres_config
clean_load
for ((i = 0; i < WORKERS; i++)); do strike worker; done
for ((i = 0; i < SUPERVISORS - SUPERVISORS / 5; i++)); do strike supervisor; done
for ((i = 0; i < (SERVERS + 1) / 2; i++)); do strike postgres; done
stop_postgres
stop_s3d

ENGINE=local
rm -rf "$T/.dwh"
local_config
clean_load
for ((i = 0; i < SUPERVISORS / 5; i++)); do strike supervisor; done
for ((i = 0; i < SERVERS / 2; i++)); do strike local_postgres; done
is "$DONE" $((WORKERS + SUPERVISORS + SERVERS)) "kills: $WORKERS of workers, $SUPERVISORS of the supervisor, $SERVERS of PostgreSQL"

ENGINE=redshift
DONE=0
rm -rf "$T/.dwh"
start_postgres
own_s3d --latency 5ms
own_redshiftd
redshift_config
clean_load
for ((i = 0; i < WORKERS / 5; i++)); do strike worker; done
for ((i = 0; i < (SUPERVISORS + 1) / 2; i++)); do strike supervisor; done
for ((i = 0; i < SERVERS / 2; i++)); do
	strike postgres
	strike redshiftd
done
is "$DONE" $((WORKERS / 5 + (SUPERVISORS + 1) / 2 + SERVERS / 2 * 2)) 'kills on redshift'
for h in "${!HIT[@]}"; do echo "# ${HIT[$h]} x $h"; done | sort -k 3,3 -k 2,2rn
echo "# $MISSED came when there was nobody to kill, and were tried again"
done_testing
