#!/bin/bash
# The clock of this machine is wrong by more than S3 bears: each service says so in its own way, a HEAD
# of S3 not at all; and a cluster is made and removed nevertheless. There is no warehouse behind it.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config
quick_aws --take role=0 --take interface=0
for wall in 4000 -4000; do
	double_post clock "{\"wall\": $wall}" >/dev/null
	dwh cluster up
	is "$(left)" "$ALL" "a clock that is $wall seconds off: all of it is made"
	is "$(grep -c 'access denied' <<<"$ERR")" 0 'and nothing is taken for denied'
	dwh cluster down
	is "$ST $(left)" '0 ' 'and removed'
done
done_testing
