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

# Of a process and its children, with those that are gone already; in ticks.
ticks_of() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v pid="$1" '{
		own = $1
		sub(/.*\) /, "")
		if (own == pid)
			n += $12 + $13 + $14 + $15
		else if ($2 == pid)
			n += $12 + $13
	} END { print n }'
}

# Of the children of this shell that are gone, in ticks; forks nothing.
ticks_of_ours() {
	read -r stat <"/proc/$$/stat"
	# shellcheck disable=SC2086 # it is a list
	set -- ${stat##*) }
	ticks=$((${14} + ${15}))
}

# A server process ends a little later than its client.
sessions_end() {
	tries=200
	while pgrep -P "$postmaster" -f 'postgres: dwh ' >/dev/null && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
}

# The one keeps a ledger, the other does not.
has_ledger() {
	[ "$(psql -XAtqc "SELECT COUNT(*) > 0 FROM dwh.ledger")" = "$1" ] || {
		echo "safety.sh: $PGDATABASE: the ledger is not as it should be" >&2
		exit 1
	}
}

# once NAME PROGRAM: a load from nothing; its ticks in $tmp/NAME.
once() {
	export PGDATABASE="$1"
	sessions_end
	servers=$(($(ticks_of "$postmaster") + $(ticks_of "$s3d_pid")))
	ticks_of_ours
	ours=$ticks
	dwh_run "$2" --fresh --quiet >"$tmp/out" 2>&1 || {
		cat "$tmp/out" >&2
		echo "safety.sh: the load $1 failed" >&2
		exit 1
	}
	ticks_of_ours
	ours=$((ticks - ours))
	sessions_end
	servers=$(($(ticks_of "$postmaster") + $(ticks_of "$s3d_pid") - servers))
	got=$(rows public)
	if ! grep -qF "{$got}" "$tmp/buckets/sparkify/expect.json"; then
		echo "safety.sh: the load $1 gave $got, which is not what expect.json says" >&2
		exit 1
	fi
	echo "$ours $servers" >>"$tmp/$1"
}

build_without
with=$dwh
without=$tmp/tree/build/dwh
postmaster=$(head -n 1 "$tmp/pg/data/postmaster.pid")
createdb with
createdb without
once without "$without"
has_ledger f
once with "$with"
has_ledger t
rm "$tmp/with" "$tmp/without" # those were to warm up
i=0
while [ "$i" -lt "$pairs" ]; do
	# Each goes first every second time.
	if [ $((i % 2)) -eq 0 ]; then
		once with "$with"
		once without "$without"
	else
		once without "$without"
		once with "$with"
	fi
	i=$((i + 1))
done
paste -d' ' "$tmp/with" "$tmp/without" | awk -v hz="$(getconf CLK_TCK)" '
	function sorted(v, n, i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
				t = v[j]
				v[j] = v[j - 1]
				v[j - 1] = t
			}
	}
	function median(v, n, half) {
		sorted(v, n)
		half = int((n + 1) / 2)
		return n % 2 ? v[half] : (v[half] + v[half + 1]) / 2
	}
	function line(name, all, own, server, n) {
		printf "%-8s %9.2f %9.2f %9.2f %9.2f %9.2f\n", name, median(all, n), all[1], all[n],
			median(own, n), median(server, n)
	}
	{
		with_own[NR] = $1 / hz
		with_servers[NR] = $2 / hz
		with_all[NR] = ($1 + $2) / hz
		without_own[NR] = $3 / hz
		without_servers[NR] = $4 / hz
		without_all[NR] = ($3 + $4) / hz
		ratio[NR] = ($1 + $2) / ($3 + $4)
	}
	END {
		printf "%-8s %9s %9s %9s %9s %9s\n", "seconds", "median", "least", "most", "dwh", "servers"
		line("with", with_all, with_own, with_servers, NR)
		line("without", without_all, without_own, without_servers, NR)
		printf "safety costs %.3f times the processor time, median of %d pairs", median(ratio, NR), NR
		printf " (%.3f to %.3f)\n", ratio[1], ratio[NR]
	}'
