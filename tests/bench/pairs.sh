# pairs.sh - for the benchmarks: two kinds of load, in turn, by their processor time.
# shellcheck shell=sh disable=SC2154 # $tmp, and the loads
#
# Behind services.sh. A benchmark has a function load_NAME for each of the two, names the processes of
# the servers in $servers, and calls: pairs A B COUNT. That prints a table and, as its last line, how
# many times the processor time of B is that of A.

. tests/bench/processor.sh

# once NAME: a load from nothing; its ticks in $tmp/NAME. The rows must be those of the data set.
once() {
	export PGDATABASE="$1"
	sessions_end
	before=$(ticks_of_servers)
	ticks_of_ours
	ours=$ticks
	"load_$1" >"$tmp/out" 2>&1 || {
		cat "$tmp/out" >&2
		echo "$0: the load $1 failed" >&2
		exit 1
	}
	ticks_of_ours
	ours=$((ticks - ours))
	sessions_end
	before=$(($(ticks_of_servers) - before))
	got=$(rows public)
	if ! grep -qF "{$got}" "$tmp/buckets/sparkify/expect.json"; then
		echo "$0: the load $1 gave $got, which is not what expect.json says" >&2
		exit 1
	fi
	echo "$ours $before" >>"$tmp/$1"
}

pairs() {
	once "$1"
	once "$2"
	rm "$tmp/$1" "$tmp/$2" # those were to warm up
	i=0
	while [ "$i" -lt "$3" ]; do
		# Each goes first every second time.
		if [ $((i % 2)) -eq 0 ]; then
			once "$1"
			once "$2"
		else
			once "$2"
			once "$1"
		fi
		i=$((i + 1))
	done
	paste -d' ' "$tmp/$1" "$tmp/$2" | awk -v hz="$(getconf CLK_TCK)" -v a="$1" -v b="$2" "$(cat tests/bench/stats.awk)"'
		function line(name, all, own, server, n) {
			printf "%-9s %9.2f %9.2f %9.2f %9.2f %9.2f\n", name, median(all, n), all[1], all[n],
				median(own, n), median(server, n)
		}
		{
			a_own[NR] = $1 / hz
			a_servers[NR] = $2 / hz
			a_all[NR] = ($1 + $2) / hz
			b_own[NR] = $3 / hz
			b_servers[NR] = $4 / hz
			b_all[NR] = ($3 + $4) / hz
			ratio[NR] = ($1 + $2) / ($3 + $4)
		}
		END {
			printf "%-9s %9s %9s %9s %9s %9s\n", "seconds", "median", "least", "most", "dwh",
				"servers"
			line(a, a_all, a_own, a_servers, NR)
			line(b, b_all, b_own, b_servers, NR)
			m = median(ratio, NR)
			printf "%.3f times the processor time, median of %d pairs (%.3f to %.3f)\n", m, NR,
				ratio[1], ratio[NR]
		}'
}
