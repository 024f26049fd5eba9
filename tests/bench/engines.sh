#!/bin/sh
# engines.sh [PAIRS [SCALE]] - what it costs to have the warehouse execute the COPY: engine redshift
# through redshiftd, against engine postgres, on the same PostgreSQL.
#
# Processor time of dwh, PostgreSQL, s3d and redshiftd together. Both load the same objects, in turn,
# each into a database of its own, with the same workers, the same strategy and the same shards, and
# write their manifests to the same bucket; small objects are not joined.
set -eu

dwh=build/dwh
pairs=${1:-9}
scale=${2:-1}
. tests/bench/services.sh
. tests/bench/pairs.sh

export DWH_LOAD_WORKERS=2 DWH_LOAD_STRATEGY=direct DWH_LOAD_COMPACT=off
export DWH_S3_MANIFESTS=s3://manifests/of/benchmarks

load_postgres() { dwh_run "$dwh" --fresh --quiet; }
load_redshift() {
	(
		PGHOST=127.0.0.1 PGPORT=$redshift_port
		export DWH_CLUSTER_DB_PASSWORD=of-the-benchmark DWH_WAREHOUSE_SSLMODE=disable
		export DWH_IAM_ROLE_ARN=arn:aws:iam::000000000000:role/dwh DWH_AWS_REGION=us-west-2
		dwh_run "$dwh" --fresh --quiet --set WAREHOUSE.ENGINE=redshift
	)
}

mkdir "$tmp/buckets/manifests"
createdb redshift
start_redshiftd redshift
servers="$(head -n 1 "$tmp/pg/data/postmaster.pid") $s3d_pid $redshiftd_pid"
echo 'engine redshift through redshiftd, and engine postgres:'
pairs redshift postgres "$pairs"
