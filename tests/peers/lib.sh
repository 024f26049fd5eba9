# lib.sh - what the tests against other people's programs share: tests/run/lib.sh, a Ceph of one
# node, and the other clients of S3.
# shellcheck shell=bash
#
# Ceph here is one monitor, one OSD that keeps all in memory, and radosgw, whose S3 is what we talk
# to. State and logs are below $T/ceph. Each daemon is a child of the test and is told to die with
# it (setpriv --pdeathsig), so that not even a test that is killed leaves one behind.

# The programs that Debian installed, whatever else lies on PATH.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# Where a proxy is set, it is not for this machine.
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
unset AWS_SECURITY_TOKEN CURL_CA_BUNDLE REQUESTS_CA_BUNDLE
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' PYTHONWARNINGS=ignore

S3TOOL=$(dirname "$DWH")/peers/s3
PEER_PIDS=()
stop_peers() {
	[ "${#PEER_PIDS[@]}" = 0 ] || kill -9 "${PEER_PIDS[@]}" 2>/dev/null
	PEER_PIDS=()
}
trap 'stop_peers; clean_up' EXIT
# A signal ends the test as its end does.
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

needs() { # needs PROGRAM...: else the whole test is skipped by name
	local p
	for p in "$@"; do
		command -v "$p" >/dev/null || skip_all "$p is not installed (make deps-peers)"
	done
}
skip() { # skip NAME WHY
	N=$((N + 1))
	echo "ok $N - $1 # SKIP $2"
}
bail() {
	echo "Bail out! $1"
	exit 1
}

# A port that nobody listens on, below those that the kernel gives to clients.
free_port() {
	local port
	while port=$((20000 + RANDOM % 10000)); (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
	echo "$port"
}
answers() { curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$1/"; }

# ---- Ceph ----

ceph_daemon() { # ceph_daemon NAME COMMAND...
	setpriv --pdeathsig KILL "${@:2}" -f >"$CEPH/log/$1.out" 2>&1 &
	PEER_PIDS+=($!)
	disown
}
ceph_conf() {
	cat <<-CONF
		[global]
		fsid = $1
		mon host = [v2:127.0.0.1:$2]
		public addr = 127.0.0.1
		cluster addr = 127.0.0.1
		ms bind ipv6 = false
		auth allow insecure global id reclaim = false
		keyring = $CEPH/keyring
		run dir = $CEPH/run
		admin socket = $CEPH/run/\$name.asok
		pid file = $CEPH/run/\$name.pid
		log file = $CEPH/log/\$name.log
		mon cluster log file = $CEPH/log/cluster.log
		mon data = $CEPH/mon
		osd data = $CEPH/osd
		osd objectstore = memstore
		osd pool default size = 1
		osd pool default min size = 1
		mon allow pool size one = true
		osd pool default pg num = 4
		osd pool default pgp num = 4
		mon max pg per osd = 1000
		osd crush chooseleaf type = 0
		# Without these a node of one waits for colleagues, ten times as long as it works.
		paxos propose interval = 0.02
		paxos min wait = 0.01
		$(rgw_conf plain "$PLAIN_PORT")
		$(rgw_conf sts "$STS_PORT")
	CONF
}
# Nagle's algorithm and delayed acknowledgements cost 40 ms a request unless tcp_nodelay is set.
rgw_conf() {
	echo "[client.$1]"
	echo "rgw frontends = beast endpoint=127.0.0.1:$2 tcp_nodelay=1"
	echo "rgw data = $CEPH/$1"
	[ "$1" = plain ] || echo 'rgw s3 auth use sts = true'
	[ "$1" = plain ] || echo 'rgw sts key = sixteen-letters!'
}

# Two gateways to one store: with STS a permanent key that is refused is AccessDenied, without it
# is told apart as S3 does. Their ports: $PLAIN_PORT, $STS_PORT; the user's key: $S3_ID, $S3_SECRET.
own_ceph() {
	needs ceph-mon ceph-osd radosgw radosgw-admin ceph ceph-authtool monmaptool setpriv curl
	local id osd mon_port name
	CEPH=$T/ceph
	PLAIN_PORT=$(free_port) STS_PORT=$(free_port) mon_port=$(free_port)
	S3_ID=AKIATESTTESTTEST
	# shellcheck disable=SC2034
	S3_SECRET='a/Secret+of/40+characters/for+the+tests.'
	mkdir -p "$CEPH"/{mon,osd,run,log,plain,sts}
	id=$(cat /proc/sys/kernel/random/uuid) osd=$(cat /proc/sys/kernel/random/uuid)
	ceph_conf "$id" "$mon_port" >"$CEPH/ceph.conf"
	export CEPH_CONF=$CEPH/ceph.conf
	{
		ceph-authtool --create-keyring "$CEPH/keyring" --gen-key -n mon. --cap mon 'allow *'
		for name in client.admin client.plain client.sts osd.0; do
			ceph-authtool "$CEPH/keyring" --gen-key -n $name --cap mon 'allow *' \
				--cap osd 'allow *'
		done
		monmaptool --create --fsid "$id" --addv a "[v2:127.0.0.1:$mon_port]" "$CEPH/monmap"
		ceph-mon --mkfs -i a --monmap "$CEPH/monmap" --keyring "$CEPH/keyring"
	} >"$CEPH/log/make.out" 2>&1 || bail "no Ceph monitor: $(tail -n 3 "$CEPH/log/make.out")"
	ceph_daemon mon ceph-mon -i a
	{
		ceph --connect-timeout 30 osd new "$osd"
		ceph-osd -i 0 --mkfs --osd-uuid "$osd"
	} >>"$CEPH/log/make.out" 2>&1 || bail "no Ceph OSD: $(tail -n 3 "$CEPH/log/make.out")"
	ceph_daemon osd ceph-osd -i 0
	until_true 30 osd_is_up || bail "the Ceph OSD does not come up: $(tail -n 3 "$CEPH/log/osd.out")"
	radosgw-admin user create --uid loader --display-name Loader --access-key "$S3_ID" \
		--secret-key "$S3_SECRET" --caps 'roles=*' >>"$CEPH/log/make.out" 2>&1 ||
		bail "radosgw-admin: $(tail -n 3 "$CEPH/log/make.out")"
	ceph_daemon plain radosgw -n client.plain
	until_true 60 answers "$PLAIN_PORT" || bail "no radosgw: $(tail -n 3 "$CEPH/log/plain.out")"
	ceph_daemon sts radosgw -n client.sts
	until_true 60 answers "$STS_PORT" || bail "no radosgw: $(tail -n 3 "$CEPH/log/sts.out")"
}
osd_is_up() { ceph --connect-timeout 5 osd stat 2>/dev/null | grep -q '1 up'; }

# ---- clients ----

# keys ID SECRET [TOKEN]: in the environment, for every client; their server: server PORT
keys() {
	export AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=${3:-}
	[ $# = 3 ] || unset AWS_SESSION_TOKEN
	export RCLONE_CONFIG_PEER_TYPE=s3 RCLONE_CONFIG_PEER_PROVIDER=Other \
		RCLONE_CONFIG_PEER_ENV_AUTH=true RCLONE_CONFIG=/dev/null RCLONE_S3_NO_CHECK_BUCKET=true
}
server() {
	SERVER=http://127.0.0.1:$1
	export AWS_DEFAULT_REGION=us-west-2 AWS_REGION=us-west-2
	export AWS_ENDPOINT_URL_S3=$SERVER RCLONE_CONFIG_PEER_ENDPOINT=$SERVER RCLONE_CONFIG_PEER_REGION=us-west-2
}
# Debian's awscli is older than AWS_ENDPOINT_URL_S3.
aws() { command aws --endpoint-url "$SERVER" "$@"; }
# Without a region in the request, which radosgw does not have and rclone always names.
make_bucket() { aws s3api create-bucket --bucket "$1" >/dev/null; }
# shellcheck disable=SC2034 # for the tests to read
ours() { # our own client: output in $OUT, talk in $ERR, status in $ST
	OUT=$("$S3TOOL" "$@" 2>"$T/err")
	ST=$?
	ERR=$(cat "$T/err")
}

# tampered PORT WHAT FROM TO: a proxy before PORT, and the server from now on
tampered() {
	rm -f "$T/tamper.port"
	setpriv --pdeathsig KILL python3 "$TOP/tests/peers/tamper.py" "$@" >"$T/tamper.port" 2>"$T/tamper.log" &
	PEER_PIDS+=($!)
	disown
	until_true 10 grep -q . "$T/tamper.port" || bail "tamper.py: $(tail -n 3 "$T/tamper.log")"
	server "$(cat "$T/tamper.port")"
}
