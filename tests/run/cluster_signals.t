#!/bin/bash
# Signals at each change that `dwh cluster up` asks for, before AWS has carried it out: the same command
# again completes it, or `down` removes it. kill -9, too. With HOW=hold-after: once AWS has.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
HOW=${HOW:-hold}
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

clean up
is "${CHANGES[*]}" "$UP_CHANGES" 'these are its changes'
removes up
for k in "${!CHANGES[@]}"; do
	for signal in INT TERM KILL; do
		for ends in completes removes; do
			interrupted $signal "$HOW" "$k" up
			ended_by $signal up
			# Before the first change there is nothing to remove.
			[ $signal = KILL ] || [ "$k" = 0 ] || like "$ERR" 'cluster down. removes it' 'and says what removes it'
			$ends "$signal in ${CHANGES[$k]}"
		done
	done
done
is "$(record | jq -c 'select(.what == null)' 2>&1)" '' 'no line of the record is torn'
done_testing
