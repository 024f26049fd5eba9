#!/bin/sh
# bench.sh - the load against other programs that do the same, or a part of it.
#
# In turn, over one s3d and one PostgreSQL, which are set up as dwh sets up its own; each is timed
# from the start of its process to the end. Whatever ran, its result is counted, and where it is not
# the data set's, nothing is printed. Variables:
#
#	RUNS=5   how often each
#	ONLY=    against some of them: python rclone psql duckdb
#	DWH_REAL_DATA=   archive of the real data
#
# Needs the packages of `make deps-bench`. About a quarter of an hour.
set -eu

dwh=build/dwh
runs=${RUNS:-5}
only=${ONLY:-python rclone psql duckdb}
. tests/bench/data.sh
need "$usual" events
. tests/bench/services.sh
. tests/bench/measure.sh

LOG_DATA=s3://$usual/log_data SONG_DATA=s3://$usual/song_data LOG_JSONPATH=s3://paths/log_json_path.json
configure_dwh
export DWH_LOAD_WORKERS=2 DWH_LOAD_ALLOW_EMPTY=yes
servers="$postgres_pid $s3d_pid"
folder=$tmp/fetched
memory=$(mktemp -d /dev/shm/dwh-bench.XXXXXX) # for copies that go to no disk; 60 MB
trap 'stop; rm -rf "$memory"' EXIT

wants() { case " $only " in *" $1 "*) ;; *) return 1 ;; esac }

# ---- what a result must be ----

has_rows() { # has_rows SCHEMA
	[ "$(rows "$1")" = "$(cat "$buckets/$usual.rows")" ]
}
has_staging() { # has_staging TABLE DATA-SET: as many events, and songs where the set has any
	got=$(psql -XAtqc "SELECT COUNT(*) FROM $1.staging_events")
	[ "$(cut -d, -f1 "$buckets/$2.rows")" = "\"staging_events\": $got" ] || return 1
	[ "$2" != events ] || return 0
	got=$(psql -XAtqc "SELECT COUNT(*) FROM $1.staging_songs")
	grep -qF "\"staging_songs\": $got," "$buckets/$usual.rows"
}
sizes_of() { find "$1" -type f -printf '%P %s\n' | LC_ALL=C sort; }
has_files() { sizes_of "$1" | cmp -s - "$tmp/fetched.sizes"; }
printed_rows() { # the first or the first two counts
	[ "$(cat "$tmp/out")" = "$(cut -d, -f"$2" "$buckets/$1.rows")" ]
}

# ---- the programs ----

job run "dwh run, 2 workers" \
	"build/dwh run --fresh --quiet" : "has_rows public"
job python "Python, one object at a time" \
	"/usr/bin/python3 tests/bench/python_one_at_a_time.py" : "has_rows python_peer"
job threads "Python, 16 threads and COPY" \
	"/usr/bin/python3 tests/bench/python_threads.py" : "has_rows python_peer"

job load "dwh load, 2 workers" \
	"build/dwh load --fresh --quiet" : "has_staging public $usual"
rclone_options="--fast-list --config /dev/null"
for transfers in 4 8 16 32 64; do
	job "rclone$transfers" "rclone, --transfers $transfers, into memory" \
		"rclone copy s3:$usual $memory/fetched $rclone_options --transfers $transfers" \
		"rm -rf $memory/fetched" "has_files $memory/fetched"
done
# A new folder each time: where files are removed, ext4 is slow to make others for some seconds.
job rclone_disk "rclone, --transfers 8, onto a disk" \
	"rclone copy s3:$usual $folder/new $rclone_options --transfers 8" \
	"mkdir -p $folder" "has_files $folder/new && mv $folder/new $folder/\$(ls $folder | wc -l)"

of_events="DWH_S3_LOG_DATA=s3://events/log_data DWH_S3_SONG_DATA=s3://events/song_data"
empty="DROP SCHEMA IF EXISTS psql_copy CASCADE; CREATE SCHEMA psql_copy;
	CREATE TABLE psql_copy.staging_events (LIKE public.staging_events)"
job events "dwh load, 2 workers" \
	"env $of_events build/dwh load --quiet" \
	"env $of_events build/dwh create --fresh --quiet && psql -Xqc CHECKPOINT" \
	"has_staging public events && copying"
job copying "of which copying, first start to last commit" \
	"build/dwh report --json: wall_ms of the phase copy" : :
copying() { # what the load's own report says of it
	build/dwh report --json >"$tmp/report" &&
		jq -r '"copying \(.phases[] | select(.phase == "copy").wall_ms / 1000) 0 0"' "$tmp/report" >>"$tmp/figures"
}
for format in text binary; do
	job "$format" "psql \\copy, $format, 2 connections" \
		"printf '%s\n' 0 1 | xargs -I{} -P2 psql -Xqc \"\\copy psql_copy.staging_events from '$tmp/{}.$format' (format $format)\"" \
		"psql -Xqc '$empty' -c CHECKPOINT" "has_staging psql_copy events"
done

for set in $usual events; do
	columns=1
	[ "$set" = events ] || columns=1,2
	job "duckdb_$set" "DuckDB, local files into memory" \
		"env NODE_PATH=$tmp/npm/node_modules node tests/bench/duckdb.js build/bench/$set" \
		: "printed_rows $set $columns"
done

# ---- what they need ----

prepare_rclone() {
	sizes_of "$buckets/$usual" >"$tmp/fetched.sizes"
	export RCLONE_CONFIG_S3_TYPE=s3 RCLONE_CONFIG_S3_PROVIDER=Other RCLONE_CONFIG_S3_ENV_AUTH=true
	export RCLONE_CONFIG_S3_REGION=us-west-2 RCLONE_CONFIG_S3_ENDPOINT="$S3_ENDPOINT"
	export RCLONE_CONFIG_S3_FORCE_PATH_STYLE=true
}

# The files that psql reads are the rows that dwh has loaded: halves, in both formats.
prepare_psql() {
	once events
	: >"$tmp/figures"
	pages=$(psql -XAtqc "SELECT pg_relation_size('staging_events') / 8192 / 2")
	for format in text binary; do
		psql -Xqc "\\copy (SELECT * FROM staging_events WHERE ctid < '($pages,0)') to '$tmp/0.$format' (format $format)" \
			-c "\\copy (SELECT * FROM staging_events WHERE ctid >= '($pages,0)') to '$tmp/1.$format' (format $format)"
	done
}

prepare_duckdb() {
	npm install --no-audit --no-fund --fetch-retries 1 --prefix "$tmp/npm" @duckdb/node-api >"$tmp/npm.log" 2>&1
}

# ---- all of it ----

: >"$tmp/figures"
! wants rclone || prepare_rclone
! wants psql || prepare_psql
duckdb=
! wants duckdb || ! prepare_duckdb || duckdb=yes

! wants python || alternate "$runs" run python threads
set --
! wants rclone || set -- rclone4 rclone8 rclone16 rclone32 rclone64 rclone_disk
[ -z "$duckdb" ] || set -- "$@" duckdb_$usual
[ $# -eq 0 ] || alternate "$runs" load "$@"
set --
! wants psql || set -- text binary
[ -z "$duckdb" ] || set -- "$@" duckdb_events
[ $# -eq 0 ] || alternate "$runs" events "$@"

version() { # version NAME COMMAND...
	name=$1
	shift
	"$@" 2>/dev/null | awk -v name="$name" -v sep="${sep:-}" 'NR == 1 { printf "%s%s%s", sep, name, $0 }'
	sep='; '
}
echo
machine
version '' "$dwh" version
version '' psql --version
version '' /usr/bin/python3 --version
version 'boto3 ' /usr/bin/python3 -c 'import boto3; print(boto3.__version__)'
version 'psycopg2 ' /usr/bin/python3 -c 'import psycopg2; print(psycopg2.__version__)'
version '' rclone --version
version 'node ' node --version
version 'DuckDB ' jq -r .version "$tmp/npm/node_modules/@duckdb/node-api/package.json"
echo
postgres_settings
echo
heading
megabytes=$(sizes_of "$buckets/$usual" | awk '{ n += $2 } END { printf "%.1f", n / 1e6 }')
section "14,926 objects of $usual data, $megabytes MB: list to last insert" run \
	python 15 threads 5
section "the same objects: list, fetch and load; the peers only fetch" load \
	'rclone*' 1.5 rclone_disk 1.5 duckdb_$usual -
section "2,005,944 events in 8 objects, 956 MB, into an empty table; psql copies what was loaded" events \
	text 1.0 binary 0.65 copying - duckdb_events -
section "copying alone: without list, ANALYZE and recount, which psql does not do" copying text - binary -
! wants duckdb || [ -n "$duckdb" ] || echo "DuckDB: not installed (npm cannot get @duckdb/node-api)"
echo
commands
