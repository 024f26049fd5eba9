#!/bin/bash
# dwh cluster: a warehouse at AWS is made, found by all other commands, and removed, and nothing is
# left; what dwh did not make is neither used nor removed.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
cluster_aws

# ---- what AWS would refuse is said before it is asked ----

refused() { # refused EXIT TEXT SETTING...
	local status=$1 text=$2
	shift 2
	cluster_config "$@"
	dwh cluster up
	is "$ST" "$status" "$*: exit code $status"
	like "$ERR" "$text" 'and the key is named'
}
refused 2 '\[DWH\] CLUSTER_IDENTIFIER is "My-Cluster".*dwh.cfg:' 'CLUSTER_IDENTIFIER = My-Cluster'
refused 2 '\[DWH\] CLUSTER_IDENTIFIER' 'CLUSTER_IDENTIFIER = a--b'
refused 2 '\[DWH\] NODE_TYPE is "ra3.small", must be one of ra3.large' 'NODE_TYPE = ra3.small'
refused 2 '\[DWH\] NUM_NODES is 1.*single-node' 'NUM_NODES = 1'
refused 2 '\[DWH\] PORT is 5500, must be 5431 to 5455' 'PORT = 5500'
refused 2 '\[DWH\] DB_USER is "public", a reserved word' 'DB_USER = public'
refused 2 '\[DWH\] IAM_ROLE_NAME is "a role"' 'IAM_ROLE_NAME = a role'
refused 2 '\[IAM_ROLE\] POLICY is "ReadOnly", must be the ARN' '[IAM_ROLE]' 'POLICY = ReadOnly'
for password in Short1 nouppercase1 'No-Digit-Here' 'Sl/ash0ed' 'Qu"oted11'; do
	cluster_config
	sed -i "s|^DB_PASSWORD.*|DB_PASSWORD = $password|" "$T/dwh.cfg"
	dwh cluster up
	is "$ST" 2 'a password that Redshift does not take: exit code 2'
	like "$ERR" '\[DWH\] DB_PASSWORD' 'and the key is named'
	is "$(grep -cF -e "$password" <<<"$ERR")" 0 'but not the password'
done
for named in CLUSTER.HOST DWH.DWH_ENDPOINT; do
	cluster_config
	dwh cluster up --set $named=warehouse.example
	is "$ST" 2 "$named is set: exit code 2"
	like "$ERR" "cluster up. makes a warehouse of its own, but .${named%.*}. ${named#*.} names one" 'dwh run would not load into what is made'
done
cluster_config
dwh cluster up --ingress 203.0.113.7/24
is "$ST" 1 'a block with bits behind its mask: exit code 1'
like "$ERR" '--ingress.*203.0.113.7/32' 'and what is right'
dwh cluster up --dry-run
is "$ST" 1 'an option of another of its commands'
dwh cluster upp
is "$ST" 1 'a word that is none'
is "$(count_calls)" 0 'AWS was not asked once'

# ---- up ----

dwh cluster up --max-hours 3
is "$ST" 0 'up'
like "$OUT" '^makes +cluster dwh-cluster: database postgres, port 5439, public; 1.086 USD an hour: 2 nodes of ra3.large' \
	'it says what it makes and what that costs'
like "$OUT" '^makes +security group dwh-dwh-cluster: .*203\.0\.113\.7/32' 'who may connect, too'
like "$OUT" "^is up +127.0.0.1:$REDSHIFT_PORT\$" 'and where it is'
like "$ERR" 'cluster dwh-cluster: creating, for .*usually it takes about 5 min' 'there is an estimate'
is "$(left)" "cluster dwh-cluster
role dwhRole
role policy dwhRole dwh-reads-s3
security group dwh-dwh-cluster" 'what is there'
is "$(buckets)" dwh-123456789012-us-west-2-dwh-cluster 'and a bucket'
is "$(left_json | jq -r '.[] | select(.kind != "role policy") | .tags |
	"\(."dwh:made-by") \(."dwh:cluster") \(."dwh:expires" | test("^20..-..-..T..:..:..Z$"))"' | sort | uniq -c | tr -s ' ')" \
	' 3 dwh dwh-cluster true' 'all of it is tagged'
is "$(unread)" '' 'AWS understood every argument'
is "$(calls_json | jq -c '[.[] | select(.action == "AuthorizeSecurityGroupIngress") | .args | .[] | select(test("/"))]')" \
	'["203.0.113.7/32"]' 'one address may connect'
is "$(steps)" "making security group
made security group
making bucket
made bucket
making role
made role
making cluster
made cluster" 'each step is recorded before and after'
is "$(stat -c %a "$T/.dwh/cluster/dwh-cluster.jsonl") $(grep -c -e "$CLUSTER_PASSWORD" -e "$S3_SECRET" "$T/.dwh/cluster/dwh-cluster.jsonl")" \
	'600 0' 'for nobody else to read, without a secret'
is "$(grep -c -e "$CLUSTER_PASSWORD" -e "$S3_SECRET" <<<"$OUT$ERR")" 0 'nor is one said'

# ---- it is found ----

dwh cluster status --set DWH.IAM_ROLE_NAME=none
like "$OUT" '^ +role +none +not there' 'what is not there is called so, as in all messages'

dwh cluster status --json
is "$(jq -c '[.host, .port, (.resources | length), all(.resources[]; .ours)]' <<<"$OUT")" \
	"[\"127.0.0.1\",$REDSHIFT_PORT,4,true]" 'status'
dwh cluster status
like "$OUT" 'cluster +dwh-cluster +available +ours +20' 'also for people'
dwh config
like "$OUT" "^DWH.DWH_ENDPOINT += 127.0.0.1 +# $T/.dwh/cluster/dwh-cluster.jsonl" \
	'config says where the warehouse is, and how that is known'
dwh run --json
is "$ST" 0 'a run finds it'
is "$(counts)" '8056 1168 38 105 1168 1108 8023' 'psql, too'
is "$(find "$T/buckets/dwh-123456789012-us-west-2-dwh-cluster/manifests" -type f | wc -l)" 3 \
	'the manifests are in its bucket'
dwh query levels --csv
is "$ST $(grep -cE '^(free|paid),' <<<"$OUT")" '0 2' 'query'
dwh run --set CLUSTER.HOST="$T/nowhere"
is "$ST" 4 'a warehouse that the configuration names goes before it'

# ---- again ----

n=$(count_calls)
dwh cluster up
is "$ST" 0 'up again'
is "$(calls "$n" | grep -c -e ':Create' -e ':Delete')" 0 'makes nothing'
like "$OUT" '^keeps +cluster dwh-cluster, which is there' 'and says so'
dwh cluster up --set DWH.NUM_NODES=4 --set DWH.NODE_TYPE=ra3.xlplus --ingress 0.0.0.0/0
is "$ST" 0 'up, with other nodes and another ingress'
like "$OUT" '^keeps +cluster dwh-cluster, .*stays as it is, 2 of ra3\.large, .* 4 of ra3\.xlplus$' \
	'the nodes are not changed, and it says so'
like "$OUT" '^keeps +security group .*; changes to port 5439 open to THE WHOLE WORLD: 0\.0\.0\.0/0$' \
	'who may connect is, and it says so, too'
dwh cluster up
like "$OUT" '^keeps +security group .*; changes to port 5439 open to 203\.0\.113\.7/32$' 'and back again'
is "$(grep -c 'ra3' <<<"$OUT")" 0 'of what does not differ nothing is said'
dwh cluster wait
is "$ST" 0 'wait'
fail_next PauseCluster deny
dwh cluster pause
is "$ST" 4 'pause is denied'
dwh query levels --csv
is "$ST" 0 'the warehouse that runs on is known'
dwh cluster pause
is "$ST" 0 'pause'
dwh cluster wait
is "$ST" 3 'what is paused is not waited for'
like "$ERR" 'dwh cluster resume' 'and what starts it'
dwh run
is "$ST" 2 'a paused warehouse is not there'
like "$ERR" 'the cluster dwh-cluster is paused: `dwh cluster resume` starts it' 'and what starts it'
dwh query levels --csv
is "$ST" 2 'nor for a query'
like "$ERR" 'is paused: `dwh cluster resume`' 'which is told so, too'
dwh doctor
like "$OUT$ERR" 'the cluster dwh-cluster is paused.*`dwh cluster resume` starts it' 'and doctor'
dwh cluster pause
is "$ST $(record | jq -r 'select(.what == "paused") | .what' | wc -l)" '0 1' 'pause of what is paused'
dwh cluster resume
is "$ST" 0 'resume'
dwh cluster pause
dwh cluster up
is "$ST" 0 'up of a paused one'
like "$OUT" '^resumes +cluster dwh-cluster: .* USD an hour' 'resumes it, and says what that costs'
TERM=xterm script -qc "stty cols 70; $DWH cluster pause -c $T/dwh.cfg" "$T/typescript" >"$T/script"
tr '\r' '\n' <"$T/typescript" | sed 's/\x1b\[K//' | grep pausing >"$T/lines"
is "$(($(wc -l <"$T/lines") > 20)) $(awk 'length > 69' "$T/lines")" '1 ' \
	'on a terminal one line is drawn again and again, and fits'
dwh cluster down
is "$ST $(record | jq -r 'select(.kind == null) | .what' | tail -n 1)" '0 down' 'down, though it is paused'
like "$ERR" 'resumed first' 'which it must not be'
is "$(left)$(buckets)" '' 'nothing is left'
like "$OUT" '^nothing is left of dwh-cluster in us-west-2' 'and it says so'
n=$(count_calls)
dwh cluster down
is "$ST $(calls "$n" | grep -c ':Delete')" '0 0' 'down again: nothing to do'
dwh cluster wait
is "$ST" 3 'there is nothing to wait for'
dwh run
is "$ST" 2 'and none to load into: exit code 2'
like "$ERR" 'no warehouse is known: .*dwh cluster up' 'and what makes one'
is "$(calls_json | jq -c '[.[] | select(.action == "DeleteCluster" and .outcome == "ok") | .args] | unique')" \
	'[{"ClusterIdentifier":"dwh-cluster","SkipFinalClusterSnapshot":"true"}]' 'and no snapshot is made'

# ---- from another machine: by its tags ----

dwh cluster up
rm -rf "$T/.dwh"
dwh cluster down
is "$ST" 0 'down without a record'
is "$(left)$(buckets)" '' 'finds all by its tags'

# ---- what is there, and not ours ----

double_post role '{"name": "dwhRole", "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
	"Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}' >/dev/null
dwh cluster up
is "$ST" 3 "somebody else's role: exit code 3"
like "$ERR" 'role dwhRole is there already.*--adopt' 'it is named, with the remedy'
is "$(left)$(buckets)" '' 'and nothing was made'
dwh cluster up --adopt
is "$ST" 0 'with --adopt it is used'
like "$OUT" '^adopts +role dwhRole' 'and it says so'
is "$(left | grep -c policy)" 0 'as it is'
dwh cluster down
is "$ST" 0 'down'
is "$(buckets)" '' 'removes the others'
like "$ERR" 'left as it is, dwh did not make it: role dwhRole' 'and leaves that one'
is "$(calls | tail -n 60 | grep -c 'DeleteRole ')" 0 'it is not touched'
cluster_config IAM_ROLE_NAME=mine
dwh cluster up
dwh cluster up --set DWH.CLUSTER_IDENTIFIER=second
is "$ST" 3 "another cluster's role: exit code 3"
like "$ERR" 'role mine belongs to the cluster dwh-cluster of dwh' 'whose it is'

dwh cluster down

# ---- the password is AWS's ----

cluster_config IAM_ROLE_NAME=mine
sed -i '/^DB_PASSWORD/d' "$T/dwh.cfg"
dwh cluster up
is "$ST" 9 'a password that AWS made, and that this warehouse does not take: exit code 9, as it stays'
like "$ERR" 'what was made stays, and may cost money' 'which it says'
dwh cluster status
like "$OUT" 'available' 'the cluster is there'
password=$(managed_password)
stop_redshiftd
cluster_redshiftd "$password"
dwh cluster up
is "$ST" 0 'one that it takes: up'
is "$(grep -c "$password" "$T/.dwh/cluster/dwh-cluster.jsonl")" 0 'it is in no record'
is "$(counts)" '8056 1168 38 105 1168 1108 8023' 'and other commands find it there'
dwh cluster down
is "$ST$(left)$(buckets)" 0 'down'
stop_redshiftd
cluster_redshiftd "$CLUSTER_PASSWORD"

# ---- reap ----

cluster_config IAM_ROLE_NAME=mine
dwh cluster up

dwh cluster up --max-hours 1
like "$OUT" '^ends +at 20..-..-..T..:..:..Z its time is over' 'and the plan says when it may go'
is "$ST" 0 'a time is set later'
dwh cluster reap
is "$ST" 0 'reap'
like "$OUT" 'stays  cluster dwh-cluster' 'leaves what has time left'
dwh cluster reap --dry-run
is "$ST" 0 'a dry run'
set_tag dwh:expires 2020-01-01T00:00:00Z
dwh cluster reap --dry-run
like "$OUT" 'due  cluster dwh-cluster .*2020-01-01T00:00:00Z' 'its time is over: a dry run says so'
is "$(left | grep -c 'cluster dwh-cluster')" 1 'and leaves it'
set_tag dwh:made-by somebody
dwh cluster reap
is "$(left | grep -c 'cluster dwh-cluster')" 1 'what is not ours stays, whatever its time'
set_tag dwh:made-by dwh
dwh cluster reap --set DWH.CLUSTER_IDENTIFIER=other --set DWH.IAM_ROLE_NAME=another
is "$ST" 0 'reap, from whatever configuration'
is "$(left)" '' 'removes it with all that belongs to it'
is "$(buckets)" '' 'its bucket, too'
done_testing
