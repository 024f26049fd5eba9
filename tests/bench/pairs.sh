# pairs.sh - for the benchmarks: two kinds of load, in turn, by their processor time.
# shellcheck shell=sh disable=SC2154 # $tmp, and the loads
#
# Behind services.sh. Processor time is user and system; of supervisor and workers, which are
# children of the benchmark, and of the servers, whose processes stand in $servers. A benchmark has a
# function load_NAME for each of the two, and calls: pairs A B COUNT. That prints a table and, as its
# last line, how many times the processor time of B is that of A.

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

# A server's process for a client ends a little later than that client.
sessions_end() {
	tries=200
	# shellcheck disable=SC2086 # it is a list
	while pgrep -P "$(echo $servers | tr ' ' ,)" -f 'postgres: dwh |redshiftd' >/dev/null && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
}

ticks_of_servers() {
	sum=0
	for pid in $servers; do sum=$((sum + $(ticks_of "$pid"))); done
	echo "$sum"
}

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
	paste -d' ' "$tmp/$1" "$tmp/$2" | awk -v hz="$(getconf CLK_TCK)" -v a="$1" -v b="$2" '
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
