#!/bin/bash
# Each change that `dwh cluster down` asks for is denied: it ends with 9, and names what is left, what may
# still cost money, and the command that goes on, which removes the rest. Or AWS is busy for long.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0

filled
for action in $DOWN_CHANGES; do
	fail_next "$action" deny -1
	dwh cluster down
	is "$ST" 9 "down, $action denied: exit code 9"
	like "$ERR" 'cluster down. removes what is left' 'and it says what goes on'
	like "$ERR" 'by hand: aws ' 'also by hand'
	[ "$action" != DeleteCluster ] || like "$ERR" 'may still cost money: cluster dwh-cluster' 'and what costs'
	double_post calm >/dev/null
	removes "$action denied"
	filled
done

# ---- by hand, as it is said ----

commands() { sed -n 's/.*; by hand: //p' <<<"$ERR"; }
fail_next 'Delete*' deny -1
dwh cluster down
is "$(commands | sed 's/--group-id sg-[0-9a-f]*/--group-id ID/')" "aws redshift delete-cluster --region us-west-2 --cluster-identifier dwh-cluster --skip-final-cluster-snapshot
aws iam delete-role-policy --role-name dwhRole --policy-name dwh-reads-s3; aws iam delete-role --role-name dwhRole
aws s3 rb --force s3://dwh-123456789012-us-west-2-dwh-cluster
aws ec2 delete-security-group --region us-west-2 --group-id ID" 'in the order in which AWS takes them'
fail_next 'List*' deny -1
fail_next 'Describe*' deny -1
dwh cluster down --set 'LOCAL.PG_BIN=a b'
like "$(commands)" '^aws iam delete-role-policy --role-name dwhRole --policy-name dwh-reads-s3; aws iam delete-role --role-name dwhRole$' \
	'also where AWS does not tell its policies'
like "$(commands)" '^aws ec2 delete-security-group --region us-west-2 --group-name dwh-dwh-cluster$' 'by name where the id is not known'
like "$ERR" "--set 'LOCAL.PG_BIN=a b' cluster down" 'words are quoted for a shell'
double_post calm >/dev/null
removes 'what was to be removed by hand'
filled

# ---- AWS is busy with it ----

fail_code DeleteCluster InvalidClusterState 400 80
removes 'InvalidClusterState for 13 minutes is waited through'
filled
from=$(count_calls)
fail_code DeleteSecurityGroup DependencyViolation 400 100
removes 'DependencyViolation for a quarter of an hour, too'
is "$(calls "$from" | grep -c ' DependencyViolation')" 100 'as often as that'
filled
fail_code DeleteCluster InvalidClusterState 400 -1
dwh cluster down
is "$ST" 9 'not for ever'
double_post calm >/dev/null
removes 'busy for ever'
done_testing
