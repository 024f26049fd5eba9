#!/bin/bash
# Signals at each change that `dwh cluster down` asks for, before AWS has carried it out: down again
# removes the rest, and so does up, then down. kill -9, too. With HOW=hold-after: once AWS has.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
HOW=${HOW:-hold}
small_data
cluster_warehouse
cluster_config
# Without an interface that keeps the group, so that its first deletion is carried out.
quick_aws --take role=0 --take interface=0

filled
clean down
is "${CHANGES[*]}" "$DOWN_CHANGES" 'these are its changes'
for k in "${!CHANGES[@]}"; do
	for signal in INT TERM KILL; do
		for ends in completes removes; do
			filled
			interrupted $signal "$HOW" "$k" down
			ended_by $signal down
			[ $signal = KILL ] || like "$ERR" 'cluster down. removes what is left' 'and says what goes on'
			$ends "$signal in ${CHANGES[$k]}"
		done
	done
done
is "$(record | jq -c 'select(.what == null)' 2>&1)" '' 'no line of the record is torn'
done_testing
