#!/bin/bash
# The bucket of a cluster: in the region of the sources, tagged, closed to the public, emptied and
# removed; a fault after each step of that. S3 is the double's own here, which has regions.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
sed -i '/^ENDPOINT/d' dwh.cfg
sed -i 's|s3://sparkify/|s3://far-away/|' dwh.cfg
bucket=dwh-123456789012-us-west-2-dwh-cluster
quick=(--take role=0 --take creating=10 --take in-sync=0 --take deleting=10 --take interface=0)
# What is said to the warehouse passes here, and is kept in $T/said.
cat >relay.py <<'PY'
import socket, sys, threading
said = open("said", "ab", buffering=0)
def pass_on(a, b, keep):
    while data := a.recv(65536):
        if keep:
            said.write(data)
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    near, _ = server.accept()
    far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for args in (near, far, True), (far, near, False):
        threading.Thread(target=pass_on, args=args, daemon=True).start()
PY
setpriv --pdeathsig KILL python3 relay.py "$REDSHIFT_PORT" >relay.port 2>relay.log &
AWS_PIDS+=($!)
disown
until_true 20 test -s relay.port
cluster_aws "${quick[@]}" --warehouse "127.0.0.1:$(cat relay.port)" --taken-bucket dwh-123456789012-us-west-2-taken

# s3 CODE...: of Python, with clients of boto3, which is not ours, of the sources' region and of ours
s3() {
	python3 - "$@" <<-'PY'
		import boto3, os, sys
		from botocore.config import Config
		def client(region):
		    return boto3.client("s3", region_name=region, endpoint_url=os.environ["AWS_ENDPOINT_URL"],
		                        config=Config(s3={"addressing_style": "path"}))
		s3, near = client("eu-west-1"), client("us-west-2")
		b = "dwh-123456789012-us-west-2-dwh-cluster"
		exec(sys.argv[1])
	PY
}
far_away() {
	s3 's3.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_object(Bucket="far-away", Key="log_json_path.json", Body=b"{}")'
}
made() { left | grep -v 'far-away'; }
about() { # about FILTER: of what the double knows of our bucket
	left_json | jq -r --arg b "$bucket" ".[] | select(.kind == \"bucket\" and .name == \$b) | $1"
}
gone() { # gone NAME
	dwh cluster down
	is "$ST $(made)" '0 ' "$1"
}
far_away
# What the warehouse reads of it, it reads elsewhere.
mkdir "$T/buckets/far-away"
echo '{}' >"$T/buckets/far-away/log_json_path.json"

# ---- its life ----
dwh cluster up --max-hours 2
like "$(about .region)" '^eu-west-1$' 'the bucket is in the region of the sources'
is "$(about '.tags | "\(."dwh:made-by") \(."dwh:cluster") \(."dwh:expires" | length)"')" 'dwh dwh-cluster 20' \
	'tagged: whose, of which cluster, until when'
is "$(s3 'print(*s3.get_public_access_block(Bucket=b)["PublicAccessBlockConfiguration"].values())')" \
	'True True True True' 'closed to the public'
is "$(unread)" '' 'AWS knew each argument'
like "$(grep -ao 'copy dwh_role_probe.*noload' said)" "^copy .* from 's3://far-away/log_json_path.json' .* region 'eu-west-1' " \
	'the role is proved there, too'
from=$(count_calls)
dwh cluster up
is "$(calls "$from" | grep -cE ':(CreateBucket|PutBucketTagging)')" 0 'up again makes nothing anew'
s3 'for i in range(1203): s3.put_object(Bucket=b, Key=f"manifests/{i}", Body=b"x")
s3.put_object(Bucket=b, Key="a folder/", Body=b"")
s3.put_object(Bucket=b, Key="odd <&> key+%41", Body=b"y")'
from=$(count_calls)
gone 'down removes it with all that is in it'
is "$(calls "$from" | grep -c 'DeleteObjects ok')" 2 'a thousand objects at a time'

# ---- what is there, and not ours ----
s3 'near.create_bucket(Bucket=b, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
near.put_object(Bucket=b, Key="precious", Body=b"z")'
dwh cluster up
is "$ST $(made)" "3 bucket $bucket
object $bucket/precious" 'a bucket of that name that we did not make: nothing is made'
like "$ERR" "bucket $bucket is there already, and dwh did not make it" 'and it says so'
dwh cluster down
is "$ST $(made | wc -l)" '0 2' 'down leaves it as it is'
s3 'near.delete_object(Bucket=b, Key="precious"); near.delete_bucket(Bucket=b)'
dwh cluster up --set DWH.CLUSTER_IDENTIFIER=taken
like "$ERR" 'dwh-123456789012-us-west-2-taken.*the name belongs to another account' \
	'a name that another account has'
dwh cluster down --set DWH.CLUSTER_IDENTIFIER=taken
is "$(made)" '' 'nothing is left of that'
long=a-name-as-long-as-redshift-allows-it-to-be-and-not-one-more
dwh cluster up --set DWH.CLUSTER_IDENTIFIER=$long-x1
dwh cluster up --set DWH.CLUSTER_IDENTIFIER=$long-x2 --set DWH.IAM_ROLE_NAME=x2
is "$(made | sed -nE 's/^bucket (dwh-123456789012-us-west-2-a-name-.*)-[0-9a-f]{8}$/\1/p' | awk '{ print length }' | uniq -c |
	sed 's/^ *//')" '2 54' 'names that are too long for a bucket are cut, and not to the same'
dwh cluster down --set DWH.CLUSTER_IDENTIFIER=$long-x1
dwh cluster down --set DWH.CLUSTER_IDENTIFIER=$long-x2 --set DWH.IAM_ROLE_NAME=x2
is "$(made)" '' 'and they are found again'
dwh cluster up --set S3.MANIFESTS=s3://far-away/of/mine
like "$OUT" '^uses +bucket far-away' 'a bucket that is named is used'
is "$(made | grep -c bucket)" 0 'and none is made'
dwh cluster down --set S3.MANIFESTS=s3://far-away/of/mine
is "$(left)" 'bucket far-away
object far-away/log_json_path.json' 'nor removed'
dwh cluster up --set S3.MANIFESTS=none
is "$(made | grep -c bucket)" 0 'none is made where none may be'
gone 'down'

# ---- it was refused, and somebody else has made one since ----
fail_next CreateBucket deny
dwh cluster up
is "$((ST > 0)) $(made | grep -c bucket)" '1 0' 'a bucket is refused'
s3 'near.create_bucket(Bucket=b, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})'
dwh cluster down
is "$ST $(made)" "0 bucket $bucket" 'one that somebody else makes later stays'
like "$ERR" "left as it is, dwh did not make it: bucket $bucket" 'and it says so'
s3 'near.delete_bucket(Bucket=b)'
# AWS makes ours, and its answer is lost for good: it may be ours.
fail_next CreateBucket lost
fail_next CreateBucket deny -1
dwh cluster up
double_post calm >/dev/null
is "$((ST > 0)) $(made | grep -c bucket)" '1 1' 'one that was made before it was refused'
gone 'goes'
# Nor does AWS say for a while whether it is there: until then it is not made again.
fail_next CreateBucket lost
fail_next CreateBucket 503 4
fail_next HeadBucket 503 5 3
dwh cluster up
is "$ST $(about '.tags."dwh:made-by"')" '0 dwh' 'one that was made, as AWS says later'
double_post calm >/dev/null
gone 'goes, too'
fail_next CreateBucket hold
"$DWH" cluster up -c "$T/dwh.cfg" >"$T/out" 2>"$T/err" &
UP=$!
until_true 30 held
is $? 0 'we are about to make it'
s3 's3.create_bucket(Bucket=b, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})'
double_post release >/dev/null
wait $UP
like "$(cat "$T/err")" "bucket $bucket was made by somebody else at this moment" 'somebody else was first'
dwh cluster down
is "$ST $(made) $(about '.tags | length')" "0 bucket $bucket 0" 'that one stays, too, as it is'
s3 's3.delete_bucket(Bucket=b)'

# ---- a fault after each step ----
fails() { # fails HOW ACTION up|down
	local from
	from=$(count_calls)
	fail_next "$2" "$1"
	dwh cluster "$3"
	double_post calm >/dev/null
	case $1 in
	lost) is "$ST $(calls "$from" | grep -c ":$2 lost")" '0 1' "$3: the answer to $2 is lost, and not missed" ;;
	*) is "$((ST > 0)) $(calls "$from" | grep -c ":$2 ok")" '1 0' "$3: $2: $1" ;;
	esac
}
for action in CreateBucket PutBucketTagging PutPublicAccessBlock; do
	fails deny $action up
	dwh cluster up
	is "$ST $(about '.tags."dwh:made-by"')" '0 dwh' 'up again completes it'
	gone 'and down removes it'
	fails deny $action up
	gone 'down alone removes the half of it'
	fails lost $action up
	is "$(about '.tags."dwh:made-by"')" dwh 'it is ours'
	gone 'and down removes it'
done
for action in DeleteObjects DeleteBucket; do
	for how in deny lost; do
		dwh cluster up
		s3 's3.put_object(Bucket=b, Key="manifests/x", Body=b"x")'
		fails $how $action down
		gone 'down again removes the rest'
	done
done
# What was just deleted may not be made again for a while.
fail_code CreateBucket OperationAborted 409 3
dwh cluster up
is "$ST $(about .region)" '0 eu-west-1' 'a name that is not free yet is waited for'
gone 'down'
done_testing
