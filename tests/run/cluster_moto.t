#!/bin/bash
# The life of a warehouse against moto's server, whose signatures are on, and whose answers nobody
# here wrote; what is there, and that nothing is left, moto says to awscli. A warehouse at moto is no
# more than a name: here it is that of a redshiftd.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
start_moto
unshare -rm true 2>/dev/null || skip_all 'no name spaces: a name of moto cannot be made to lead here'
command -v aws >/dev/null || skip_all 'awscli is not installed'

# A free port that a cluster may have.
REDSHIFT_PORT=$(python3 -c '
import random, socket
ports = list(range(5431, 5456)) + list(range(8191, 8216))
random.shuffle(ports)
for p in ports:
    s = socket.socket()
    if s.connect_ex(("127.0.0.1", p)):
        print(p)
        break')
small_data
cluster_warehouse
stop_s3d
(umask 077 && printf '%s\n%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$T/s3d.key")
"$DWH" s3d --root "$T/buckets" --key-file "$T/s3d.key" --port "$S3_PORT" >"$T/s3d.ready" 2>>"$T/s3d.log" &
disown
stop_redshiftd
cluster_redshiftd "$CLUSTER_PASSWORD"
cluster_config "PORT = $REDSHIFT_PORT"
sed -i -e '/^KEY/d' -e '/^SECRET/d' "$T/dwh.cfg"
sed '/^ENDPOINT/d' "$T/dwh.cfg" >"$T/moto.cfg"
sed -i 's|^SONG_DATA.*|&\nMANIFESTS = s3://manifests/of/tests|' "$T/dwh.cfg"
chmod 600 "$T"/*.cfg
export DWH_AWS_SPEED=60
export AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS=http://nowhere.invalid # moto has none, as some regions

# Each cluster of moto's has another name, which shall lead to this machine: where dwh looks, /etc/hosts
# is a file that a loop keeps up.
cp /etc/hosts "$T/hosts"
while sleep 0.05; do
	host=$(curl -s -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --aws-sigv4 aws:amz:us-west-2:redshift \
		-d Action=DescribeClusters -d Version=2012-12-01 "http://127.0.0.1:$MOTO_PORT/" |
		sed -n 's:.*<Address>\(dwh-cluster[^<]*\)</Address>.*:\1:p')
	[ -z "$host" ] || grep -qF "$host" "$T/hosts" || echo "127.0.0.1 $host" >>"$T/hosts"
done &
AWS_PIDS+=($!)
disown

# here CONFIG ARGS...: dwh, there
here() {
	OUT=$(unshare -rm sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$T/hosts" \
		"$DWH" "${@:2}" -c "$T/$1" 2>"$T/err")
	ST=$?
}
asked() { aws "$@" --output text 2>>"$T/aws.err" || echo "awscli failed: $1 $2"; }
there() { # what moto has; asked at once, as awscli takes its time. A question that fails is said, too.
	{
		asked redshift describe-clusters --query 'Clusters[].ClusterIdentifier' &
		asked iam list-roles --query 'Roles[].RoleName' | tr '\t' '\n' | grep -v ^AWSServiceRole &
		asked ec2 describe-security-groups --query 'SecurityGroups[].GroupName' | tr '\t' '\n' |
			grep -v ^default &
		asked s3api list-buckets --query 'Buckets[].Name' | grep -v ^None &
		wait
	} | sort
}

here moto.cfg cluster up --max-hours 2
is "$ST" 0 'up'
is "$(there | tr '\n' ' ')" 'dwh-123456789012-us-west-2-dwh-cluster dwh-cluster dwh-dwh-cluster dwhRole ' \
	'moto has all of it'
is "$(asked redshift describe-clusters --query \
	"Clusters[].[NodeType,NumberOfNodes,DBName,MasterUsername,PubliclyAccessible,Endpoint.Port,Tags[?Key=='dwh:cluster']|[0].Value]")" \
	"ra3.large	2	postgres	dwhuser	True	$REDSHIFT_PORT	dwh-cluster" 'as it was configured, with our tags'
is "$(asked iam list-role-policies --role-name dwhRole --query 'PolicyNames')" dwh-reads-s3 'a role with one policy'
is "$(asked ec2 describe-security-groups --group-names dwh-dwh-cluster \
	--query 'SecurityGroups[].IpPermissions[].[FromPort,ToPort,IpRanges[0].CidrIp]')" \
	"$REDSHIFT_PORT	$REDSHIFT_PORT	203.0.113.7/32" 'one address may connect'
here moto.cfg cluster up
is "$ST" 0 'up again'
like "$OUT" '^keeps +cluster dwh-cluster' 'makes nothing'
here moto.cfg cluster status --json
is "$(jq -c '[.resources[] | .ours]' <<<"$OUT")" '[true,true,true,true]' 'status'
here dwh.cfg run --json --set S3.MANIFESTS=s3://manifests/of/tests
is "$ST $(jq .totals.objects <<<"$OUT")" '0 1198' 'a run finds it, and loads'
here moto.cfg cluster down
is "$ST $(there)" '0 ' 'down: moto has nothing left'
here moto.cfg cluster down
is "$ST" 0 'down again'

# A cluster that somebody has deleted by hand has left the rest, whose time is over.
here moto.cfg cluster up --max-hours 2
asked redshift delete-cluster --cluster-identifier dwh-cluster --skip-final-cluster-snapshot >/dev/null
rm -rf "$T/.dwh/cluster"
here moto.cfg cluster reap
like "$OUT" '^stays  security group dwh-dwh-cluster' 'reap finds what is left of a cluster'
is "$ST $(there | tr '\n' ' ')" '0 dwh-123456789012-us-west-2-dwh-cluster dwh-dwh-cluster dwhRole ' 'and leaves it before its time'
old='Key=dwh:expires,Value=2020-01-01T00:00:00Z'
bucket=dwh-123456789012-us-west-2-dwh-cluster
asked ec2 create-tags --tags "$old" --resources "$(asked ec2 describe-security-groups \
	--filters Name=group-name,Values=dwh-dwh-cluster --query 'SecurityGroups[].GroupId')"
asked iam tag-role --role-name dwhRole --tags "$old"
asked s3api put-bucket-tagging --bucket $bucket --tagging "$(aws s3api get-bucket-tagging --bucket $bucket --output json |
	jq -c '{TagSet: [.TagSet[] | if .Key == "dwh:expires" then .Value = "2020-01-01T00:00:00Z" else . end]}')"
here moto.cfg cluster reap
is "$ST $(there)" '0 ' 'and removes it when that is over'

here dwh.cfg run --ephemeral --fresh --json
is "$ST $(jq .totals.objects <<<"$OUT")" '0 1198' 'run --ephemeral'
is "$(there)" '' 'moto has nothing left'
done_testing
