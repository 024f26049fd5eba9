#!/bin/bash
# Redshift Serverless, made, used and removed: against the double of AWS, whose warehouse is a
# redshiftd.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_serverless
cluster_aws --take role=0
bucket=dwh-123456789012-us-west-2-night
# args ACTION: of its last call, but for the password
args() {
	calls_json | jq -cS --arg a "$1" '[.[] | select(.action == $a)] | last | .args
		| del(.adminUserPassword)'
}
changes() { calls "$1" | grep -vE ':(Describe|Get|List|Head)'; }
exits() { is "$ST" "$1" "$2"; }

# ---- refused before anything is made ----
dwh cluster up --set DWH.BASE_CAPACITY=12
is "$ST" 2 'a capacity that there is not'
like "$ERR" '\[DWH\] BASE_CAPACITY is 12, must be 4 or a multiple of 8' 'is named'
dwh cluster up --set DWH.PORT=5500
like "$ERR" '\[DWH\] PORT is 5500, must be 5431 to 5455 or 8191 to 8215' 'a port that there is not'
dwh cluster up --set DWH.CLUSTER_IDENTIFIER=ab
like "$ERR" 'CLUSTER_IDENTIFIER is "ab", must have 3 characters' 'a name that is too short'
is "$(count_calls)" 0 'nothing was asked of AWS'

# ---- up ----
fail_next CreateNamespace role 2
dwh cluster up --max-hours 5
exits 0 'up'
like "$OUT" '^makes +namespace night: database postgres; costs its storage$' 'the plan names the namespace'
like "$OUT" '^makes +workgroup night: port 5439, public; 5\.76 USD an hour while queries run: 16 RPUs at 0\.36' \
	'and what the workgroup costs'
is "$(left)" "$all" 'all of it is there'
is "$(buckets)" "$bucket" 'the bucket, too'
is "$(unread)" '' 'AWS knew each argument'
is "$(left_json | jq -r '[.[] | select(.kind != "role policy") | .tags
	| "\(."dwh:made-by") \(."dwh:cluster") \(."dwh:expires" | length)"] | unique | join("; ")')" \
	'dwh night 20' 'tagged: whose, of which cluster, until when'
is "$(changes 0 | grep serverless | uniq -c | sed 's/^ *//')" \
	'2 redshift-serverless:CreateNamespace ValidationException
1 redshift-serverless:CreateNamespace ok
1 redshift-serverless:CreateWorkgroup ok' 'a role that cannot be assumed yet is waited for'
is "$(args CreateNamespace | jq -c 'del(.tags)')" \
	'{"adminUsername":"dwhuser","dbName":"postgres","defaultIamRoleArn":"arn:aws:iam::123456789012:role/nightRole","iamRoles":["arn:aws:iam::123456789012:role/nightRole"],"namespaceName":"night"}' \
	'what the namespace was asked for'
is "$(args CreateWorkgroup | jq -c 'del(.tags, .subnetIds, .securityGroupIds)')" \
	'{"baseCapacity":16,"namespaceName":"night","port":5439,"publiclyAccessible":true,"workgroupName":"night"}' \
	'and the workgroup'
is "$(args CreateWorkgroup | jq -r '"\(.subnetIds | unique | length) \(.securityGroupIds | length)"')" '3 1' \
	'in three subnets, in one security group'
from=$(count_calls)
dwh cluster up
exits 0 'up again'
is "$(changes "$from" | sort -u)" 'iam:PutRolePolicy ok' 'makes nothing anew'
dwh cluster up --set DWH.BASE_CAPACITY=64
like "$OUT" '^keeps +workgroup night, .*stays as it is, 16 RPUs, .* 64$' 'another capacity is not taken, and it says so'
dwh cluster status
exits 0 'status'
like "$OUT" 'workgroup .*night.*(AVAILABLE|ready)' 'says that it is available'
dwh cluster pause
exits 3 'there is nothing to pause'
like "$ERR" 'workgroup .*not paused.* costs nothing while' 'and it says why'

# ---- it is used ----
events=$(awk 'END { print NR }' buckets/sparkify/log_data/*/*/*)
songs=$(find buckets/sparkify/song_data -type f | wc -l)
dwh run --json --set LOAD.COMPACT=on --set LOAD.KEEP_PARTS=yes
is "$ST $(jq .totals.rows <<<"$OUT")" "0 $((events + songs))" 'a run finds it, and loads'
like "$(find "$T/buckets/$bucket" -name '*.manifest')" '/manifests/' 'its manifests are in our bucket'
like "$(find "$T/buckets/$bucket" -name '*.json.gz')" '/manifests/parts/' 'and its parts'
is "$(find "$T/buckets/$bucket" -type f ! -path '*/.s3d/*' ! -path '*/manifests/*')" '' \
	'both where the role may read, and nowhere else'

# ---- another role ----
dwh cluster up --set DWH.IAM_ROLE_NAME=otherRole
is "$ST $(args UpdateNamespace)" '0 {"defaultIamRoleArn":"arn:aws:iam::123456789012:role/otherRole","iamRoles":["arn:aws:iam::123456789012:role/otherRole"],"namespaceName":"night"}' \
	'the namespace gets the role that is named now'
dwh cluster up --set DWH.IAM_ROLE_NAME=otherRole --max-hours 7
is "$(left_json | jq -r '[.[] | select(.kind == "namespace" or .kind == "workgroup")
	| .tags."dwh:expires"] | unique | length')" 1 'and lives longer, as it is said'
is "$(args TagResource | jq -r '.tags[] | select(.key == "dwh:expires") | .value | length')" 20 'by a tag'
dwh cluster up

# ---- down ----
from=$(count_calls)
dwh cluster down
exits 0 'down'
is "$(left)$(buckets)" '' 'nothing is left, of the other role neither'
is "$(calls "$from" | grep -E ':Delete.* ok$' | sed 's/.*://; s/ ok//' | paste -sd ' ')" \
	'DeleteWorkgroup DeleteNamespace DeleteRolePolicy DeleteRole DeleteSecurityGroup DeleteRolePolicy DeleteRole' \
	'in reverse'
like "$(calls "$from")" 'DeleteSecurityGroup DependencyViolation' \
	'the group was waited for, as an interface was still in it'
from=$(count_calls)
dwh cluster down
exits 0 'down again'
is "$(changes "$from")" '' 'has nothing to do'

done_testing
