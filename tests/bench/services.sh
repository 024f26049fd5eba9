# services.sh - for the benchmarks: one data set, one s3d and one PostgreSQL, warm while they run.
# shellcheck shell=sh disable=SC2034,SC2154 # $dwh and $scale
#
# A benchmark sets $dwh and $scale, or $buckets where it has a folder of data sets (and $s3_latency:
# then S3 has it, and requests are logged to $tmp/s3.jsonl), and sources it: then both are up,
# LOG_DATA, SONG_DATA, S3_ENDPOINT, the key and libpq's variables are set, and $tmp is a folder of its
# own. All is gone when it ends.

# wait_ready NAME: prints the port, as soon as that server of ours has said it.
wait_ready() {
	tries=300
	until port=$(awk '/ ready / { print $3 }' "$tmp/$1.ready" 2>/dev/null) && [ -n "$port" ]; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ]; then
			echo "$0: $1 does not start:" >&2
			cat "$tmp/$1.log" >&2
			exit 1
		fi
		sleep 0.1
	done
	echo "$port"
}

# Serves $buckets: starts s3d, leaves its process in $s3d_pid and its address in S3_ENDPOINT.
start_s3() {
	printf '%s\n%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$tmp/s3.key"
	chmod 600 "$tmp/s3.key"
	"$dwh" s3d --root "$buckets" --key-file "$tmp/s3.key" \
		${s3_latency:+--latency "$s3_latency" --log "$tmp/s3.jsonl"} \
		>"$tmp/s3d.ready" 2>"$tmp/s3d.log" &
	s3d_pid=$!
	port=$(wait_ready s3d)
	export S3_ENDPOINT="http://127.0.0.1:$port"
}

# dwh's own, so that its settings are those of a run on one machine; $postgres_pid is its process.
# The other services that come with it stand idle; its databases are dwh, postgres and redshift.
start_postgres() {
	chmod 711 "$tmp" # when root starts it, another account runs it
	mkdir "$tmp/idle"
	DWH_LOCAL_DIR="$tmp/dwh" DWH_LOCAL_BUCKETS="$tmp/idle" DWH_S3_LOG_DATA=s3://none/of/this \
		"$dwh" local up 2>"$tmp/postgres.log" || {
		cat "$tmp/postgres.log" >&2
		exit 1
	}
	export PGHOST="$tmp/dwh/sock" PGPORT=5432 PGUSER=dwh PGDATABASE=dwh
	postgres_pid=$(head -n 1 "$tmp/dwh/pg/postmaster.pid")
}

# start_redshiftd DATABASE OPTIONS...: of dwh, by the password of-the-benchmark; its process is in
# $redshiftd_pid, its port in $redshift_port.
start_redshiftd() {
	printf 'dwh\nof-the-benchmark\n' >"$tmp/login"
	chmod 600 "$tmp/login"
	database=$1
	shift
	"$dwh" redshiftd --pg "$PGHOST" --pg-user "$PGUSER" --pg-database "$database" \
		--password-file "$tmp/login" --s3-endpoint "$S3_ENDPOINT" --s3-key-file "$tmp/s3.key" \
		"$@" >"$tmp/redshiftd.ready" 2>"$tmp/redshiftd.log" &
	redshiftd_pid=$!
	redshift_port=$(wait_ready redshiftd)
}

stop() {
	if [ -n "${redshiftd_pid:-}" ]; then
		kill "$redshiftd_pid" 2>/dev/null || :
		wait "$redshiftd_pid" 2>/dev/null || :
	fi
	if [ -n "${s3d_pid:-}" ]; then
		kill "$s3d_pid" 2>/dev/null || :
		wait "$s3d_pid" 2>/dev/null || :
	fi
	if [ -n "${PGHOST:-}" ]; then
		DWH_LOCAL_DIR="$tmp/dwh" "$dwh" local down 2>/dev/null || :
	fi
	rm -rf "$tmp"
}

# The rows of the seven tables of a schema, in the order of expect.json.
rows() {
	for table in staging_events staging_songs songplays users songs artists time; do
		psql -XAtqc "SELECT '\"$table\": ' || COUNT(*) FROM \"$1\".$table"
	done | paste -sd, | sed 's/,/, /g'
}

# dwh's configuration for both.
configure_dwh() {
	export DWH_WAREHOUSE_ENGINE=postgres DWH_CLUSTER_HOST="$PGHOST" DWH_CLUSTER_DB_PORT="$PGPORT"
	export DWH_CLUSTER_DB_NAME="$PGDATABASE" DWH_CLUSTER_DB_USER="$PGUSER"
	export DWH_AWS_ENDPOINT="$S3_ENDPOINT" DWH_S3_LOG_DATA="$LOG_DATA" DWH_S3_SONG_DATA="$SONG_DATA"
	export DWH_S3_LOG_JSONPATH="$LOG_JSONPATH" DWH_LOCAL_DIR="$tmp/dwh"
}

# dwh_run PROGRAM ARGS...: dwh run with both, into $PGDATABASE.
dwh_run() {
	(
		program=$1
		shift
		configure_dwh
		exec "$program" run "$@"
	)
}

# dwh_run_redshift PROGRAM ARGS...: the same through redshiftd, into its database.
dwh_run_redshift() {
	(
		PGHOST=127.0.0.1 PGPORT=$redshift_port
		export DWH_CLUSTER_DB_PASSWORD=of-the-benchmark DWH_WAREHOUSE_SSLMODE=disable
		export DWH_IAM_ROLE_ARN=arn:aws:iam::000000000000:role/dwh DWH_AWS_REGION=us-west-2
		dwh_run "$@" --set WAREHOUSE.ENGINE=redshift --set S3.MANIFESTS="$MANIFESTS"
	)
}

unset AWS_CA_BUNDLE AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
tmp=$(mktemp -d /tmp/dwh-bench.XXXXXX)
trap stop EXIT
trap 'exit 130' INT TERM
export AWS_ACCESS_KEY_ID=peer AWS_SECRET_ACCESS_KEY=peer-of-the-benchmark
export LOG_DATA=s3://sparkify/log_data SONG_DATA=s3://sparkify/song_data
export LOG_JSONPATH=s3://sparkify/log_json_path.json
MANIFESTS=s3://manifests/of/benchmarks # for those that make that bucket
if [ -z "${buckets:-}" ]; then
	buckets=$tmp/buckets
	mkdir "$buckets"
	"$dwh" data --out "$buckets/sparkify" --scale "$scale" >/dev/null
fi
start_postgres
start_s3
