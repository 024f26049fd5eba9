#!/bin/sh
# limits.sh - what is bounded: latency, skew, the supervisor's share, memory, listings, growth.
#
# One table: what, its bound, what was measured, and whether that is met. Times are medians of RUNS,
# memory is the largest of all runs, each process's own (meter.c). Every load must give its rows.
# Variables:
#
#	RUNS=3   how often each that is timed
#	ONLY=    some of them: latency skew supervisor memory listing growth
#	DWH_REAL_DATA=   archive of the real data
#
# Exit code 1: one is not met. About a quarter of an hour, the making of the data included.
set -eu

dwh=build/dwh
runs=${RUNS:-3}
only=${ONLY:-latency skew supervisor memory listing growth}
. tests/bench/data.sh
need "$usual" events cut tenth large skewed many
. tests/bench/services.sh
. tests/bench/processor.sh
export DWH_LOAD_ALLOW_EMPTY=yes

wants() { case " $only " in *" $1 "*) ;; *) return 1 ;; esac }

# S3 again, with LATENCY before each answer ('' for none).
s3_with() {
	kill "$s3d_pid"
	wait "$s3d_pid" || :
	rm -f "$tmp/s3d.ready"
	s3_latency=$1
	start_s3
	servers="$postgres_pid $s3d_pid"
}

# load NAME DATA-SET ARGS...: dwh load under the meter. A line in $tmp/figures, of which the times are
# seconds and the last three processor time:
#	NAME WALL LIST-PHASE SUPERVISOR-KIB WORKER-KIB SUPERVISOR WORKERS SERVERS
load() {
	name=$1
	set=$2
	shift 2
	LOG_DATA=s3://$set/log_data SONG_DATA=s3://$set/song_data
	LOG_JSONPATH=s3://paths/log_json_path.json
	configure_dwh
	sessions_end
	before=$(ticks_of_servers)
	build/release/bench/meter "$tmp/meter" "$dwh" load --quiet --json "$@" >"$tmp/report" 2>"$tmp/err" || {
		cat "$tmp/err" >&2
		echo "$0: $name: the load failed" >&2
		exit 1
	}
	sessions_end
	before=$(($(ticks_of_servers) - before))
	got=$(psql -XAtqc "SELECT '\"staging_events\": ' || COUNT(*) FROM staging_events")
	[ "$(cut -d, -f1 "$buckets/$set.rows")" = "$got" ] || {
		echo "$0: $name: loaded $got, which is not the data set" >&2
		exit 1
	}
	listed=$(jq '[.phases[] | select(.phase == "list").wall_ms] | add' "$tmp/report")
	awk -v name="$name" -v listed="$listed" -v servers="$before" -v hz="$(getconf CLK_TCK)" '
		$1 == "wall" { wall = $2 / 1e9; next }
		{ work[$1] += $4 / 1e9 }
		$3 > peak[$1] { peak[$1] = $3 }
		END {
			print name, wall, listed / 1000, peak["main"], peak["child"], work["main"],
				work["child"], servers / hz
		}' "$tmp/meter" >>"$tmp/figures"
}

repeat() { # repeat COMMAND...: as often as asked
	i=0
	while [ "$i" -lt "$runs" ]; do
		"$@"
		i=$((i + 1))
	done
}

latency() {
	s3_with ''
	load near "$usual" --fresh -w 4
	s3_with 30ms
	load far "$usual" --fresh -w 4
}
skew() {
	load alone large --fresh -w 2
	load skewed skewed --fresh -w 2
}
share() {
	load few "$usual" --fresh -w 2
	load bulk events --fresh -w 2
}
memory() {
	for set in "$usual" events large many; do
		load "memory_$set" "$set" --fresh -w 2 --set LOAD.CONNECTIONS=64
	done
}
# All is loaded, so nothing but the listing is left to do.
listing() {
	s3_with ''
	load listed many --fresh -w 2
	s3_with 30ms
	repeat load one many -w 1
	repeat load eight many -w 8
	s3_with ''
}
growth() {
	load tenth tenth --fresh -w 2
	load whole cut --fresh -w 2
}

: >"$tmp/figures"
s3_with ''
! wants latency || { load warm "$usual" --fresh -w 4 && repeat latency && s3_with ''; }
! wants skew || { load warm large --fresh -w 2 && repeat skew; }
! wants supervisor || repeat share
! wants memory || memory
! wants listing || listing
! wants growth || { load warm tenth --fresh -w 2 && repeat growth; }

. tests/bench/machine.sh
echo
machine
postgres_settings
echo
awk -v usual="$usual" "$(cat tests/bench/stats.awk)"'
	{
		n[$1]++
		for (i = 2; i <= 8; i++)
			figure[$1, i, n[$1]] = $i
		total[$1, n[$1]] = $6 + $7 + $8
		share[$1, n[$1]] = 100 * $6 / ($6 + $7 + $8)
		if ($4 > supervisor[$1])
			supervisor[$1] = $4
		if ($5 > worker[$1])
			worker[$1] = $5
	}
	function middle(name, column,    i, v) {
		for (i = 1; i <= n[name]; i++)
			v[i] = figure[name, column, i]
		return median(v, n[name])
	}
	function middle_of(of, name,    i, v) {
		for (i = 1; i <= n[name]; i++)
			v[i] = of[name, i]
		return median(v, n[name])
	}
	# A line; how is `at most` or `at least`, and a last argument says what stands behind the figure.
	function line(what, how, bound, unit, got, note,    met) {
		met = how == "at most" ? got <= bound : got >= bound
		missed += !met
		printf "%-62s %8s %6s%-3s %7.2f%-3s %-4s %s\n", what, how, bound, unit, got, unit,
			met ? "yes" : "NO", note
	}
	function memory(what, name) {
		if (name in n)
			line("peak memory of a worker, 64 connections: " what, "at most", 48, "MB",
				worker[name] * 1024 / 1e6, "")
	}
	function supervisor_of(what, name) {
		if (name in n)
			line("processor time of the supervisor: " what, "at most", 2, "%",
				middle_of(share, name), sprintf("%.0f ms of %.2f s", 1000 * middle(name, 6),
				middle_of(total, name)))
	}
	END {
		printf "%-62s %8s %6s %13s %s\n", "", "", "bound", "measured", "met"
		if ("far" in n)
			line("30 ms before each answer of S3, 4 workers: times the time", "at most", 3, "",
				middle("far", 2) / middle("near", 2),
				sprintf("%.2f s, %.2f s without", middle("far", 2), middle("near", 2)))
		if ("skewed" in n) {
			alone = middle("alone", 2)
			half = middle_of(total, "skewed") / 2
			ideal = alone > half ? alone : half
			line("512 MB in one object and 10,000 of 1 KB: times the ideal", "at most", 1.25, "",
				middle("skewed", 2) / ideal,
				sprintf("%.2f s; the one alone %.2f s, half of all processor time %.2f s",
				middle("skewed", 2), alone, half))
		}
		supervisor_of("14,926 objects of " usual " data", "few")
		supervisor_of("2,005,944 rows, 8 objects", "bulk")
		memory("14,926 objects", "memory_" usual)
		memory("956 MB in 8 objects", "memory_events")
		memory("one object of 512 MB", "memory_large")
		memory("200,000 objects", "memory_many")
		if ("one" in n)
			line("peak memory of a worker: listing these when all are loaded", "at most", 48, "MB",
				(worker["one"] > worker["eight"] ? worker["one"] : worker["eight"]) * 1024 / 1e6, "")
		if ("memory_many" in n || "listed" in n) {
			name = "memory_many" in n ? "memory_many" : "listed"
			line("peak memory of the supervisor, 200,000 objects, 2,000 prefixes", "at most", 32, "MB",
				supervisor[name] * 1024 / 1e6, "")
		}
		if ("eight" in n)
			line("listing these, 30 ms, 8 workers: times as fast as 1", "at least", 5, "",
				middle("one", 3) / middle("eight", 3),
				sprintf("%.2f s, %.2f s", middle("eight", 3), middle("one", 3)))
		if ("whole" in n)
			line("10 times the rows, 80 objects for 8: times the processor time", "at most", 10.5, "",
				middle_of(total, "whole") / middle_of(total, "tenth"),
				sprintf("%.2f s, %.2f s", middle_of(total, "whole"), middle_of(total, "tenth")))
		exit missed > 0
	}' "$tmp/figures"
