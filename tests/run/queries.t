#!/bin/bash
# The queries of the model against the same questions asked of the raw JSON, without SQL; on generated
# data, and on the real data where it is found.
. "$(dirname "$0")/lib.sh"
archive=${DWH_REAL_DATA:-$TOP/../shared/data/sparkify.tar.gz}
local_config
names=$(find "$TOP/sql/sparkify/query" -name '*.sql' -printf '%f\n' | sed 's/\.sql$//' | LC_ALL=C sort)

# One line a query: its name and its rows, each a list of values as the query has them.
by_hand() { # by_hand DIR
	/usr/bin/python3 - "$1" <<-'PY'
		import collections, datetime, decimal, glob, json, sys
		top = sys.argv[1]
		text = lambda v: None if v is None else str(v)
		songs, events = [], []
		decoder = json.JSONDecoder()
		for path in glob.glob(top + "/song_data/**/*.json", recursive=True):
		    songs.append(json.load(open(path)))
		for path in glob.glob(top + "/log_data/**/*.json", recursive=True):
		    events += [json.loads(line) for line in open(path)]
		for s in songs:
		    for k in ("title", "artist_name", "artist_location"):
		        s[k] = text(s[k])
		utc = lambda ms: datetime.datetime.utcfromtimestamp(ms // 1000).replace(microsecond=ms % 1000 * 1000)
		index = collections.defaultdict(set)
		name, title, year = {}, {}, {}
		for s in songs:
		    index[s["title"].rstrip(" "), s["artist_name"].rstrip(" ")].add((s["song_id"], s["artist_id"]))
		    name[s["artist_id"]] = min(name.get(s["artist_id"], s["artist_name"]), s["artist_name"])
		    title[s["song_id"]], year[s["song_id"]] = s["title"], s["year"]
		plays = set()
		for e in events:
		    if e["page"] == "NextSong":
		        for song, artist in index.get((e["song"].rstrip(" "), e["artist"].rstrip(" ")), ()):
		            plays.add((e["ts"], e["userId"], e["level"], song, artist, e["sessionId"],
		                       e["location"], e["userAgent"]))
		# (ts, user, level, song, artist, session, location, agent)
		def group(key, rows=plays):
		    out = collections.defaultdict(list)
		    for r in rows:
		        out[key(r)].append(r)
		    return out
		users = lambda rows: len({r[1] for r in rows})
		half_up = lambda n, d, places: float((decimal.Decimal(n) / d).quantize(
		    decimal.Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP))
		out = {}
		rows = [(title[k], name[v[0][4]], len(v), users(v), k) for k, v in group(lambda r: r[3]).items()]
		out["top_songs"] = [r[:4] for r in sorted(rows, key=lambda r: (-r[2], r[0], r[1], r[4]))[:10]]
		rows = [(name[k], len(v), len({r[3] for r in v}), users(v), k)
		        for k, v in group(lambda r: r[4]).items()]
		out["top_artists"] = [r[:4] for r in sorted(rows, key=lambda r: (-r[1], r[0], r[4]))[:10]]
		rows = [(k, len(v), users(v)) for k, v in group(lambda r: r[6]).items()]
		out["top_locations"] = sorted(rows, key=lambda r: (-r[1], r[0]))[:10]
		rows = [(k, len(v), users(v)) for k, v in group(lambda r: utc(r[0]).hour).items()]
		out["busiest_hours"] = sorted(rows, key=lambda r: (-r[1], r[0]))[:10]
		rows = [(k, len(v), users(v), half_up(len(v), users(v), 2))
		        for k, v in group(lambda r: r[2]).items()]
		out["levels"] = sorted(rows, key=lambda r: (-r[1], r[0]))
		days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split()
		rows = group(lambda r: utc(r[0]).isoweekday() % 7)
		out["weekdays"] = [(days[k], len(v), users(v)) for k, v in sorted(rows.items())]
		rows = group(lambda r: utc(r[0]).hour)
		out["hours_levels"] = [(k, sum(r[2] == "free" for r in v), sum(r[2] == "paid" for r in v), len(v))
		                       for k, v in sorted(rows.items())]
		who = {}
		for e in events:
		    if e["userId"]:
		        a = who.setdefault(e["userId"], (e["firstName"], e["lastName"]))
		        who[e["userId"]] = (min(a[0], e["firstName"]), min(a[1], e["lastName"]))
		rows = [(k, *who[k], len(v), len({r[5] for r in v})) for k, v in group(lambda r: r[1]).items()]
		out["top_users"] = sorted(rows, key=lambda r: (-r[3], r[0]))[:10]
		stamp = lambda ms: utc(ms).strftime("%Y-%m-%d %H:%M:%S") + (".%06d" % (ms % 1000 * 1000)).rstrip("0").rstrip(".")
		rows = [(str(k[0]), k[1], len(v), stamp(min(v)[0]), stamp(max(v)[0]))
		        for k, v in group(lambda r: (r[5], r[1])).items()]
		out["long_sessions"] = sorted(rows, key=lambda r: (-r[2], r[0], r[1]))[:10]
		decade = lambda y: "%ds" % (y // 10 * 10) if y else "not known"
		played = group(lambda r: r[3])
		rows = collections.defaultdict(lambda: [0, 0, 0])
		for song, y in year.items():
		    n = len(played.get(song, ()))
		    for i, add in enumerate((1, n > 0, n)):
		        rows[decade(y)][i] += add
		out["decades"] = [(k, *v) for k, v in sorted(rows.items())]
		by_artist = group(lambda r: r[4])
		rows = [(name[k], len(v), min((s["year"] for s in v if s["year"]), default=None),
		         max((s["year"] for s in v if s["year"]), default=None), len(by_artist.get(k, ())), k)
		        for k, v in group(lambda s: s["artist_id"], songs).items()]
		out["catalogue_artists"] = [r[:5] for r in sorted(rows, key=lambda r: (-r[1], -r[4], r[0], r[5]))[:10]]
		known = [e for e in events if e["userId"]]
		monday = lambda e: (utc(e["ts"]).date() - datetime.timedelta(utc(e["ts"]).weekday())).isoformat()
		song = lambda v: [e for e in v if e["page"] == "NextSong"]
		out["weekly_active"] = [
		    (k, len({e["userId"] for e in v}), len({e["userId"] for e in song(v)}),
		     len({e["sessionId"] for e in v}), len(song(v)))
		    for k, v in sorted(group(monday, known).items(), reverse=True)][:10]
		labels = ((300, "under 5"), (1800, "5 to 30"), (3600, "30 to 60"), (10800, "60 to 180"),
		          (1 << 60, "180 and more"))
		rows = collections.defaultdict(list)
		for k, v in group(lambda e: (e["userId"], e["sessionId"]), known).items():
		    ts = [e["ts"] // 1000 for e in v]
		    i = next(i for i, l in enumerate(labels) if max(ts) - min(ts) < l[0])
		    rows[i].append((k[0], len(song(v))))
		out["session_lengths"] = [
		    (labels[i][1], len(v), len({u for u, _ in v}), half_up(sum(n for _, n in v), len(v), 1))
		    for i, v in sorted(rows.items())]
		rows = collections.defaultdict(list)
		for k, v in group(lambda e: e["userId"], known).items():
		    v.sort(key=lambda e: (e["ts"], e["sessionId"], e["itemInSession"]))
		    for i in range(1, len(v)):
		        if v[i]["level"] != v[i - 1]["level"]:
		            rows[v[i - 1]["level"], v[i]["level"]].append((k, len(song(v[:i]))))
		out["level_changes"] = [
		    (*k, len(v), len({u for u, _ in v}), half_up(sum(n for _, n in v), len(v), 1))
		    for k, v in sorted(rows.items())]
		for k in sorted(out):
		    print(k, json.dumps(out[k], ensure_ascii=False))
	PY
}
ask() { # one line a query, as by_hand has them
	dwh query --json
	/usr/bin/python3 -c 'import json, sys
for q in sorted(json.load(sys.stdin), key=lambda q: q["query"]):
    print(q["query"], json.dumps([list(r.values()) for r in q["rows"]], ensure_ascii=False))' <<<"$OUT"
}
compare() { # compare NAME: every query of the model, one by one
	export PYTHONIOENCODING=utf-8 PYTHONUTF8=1
	by_hand "$T/buckets/sparkify" >"$T/wanted"
	ask >"$T/got"
	is "$ST" 0 "$1: all queries are answered"
	for q in $names; do
		is "$(grep "^$q " "$T/got")" "$(grep "^$q " "$T/wanted" || echo "$q is not asked")" "$1: $q"
	done
}

generated_data
dwh run
is "$ST" 0 'generated data is loaded'
ok $(($(wc -w <<<"$names") < 10)) 'there are ten queries and more'
compare generated
is "$(grep -c ' \[\]$' "$T/got")" 0 'each has an answer'
dwh query --csv >/dev/null
before=$OUT
dwh run --fresh -w 8 --set LOAD.STRATEGY=sharded
dwh query --csv
is "$OUT" "$before" 'the same answers, in the same order, after another load'

# ---- names, files, formats ----
dwh query --list
is "$(sed 1d <<<"$OUT" | sed -E 's/^  ([a-z_]+) .*/\1/' | LC_ALL=C sort)" "$names" '--list has every name'
like "$OUT" '^  top_songs +The most played songs$' 'with what it tells'
dwh query --list --json
is "$(jq -r '.[].query' <<<"$OUT" | LC_ALL=C sort)" "$names" 'so as JSON'
dwh query --list --csv
is "$(sed 1d <<<"$OUT" | cut -d, -f 1 | LC_ALL=C sort)" "$names" 'so as CSV'
dwh query top_song
is "$ST" 1 'an unknown name'
like "$ERR" 'no query top_song in model sparkify; did you mean "top_songs"' 'the nearest is named'
dwh query zzz
like "$ERR" 'no query zzz in model sparkify \(dwh query --list' 'or how to see them all'
cat >"$T/mine.sql" <<-'SQL'
	-- a file of the user's own, in Redshift's dialect
	SELECT '台北' AS "a place", CAST(NULL AS VARCHAR(8)) AS nothing, '' AS empty, 1.50 AS n, 'x' AS n,
	    'say "é", ' || CHR(10) || CHR(27) || '[31m' AS odd, NVL(NULL, 7) AS big_one
	UNION ALL
	SELECT 'Zoé', 'null', 'e', -12345678.25, 'y', 'z', 12345678901
	ORDER BY n DESC
SQL
sed -i 's/AS n, .x. AS n/AS n, '"'x'"' AS m/' "$T/mine.sql"
dwh query "$T/mine.sql"
is "$ST" 0 'a query in a file'
is "$OUT" '
mine
  a place  nothing  empty             n  m  odd                        big one
  台北                             1.50  x  say "é", \n\u001b[31m            7
  Zoé      null     e      -12345678.25  y  z                      12345678901' \
	'as a table: wide characters aligned, nothing that moves the cursor'
dwh query "$T/mine.sql" --json
is "$(jq -c '.[0].rows[0] | [.["a place"], .nothing, .empty, .n, .odd, .big_one]' <<<"$OUT")" \
	'["台北",null,"",1.5,"say \"é\", \n\u001b[31m",7]' 'as JSON: NULL is not an empty string'
"$DWH" query -c "$T/dwh.cfg" "$T/mine.sql" --csv >"$T/mine.csv"
is "$(sed -n 2,3p "$T/mine.csv" | tr -d '\r\033')" '台北,,"",1.50,x,"say ""é"", 
[31m",7' 'as CSV: NULL is nothing, an empty string is quoted'
is "$(/usr/bin/python3 -c 'import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True))
print(len(rows), {len(r) for r in rows}, repr(rows[1][5]))' "$T/mine.csv")" \
	"3 {7} 'say \"é\", \\n\\x1b[31m'" 'which a reader of CSV reads back'
echo 'SELECT 1 AS a, 2 AS a' >"$T/twice.sql"
dwh query "$T/twice.sql" --json
is "$(jq -c '.[0].rows' <<<"$OUT")" '[{"a":1,"a 2":2}]' 'two columns of one name are both there'
echo 'DELETE FROM songplays' >"$T/not.sql"
dwh query "$T/not.sql"
is "$ST" 4 'a query changes nothing'
like "$ERR" 'not\.sql.*read-only' 'and says so'
dwh query "$T/none.sql"
is "$ST" 1 'a file that is not there'
like "$ERR" 'cannot read the query .*none\.sql: No such file' 'is named'

dwh run --fresh --set 'LOAD.MODEL=sparkify sparkify_keyed'
is "$ST" 0 'the keyed overlay'
dwh query --csv session_lengths levels --set 'LOAD.MODEL=sparkify sparkify_keyed'
is "$ST" 0 'queries run with the keyed overlay, too'

if [ -f "$archive" ]; then
	rm -rf "$T/buckets/sparkify"
	tar -xzf "$archive" -C "$T/buckets" sparkify/log_data sparkify/song_data \
		sparkify/log_json_path.json
	dwh run --fresh
	is "$ST" 0 'the real data is loaded'
	compare real
	is "$(grep -c ' \[\]$' "$T/got")" 0 'each has an answer'
else
	N=$((N + 1))
	echo "ok $N # SKIP queries: no archive of the real data (DWH_REAL_DATA)"
fi
done_testing
