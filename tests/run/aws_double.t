#!/bin/bash
# The double of AWS's control plane is as strict, as slow and as moody as AWS; curl and boto3 agree
# with it about signatures and documents.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=../aws/lib.sh
. "$TOP/tests/aws/lib.sh"
start_double --speed 0 --page 2 --container-token t0ken --taken-bucket somebodys
steps() { double_post clock "{\"step\": $1}" >/dev/null; } # so many simulated seconds pass
rs_said() { aws_query redshift "$1" "$2" | said "${3:-}"; }
iam_said() { aws_query iam "$1" "$2" | said "${3:-}"; }
ec2_said() { aws_query ec2 "$1" "$2" | said "${3:-}"; }
sl_said() { aws_json redshift-serverless "RedshiftServerless.$1" "$2" | said "${3:-}"; }
s3_said() { # s3_said METHOD PATH [CURL OPTION...]
	AWS_PATH=$2 aws_curl s3 us-west-2 -X "$1" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "${@:3}" | said
}

# ---- who is it? ----
who() { aws_query "${1:-sts}" "${2:-GetCallerIdentity}" '' | said "${3:-}"; }
is "$(who sts GetCallerIdentity Arn)" arn:aws:iam::123456789012:user/loader 'a right signature'
is "$(AWS_SECRET_ACCESS_KEY=wrong who) $(AWS_SECRET_ACCESS_KEY=wrong who ec2 DescribeVpcs) $(
	AWS_SECRET_ACCESS_KEY=wrong sl_said GetNamespace) $(AWS_SECRET_ACCESS_KEY=wrong s3_said GET '')" \
	'SignatureDoesNotMatch AuthFailure InvalidSignatureException SignatureDoesNotMatch' \
	'a wrong secret is refused by each in its own words'
is "$(AWS_ACCESS_KEY_ID=AKIAUNKNOWN who) $(AWS_ACCESS_KEY_ID=AKIAUNKNOWN who ec2 DescribeVpcs) $(
	AWS_ACCESS_KEY_ID=AKIAUNKNOWN sl_said GetNamespace) $(AWS_ACCESS_KEY_ID=AKIAUNKNOWN s3_said GET '')" \
	'InvalidClientTokenId AuthFailure UnrecognizedClientException InvalidAccessKeyId' 'an unknown key'
is "$(curl -s -d 'Action=GetCallerIdentity&Version=2011-06-15' "$AWS_ENDPOINT_URL/" | said) $(
	curl -s "$AWS_ENDPOINT_URL/bucket" | said)" 'MissingAuthenticationToken AccessDenied' 'nobody'
is "$(aws_curl ec2 us-west-2 -d 'Action=GetCallerIdentity&Version=2011-06-15' | said)" InvalidAction \
	'the service that was signed for is the one that is asked'
is "$(AWS_REGION=us-west-2 aws_curl iam us-west-2 -d 'Action=ListRoles&Version=2010-05-08' | said)" \
	SignatureDoesNotMatch 'IAM is signed for its own region only'
for wall in 400 -400; do
	double_post clock "{\"wall\": $wall}" >/dev/null
	is "$(who) $(who ec2 DescribeVpcs) $(sl_said GetNamespace) $(s3_said GET '')" \
		'SignatureDoesNotMatch RequestExpired InvalidSignatureException ok' \
		"a clock that is $wall seconds off: S3 bears more"
done
double_post clock '{"wall": 1000}' >/dev/null
is "$(s3_said GET '')" RequestTimeTooSkewed 'and not this'
double_post clock '{"wall": 0}' >/dev/null
like "$(aws_query sts GetCallerIdentity '' -D-)" '^x-amzn-RequestId: [0-9a-f-]{36}' 'a request id'

# ---- sessions ----
double_post role '{"name": "base", "external": "e1"}' >/dev/null
base='RoleArn=arn:aws:iam::123456789012:role/base&RoleSessionName=s-1'
is "$(aws_query sts AssumeRole "$base" | said) $(aws_query sts AssumeRole "$base&ExternalId=e1&DurationSeconds=60" | said)" \
	'AccessDenied ValidationError' 'AssumeRole looks at the external id and the duration'
session() { # session XML: its keys in the environment
	AWS_ACCESS_KEY_ID=$(said AccessKeyId <<<"$1")
	AWS_SECRET_ACCESS_KEY=$(said SecretAccessKey <<<"$1")
	AWS_SESSION_TOKEN=$(said SessionToken <<<"$1")
	export AWS_SESSION_TOKEN
}
session "$(aws_query sts AssumeRole "$base&ExternalId=e1")"
is "$(who sts GetCallerIdentity Arn)" arn:aws:sts::123456789012:assumed-role/base/s-1 'a session is somebody else'
is "$(AWS_SESSION_TOKEN=wrong who) $(AWS_SESSION_TOKEN='' s3_said GET '')" 'InvalidClientTokenId InvalidToken' \
	'only with its token'
double_post expire
is "$(who) $(who ec2 DescribeVpcs) $(sl_said GetNamespace) $(s3_said GET '')" \
	'ExpiredToken RequestExpired ExpiredTokenException ExpiredToken' 'and until it expires'
session "$(curl -s -d "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&$base&WebIdentityToken=eyJ.a.b" "$AWS_ENDPOINT_URL/")"
is "$(who)" ok 'a web identity needs no signature'
unset AWS_SESSION_TOKEN
use_aws "$DOUBLE_PORT" "$AWS_ID" "$AWS_SECRET"
imds() { curl -s "${@:2}" "$AWS_ENDPOINT_URL/latest/$1"; }
token=$(imds api/token -X PUT -H 'x-aws-ec2-metadata-token-ttl-seconds: 60')
roles=meta-data/iam/security-credentials/
is "$(imds "$roles" | jq -r .Code) $(imds "$roles" -H "x-aws-ec2-metadata-token: $token")" \
	'Unauthorized instance-role' 'IMDS wants its token'
is "$(imds "${roles}instance-role" -H "x-aws-ec2-metadata-token: $token" | jq -r .Code)" Success 'and gives keys'
is "$(curl -s -H 'Authorization: t0ken' "$AWS_ENDPOINT_URL/_container/x" | jq -r '.Token | length > 300')" true \
	'the endpoint of containers, too'

# ---- IAM ----
trust='AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
is "$(iam_said CreateRole "RoleName=dwhRole&$trust&Tags.member.1.Key=a&Tags.member.1.Value=b" Arn)" \
	arn:aws:iam::123456789012:role/dwhRole 'CreateRole'
is "$(iam_said CreateRole "RoleName=DWHrole&$trust") $(iam_said CreateRole "RoleName=a/b&$trust") $(
	iam_said CreateRole 'RoleName=x&AssumeRolePolicyDocument={}') $(iam_said GetRole RoleName=x)" \
	'EntityAlreadyExists ValidationError MalformedPolicyDocument NoSuchEntity' 'and what it refuses'
arn=PolicyArn=arn:aws:iam::aws:policy
is "$(iam_said AttachRolePolicy "RoleName=dwhRole&$arn/AmazonS3ReadOnlyAccess") $(
	iam_said AttachRolePolicy "RoleName=dwhRole&$arn/AmazonS3ReadOnlyAccess") $(
	iam_said AttachRolePolicy "RoleName=dwhRole&$arn/NoSuch")" 'ok ok NoSuchEntity' 'AttachRolePolicy'
policy='PolicyDocument={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
for p in p1 p2 p3; do iam_said PutRolePolicy "RoleName=dwhRole&PolicyName=$p&$policy" >/dev/null; done
is "$(iam_said ListRolePolicies RoleName=dwhRole 'IsTruncated|Marker|member')" 'p1 p2 true after.p2' 'pages'
is "$(iam_said ListRolePolicies 'RoleName=dwhRole&Marker=after.p2' member)" p3 'and the next'
is "$(iam_said DeleteRole RoleName=dwhRole) $(iam_said ListRoleTags RoleName=dwhRole 'Key|Value')" \
	'DeleteConflict a b' 'DeleteRole is refused while a policy is left'

# ---- EC2 ----
vpc=$(ec2_said DescribeVpcs 'Filter.1.Name=is-default&Filter.1.Value.1=true' vpcId)
group=$(ec2_said CreateSecurityGroup "GroupName=dwh-x&GroupDescription=d&VpcId=$vpc" groupId)
is "$(ec2_said CreateSecurityGroup "GroupName=dwh-x&GroupDescription=d&VpcId=$vpc") $(
	ec2_said DescribeSecurityGroups "Filter.1.Name=group-name&Filter.1.Value.1=dwh-x" groupId)" \
	"InvalidGroup.Duplicate $group" 'CreateSecurityGroup'
rule="GroupId=$group&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5439&IpPermissions.1.ToPort=5439&IpPermissions.1.IpRanges.1.CidrIp=203.0.113.7"
is "$(ec2_said AuthorizeSecurityGroupIngress "$rule") $(ec2_said AuthorizeSecurityGroupIngress "$rule/32" return) $(
	ec2_said AuthorizeSecurityGroupIngress "GroupId=$group&IpProtocol=tcp&FromPort=5439&ToPort=5439&CidrIp=203.0.113.7/32")" \
	'InvalidParameterValue true InvalidPermission.Duplicate' 'AuthorizeSecurityGroupIngress, in both forms'
is "$(ec2_said RevokeSecurityGroupIngress "$rule/32") $(ec2_said RevokeSecurityGroupIngress "$rule/32") $(
	ec2_said RevokeSecurityGroupIngress "GroupId=$group&SecurityGroupRuleId.1=sgr-1")" \
	'ok InvalidPermission.NotFound InvalidSecurityGroupRuleId.NotFound' 'RevokeSecurityGroupIngress'
is "$(ec2_said DeleteSecurityGroup GroupId=sg-01234567) $(ec2_said DeleteSecurityGroup GroupId=x)" \
	'InvalidGroup.NotFound InvalidGroupId.Malformed' 'DeleteSecurityGroup'
is "$(ec2_said DescribeSubnets 'Filter.1.Name=x&Filter.1.Value.1=y') $(ec2_said DescribeSubnets '' 'availabilityZone')" \
	"InvalidParameterValue $(ec2_said DescribeSubnets "Filter.1.Name=vpc-id&Filter.1.Value.1=$vpc" availabilityZone)" 'filters'

# ---- a cluster ----
role=arn:aws:iam::123456789012:role/dwhRole
create() { # create NAME [MORE]
	local all="ClusterIdentifier=$1&NodeType=ra3.large&NumberOfNodes=2&MasterUsername=dwhuser&MasterUserPassword=Passw0rd~x"
	# What is given more is given instead.
	rs_said CreateCluster "$(tr '&' '\n' <<<"${2:+$2&}$all" | awk -F= '!seen[$1]++' | paste -sd '&')"
}
faults=
for bad in ClusterIdentifier={Dwh,1a,a--b,a-} NodeType=x NumberOfNodes={1,101,x} DBName={Dev,select} \
	MasterUsername={Dwh,public} MasterUserPassword={Sh0rtpw,nodigitHere,NOLOWER01,noupper01,Sl/ash001,Qu\'ote001,B\ lank01} \
	Port={80,5456,8190} Encrypted=false AutomatedSnapshotRetentionPeriod=0 PubliclyAccessible=yes \
	VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1 IamRoles.IamRoleArn.1=arn:aws:iam::123456789012:role/no \
	ClusterType=single-node 'ManageMasterPassword=true' 'ClusterSubnetGroupName=no'; do
	said=$(create dwh-x "$bad")
	case $bad=$said in
	*=InvalidParameterValue | NumberOfNodes=1=InvalidParameterCombination | ClusterType=*=InvalidParameterCombination) ;;
	Manage*=InvalidParameterCombination | *=ClusterSubnetGroupNotFoundFault) ;;
	*) faults="$faults $bad: $said" ;;
	esac
done
is "$faults" '' 'what CreateCluster refuses'
is "$(rs_said CreateCluster ClusterIdentifier=x) $(rs_said NoSuchAction '')" 'MissingParameter InvalidAction' 'and what is none'
is "$(create dwh-x "IamRoles.IamRoleArn.1=$role")" InvalidParameterValue 'a role that is new is not valid yet'
steps 15
more="IamRoles.IamRoleArn.1=$role&VpcSecurityGroupIds.VpcSecurityGroupId.1=$group&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v"
is "$(create dwh-x "$more") $(create dwh-x "$more")" 'ok ClusterAlreadyExists' 'it is a little later; and is made once'
shown='ClusterStatus|ApplyStatus|Address'
state() { rs_said DescribeClusters ClusterIdentifier=dwh-x "$shown"; }
is "$(state)" 'creating adding' 'it is creating, without an endpoint'
is "$(rs_said DeleteCluster 'ClusterIdentifier=dwh-x&SkipFinalClusterSnapshot=true') $(
	rs_said PauseCluster ClusterIdentifier=dwh-x)" 'InvalidClusterState InvalidClusterState' 'and busy'
steps 299
is "$(state)" 'creating adding' 'for minutes'
steps 2
is "$(state)" 'available 127.0.0.1 adding' 'then available'
steps 30
is "$(state)" 'available 127.0.0.1 in-sync' 'then its role is in-sync'
is "$(rs_said PauseCluster ClusterIdentifier=dwh-x ClusterStatus) $(rs_said ResumeCluster ClusterIdentifier=dwh-x)" \
	'pausing InvalidClusterState' 'pausing'
steps 180
is "$(rs_said DeleteCluster 'ClusterIdentifier=dwh-x&SkipFinalClusterSnapshot=true') $(
	rs_said ResumeCluster ClusterIdentifier=dwh-x ClusterStatus)" 'InvalidClusterState resuming' \
	'paused, which is not deleted so, and resuming'
steps 180
is "$(rs_said ModifyClusterIamRoles "ClusterIdentifier=dwh-x&RemoveIamRoles.IamRoleArn.1=$role" ApplyStatus)" removing 'roles are modified'
is "$(rs_said GetClusterCredentials 'ClusterIdentifier=dwh-x&DbUser=u&AutoCreate=true' DbUser) $(
	rs_said GetClusterCredentials 'ClusterIdentifier=dwh-x&DbUser=u&DurationSeconds=10') $(
	rs_said GetClusterCredentialsWithIAM ClusterIdentifier=dwh-x DbUser)" 'IAMA:u InvalidParameterValue IAM:loader' 'passwords'
create dwh-y >/dev/null
rs_said CreateCluster 'ClusterIdentifier=dwh-m&NodeType=dc2.large&ClusterType=single-node&MasterUsername=u&ManageMasterPassword=true&Port=1150' >/dev/null
managed=$(rs_said DescribeClusters ClusterIdentifier=dwh-m MasterPasswordSecretArn)
get_managed() { aws_json secretsmanager secretsmanager.GetSecretValue "{\"SecretId\": \"$managed\"}" | said .SecretString; }
is "$(get_managed | jq -r '"\(.username) \(.password | length > 8)"')" 'u true' 'a password that Redshift manages'
steps 300
rs_said DeleteCluster 'ClusterIdentifier=dwh-m&SkipFinalClusterSnapshot=true' >/dev/null
steps 300
is "$(get_managed)" ResourceNotFoundException 'goes with its cluster'
create dwh-z >/dev/null
is "$(rs_said DescribeClusters '' 'Marker|ClusterIdentifier') $(rs_said DescribeClusters Marker=after.dwh-y ClusterIdentifier) $(
	rs_said DescribeClusters 'TagKeys.TagKey.1=k' ClusterIdentifier) $(rs_said DescribeClusters Marker=x)" \
	'after.dwh-y dwh-x dwh-y dwh-z dwh-x InvalidParameterValue' 'pages, and filters by tag'
is "$(AWS_REGION=eu-west-1 rs_said DescribeClusters ClusterIdentifier=dwh-x)" ClusterNotFound 'another region has none of it'
is "$(rs_said DeleteCluster ClusterIdentifier=dwh-x) $(rs_said DeleteCluster ClusterIdentifier=no\&SkipFinalClusterSnapshot=true)" \
	'InvalidParameterCombination ClusterNotFound' 'a final snapshot is to be named or waived'
is "$(ec2_said DeleteSecurityGroup "GroupId=$group")" DependencyViolation 'its group is held'
is "$(rs_said DeleteCluster 'ClusterIdentifier=dwh-x&FinalClusterSnapshotIdentifier=s' ClusterStatus)" final-snapshot 'the snapshot'
steps 120
is "$(state) $(ec2_said DeleteSecurityGroup "GroupId=$group")" 'deleting DependencyViolation' 'deleting'
steps 240
is "$(state) $(ec2_said DeleteSecurityGroup "GroupId=$group")" 'ClusterNotFound DependencyViolation' \
	'gone, but for its network interface'
steps 120
is "$(ec2_said DeleteSecurityGroup "GroupId=$group") $(ec2_said DeleteSecurityGroup "GroupId=$group")" \
	'ok InvalidGroup.NotFound' 'and that'
is "$(left | paste -sd ,)" 'attached policy dwhRole arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess,cluster dwh-y,cluster dwh-z,role dwhRole,role policy dwhRole p1,role policy dwhRole p2,role policy dwhRole p3,snapshot s' \
	'what is left is known'

# ---- serverless ----
is "$(sl_said CreateNamespace '{"namespaceName": "X"}') $(sl_said CreateNamespace '{}') $(
	sl_said CreateNamespace '{"namespaceName": 5}') $(sl_said NoSuch) $(
	sl_said CreateNamespace '{"namespaceName": "ns1", "adminUsername": "adm", "adminUserPassword": "weak"}')" \
	'ValidationException ValidationException SerializationException UnknownOperationException ValidationException' 'what is refused'
ns="{\"namespaceName\": \"ns1\", \"iamRoles\": [\"$role\"], \"tags\": [{\"key\": \"k\", \"value\": \"v\"}]}"
wg='{"workgroupName": "wg1", "namespaceName": "ns1", "baseCapacity": '
is "$(sl_said CreateNamespace "$ns" .namespace.status) $(sl_said CreateNamespace "$ns") $(sl_said CreateWorkgroup "$wg 8}")" \
	'MODIFYING ConflictException ConflictException' 'a namespace takes its time'
steps 10
two=$(ec2_said DescribeSubnets MaxResults=5 subnetId | sed 's/\(.*\) \(.*\)/["\1", "\2"]/')
is "$(sl_said CreateWorkgroup "$wg 9}") $(sl_said CreateWorkgroup "$wg 8, \"subnetIds\": $two}") $(
	sl_said CreateWorkgroup "$wg 8}" .workgroup.status) $(sl_said DeleteWorkgroup '{"workgroupName": "wg1"}')" \
	'ValidationException ValidationException CREATING ConflictException' 'a workgroup, with three subnets'
is "$(sl_said GetWorkgroup '{"workgroupName": "wg1"}' .workgroup.endpoint.address)" null 'without an address at first'
steps 120
is "$(sl_said GetWorkgroup '{"workgroupName": "wg1"}' '.workgroup | "\(.status) \(.endpoint.address)"') $(
	sl_said GetCredentials '{"workgroupName": "wg1", "dbName": "dev"}' .dbUser) $(sl_said DeleteNamespace '{"namespaceName": "ns1"}')" \
	'AVAILABLE 127.0.0.1 IAM:loader ConflictException' 'then with one'
sl_said DeleteWorkgroup '{"workgroupName": "wg1"}' >/dev/null
steps 90
is "$(sl_said GetWorkgroup '{"workgroupName": "wg1"}') $(sl_said DeleteNamespace '{"namespaceName": "ns1"}' .namespace.status)" \
	'ResourceNotFoundException DELETING' 'and gone'
double_post secret '{"id": "pw", "value": "{\"username\": \"u\"}"}' >/dev/null
is "$(aws_json secretsmanager secretsmanager.GetSecretValue '{"SecretId": "pw"}' | said .SecretString) $(
	aws_json secretsmanager secretsmanager.GetSecretValue '{"SecretId": "no"}' | said)" \
	'{"username": "u"} ResourceNotFoundException' 'a secret'

# ---- buckets ----
here='<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>'
is "$(s3_said PUT dwh-b) $(s3_said PUT Dwh -d "$here") $(s3_said PUT somebodys -d "$here") $(s3_said PUT dwh-b -d "$here") $(
	s3_said PUT dwh-b -d "$here")" \
	'IllegalLocationConstraintException InvalidBucketName BucketAlreadyExists ok BucketAlreadyOwnedByYou' 'CreateBucket'
is "$(s3_said PUT dwh-b/a/b -d hello) $(s3_said GET dwh-b/no) $(s3_said GET no/no) $(s3_said DELETE dwh-b) $(
	s3_said DELETE dwh-b/a/b) $(s3_said DELETE dwh-b)" \
	'ok NoSuchKey NoSuchBucket BucketNotEmpty ok ok' 'and its end'

# ---- faults ----
from=$(count_calls)
list() { aws_query redshift DescribeClusters '' 2>&1 | said | head -n 1; }
for how in throttle deny 500 503 expired role; do
	fail_next 'redshift:Describe*' "$how"
	list
done >"$T/out"
is "$(paste -sd ' ' "$T/out")" 'Throttling AccessDenied InternalFailure ServiceUnavailable ExpiredToken InvalidParameterValue' \
	'refused as it is told'
fail_next '*' throttle 2 1
is "$(list) $(list) $(list) $(list)" 'ok Throttling Throttling ok' 'so often, and after so many'
fail_code DescribeClusters InsufficientClusterCapacity 409
is "$(list)" InsufficientClusterCapacity 'with any code'
fail_next CreateTags lost
lost=$(aws_query redshift CreateTags "ResourceName=arn:aws:redshift:us-west-2:123456789012:cluster:dwh-y&Tags.Tag.1.Key=q&Tags.Tag.1.Value=r" 2>&1)
like "$lost" 'Empty reply' 'an answer that is lost'
is "$(rs_said DescribeTags TagKeys.TagKey.1=q Value)" r 'of a call that was carried out'
fail_next changes reset
is "$(list)" ok 'only what changes something fails'
like "$(aws_query redshift PauseCluster ClusterIdentifier=dwh-y 2>&1)" 'reset' 'a reset'
fail_next '*' timeout
like "$(aws_query redshift DescribeClusters '' -m 0.2 2>&1)" 'timed out' 'no answer at all'
fail_next '*' hold
list >"$T/out" &
until_true 10 held
ok $? 'a call is held'
double_post release
wait $!
is "$(cat "$T/out")" ok 'and goes on'
fail_next changes hold
aws_query redshift PauseCluster ClusterIdentifier=dwh-z >"$T/out" 2>&1 &
until_true 10 held
double_post release '{"drop": true}'
wait $!
is "$(grep -c 'Empty reply' "$T/out") $(rs_said DescribeClusters ClusterIdentifier=dwh-z ClusterStatus)" '1 available' 'or is never carried out'
is "$(changes "$from" | paste -sd ,)" 'redshift:CreateTags lost,redshift:PauseCluster reset,redshift:PauseCluster dropped' 'what was to change something'
is "$(calls "$from" | sed -n '1p;$p' | paste -sd ,)" 'redshift:DescribeClusters Throttling,redshift:DescribeClusters ok' 'the log'
rs_said DescribeClusters 'MaxRecrods=20' >/dev/null
is "$(unread)" 'DescribeClusters MaxRecrods' 'a slip of the client is seen'
like "$(calls_json | jq -c '.[].args')" '"MasterUserPassword":"\*\*\*"' 'and no password'
is "$(calls_json | grep -c 'Passw0rd')" 0 'not once'
is "$(cat "$T/double.log")" '' 'nothing went wrong in it'

# ---- an independent judge ----
if /usr/bin/python3 -c 'import boto3' 2>/dev/null || python3 -c 'import boto3' 2>/dev/null; then
	/usr/bin/python3 -c 'import boto3' 2>/dev/null && PYTHON=/usr/bin/python3 || PYTHON=python3
	kill "$DOUBLE"
	start_double --page 2 --speed 1200
	"$PYTHON" "$AWS_HERE/boto.py" >"$T/boto" 2>"$T/err"
	ok $? 'boto3 gets through a whole life'
	while read -r state name; do
		[ "$state" = ok ]
		ok $? "boto3: $name"
	done <"$T/boto"
	is "$(left)" '' 'and leaves nothing'
	is "$(unread)" '' 'nor asks for what the double does not know'
else
	N=$((N + 1))
	echo "ok $N - boto3 # SKIP python3-boto3 is not installed (make deps-test)"
fi

# ---- moto ----
if has_moto; then
	start_moto
	is "$(who sts GetCallerIdentity Account) $(AWS_SECRET_ACCESS_KEY=wrong who)" '123456789012 SignatureDoesNotMatch' \
		'moto verifies signatures'
	is "$(iam_said CreateRole "RoleName=r&$trust") $(iam_said AttachRolePolicy "RoleName=r&$arn/AmazonS3ReadOnlyAccess") $(
		iam_said DeleteRole RoleName=r)" 'ok ok DeleteConflict' 'and has the managed policies'
else
	N=$((N + 1))
	echo "ok $N - moto # SKIP moto is not installed: python3 -m moto.server"
fi
done_testing
