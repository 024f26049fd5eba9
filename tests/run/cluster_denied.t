#!/bin/bash
# Each change that `dwh cluster up` asks for is denied: it is said, with the command that goes on. The
# same command again completes it, or `down` removes it; nothing leaks.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

clean up
is "${CHANGES[*]}" "$UP_CHANGES" 'these are its changes'
removes up
for k in "${!CHANGES[@]}"; do
	for ends in completes removes; do
		meets deny "$k" up
		# Before the first nothing is there; then it costs, or may.
		is "$ST" $((k > 0 ? 9 : 4)) "it fails: exit code $ST"
		like "$ERR" "${CHANGES[$k]}|AccessDenied|not authorized" 'and says with what'
		[ "$k" = 0 ] || like "$ERR" 'cluster up. goes on, .*cluster down. removes it' 'and what goes on'
		$ends "${CHANGES[$k]} denied"
	done
done

# ---- the role is too new ----

fail_next CreateCluster role 6
dwh cluster up
is "$ST $(calls | grep -c 'CreateCluster InvalidParameterValue')" '0 6' 'a role that cannot be assumed yet is waited for'
like "$ERR" "its role can't be assumed yet" 'and it is said what is waited for'
removes 'a new role'

# ---- nothing goes any more ----

fail_next 'redshift:*' throttle -1
dwh cluster up
is "$ST" 4 'throttled for ever: up gives up'
double_post calm >/dev/null
completes 'throttled for ever'
done_testing
