#!/bin/bash
# The supervisor is killed with -9 at several moments of a load: nothing of it goes on, neither
# workers nor services, and the next `dwh run` completes it with every row once.
. "$(dirname "$0")/lib.sh"
local_config
generated_data
want='8056 14896 333 105 14896 10025 8023'

# killed_when REGEX [COPIES]: a run, killed when a worker has such a title and so many shards are in
killed_when() {
	"$DWH" run -c "$T/dwh.cfg" -w 3 --set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=100 \
		>"$T/out" 2>"$T/err" &
	local run=$! n=2000
	until title "$1" && copied "${2:-0}"; do
		kill -0 $run 2>/dev/null || break
		[ $((n--)) -gt 0 ] || break
		sleep 0.003
	done
	kill -9 $run 2>/dev/null
	ok $? "killed in the middle: $1"
	local began=$EPOCHREALTIME
	wait $run 2>/dev/null
	until_true 3 nothing_left
	is "$(left_running)" '' "$1: within three seconds nothing is left"
	echo "# gone after $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) ms"
}
title() { # of a child of $run; starts no process, so that it looks often
	local all p args
	read -ra all <"/proc/$run/task/$run/children"
	for p in "${all[@]}"; do
		mapfile -d '' args <"/proc/$p/cmdline"
		[[ ${args[*]} =~ ^dwh:\ worker\ [0-9]+\ $1 ]] && return
	done
	return 1
} 2>/dev/null
copied() { [ "$1" = 0 ] || [ "$(journal 2>/dev/null | grep -c '"t":"done".*"requests":[1-9].*"verdict":"VERIFIED"')" -ge "$1" ]; }

killed_when 'create'
killed_when 'list staging_songs'
killed_when 'copy staging_songs' 5
dwh report
like "$(paste -sd' ' <<<"$OUT")" 'The run was killed before it ended\. .*Load the rest: .*dwh rerun 2' 'its report says what to do'
before=$(sql 'select count(*) from dwh.ledger')
[ "$before" -ge 5 ] && [ "$before" -lt 150 ]
ok $? "$before shards were committed"
is "$(sql 'select (select count(*) from staging_events) + (select count(*) from staging_songs) =
	(select sum(row_count) from dwh.ledger)')" t 'and there are no other rows'
killed_when 'copy staging_songs' 5
killed_when 'insert'

dwh run --json
is "$ST" 0 'the next run completes the load'
is "$(counts)" "$want" 'counts'
is "$(sql 'select count(*) = count(distinct relation || shard), sum(row_count) from dwh.ledger')" \
	't|22952' 'every shard is in the ledger once'
sums=$(checksums)
dwh run --fresh
is "$ST" 0 'a clean load'
is "$(checksums)" "$sums" 'gives the same rows'
done_testing
