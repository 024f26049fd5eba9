#!/bin/bash
# What is said of a run: while it goes on, from another shell; when it has ended, well or not; when it
# was killed. The text, --json, --csv and the journal are one story.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config

dwh status
is "$ST" 3 'status where nothing has run'
like "$ERR" 'no run has been made here yet' 'says so'
dwh report
is "$ST" 3 'and so does report'

dwh run --json
is "$ST" 0 'a run'
first=$(jq -r .run <<<"$OUT")
is "$(jq -r '.alive, .ended, .next' <<<"$OUT" | xargs)" 'false true null' 'it has ended, and nothing is left to do'
dwh status
like "$OUT" "^Run $first: finished, [0-9.]+ s, 2 workers, isolation read committed$" 'status: finished'
like "$OUT" '^  3 of 3 shards, 1,198 objects, 9,224 rows, ' 'with its totals'

# ---- one story ----
dwh report "$first"
text=$OUT
dwh report "$first" --json
json=$OUT
dwh report "$first" --csv
printf '%s\n' "$OUT" >"$T/csv"
is "$(jq -s length <<<"$json")" 1 '--json is one document'
cat >"$T/compare.py" <<'PY'
# Every figure of the text and of the CSV, found in the JSON.
import csv, json, re, sys
report = json.load(open(sys.argv[1]))
text = open(sys.argv[2]).read()
rows = list(csv.DictReader(open(sys.argv[3], newline=""), strict=True))
tasks = {t["id"]: t for t in report["shards"] + report["tasks"]}
bad = []
def same(what, a, b):
    if a != b:
        bad.append(f"{what}: {a!r} is not {b!r}")
same("tasks in csv", sorted(int(r["id"]) for r in rows), sorted(tasks))
for r in rows:
    t = tasks[int(r["id"])]
    error = t.get("error", {})
    for k in ("name", "kind", "state", "verdict", "note"):
        same(f"csv {k} of {t['name']}", r[k], t.get(k, ""))
    same("csv error", (r["error_code"], r["error"]), (error.get("code", ""), error.get("message", "")))
    for k in ("tries", "worker", "began_ms", "took_ms"):
        same(f"csv {k} of {t['name']}", int(r[k]), t[k])
    for k in ("rows", "requests", "retries", "list_ms", "fetch_ms", "copy_ms", "commit_ms"):
        same(f"csv {k} of {t['name']}", int(r[k]), t.get(k, 0))
number = lambda s: int(s.replace(",", ""))
def section(title):
    found = re.search(rf"^{title}\n.*\n((?:  \S.*\n|   +\S.*\n)*)", text, re.M)
    return [re.split(r"  +", l.strip()) for l in found.group(1).splitlines()] if found else []
s2 = lambda ms: f"{ms / 1000:.2f}"
same("phases", section("Time"), [[p["phase"], str(p["tasks"]), s2(p["wall_ms"]), s2(p["cumulative_ms"]),
    f"{p['concurrency']:.2f}", f"{100 * p['efficiency']:.0f}%"] for p in report["phases"]])
shards = [[s["lane"], s["shard"][:8], s["objects"], s["rows"], s["list_ms"], s["fetch_ms"], s["copy_ms"],
    s["commit_ms"], s["tries"], s["worker"], s["verdict"]] for s in report["shards"] if s["state"] == "done"]
same("shards", [[r[0], r[1], number(r[2]), *map(number, r[4:11]), r[11]] for r in section("Shards")
    if r[-1] == "VERIFIED"], shards)
same("counts", {r[0]: number(r[1]) for r in section("Counts")}, report["counts"])
checks = [t for t in report["tasks"] if t["kind"] == "check" and t["state"] == "done"]
same("checks", [[r[0], r[1], number(r[2]), r[3], " ".join(r[4:])] for r in section("Checks")][:len(checks)],
    [[t["name"][6:], t["verdict"], t["rows"], s2(t["took_ms"]), t["title"]] for t in checks])
same("cumulative", report["phases"][-1]["cumulative_ms"], sum(t["took_ms"] for t in tasks.values()))
same("retries", sorted(section("Tried again")), sorted([f"{r['times']:,}", r["of"] + "s",
    r["error"]["code"] or r["error"]["kind"],
    *re.split(r"  +", (r["first"] + ": " if "first" in r else "") + r["error"]["message"])] for r in report["retries"]))
same("tries", report["totals"]["retries"], sum(max(t["tries"] - 1, 0) for t in tasks.values()))
same("tries by cause", report["totals"]["retries"], sum(r["times"] for r in report["retries"] if r["of"] == "task"))
same("requests by cause", report["totals"]["requests_again"],
    sum(r["times"] for r in report["retries"] if r["of"] == "request"))
path = report["critical_path"]
if len(path) > 1: # one task is no path
    same("path", re.findall(r"^  (\S.*?)  +([\d.]+)  +([\d.]+)  +[\d.]+%$", text.split("critical path", 1)[-1].split("\n\n")[0], re.M),
    [(t["name"], s2(t["waited_ms"]), s2(t["took_ms"])) for t in path])
used = report["usage"]
same("used", re.findall(r"^  (?:supervisor|workers, memory of the largest)  +([\d.]+)  +\S+ [kMG]?B$", text, re.M),
    [s2(used["supervisor_cpu_ms"]), s2(used["workers_cpu_ms"])])
same("used by somebody", all(n > 0 for n in used.values()), True)
same("the path takes no longer than the run", all(t["waited_ms"] >= 0 for t in path)
    and sum(t["took_ms"] for t in path) <= report["ms"], True)
print("\n".join(bad) or "one story")
PY
one_story() { # one_story NAME: the last run's text, JSON and CSV agree
	dwh report && printf '%s\n' "$OUT" >"$T/text"
	dwh report --csv && printf '%s\n' "$OUT" >"$T/csv"
	dwh report --json && printf '%s\n' "$OUT" >"$T/json"
	is "$(/usr/bin/python3 "$T/compare.py" "$T/json" "$T/text" "$T/csv" 2>&1)" 'one story' "$1"
}
one_story 'text, JSON and CSV of a good run agree'

# ---- checks ----
like "$text" '^  users_key +warn +8 +[0-9.]+  user_id is unique$' 'a check that warns is in its table'
like "$text" '^  users_key: user_id is unique\. But 8 rows say otherwise, such as user_id=[0-9]+ row_count=2; ' \
	'with what it found'
like "$text" '^    By the rules of this model it is not: ' 'and why it only warns'
ok "$(grep -c 'The engine makes these numbers' <<<"$text")" 'one that passes explains nothing'
is "$(jq -r '.tasks[] | select(.name == "check users_key") | .verdict, .rows, .title' <<<"$json" | paste -sd,)" \
	'warn,8,user_id is unique' 'so in JSON'
sql 'delete from staging_songs where ctid = (select min(ctid) from staging_songs)'
dwh check
is "$ST" 8 'a check that fails'
like "$OUT" '^  staging_ledger: .* But 1 row says otherwise, such as relation=' 'says what it found'
like "$OUT" 'load all again with dwh run --fresh\.$' 'and the remedy of its file'
like "$OUT" "then look again: $DWH check -c $T/dwh.cfg\$" 'and how to look again'

# ---- faults: how often, and why ----
own_again() {
	stop_s3d
	own_s3d --seed 7 "$@"
}
own_again --fault-log "$T/faults" --fault get:503:6% --fault get:reset:3%
: >"$T/faults"
dwh run --fresh
is "$ST" 0 'a run on a bad day'
like "$OUT" '^Tried again$' 'its report tells what was tried again'
like "$OUT" '^ +[0-9]+  requests  SlowDown  s3://.*503' 'that S3 asked to slow down'
one_story 'text, JSON and CSV of it agree'
is "$(jq -r '[.retries[] | select(.of == "request") | .times] | add' "$T/json")" \
	"$(jq '[.shards[], .tasks[] | .retries // 0] | add' "$T/json")" 'the causes sum up to the requests that were sent again'
is "$(journal | jq -rs '[.[] | select(.t == "again")] | group_by(.code) | map("\(.[0].code) \(map(.times) | add)") | join(", ")')" \
	"$(jq -r '[.retries[] | select(.of == "request")] | map("\(.error.code) \(.times)") | sort | join(", ")' "$T/json")" \
	'as they stand in the journal'
is "$(jq '[.retries[] | select(.error.code == "SlowDown") | .times] | add' "$T/json")" \
	"$(grep -c 503 "$T/faults")" 'as often as the server refused'
own_again --latency 60ms
"$DWH" run --fresh -c "$T/dwh.cfg" --set LOAD.CONNECTIONS=4 >"$T/out" 2>"$T/err" &
supervisor=$!
kill_at KILL 'dwh: worker [0-9]+ copy staging_songs'
wait "$supervisor"
is $? 0 'a run of which a worker was killed'
like "$(cat "$T/out")" '^ +1  tasks +crash +copy staging_songs [0-9a-f]+: .*signal 9' 'tells of the task that was tried again, and why'
one_story 'and the three agree on it'

# ---- failed: what next ----
own_again --fault get:503:100%
dwh run --fresh -w 3 --set LOAD.ATTEMPTS=1
is "$ST" 5 'nothing but 503'
like "$OUT" '^Failed$' 'the report names what failed'
like "$OUT" "Mend that, and then: $DWH run (--fresh )?-c $T/dwh.cfg -w 3 --set LOAD.ATTEMPTS=1\$" 'and ends in the command'
command=$(sed -n 's/^.*and then: //p' <<<"$OUT")
one_story 'text, JSON and CSV of a failed run agree'
is "$(jq -r .next "$T/json")" "$command" 'which JSON has, too'
dwh status
like "$OUT" ': failed, ' 'status: failed'
like "$OUT" '^  failed: probe .*503' 'with the failure'
is "$(tail -n 1 <<<"$OUT")" "$(tail -n 1 "$T/text")" 'and what to do'
own_again
bash -c "$command" >"$T/out" 2>"$T/err"
is $? 0 'the command works'
is "$(sql 'select count(*) from staging_songs')" 1168 'and loads it all'

# Bad data: the path to the records.
cp -r "$T/buckets/sparkify/log_data" "$T/log.kept"
object=$(find "$T/buckets/sparkify/log_data" -name '*.json' | sort | head -n 1)
cp --remove-destination "$object" "$T/one" && rm "$object"
sed -E '2s/"ts":[0-9]+/"ts":"a, \\"b\\"\\nc"/' "$T/one" >"$object"
dwh run --fresh
is "$ST" 7 'bad data'
look=$(sed -n 's/^.*in dwh.load_errors: //p' <<<"$OUT")
like "$look" "^$DWH -c $T/dwh.cfg psql -c " 'the report has the command that shows it'
like "$(bash -c "$look")" 'starttime|ts' 'which works'
like "$OUT" "then: $DWH rerun 2[^ ]* -c $T/dwh.cfg\$" 'and the one that goes on'
one_story 'text, JSON and CSV with such messages agree'
rm -rf "$T/buckets/sparkify/log_data" && mv "$T/log.kept" "$T/buckets/sparkify/log_data"

# ---- from another shell ----
own_again --latency 120ms
slow_run
ok $? 'a slow run is seen while it runs'
dwh status --json
a=$OUT
like "$(jq -r '.state, .alive, .exit' <<<"$a" | xargs)" '^running true -1$' 'running, alive, no exit code yet'
is "$(jq -s length <<<"$a")" 1 'one document'
dwh status
like "$OUT" ': running, [0-9.]+ s, 2 workers, isolation read committed$' 'the same for people'
like "$OUT" '^  worker [12]  (copy|list|insert) ' 'with what the workers are at'
ok "$(grep -c "$DWH" <<<"$OUT")" 'nothing is to be done about it'
dwh report
is "$ST" 0 'a report of a run that runs'
like "$OUT" 'is still going on' 'says that it does'
ok "$(grep -c -- ' -[0-9]' <<<"$OUT")" 'and no time is less than nothing'
dwh report --json
is "$(jq -r '.alive, .ended, .next, ([.shards[], .tasks[] | .took_ms] | min >= 0)' <<<"$OUT" | xargs)" \
	'true false null true' 'so in JSON'
dwh run
is "$ST" 3 'another one beside it'
dwh status --json
is "$(jq -r .run <<<"$OUT")" "$(jq -r .run <<<"$a")" 'is not mistaken for it'
kill -9 "$supervisor"
until_true 30 not_there "$supervisor"
dwh status
like "$OUT" ': killed, ' 'killed with -9, it is not said to run'
like "$OUT" "Load the rest: $DWH rerun 2[^ ]* -c $T/dwh.cfg --set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=100\$" 'and how to go on is'
dwh status --json
is "$(jq -r '.state, .alive, .running' <<<"$OUT" | xargs)" 'killed false []' 'so in JSON'
dwh report
like "$OUT" '^The run was killed before it ended\.$' 'and in the report'
killed=$(journal | jq -rs '.[0].run')

# ---- older runs, damaged journals ----
dwh report "$first" --json
is "$OUT" "$json" 'an older run is told as it was'
dwh status "$first"
like "$OUT" ': finished, ' 'and has its status'
dwh report "${first%?}z"
is "$ST" 3 'a run that never was'
like "$ERR" "there is no run ${first%?}z in .*; did you mean \"$first\"" 'the nearest is named'
dwh report yesterday
like "$ERR" "there is no run yesterday in .*; the last one is $killed" 'or the last'
line() { sed -n "$1p" "$T/.dwh/runs/$first/journal.jsonl"; }
copy_run() { # copy_run NAME: a run that is like the first
	mkdir -p "$T/.dwh/runs/$1"
	cp "$T/.dwh/runs/$first/journal.jsonl" "$T/.dwh/runs/$1/journal.jsonl"
}
copy_run 20990101T000000-0001
printf '%s' "$(line 5 | cut -c 1-20)" >>"$T/.dwh/runs/20990101T000000-0001/journal.jsonl"
dwh report 20990101T000000-0001 --json
is "$OUT" "$json" 'a last line that is torn is left out'
copy_run 20990101T000000-0002
sed -i '5s/.$//' "$T/.dwh/runs/20990101T000000-0002/journal.jsonl"
dwh report
is "$ST" 3 'a line that is broken in the middle'
like "$ERR" 'runs/20990101T000000-0002/journal.jsonl:5: .*not JSON.* damaged.*ledger' 'is named, with what still holds'
is "$OUT" '' 'and nothing is made up'
dwh status
is "$ST" 3 'nor by status'
dwh report "$first" --json
is "$OUT" "$json" 'the others are not touched'
done_testing
