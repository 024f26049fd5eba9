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

load_postgres() { dwh_run "$dwh" --fresh --quiet --set S3.MANIFESTS="$MANIFESTS"; }
load_redshift() { dwh_run_redshift "$dwh" --fresh --quiet; }

mkdir "$tmp/buckets/manifests"
start_redshiftd redshift
servers="$postgres_pid $s3d_pid $redshiftd_pid"
echo 'engine redshift through redshiftd, and engine postgres:'
pairs redshift postgres "$pairs"
