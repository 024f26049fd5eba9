#!/bin/bash
# Whose a thing at AWS is: of which cluster, of which kind, of which region, of which run. What is
# not ours is neither used nor removed, and what is ours is removed whatever the configuration says
# by now. Nobody logs in here: there is no warehouse behind the double, and `up` ends there.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
own_s3d
mkdir -p buckets/sparkify
cluster_config
export DWH_LOAD_ALLOW_EMPTY=yes # nothing is loaded: what --ephemeral looks for is not there
quick_aws --take role=0 --take interface=0
made() { # made OPTION...: up, as far as it comes here
	dwh cluster up "$@"
	like "$(left)" '^(cluster|workgroup) dwh-cluster' "up $*: it is made"
}

# ---- the other kind has the same bucket, role and group ----

made
before=$(left)
dwh cluster up --set DWH.KIND=serverless
is "$ST" 3 'up beside a cluster of this name: exit code 3'
like "$ERR" 'cluster dwh-cluster is there already, made with \[DWH\] KIND = cluster: .*CLUSTER_IDENTIFIER' 'why, and what to do'
dwh cluster up --adopt --set DWH.KIND=serverless
is "$ST" 3 'nor with --adopt'
dwh run --ephemeral --set DWH.KIND=serverless
is "$ST" 3 'nor for one run'
dwh cluster wait --set DWH.KIND=serverless
is "$ST" 3 'it is not waited for'
like "$ERR" 'KIND = cluster' 'as it is the other one that is there'
is "$(left)" "$before" 'it stays as it is'
dwh cluster status --set DWH.KIND=serverless
like "$OUT" '^ +cluster +dwh-cluster +available' 'status shows it'
dwh cluster status --json --set DWH.KIND=serverless
is "$(jq -r '.resources | map(.kind) | join(" ")' <<<"$OUT")" \
	'security group bucket role namespace workgroup cluster' 'in JSON, too'
dwh cluster down --set DWH.KIND=serverless
is "$ST $(left)" '0 ' 'down of the one kind removes the other'
made --set DWH.KIND=serverless
dwh run --ephemeral
is "$ST" 3 'the other way round, too'
like "$ERR" '(namespace|workgroup) dwh-cluster is there already' 'by name'
dwh cluster down
is "$ST $(left)" '0 ' 'and down removes it'
fail_next GetNamespace deny -1
fail_next GetWorkgroup deny -1
made
dwh cluster down
is "$ST $(left)" '0 ' 'who may not look for serverless ones can do all the rest'
double_post calm >/dev/null

# ---- a role is in all regions, its cluster in one ----

made
before=$(left)
dwh cluster up --set AWS.REGION=eu-west-1
is "$ST" 3 'up in another region: exit code 3'
like "$ERR" 'role dwhRole belongs to the cluster dwh-cluster of dwh in us-west-2' 'whose the role is'
dwh cluster down --set AWS.REGION=eu-west-1
is "$ST $(left)" "0 $before" 'down in another region leaves it'
like "$ERR" 'made in us-west-2, .*dwh cluster down --set AWS.REGION=us-west-2' 'and says what it knows'
like "$ERR" 'left as it is, it belongs to .* in us-west-2: role dwhRole' 'and whose the role is'
mv .dwh kept
dwh cluster down --set AWS.REGION=eu-west-1
is "$ST $(left)" "0 $before" 'without the record, too'
rm -rf .dwh
mv kept .dwh
dwh cluster down
is "$ST $(left)" '0 ' 'down where it is removes it'
is "$(grep -c 'us-west-2, and' <<<"$ERR")" 0 'there is nothing else to tell'

# ---- a run removes what it made itself ----

DWH_CLUSTER_RUN=one made
dwh cluster up
is "$ST" 3 "up beside another's run: exit code 3"
like "$ERR" 'is of a `dwh run --ephemeral`.*`dwh cluster down`' 'it is told'
DWH_CLUSTER_RUN=two dwh cluster up
is "$ST" 3 'up of another run: exit code 3'
like "$ERR" 'belongs to another `dwh run --ephemeral` of dwh-cluster' 'it is told'
before=$(left)
DWH_CLUSTER_RUN=two dwh cluster down
is "$ST $(left)" "0 $before" 'down of another run removes nothing of it'
echo '{"at": "now", "account": "123456789012", "region": "us-west-2", "what": "up", "host": "h", "port": "1"}' \
	>>"$T/.dwh/cluster/dwh-cluster.jsonl"
DWH_CLUSTER_RUN=two dwh cluster down
is "$(record | jq -r .what | tail -n 1)" up 'nor does it say to all others that it is down'
dwh cluster down
is "$ST $(left)" '0 ' 'down by hand does'
made
before=$(left)
DWH_CLUSTER_RUN=one dwh cluster down
is "$ST $(left)" "0 $before" 'nor does a run remove what was made to stay'
dwh cluster down
# Both have looked, and found nothing, before either makes anything.
mkdir other
sed "s|^DIR = .*|DIR = $T/other|" dwh.cfg >other.cfg
chmod 600 other.cfg
both() { # both: a run that is about to make the first thing, $RUN, and another one, $OTHER
	fail_next changes hold
	"$DWH" run --ephemeral -c "$T/dwh.cfg" >out1 2>talk1 &
	RUN=$!
	until_true 30 held
	is $? 0 'a run is about to make the first thing'
	"$DWH" run --ephemeral -c "$T/other.cfg" >out2 2>talk2 &
	OTHER=$!
}
come_second() { # come_second NAME
	double_post release >/dev/null
	wait $RUN
	is "$?" 3 "$1: exit code 3"
	like "$(cat talk1)" 'belongs to another `dwh run --ephemeral`' 'says so'
}
fail_next DescribeClusters hold 1 5
both
cluster_is_made() { left | grep -q '^cluster'; }
until_true 30 cluster_is_made
come_second 'a run that comes second'
cluster_is_made
is $? 0 'and leaves the warehouse of the first'
double_post calm >/dev/null
kill -TERM $OTHER
wait $OTHER
is "$(left)" '' 'which removes it'
# The bucket is there, and has no tags yet.
fail_next PutBucketTagging 503 5
from=$(count_calls)
both
no_tags_yet() { calls "$from" | grep -q 'PutBucketTagging .*Slow\|PutBucketTagging .*Unavailable'; }
until_true 30 no_tags_yet
come_second 'while the first is between two steps'
until_true 30 cluster_is_made
is "$(grep -c 'making bucket' talk1)" 0 'it did not come as far as the bucket'
double_post calm >/dev/null
kill -TERM $OTHER
wait $OTHER
is "$(left)" '' 'the first removes all of it'

# ---- the record knows what another configuration made ----

made
dwh cluster down --set DWH.IAM_ROLE_NAME=otherRole
is "$ST $(left)" '0 ' 'another role in the configuration: the one that was made goes, too'
made
dwh cluster down --set S3.MANIFESTS=s3://sparkify/m --set IAM_ROLE.ARN=arn:aws:iam::123456789012:role/theirs
is "$ST $(left)" '0 ' "the user's own bucket and role by now: ours go"
made
made --set DWH.IAM_ROLE_NAME=otherRole
dwh cluster status
like "$OUT" '^ +role +otherRole .*ours' 'an earlier role is shown'
dwh cluster down
is "$ST $(left)" '0 ' 'and goes with the rest'
made --set DWH.IAM_ROLE_NAME=otherRole
fail_next DeleteRole deny -1
dwh cluster down
is "$ST $(left)" '9 role otherRole' 'where it can not be removed: exit code 9'
like "$ERR" 'is left: role otherRole; by hand: aws iam delete-role .*otherRole' 'it is named'
double_post calm >/dev/null
dwh cluster down
is "$ST $(left)" '0 ' 'down again removes it'

# ---- its time ----

made --max-hours 1
made --max-hours 5
is "$(left_json | jq '[.[] | select(.kind != "role policy") | .tags."dwh:expires"] | unique | length')" 1 \
	'a later time is that of all of it'
dwh cluster down

# ---- what was adopted ----

double_post role '{"name": "dwhRole", "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
	"Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}' >/dev/null
made --adopt
dwh cluster up
like "$OUT" '^adopts +role dwhRole' 'what was adopted once is used again, without a word'
dwh cluster down
is "$ST $(left)" '0 ' 'all that we made goes'
like "$ERR" 'left as it is, dwh did not make it: role dwhRole' 'the role does not'

# ---- another policy ----

attached() { # of our role
	left | sed -n 's|^attached policy mine .*:policy/|policy/|p'
}
made --set DWH.IAM_ROLE_NAME=mine --set IAM_ROLE.POLICY=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
is "$(attached)" 'policy/AmazonS3ReadOnlyAccess' 'the role has the policy that is named'
is "$(left | grep -c 'role policy')" 0 'and none of its own'
dwh cluster up --set DWH.IAM_ROLE_NAME=mine --set IAM_ROLE.POLICY=arn:aws:iam::aws:policy/AmazonS3FullAccess
is "$(attached)" 'policy/AmazonS3FullAccess' 'another one takes its place'
dwh cluster up --set DWH.IAM_ROLE_NAME=mine
is "$(attached) $(left | grep 'role policy')" ' role policy mine dwh-reads-s3' 'one of its own, too'
dwh cluster up --set DWH.IAM_ROLE_NAME=mine --set IAM_ROLE.POLICY=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
is "$(attached) $(left | grep 'role policy')" 'policy/AmazonS3ReadOnlyAccess ' 'and back'
dwh cluster down --set DWH.IAM_ROLE_NAME=mine
is "$ST $(left)" '0 ' 'down'
done_testing
