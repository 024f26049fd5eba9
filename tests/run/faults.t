#!/bin/bash
# S3 on a bad day: answers refused, connections reset, bodies cut. Every object still arrives whole,
# once, and the report tells how often it was asked again.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
dwh run
is "$ST" 0 'a load on a good day'
sums=$(checksums)

for fault in 503:5% reset:2% cut:2% 'error200:2%' 'retryafter:1%:1' \
	'503:5% --fault reset:2% --fault cut:2%'; do
	stop_s3d
	# shellcheck disable=SC2086
	own_s3d --seed 7 --fault-log "$T/faults" --fault $fault
	: >"$T/faults"
	dwh run --fresh --json
	is "$ST" 0 "$fault: the load succeeds"
	is "$(checksums)" "$sums" "$fault: with the same rows"
	is "$(sql 'select count(*), sum(objects), sum(row_count) from dwh.ledger')" '3|1198|9224' \
		"$fault: each object once"
	met=$(wc -l <"$T/faults")
	again=$(jq '[.shards[], .tasks[] | .retries // 0] | add' <<<"$OUT")
	[ "$met" -gt 5 ] && [ "$again" -gt 0 ]
	ok $? "$fault: met $met times, $again requests sent again"
done

# What never gets better ends the run, and says so.
stop_s3d
own_s3d --fault get:503:100%
dwh run --fresh --set LOAD.ATTEMPTS=2
is "$ST" 5 'nothing but 503: exit code 5'
like "$ERR" 'error: .*SlowDown' 'and the message'
done_testing
