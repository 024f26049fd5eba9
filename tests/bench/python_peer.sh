#!/bin/sh
# python_peer.sh [RUNS [SCALE]] - dwh against a script that loads one object at a time.
#
# Both load the same objects from one s3d into one PostgreSQL, from empty to the finished star
# schema, in turn; a run is timed from the start of its process to the end. Every run must give
# the rows that the data set calls for, or nothing is printed. Needs python3-boto3,
# python3-psycopg2, postgresql.
set -eu

dwh=${DWH:-build/dwh}
runs=${1:-5}
scale=${2:-1}

# Serves $tmp/buckets: starts s3d, leaves its process in $s3d_pid and its address in S3_ENDPOINT.
start_s3() {
	printf '%s\n%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$tmp/s3.key"
	chmod 600 "$tmp/s3.key"
	"$dwh" s3d --root "$tmp/buckets" --key-file "$tmp/s3.key" >"$tmp/s3d.ready" 2>"$tmp/s3d.log" &
	s3d_pid=$!
	tries=300
	until port=$(awk '/^s3d ready/ { print $3 }' "$tmp/s3d.ready") && [ -n "$port" ]; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ]; then
			echo "python_peer.sh: s3d does not start:" >&2
			cat "$tmp/s3d.log" >&2
			exit 1
		fi
		sleep 0.1
	done
	export S3_ENDPOINT="http://127.0.0.1:$port"
}

# One load by dwh, from nothing, into the schema public.
load_dwh() {
	(
		export DWH_WAREHOUSE_ENGINE=postgres DWH_CLUSTER_HOST="$PGHOST" DWH_CLUSTER_DB_PORT="$PGPORT" \
			DWH_CLUSTER_DB_NAME="$PGDATABASE" DWH_CLUSTER_DB_USER="$PGUSER" \
			DWH_AWS_ENDPOINT="$S3_ENDPOINT" DWH_S3_LOG_DATA="$LOG_DATA" \
			DWH_S3_SONG_DATA="$SONG_DATA" DWH_LOCAL_DIR="$tmp/dwh" \
			DWH_S3_LOG_JSONPATH=s3://sparkify/log_json_path.json
		"$dwh" run --fresh --quiet
	)
}

# One load by the script, from nothing, into the schema python_peer.
load_python() {
	/usr/bin/python3 tests/bench/python_one_at_a_time.py
}

# The rest is the measuring.

# PostgreSQL refuses to run as root.
as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
	else
		"$@"
	fi
}

start_postgres() {
	bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)
	mkdir "$tmp/pg"
	if [ "$(id -u)" -eq 0 ]; then
		chmod 711 "$tmp"
		chown postgres "$tmp/pg"
	fi
	as_postgres "$bin/initdb" -D "$tmp/pg/data" -U dwh -A trust -E UTF8 --locale=C >"$tmp/pg.log"
	as_postgres "$bin/pg_ctl" -D "$tmp/pg/data" -w -s -l "$tmp/pg/server.log" \
		-o "-c listen_addresses='' -k $tmp/pg" start
	export PGHOST="$tmp/pg" PGPORT=5432 PGUSER=dwh PGDATABASE=postgres
}

stop() {
	if [ -n "${s3d_pid:-}" ]; then
		kill "$s3d_pid" 2>/dev/null || :
		wait "$s3d_pid" 2>/dev/null || :
	fi
	if [ -n "${PGHOST:-}" ]; then
		as_postgres "$bin/pg_ctl" -D "$tmp/pg/data" -w -s -m immediate stop || :
	fi
	rm -rf "$tmp"
}

# The rows of the seven tables of a schema, in the order of expect.json.
rows() {
	for table in staging_events staging_songs songplays users songs artists time; do
		psql -XAtqc "SELECT '\"$table\": ' || COUNT(*) FROM \"$1\".$table"
	done | paste -sd, | sed 's/,/, /g'
}

# once NAME SCHEMA: a timed and checked load.
once() {
	before=$(date +%s%N)
	"load_$1" >"$tmp/$1.out" 2>&1 || {
		echo "python_peer.sh: the load by $1 failed:" >&2
		cat "$tmp/$1.out" >&2
		exit 1
	}
	after=$(date +%s%N)
	got=$(rows "$2")
	if ! grep -qF "{$got}" "$tmp/buckets/sparkify/expect.json"; then
		echo "python_peer.sh: $1 loaded $got, which is not what expect.json says" >&2
		exit 1
	fi
	echo "$1 $(((after - before) / 1000000))" >>"$tmp/times"
}

tmp=$(mktemp -d /tmp/dwh-peer.XXXXXX)
trap stop EXIT
trap 'exit 130' INT TERM
export AWS_ACCESS_KEY_ID=peer AWS_SECRET_ACCESS_KEY=peer-of-the-benchmark
export LOG_DATA=s3://sparkify/log_data SONG_DATA=s3://sparkify/song_data
mkdir "$tmp/buckets"
"$dwh" data --out "$tmp/buckets/sparkify" --scale "$scale" >/dev/null
start_postgres
start_s3
i=0
while [ "$i" -lt "$runs" ]; do
	# Each goes first every second time.
	if [ $((i % 2)) -eq 0 ]; then
		once dwh public
		once python python_peer
	else
		once python python_peer
		once dwh public
	fi
	i=$((i + 1))
done
sort -k1,1 -k2,2n "$tmp/times" | awk '
	{ n[$1]++; v[$1, n[$1]] = $2 / 1000 }
	function median(who, half) {
		half = int((n[who] + 1) / 2)
		return n[who] % 2 ? v[who, half] : (v[who, half] + v[who, half + 1]) / 2
	}
	function line(who) {
		printf "%-8s %9.2f %9.2f %9.2f %6d\n", who, median(who), v[who, 1], v[who, n[who]], n[who]
	}
	END {
		printf "%-8s %9s %9s %9s %6s\n", "seconds", "median", "least", "most", "runs"
		line("dwh")
		line("python")
		printf "dwh is %.1f times as fast\n", median("python") / median("dwh")
	}'
