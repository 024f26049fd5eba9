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
. tests/bench/services.sh

# One load by dwh, from nothing, into the schema public.
load_dwh() {
	dwh_run "$dwh" --fresh --quiet
}

# One load by the script, from nothing, into the schema python_peer.
load_python() {
	/usr/bin/python3 tests/bench/python_one_at_a_time.py
}

# The rest is the measuring.

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
