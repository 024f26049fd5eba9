#!/bin/bash
# The main job on generated data: run, run again, load all anew, look at it; then the same with bad
# records among the data. On each engine, and each gives the same rows, answers and reports.
. "$(dirname "$0")/lib.sh"
generated_data
want='8056 14896 333 105 14896 10025 8023'
engines=(local postgres redshift)

# What may differ in a report from engine to engine, and from one run to the next:
#   of the run        its name, when, how long, what it used, which worker, in which order tasks were found
#   of the engine     its name, isolation and strategy; the lanes; the bucket of the manifests; the
#                     numbers that the sample is known by, where the sample is the engine's own;
#                     what was joined before the COPY
#   of the evidence   how many requests we sent: where the warehouse copies, it sends them
# shellcheck disable=SC2016 # jq's
SAME='del(.run, .began, .critical_path, .usage, .engine, .isolation, .strategy, .expected)
	| del(.. | objects | .id, .worker, .concurrency, .efficiency, .lane, .requests, .objects_joined, .parts,
		.[keys_unsorted[] | select(test("(^|_)ms$"))])
	| .shards |= sort_by(.shard) | .tasks |= sort_by(.name) | .phases |= sort_by(.phase)
	| .rejected |= sort_by(.object)
	| (.. | strings) |= (sub("^not compacted: .*"; "") | sub("(s3|file)://[^ ]*/(?<d>[0-9a-f]+.manifest)"; .d)
		| sub("[0-9]{8}T[0-9]{6}-[0-9a-f]+"; "RUN"))'
keep() { # keep NAME: the report in $OUT, to be compared
	jq -S "$SAME" <<<"$OUT" >"$ENGINE.$1"
	[ -s "$ENGINE.$1" ]
	ok $? "$ENGINE: report of $1"
}

main_job() {
	dwh run --json
	is "$ST" 0 "$ENGINE: run succeeds"
	keep 'the first run'
	is "$(counts)" "$want" "$ENGINE: the warehouse holds what the generator expects"
	is "$(jq -c '[.shards[].verdict] | unique' <<<"$OUT")" '["VERIFIED"]' "$ENGINE: every shard is verified"
	is "$(sql 'select count(*), sum(row_count) from dwh.ledger')" '27|22952' "$ENGINE: the ledger has 27 shards"
	is "$(left_running | grep 'dwh: worker')" '' "$ENGINE: no worker is left running"
	checksums >"$ENGINE.rows"
	dwh query --csv
	echo "$OUT" >"$ENGINE.answers"
	is "$(wc -l <"$ENGINE.answers")" 140 "$ENGINE: the model's queries"

	dwh run --json
	is "$ST" 0 "$ENGINE: a second run succeeds"
	keep 'the second run'
	is "$(jq -c '[.totals.shards, .exit, .counts.time]' <<<"$OUT")" '[0,0,8023]' \
		"$ENGINE: it finds nothing new"
	is "$(jq '[.tasks[] | select(.kind == "insert" and (.skipped | not))] | length' <<<"$OUT")" 0 \
		"$ENGINE: and fills nothing again"
	is "$(checksums)" "$(cat "$ENGINE.rows")" "$ENGINE: and changes nothing"

	dwh run --fresh --json
	is "$(jq -c '[.totals.shards, .totals.rows, .exit]' <<<"$OUT")" '[27,22952,0]' \
		"$ENGINE: --fresh loads all again"
	keep 'the fresh run'
	is "$(checksums)" "$(cat "$ENGINE.rows")" "$ENGINE: with the same rows"
	is "$(sql "select generation from dwh.target where relation = 'public.staging_songs'")" 2 \
		"$ENGINE: in a new generation"
	dwh report
	like "$OUT" 'Run .*fresh' "$ENGINE: report shows the last run"
	like "$OUT" 'all verified' "$ENGINE: and that every shard is verified"
	dwh verify
	is "$ST" 0 "$ENGINE: ledger, lanes and manifests agree"
	dwh query top_songs --csv
	is "$ST $(wc -l <<<"$OUT")" '0 11' "$ENGINE: a query by name has a head and ten rows"
	dwh query top_song
	is "$ST" 1 "$ENGINE: an unknown query is a usage error"
	like "$ERR" 'top_songs' "$ENGINE: that lists the known ones"
	dwh check
	is "$ST" 0 "$ENGINE: check: warnings are no failures"
	dwh drop
	is "$ST" 0 "$ENGINE: drop"
	is "$(sql "select count(*) from information_schema.tables where table_schema = 'public'")" 0 \
		"$ENGINE: leaves no table"
	dwh load
	is "$ST" 0 "$ENGINE: load alone"
	is "$(sql 'select count(*) from songs')" 0 "$ENGINE: fills staging only"
	dwh transform
	is "$ST" 0 "$ENGINE: transform alone"
	is "$(counts)" "$want" "$ENGINE: does the rest"
}

# Three songs, each bad in a way of its own; the same files for each engine, so that their shards are
# the same, too.
songs=$T/buckets/sparkify/song_data/A/A/A
mkdir good bad
lines=('{"song_id": "S1", "title": "a", "year": "MCMLX"}' '{"song_id": "S2", "title": "b"'
	"$(printf '{"song_id": "S3", "title": "%s"}' "$(printf 'x%.0s' {1..600})")")
for f in $(find "$songs" -name '*.json' -printf '%f\n' | LC_ALL=C sort | sed -n '3p; 5p; 7p'); do
	printf '%s' "${lines[0]}" >"bad/$f"
	lines=("${lines[@]:1}")
done
mkdir -p bears/copy
sed 's/^COMPUPDATE/MAXERROR 10\n&/' "$TOP/sql/sparkify/copy/staging_songs.sql" >bears/copy/staging_songs.sql
swap() { # swap FROM TO: what lies in FROM takes the place of its namesakes, which go TO
	local f
	for f in "$1"/*; do mv "$songs/${f##*/}" "$2" && mv "$f" "$songs"; done
}
of_errors="select object, line, column_name, column_type, position, value, code, reason from dwh.load_errors
	order by object, line"

bad_records() {
	swap bad good
	dwh load --validate --json
	is "$ST $(jq '.rejected | length' <<<"$OUT")" '7 3' "$ENGINE: validate finds three bad records"
	keep 'validate'
	dwh run --fresh --json
	is "$ST" 7 "$ENGINE: bad records: exit code 7"
	keep 'bad records'
	sql "$of_errors" >"$ENGINE.errors"
	dwh rerun --json --set LOAD.MAX_BAD_OBJECTS=3
	is "$ST $(jq '.totals.quarantined' <<<"$OUT")" '0 3' "$ENGINE: they may be: they are held back"
	keep 'quarantine'
	sql "$of_errors" >>"$ENGINE.errors"
	is "$(wc -l <"$ENGINE.errors")" 4 "$ENGINE: and listed"
	dwh quarantine list --json
	jq -S '[.[0].rows[] | del(.held_at, .run, .manifest)]' <<<"$OUT" >"$ENGINE.held"
	checksums >>"$ENGINE.rows"
	dwh run --fresh --json --set LOAD.MODEL='sparkify ./bears'
	is "$ST $(jq -c '[.totals.rejected, (.rejected | length)]' <<<"$OUT")" '0 [3,3]' \
		"$ENGINE: borne by MAXERROR, and reported"
	keep 'borne'
	sql "$of_errors" >>"$ENGINE.errors"
	swap good bad
	dwh run --fresh
	is "$ST $(counts)" "0 $want" "$ENGINE: mended, all is loaded"
	checksums >>"$ENGINE.rows"
}

for engine in "${engines[@]}"; do
	on_engine "$engine"
	main_job
	bad_records
done
off_engine
is "$(left_running)" '' 'nothing is left running'

for what in rows answers errors held 'the first run' 'the second run' 'the fresh run' validate \
	'bad records' quarantine borne; do
	for engine in "${engines[@]:1}"; do
		diff "${engines[0]}.$what" "$engine.$what" >"diff"
		ok $? "${engines[0]} and $engine: the same, $what"
		head -n 20 diff | sed 's/^/# /'
	done
done
done_testing
