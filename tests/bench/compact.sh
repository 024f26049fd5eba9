#!/bin/sh
# compact.sh [ROUNDS] - what it saves a Redshift that small objects are joined before COPY.
#
# 2,000 songs, one in an object, and the 30 objects of events, by five workers through redshiftd, of
# which every object costs what it costs on a cluster, with COMPACT = off and auto, in turn, from
# empty tables to the finished star schema. Our own requests cost S3's latency. Every run must give
# the same rows. Variables, and what they are unless they are set:
#
#	STRATEGIES="sharded merged direct"  OBJECT_LATENCY=100ms  S3_LATENCY=30ms  SONGS=2000  WORKERS=5
#	DWH_REAL_DATA  archive of the real data, to take the songs from
set -eu

dwh=${DWH:-build/dwh}
rounds=${1:-3}
scale=1
s3_latency=${S3_LATENCY:-30ms}
songs=${SONGS:-2000}
strategies=${STRATEGIES:-sharded merged direct}
. tests/bench/services.sh

# As many songs as are wanted, evenly from all folders.
choose_songs() {
	cd "$tmp/buckets/sparkify"
	if [ -n "${DWH_REAL_DATA:-}" ]; then
		rm -r song_data
		tar -xzf "$DWH_REAL_DATA" --strip-components=1 sparkify/song_data
	fi
	find song_data -name '*.json' | LC_ALL=C sort >"$tmp/all"
	awk -v want="$songs" -v all="$(wc -l <"$tmp/all")" \
		'int(NR * want / all) == int((NR - 1) * want / all)' "$tmp/all" | xargs rm -f
	cd - >/dev/null
}

# once STRATEGY COMPACT: a load from nothing. Its seconds of COPY and in all, requests of S3 by dwh,
# by the warehouse (what else the server saw), MB that the server sent, COPYs' files.
once() {
	: >"$tmp/s3.jsonl"
	dwh_run_redshift "$dwh" --fresh --json --quiet -w "${WORKERS:-5}" --set LOAD.STRATEGY="$1" \
		--set LOAD.COMPACT="$2" \
		>"$tmp/report" 2>"$tmp/out" || {
		cat "$tmp/out" >&2
		echo "compact.sh: the load with $1, $2 failed" >&2
		exit 1
	}
	if [ "$(jq .counts.staging_songs "$tmp/report")" != "$songs" ]; then
		echo "compact.sh: the load with $1, $2 gave other rows than there are" >&2
		exit 1
	fi
	ours=$(jq '[.shards[].requests, .tasks[].requests | values] | add' "$tmp/report")
	all=$(wc -l <"$tmp/s3.jsonl")
	sent=$(jq -s 'map(.bytes) | add / 1e6' "$tmp/s3.jsonl")
	files=$(jq '[.totals.parts + .totals.objects - .totals.objects_joined] | add' "$tmp/report")
	jq -r --arg of "$1 $2" --argjson ours "$ours" --argjson all "$all" --argjson sent "$sent" \
		--argjson files "$files" '[$of, ([.phases[] | select(.phase == "copy").wall_ms] | add / 1000),
		.ms / 1000, $files, $ours, $all - $ours, $sent] | join(" ")' "$tmp/report" >>"$tmp/figures"
}

choose_songs
mkdir "$tmp/buckets/manifests"
start_redshiftd "$PGDATABASE" --object-latency "${OBJECT_LATENCY:-100ms}"
for i in $(seq "$rounds"); do
	for strategy in $strategies; do
		# Each goes first every second time.
		if [ $((i % 2)) -eq 0 ]; then
			once "$strategy" off
			once "$strategy" auto
		else
			once "$strategy" auto
			once "$strategy" off
		fi
	done
done
awk -v names="$strategies" "$(cat tests/bench/stats.awk)"'
	{
		n[$1, $2]++
		for (k = 3; k <= 8; k++)
			v[$1, $2, k, n[$1, $2]] = $k
	}
	function middle(a, b, k,    i, s) {
		for (i = 1; i <= n[a, b]; i++)
			s[i] = v[a, b, k, i]
		return median(s, n[a, b])
	}
	function line(a, b) {
		printf "%-9s %-7s %9.2f %9.2f %8d %9d %10d %8.2f\n", a, b, middle(a, b, 3),
			middle(a, b, 4), middle(a, b, 5), middle(a, b, 6), middle(a, b, 7),
			middle(a, b, 8)
	}
	END {
		printf "medians of %d\n", NR / 2 / split(names, name, " ")
		printf "%-9s %-7s %9s %9s %8s %9s %10s %8s\n", "strategy", "COMPACT", "COPY s",
			"run s", "files", "by dwh", "warehouse", "MB sent"
		for (i = 1; i in name; i++) {
			line(name[i], "off")
			line(name[i], "auto")
			printf "%-9s auto: COPY %.1f times as fast, the run %.1f times\n", name[i],
				middle(name[i], "off", 3) / middle(name[i], "auto", 3),
				middle(name[i], "off", 4) / middle(name[i], "auto", 4)
		}
		if (n["sharded", "auto"] && n["merged", "off"])
			printf "sharded auto against merged off, AWS'"'"'s advice: COPY %.1f times as fast\n",
				middle("merged", "off", 3) / middle("sharded", "auto", 3)
	}' "$tmp/figures"
