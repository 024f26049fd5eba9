#!/bin/bash
# A fault after each step of making and removing Redshift Serverless: the same command again completes
# it, down removes it, and nothing is left.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_serverless
cluster_aws --take role=0 --take workgroup=20 --take workgroup-deleting=20 --take namespace-deleting=10 \
	--take interface=0
# fails HOW ACTION up|down: the command, which meets it
fails() {
	local from
	from=$(count_calls)
	fail_next "$2" "$1"
	dwh cluster "$3"
	double_post calm >/dev/null
	case $1 in
	lost) is "$ST $(calls "$from" | grep -c ":$2 lost")" '0 1' "$3: the answer to $2 is lost, and not missed" ;;
	*) is "$ST $(calls "$from" | grep -c ":$2 ok")" '9 0' "$3: $2: $1" ;;
	esac
}
gone() { # gone NAME
	dwh cluster down
	is "$ST $(left)$(buckets)" '0 ' "$1"
}
for action in CreateNamespace DescribeSubnets CreateWorkgroup; do
	fails deny $action up
	dwh cluster up
	is "$ST $(left)" "0 $all" 'up again completes it'
	gone 'and down removes it'
	fails deny $action up
	gone 'down alone removes the half of it'
	fails lost $action up
	is "$(left)" "$all" 'all of it is there'
	gone 'and down removes it'
done
for action in DeleteWorkgroup DeleteNamespace DeleteSecurityGroup; do
	dwh cluster up
	fails deny $action down
	like "$ERR" 'cluster down' 'the command is named that goes on'
	gone 'which removes the rest'
	dwh cluster up
	fails lost $action down
	is "$(left)$(buckets)" '' 'nothing is left'
done

# ---- killed between a request and its answer ----
killed() { # killed ACTION up|down
	fail_next "$1" hold-after
	"$DWH" cluster "$2" -c "$T/dwh.cfg" >"$T/killed" 2>&1 &
	disown
	until_true 60 held
	kill -9 $!
	double_post calm >/dev/null
	until_true 60 not_there $!
}
for action in CreateNamespace CreateWorkgroup; do
	killed $action up
	like "$(left)" "${action#Create}|${action,,}|namespace night" "killed while $action was carried out"
	dwh cluster up
	is "$ST $(left)" "0 $all" 'up again completes it'
	gone 'and down removes it'
	killed $action up
	gone 'down alone removes what was made'
done
dwh cluster up
killed DeleteWorkgroup down
gone 'killed while it was removed: down again removes the rest'

# ---- too few zones ----
kill "$DOUBLE"
until_true 60 not_there "$DOUBLE"
cluster_aws --subnets 2
dwh cluster up
is "$ST" 9 'two zones are not enough'
like "$ERR" 'has subnets in 2 availability zones, a workgroup needs 3: add default subnets' 'and it says so'
fails lost DeleteSecurityGroup down
is "$(left)$(buckets)" '' 'what was made before that is removed'
done_testing
