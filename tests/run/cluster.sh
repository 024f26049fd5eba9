# cluster.sh - a warehouse at AWS, for tests: the double of tests/aws, and behind its endpoint a
# redshiftd of the test's own. Sourced behind lib.sh.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=../aws/lib.sh
. "$TOP/tests/aws/lib.sh"
export PYTHONUNBUFFERED=1

# What Redshift allows as a password.
CLUSTER_PASSWORD='Passw0rd-of.tests'

# The warehouse, and the S3 of its data.
cluster_warehouse() {
	own_postgres
	own_s3d
	(umask 077 && printf '%s\n' "$PG_PASSWORD" >"$T/redshiftd.pg")
	cluster_redshiftd "$CLUSTER_PASSWORD"
}
cluster_redshiftd() { # cluster_redshiftd PASSWORD: that of dwhuser; again on the same port
	(umask 077 && printf 'dwhuser\n%s\n' "$1" >"$T/redshiftd.password")
	rm -f "$T/redshiftd.ready"
	"$DWH" redshiftd --port "${REDSHIFT_PORT:-0}" --pg "$T/sock" --pg-user loader \
		--pg-database postgres --pg-password-file "$T/redshiftd.pg" \
		--password-file "$T/redshiftd.password" --s3-endpoint "http://127.0.0.1:$S3_PORT" \
		--s3-key-file "$T/s3d.key" >"$T/redshiftd.ready" 2>>"$T/redshiftd.log" &
	# shellcheck disable=SC2034 # lib.sh reads it
	REDSHIFTD=$!
	disown
	until_true 60 grep -q ready "$T/redshiftd.ready" ||
		echo "# redshiftd did not start: $(cat "$T/redshiftd.log")"
	REDSHIFT_PORT=$(sed -n 's/^redshiftd ready //p' "$T/redshiftd.ready")
}

# cluster_config LINES...: of [DWH]
cluster_config() {
	mkdir -p "$T/buckets/manifests"
	cat >"$T/dwh.cfg" <<-CFG
		[WAREHOUSE]
		ENGINE = redshift
		SSLMODE = disable
		[AWS]
		ENDPOINT = http://127.0.0.1:$S3_PORT
		REGION = us-west-2
		KEY = $S3_ID
		SECRET = $S3_SECRET
		[S3]
		LOG_DATA = s3://sparkify/log_data
		LOG_JSONPATH = s3://sparkify/log_json_path.json
		SONG_DATA = s3://sparkify/song_data
		[LOAD]
		WORKERS = 2
		[LOCAL]
		DIR = $T/.dwh
		[DWH]
		DB = postgres
		DB_PASSWORD = $CLUSTER_PASSWORD
		INGRESS = 203.0.113.7/32
		$(printf '%s\n' "$@")
	CFG
	chmod 600 "$T/dwh.cfg"
}

# cluster_aws OPTIONS...: AWS, with the key of the S3. Time passes 600 times as fast.
cluster_aws() {
	start_double --key "$S3_ID:$S3_SECRET" --speed 600 --warehouse "127.0.0.1:${REDSHIFT_PORT:-1}" "$@"
	export DWH_AWS_SPEED=600
}
record() { cat "$T/.dwh/cluster/$(sed -n 's/^CLUSTER_IDENTIFIER = //p' "$T/dwh.cfg" | grep . || echo dwh-cluster).jsonl"; }
is_up() { record | jq -e -s 'map(select(.what == "up" or .what == "paused" or .what == "down")) | last | .what == "up"' >/dev/null; }
steps() { record | jq -r 'select(.kind) | "\(.what) \(.kind)"'; }
buckets() { find "$T/buckets" -mindepth 1 -maxdepth 1 -name 'dwh-*' -printf '%f\n'; }
nothing_at_aws() { [ -z "$(left)$(buckets)" ]; }
# signed SERVICE CURL-OPTIONS...: a request of somebody else's to AWS
signed() {
	curl -sS -u "$S3_ID:$S3_SECRET" --aws-sigv4 "aws:amz:us-west-2:$1" "${@:2}" \
		"http://127.0.0.1:$DOUBLE_PORT/"
}
set_tag() { # set_tag KEY VALUE: of the cluster
	signed redshift -o "$T/tagged" --data-urlencode Action=CreateTags -d Version=2012-12-01 \
		-d ResourceName=arn:aws:redshift:us-west-2:123456789012:cluster:dwh-cluster \
		--data-urlencode "Tags.Tag.1.Key=$1" --data-urlencode "Tags.Tag.1.Value=$2"
}
managed_password() { # what AWS made for the cluster
	signed secretsmanager -H 'X-Amz-Target: secretsmanager.GetSecretValue' \
		-H 'Content-Type: application/x-amz-json-1.1' \
		-d '{"SecretId": "redshift!dwh-cluster-dwhuser"}' | jq -r '.SecretString | fromjson | .password'
}

# cluster_serverless: a serverless warehouse, night; $all is what is there of it.
cluster_serverless() {
	cluster_config 'KIND = serverless' 'CLUSTER_IDENTIFIER = night' 'BASE_CAPACITY = 16' 'IAM_ROLE_NAME = nightRole'
	# shellcheck disable=SC2034
	all='namespace night
role nightRole
role policy nightRole dwh-reads-s3
security group dwh-night
workgroup night'
}
quick_serverless() { # its S3 is AWS's, too
	quick_aws --take workgroup=20 --take workgroup-deleting=20 --take namespace-deleting=10 --take role=0 \
		--take interface=0
	all="bucket dwh-123456789012-us-west-2-night
$all"
}

# A shell without job control starts what goes to the background deaf to INT; a terminal's does not.
FROM_TERMINAL=(env --default-signal=INT --default-signal=QUIT)

# ---- faults: AWS is quick, and its S3 fails like the rest of it ----

quick_aws() {
	sed -i '/^ENDPOINT/d' "$T/dwh.cfg"
	cluster_aws --s3 "http://127.0.0.1:$S3_PORT" --s3-key "$S3_ID:$S3_SECRET" --take role=5 \
		--take creating=20 --take in-sync=5 --take deleting=20 --take interface=15 "$@"
}
ALL='bucket dwh-123456789012-us-west-2-dwh-cluster
cluster dwh-cluster
role dwhRole
role policy dwhRole dwh-reads-s3
security group dwh-dwh-cluster'
# Whatever went before: `up` completes it, or `down` removes it.
completes() { # completes NAME
	dwh cluster up
	is "$ST $(left)" "0 $ALL" "$1: up completes it"
	removes "$1"
}
removes() { # removes NAME
	dwh cluster down
	is "$ST $(left)" '0 ' "$1: down removes it"
}

# ---- at each change in turn ----

# shellcheck disable=SC2034 # for the tests to read
{
	UP_CHANGES='CreateSecurityGroup AuthorizeSecurityGroupIngress CreateBucket PutBucketTagging PutPublicAccessBlock CreateRole PutRolePolicy CreateCluster'
	DOWN_CHANGES='DeleteCluster DeleteRolePolicy DeleteRole DeleteObjects DeleteBucket DeleteSecurityGroup'
}
# All of it is there, and something in the bucket.
filled() {
	dwh cluster up
	echo '{}' >"$T/buckets/dwh-123456789012-us-west-2-dwh-cluster/manifest"
	[ "$ST $(left)" = "0 $ALL" ] || is "$ST $(left)" "0 $ALL" 'all of it is there'
}
# clean VERB...: a run without a fault; what it asks AWS to change is in CHANGES, in order.
clean() {
	local from
	from=$(count_calls)
	dwh cluster "$@"
	is "$ST" 0 "$*"
	mapfile -t CHANGES < <(changes "$from" | sed 's/.*://; s/ .*//')
}
# meets HOW K VERB...: the K-th of CHANGES meets that fault, once.
meets() {
	local from
	from=$(count_calls)
	fail_next changes "$1" 1 "$2"
	dwh cluster "${@:3}"
	double_post calm >/dev/null
	like "$(changes "$from" | sed -n "$(($2 + 1))p")" ":${CHANGES[$2]} (lost|timeout|[A-Z])" \
		"${*:3}: ${CHANGES[$2]} meets $1"
}
# borne K VERB...: so it meets faults that pass, with which the command succeeds. Before each of them
# comes prepare, and after it proved, which asserts: both are the test's.
HOWS=${HOWS:-throttle lost}
borne() {
	local how
	for how in $HOWS; do
		prepare
		meets "$how" "$@"
		proved "${CHANGES[$1]}: $how: it is borne"
	done
}
# interrupted SIGNAL HOW K VERB...: its exit status is in $ST, what it said in $ERR. With hold AWS never
# carries the K-th of CHANGES out, with hold-after it has.
interrupted() {
	local pid
	fail_next changes "$2" 1 "$3"
	"${FROM_TERMINAL[@]}" "$DWH" cluster "${@:4}" -c "$T/dwh.cfg" >"$T/out" 2>"$T/killed" &
	pid=$!
	until_true 60 held
	is $? 0 "${*:4} stands in ${CHANGES[$3]} ($2), and gets $1"
	kill -s "$1" $pid
	wait $pid 2>/dev/null
	ST=$?
	# shellcheck disable=SC2034
	ERR=$(cat "$T/killed")
	double_post release '{"drop": true}' >/dev/null
	until_true 60 none_held
	double_post calm >/dev/null
}
none_held() { ! held; }
# each ACTION VERB...: every fault and every signal, before and after, at that one of CHANGES; the same
# command again completes what was not borne. prepare and proved are the test's.
each() {
	local k signal how
	for k in "${!CHANGES[@]}"; do
		[ "${CHANGES[$k]}" != "$1" ] || break
	done
	is "${CHANGES[$k]}" "$1" "${*:2} asks for $1"
	HOWS='throttle timeout lost' borne "$k" "${@:2}"
	prepare
	meets deny "$k" "${@:2}"
	is "$((ST > 0))" 1 "it fails ($ST)"
	dwh cluster "${@:2}"
	proved 'the same command completes it'
	for signal in INT TERM KILL; do
		for how in hold hold-after; do
			prepare
			interrupted $signal $how "$k" "${@:2}"
			ended_by $signal "$2"
			dwh cluster "${@:2}"
			proved 'the same command completes it'
		done
	done
}
# ended_by SIGNAL VERB: down says that something is left, and so does up of what is not up yet.
ended_by() {
	local status=$((128 + $(kill -l "$1")))
	case $1:$2 in
	KILL:*) ;;
	*:down) status=9 ;;
	*:up) is_up || status=9 ;;
	esac
	is "$ST" $status "$2 ends with $status"
}
