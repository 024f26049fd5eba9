#!/bin/bash
# AWS does not answer for a while when `down` begins: it waits, says so, and removes what there is.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config
quick_aws --take role=0 --take interface=0
# A call is sent five times before it has failed.
for action in GetCallerIdentity GetWorkgroup DescribeClusters GetRole HeadBucket; do
	dwh cluster up
	is "$(left)" "$ALL" 'all of it is there'
	fail_next $action 503 12
	dwh cluster down
	is "$ST $(left)" '0 ' "$action fails for a while: it is waited for"
	like "$ERR" ': (AWS does not answer|AWS says: later|[A-Za-z]*(Unavailable|Failure)[A-Za-z]*), for 0 s$' 'which is said'
	double_post calm >/dev/null
done
dwh cluster up
fail_next GetWorkgroup 503 12 1
dwh cluster down
is "$ST $(left)" '0 ' 'also at the end, when it is asked whether all is gone'
double_post calm >/dev/null
fail_next GetCallerIdentity reset -1
dwh cluster status
is "$ST" 4 'who only looks does not wait'
dwh cluster down
is "$ST" 9 'nor who removes for ever, who then may leave something'
like "$ERR" 'nothing was removed; `.*cluster down. does it' 'and is told so'
like "$ERR" 'who we are: AWS does not answer, for 1[89] min' 'but for a while'
done_testing
