#!/bin/bash
# dwh bench: the same load with several numbers of workers and strategies, in a place of its own: nothing
# of anybody else's is touched, nothing stays behind, and what did not load the same is not compared.
. "$(dirname "$0")/lib.sh"
small_data
local_config
objects() { find "$T/buckets" -type f -printf '%p %s\n' | sort | cksum; }
refused() { # refused STATUS REGEX OPTIONS...
	dwh bench "${@:3}"
	is "$ST" "$1" "refused with $1: ${*:3}"
	like "$ERR" "error: $2" 'and says why'
	is "$OUT" '' 'and gives no result'
}

# ---- what cannot be is refused before anything starts ----

refused 1 '--workers: "0" is not a number from 1 to 64$' --workers 0,1
refused 1 '--workers: "65" is not' -w 65
refused 1 '--workers: "" is not' --workers 1,
refused 1 '--workers names 2 twice$' --workers 2,4,2
refused 1 '--strategy: "fast" is not direct, sharded or merged$' --strategy direct,fast
refused 1 '--compact: "maybe" is not on, off or auto$' --compact maybe
refused 1 '--compact: the engine local joins no small objects, only redshift does$' --compact on,off
refused 1 '--runs: "0" is not a number from 1 to 1000$' --runs 0
refused 1 '--warmup: "-1" is not a number from 0 to 1000$' --warmup -1
refused 1 '--latency: "30" is not a time like 30ms or 1s' --latency 30
refused 1 '--latency: "61s" is not a time like 30ms or 1s, at most a minute' --latency 61s
refused 1 '--latency: "60001ms" is not' --latency 60001ms
refused 1 '--svg needs the name of a file' --svg ''
refused 1 '--database: on the engine local a benchmark has a PostgreSQL of its own$' --database x
refused 1 '--svg /nowhere/plot.svg: No such file or directory$' --svg /nowhere/plot.svg
refused 2 '--set LOAD.STRATEGY' --set LOAD.STRATEGY=fast
dwh run --strategy direct
is "$ST" 1 'another command has none of these options'
dwh bench --help
like "$OUT" '--workers 1,2,4 is the default' 'help'
[ ! -e "$T/.dwh" ]
ok $? 'nothing was made for any of that'

# ---- beside what the user has loaded ----

dwh run
is "$ST" 0 'the user loads'
runs=$(ls "$T/.dwh/runs")
sums=$(checksums)
data=$(objects)
kept=$(find "$T/.dwh" -maxdepth 2 | grep -v /run | sort)

untouched() { # untouched NAME: what the user had is as it was, and nothing is there beside it
	is "$(left_running)" '' "$1: nothing is left running"
	is "$(ls "$T/.dwh/runs")" "$runs" "$1: the user's runs are the same"
	is "$(objects)" "$data" "$1: so are the objects, and no manifest is left"
	is "$(find "$T/.dwh" -maxdepth 2 | grep -v /run | sort)" "$kept" "$1: so are the folders"
	is "$(checksums)" "$sums" "$1: so are the tables"
}

mkdir "$T/.dwh/bench"
touch "$T/.dwh/bench/mine"
refused 3 '.*/\.dwh/bench was not made by a benchmark: give it another name'
ok "$([ -e "$T/.dwh/bench/mine" ]; echo $?)" 'and leaves that folder alone'
rm -r "$T/.dwh/bench"

dwh bench --workers 2,1 --strategy direct,merged --runs 1 --latency 1ms --json --svg "$T/plot.svg"
is "$ST" 0 'a benchmark'
untouched 'a benchmark'
echo "$OUT" >"$T/bench.json"
q() { jq -c "$1" "$T/bench.json"; }
is "$(q '[.engine, .s3_latency_ms, .rounds, .warmup, .objects, .counts.staging_songs, .counts.time]')" \
	'["local",1,1,1,1198,1168,8023]' 'what was loaded'
is "$(q '[.combinations[] | [.strategy, .workers]]')" \
	'[["direct",1],["direct",2],["merged",1],["merged",2]]' 'the combinations, workers ascending'
is "$(q '[.runs[] | [.round, .warmup, .strategy[:1] + (.workers | tostring)]]')" \
	'[[0,true,"d1"],[0,true,"d2"],[0,true,"m1"],[0,true,"m2"],[1,false,"m2"],[1,false,"m1"],[1,false,"d2"],[1,false,"d1"]]' \
	'each once a round, and the second round backwards'
is "$(q '.combinations[] | select((.median_s > 0 and .least_s <= .median_s and .median_s <= .most_s and .s3_requests > 1198
	and .s3_bytes > 4000000 and (.cpu_s | .workers > 0 and .warehouse > 0 and .s3 > 0 and .supervisor > 0)
	and (.peak_bytes | .worker > 1000000 and .supervisor > 1000000)) | not)')" '' 'times, requests, processor time, memory'
is "$(q '[.runs[] | .s >= .load_s and .load_s > 0] | all')" true 'a run lasts as long as its load and a little more'
is "$(q '[.combinations[] | select(.workers == 1) | [.speedup, .efficiency, .serial_fraction]] | unique')" \
	'[[1,1,null]]' 'the fewest workers are what others are compared with'
is "$(q '[.combinations as $c | $c[] | select(.workers == 2) | . as $x | ($c[] | select(.workers == 1 and .strategy == $x.strategy))
	as $b | ($b.median_s / $x.median_s) as $s | (($s - .speedup) | fabs) + (($s / 2 - .efficiency) | fabs)
	+ ((((1 / $s) - 0.5) / 0.5 - .serial_fraction) | fabs) < 1e-9] | all')" true 'speed-up, efficiency and serial fraction'
is "$(grep -c ' run [1-8] of 8: [12] workers*, \(direct\|merged\): [0-9.]* s' <<<"$ERR")" 8 'a line a run while it goes on'

cat >"$T/svg.py" <<'PY'
# Well formed, told to who cannot see it, and nothing from elsewhere.
import re, sys, xml.etree.ElementTree as tree
text = open(sys.argv[1]).read()
svg = "{http://www.w3.org/2000/svg}"
root = tree.fromstring(text)
found = lambda c: [e for e in root.iter() if c in (e.get("class") or "").split()]
title, desc = root.find(svg + "title"), root.find(svg + "desc")
print(root.tag == svg + "svg", root.get("role"), root.get("aria-labelledby") == title.get("id") + " " + desc.get("id"),
    all(w in desc.text for w in ("1 worker, direct: ", "2 workers, merged: ")),
    len(found("bar")), len(found("mark")) - 2, len(found("line")) - 2, len(found("ideal")) - 1,
    re.findall(r"href|url\(|<script|<image|@import", text), "prefers-color-scheme:dark" in text,
    [t.text for t in root.iter(svg + "text") if t.text in ("workers", "seconds, logarithmic", "direct", "merged")])
PY
is "$(/usr/bin/python3 "$T/svg.py" "$T/plot.svg" 2>&1)" \
	"True img True True 4 4 2 2 [] True ['seconds, logarithmic', 'workers', 'direct', 'merged']" 'the plot'

# ---- what did not load the same ----

"$DWH" bench -c "$T/dwh.cfg" -w 1 --runs 100 --warmup 0 --svg "$T/none.svg" >"$T/out" 2>"$T/talk" &
bench=$!
until_true 60 grep -q 'run 1 of 100' "$T/talk"
song=$(find "$T/buckets/sparkify/song_data" -type f | head -n 1)
cp "$song" "$T/another.json"
mv "$T/another.json" "${song%/*}/another.json" # at once
wait $bench
is $? 8 'an object that came meanwhile: exit code 8'
like "$(cat "$T/talk")" \
	'error: run [0-9]+ \(1 worker, direct\) found 1199 objects instead of 1198, as run 1 \(1 worker, direct\) did: they did not load the same' \
	'with what differs'
is "$(cat "$T/out")" '' 'no ratio is shown'
[ ! -e "$T/none.svg" ]
ok $? 'nor plotted'
rm "${song%/*}/another.json"
untouched 'runs that differ'

# ---- ended, one way or another ----

start() { # a benchmark whose first load is under way; its process is $bench
	"$DWH" bench -c "$T/dwh.cfg" --runs 100 --latency 20ms >"$T/out" 2>"$T/talk" &
	bench=$!
	until_true 60 copying
	ok $? 'a load is under way'
}
copying() { [ -n "$(pids_of 'dwh: worker [0-9] (copy|list)')" ]; }
start
refused 3 'another benchmark is going on here'
ok "$([ -n "$(pids_of 'dwh s3d .*--latency=20ms')" ]; echo $?)" 'its S3 server has the latency'
kill -INT $bench
wait $bench
is $? 130 'interrupted'
like "$(tail -n 1 "$T/talk")" 'error: interrupted$' 'and says so'
untouched 'interrupted'
"$DWH" bench -c "$T/dwh.cfg" >"$T/out" 2>"$T/talk" &
bench=$!
until_true 60 test -e "$T/.dwh/bench/bench.lock" # its services are on their way
kill -TERM $bench
wait $bench
is $? 143 'terminated while its services start'
is "$(left_running)" '' 'nothing is left running'
is "$(find "$T/.dwh" -maxdepth 2 | grep -v /run | sort)" "$kept" 'nor a folder'
start
disown
manifests() { find "$T/buckets/dwh-manifests" -path '*/bench-*' -type f | grep .; }
until_true 60 manifests
kill -9 $bench
until_true 60 nothing_left
ok $? 'killed: its load and its services end by themselves'
manifests >/dev/null
ok $? 'and its manifests are left'
"$DWH" bench -c "$T/dwh.cfg" >"$T/out" 2>"$T/talk" &
bench=$!
held() { find "/proc/$bench/fd" -lname '*/bench.lock' 2>/dev/null | grep .; }
until_true 60 held
kill -TERM $bench
wait $bench
is $? 143 'the next one, which loads nothing'
ok "$(manifests >/dev/null; echo $((1 - $?)))" 'removes them'
untouched 'the next one'
: >"$T/plot2.svg"
ln -s plot2.svg "$T/link.svg"
dwh bench -w 2 --runs 1 --warmup 0 --svg "$T/link.svg"
is "$ST" 0 'the one after'
[ -L "$T/link.svg" ] && grep -q '<svg' "$T/plot2.svg"
ok $? 'a plot behind a link'
untouched 'the one after'
like "$OUT" '^  strategy  workers  median s  least s  most s  speed-up  efficiency  serial fraction$' 'a table of times'
like "$OUT" '^  direct +2 +[0-9]+\.[0-9]{3} +[0-9.]+ +[0-9.]+ +1\.00 +100% +-$' 'with a line'
like "$OUT" '^  direct +2 +1,[0-9]{3} +4\.1 MB( +[0-9]+\.[0-9]{2}){4}( +[0-9.]+ MB){2}$' 'and one of what was used'

# ---- a warehouse elsewhere ----

own_postgres
own_s3d
postgres_config
rm -rf "$T/.dwh"
own() { PGPASSWORD=$PG_PASSWORD psql -XAtq -h "$T/sock" -U loader -d dwh_bench -c "$1"; }
all_of() { own "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where n.nspname in ('public', 'dwh') order by 1, 2"; }
direct 'create database dwh_bench'
dwh run
is "$ST" 0 'the user loads into a PostgreSQL'
sums=$(checksums)
refused 1 'a benchmark drops what it loads: make an empty database for it alone \(CREATE DATABASE dwh_bench\), and name it with --database$'
refused 1 '--latency: on the engine postgres the S3 server is not ours' --database dwh_bench --latency 1ms
refused 3 'the database postgres is not empty, it holds dwh\.[a-z_]+: ' --database postgres
refused 4 '--database nowhere: .*database "nowhere" does not exist' --database nowhere
own 'create table users (mine int)'
refused 3 'the database dwh_bench is not empty, it holds public.users: ' --database dwh_bench
own 'drop table users'
refused 5 'run 1 of 1 \(1 worker, direct\): ended with 5: .*s3://nowhere' --database dwh_bench -w 1 --runs 1 --warmup 0 \
	--set S3.SONG_DATA=s3://nowhere/songs
is "$(all_of)" '' 'after a failure the database is empty again'
runs=$(ls "$T/.dwh/runs")
manifests=$(find "$T/buckets/manifests" -type f | sort)
dwh bench --database dwh_bench --workers 2 --runs 1 --warmup 0 --json
is "$ST" 0 'a benchmark in a database of its own'
is "$(jq -c '.combinations[0] | [.cpu_s.warehouse, .cpu_s.s3, .workers]' <<<"$OUT")" '[null,null,2]' \
	'what servers elsewhere use is not known'
is "$(all_of)" '' 'it is empty again'
is "$(checksums) $(ls "$T/.dwh/runs") $(find "$T/buckets/manifests" -type f | sort)" "$sums $runs $manifests" \
	'and what the user has is as it was'
is "$(find "$T/.dwh" -maxdepth 1 -name 'bench*')" '' 'no folder is left'

# The benchmark stands still while somebody else loads into its database.
"$DWH" bench -c "$T/dwh.cfg" --database dwh_bench -w 1 --runs 100 --warmup 0 >"$T/out" 2>"$T/talk" &
bench=$!
until_true 60 grep -q 'run 1 of 100' "$T/talk"
children() { cat "/proc/$bench/task/$bench/children" 2>/dev/null; }
stands() { # it is stopped, and the load that it had begun is over
	local child
	kill -STOP "$bench"
	until_true 60 grep '^State:.T' "/proc/$bench/status"
	for child in $(children); do
		until_true 60 grep '^State:.Z' "/proc/$child/status" && return
	done
	kill -CONT "$bench" # between two loads: it has looked already, and would not look again
	return 1
}
until_true 60 stands
"$DWH" run -c "$T/dwh.cfg" --set CLUSTER.DB_NAME=dwh_bench --set LOCAL.DIR="$T/other" >"$T/other.out" 2>&1
is $? 0 'somebody else loads there'
kill -CONT $bench
wait $bench
is $? 3 'the benchmark ends'
like "$(cat "$T/talk")" 'error: run [0-9T]+-[0-9a-f]+ has loaded into the database dwh_bench, which was the' 'with the reason'
is "$(own 'select count(*) from songs')" 1168 "and leaves the other's tables alone"

stop_postgres
rm -rf "$T/pg" "$T/sock"
own_postgres
own_redshiftd
redshift_config
dwh bench --database postgres --workers 2 --compact on,off --runs 1 --warmup 0
is "$ST" 0 'on redshift'
like "$OUT" '^  sharded +on +2 +' 'small objects joined'
like "$OUT" '^  sharded +off +2 +' 'and not'
is "$(rs -Atc "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where n.nspname in ('public', 'dwh')")" 0 'and the database is empty again'
done_testing
