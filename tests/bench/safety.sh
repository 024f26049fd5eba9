#!/bin/sh
# safety.sh [PAIRS [SCALE]] - what it costs that nothing is lost and nothing doubled.
#
# Processor time (user and system; of supervisor, workers, PostgreSQL and s3d together) of `dwh run
# --fresh`, against the same program without ledger, fence, transaction, recount and digests, and
# without the check that asks the ledger. That program is a copy of the tree with safety.patch; where
# the patch does not apply any more, this fails, and the patch is to be mended. Both load the same
# objects in turn, each into a database of its own, and every run must give the right rows.
set -eu

dwh=build/dwh # of the same build as the copy
pairs=${1:-9}
scale=${2:-1}
. tests/bench/services.sh
. tests/bench/pairs.sh

# The loader without its safety: $tmp/tree/build/dwh.
build_without() {
	mkdir "$tmp/tree" "$tmp/tree/build"
	cp -a Makefile shared supervisor workers sql tests "$tmp/tree"
	cp -a build/release "$tmp/tree/build"
	patch -d "$tmp/tree" -p0 --fuzz=0 --no-backup-if-mismatch <tests/bench/safety.patch >"$tmp/build.out" &&
		rm "$tmp/tree/sql/sparkify/check/staging_ledger.sql" &&
		make -C "$tmp/tree" CFLAGS=-w all >>"$tmp/build.out" 2>&1 || {
		cat "$tmp/build.out" >&2
		echo "safety.sh: tests/bench/safety.patch does not fit the tree" >&2
		exit 1
	}
}

# The one keeps a ledger, the other does not.
has_ledger() {
	[ "$(psql -XAtqc "SELECT COUNT(*) > 0 FROM dwh.ledger")" = "$1" ] || {
		echo "safety.sh: $PGDATABASE: the ledger is not as it should be" >&2
		exit 1
	}
}

load_with() { dwh_run "$dwh" --fresh --quiet; }
load_without() { dwh_run "$tmp/tree/build/dwh" --fresh --quiet; }

build_without
servers="$postgres_pid $s3d_pid"
for name in with without; do
	createdb "$name"
	once "$name"
done
PGDATABASE=with has_ledger t
PGDATABASE=without has_ledger f
echo 'with safety, and without:'
pairs with without "$pairs"
