# processor.sh - for the benchmarks: processor time (user and system), in ticks.
# shellcheck shell=sh disable=SC2034,SC2154 # $servers are the benchmark's
#
# What is measured is a child of the benchmark, with its children; the servers are not, and their
# processes stand in $servers.

# Of a process and its children, with those that are gone already.
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

# Of the children of this shell that are gone, in $ticks; forks nothing.
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
