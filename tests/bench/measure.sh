# measure.sh - for the benchmarks: programs that run in turn, and a table of what they took.
# shellcheck shell=sh disable=SC2154 # $tmp and $runs
#
# Behind services.sh, with the servers' processes in $servers. A benchmark names its programs (job),
# runs them (once, alternate), and prints the table: heading, section...
# Each run is a line in $tmp/figures, which is there: NAME SECONDS OWN SERVERS; the latter two are
# processor seconds, of the program and of the servers for it.

. tests/bench/processor.sh
. tests/bench/machine.sh

# job NAME TEXT COMMAND PREPARATION CHECK: shell commands; only the first is timed. The check sees the
# command's output in $tmp/out, and fails where its result is not right.
job() {
	mkdir -p "$tmp/jobs"
	printf '%s %s\n' "$1" "$2" >>"$tmp/jobs/texts"
	printf '%s\n' "$3" >"$tmp/jobs/$1.command"
	printf '%s\n' "$4" >"$tmp/jobs/$1.prepare"
	printf '%s\n' "$5" >"$tmp/jobs/$1.check"
}

failed() { # failed NAME WHAT
	cat "$tmp/out" "$tmp/err" >&2
	echo "$0: $1: $2" >&2
	exit 1
}

once() { # once NAME
	command=$(cat "$tmp/jobs/$1.command")
	: >"$tmp/out"
	(eval "$(cat "$tmp/jobs/$1.prepare")") >/dev/null 2>"$tmp/err" || failed "$1" "cannot be prepared"
	sessions_end
	servers_before=$(ticks_of_servers)
	ticks_of_ours
	ours_before=$ticks
	began=$(date +%s%N)
	(eval "$command") >"$tmp/out" 2>"$tmp/err" || failed "$1" "failed"
	ended=$(date +%s%N)
	ticks_of_ours
	ours=$((ticks - ours_before))
	sessions_end
	theirs=$(($(ticks_of_servers) - servers_before))
	(eval "$(cat "$tmp/jobs/$1.check")") || failed "$1" "its result is not the data set"
	echo "$1 $(((ended - began) / 1000)) $ours $theirs" |
		awk -v hz="$(getconf CLK_TCK)" '{ print $1, $2 / 1e6, $3 / hz, $4 / hz }' >>"$tmp/figures"
}

# alternate RUNS NAME...: the first once to warm up, then all in turn; each round begins with another, and
# every other one goes backwards, so that none follows the same one always.
alternate() {
	rounds=$1
	shift
	cp "$tmp/figures" "$tmp/figures.kept"
	once "$1"
	mv "$tmp/figures.kept" "$tmp/figures"
	while [ "$rounds" -gt 0 ]; do
		order=$(printf '%s\n' "$@")
		[ $((rounds % 2)) -eq 0 ] || order=$(echo "$order" | tac)
		for name in $order; do once "$name"; done
		first=$1
		shift
		set -- "$@" "$first"
		rounds=$((rounds - 1))
	done
}

heading() {
	printf '%-48s %26s  %19s\n' '' 'wall-clock seconds' 'processor seconds'
	printf '%-48s %8s %8s %8s  %9s %9s  %7s %9s\n' "each $runs times" median least most own servers \
		ratio 'at least'
}

# section TITLE NAME [PEER BOUND]...: the figures of NAME and, with how many times their median it
# is of NAME's, of the peers. A bound `-` is none; where it is for PEER*, it is for the best of them.
section() {
	grep -q "^$2 " "$tmp/figures" || return 0
	title=$1
	shift
	awk -v title="$title" -v asked="$*" "$(cat tests/bench/stats.awk)"'
	# Of a column of the figures; the least and the most are in low and high.
	function middle(name, column,    i, v, m) {
		for (i = 1; i <= n[name]; i++)
			v[i] = figure[name, column, i]
		m = median(v, n[name])
		low = v[1]
		high = v[n[name]]
		return m
	}
	function line(name, bound,    own, servers, seconds) {
		if (!(name in n))
			return
		own = middle(name, 3)
		servers = middle(name, 4)
		seconds = middle(name, 2)
		printf "  %-46s %8.2f %8.2f %8.2f  %9.2f %9.2f", text[name], seconds, low, high, own, servers
		if (bound != "")
			printf "  %7.2f %9s", seconds / base, bound
		printf "\n"
	}
	function best(prefix,    name, least) {
		for (name in n)
			if (name ~ "^" prefix "[0-9]+$" && (least == "" || middle(name, 2) < middle(least, 2)))
				least = name
		return least
	}
	NR == FNR {
		names[++count] = $1
		text[$1] = substr($0, length($1) + 2)
		next
	}
	{
		n[$1]++
		for (i = 2; i <= 4; i++)
			figure[$1, i, n[$1]] = $i
	}
	END {
		parts = split(asked, part, " ")
		base = middle(part[1], 2)
		print title
		line(part[1], "")
		for (p = 2; p < parts; p += 2) {
			if (part[p] !~ /\*$/) {
				line(part[p], part[p + 1])
				continue
			}
			prefix = substr(part[p], 1, length(part[p]) - 1)
			least = best(prefix)
			for (i = 1; i <= count; i++)
				if (names[i] ~ "^" prefix "[0-9]+$")
					line(names[i], names[i] == least ? part[p + 1] : "-")
		}
	}' "$tmp/jobs/texts" "$tmp/figures"
}

# What was run, as it was run.
commands() {
	echo "the commands, timed from the start of a process to its end:"
	while read -r name text; do
		! grep -q "^$name " "$tmp/figures" || printf '  %s: %s\n' "$text" "$(cat "$tmp/jobs/$name.command")"
	done <"$tmp/jobs/texts"
	echo "their environment:"
	env | grep -E '^(DWH_|PG|RCLONE_|S3_|AWS_ACCESS|LOG_|SONG_)' | LC_ALL=C sort | paste -sd' ' | fold -s -w 110 |
		sed 's/^/  /'
}
