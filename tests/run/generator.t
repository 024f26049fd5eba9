#!/bin/bash
# The generated data has the oddities of the real one, counted here by a reader that shares nothing
# with the program; files of any size hold the same records; the seed is everything. (What becomes
# of bad records: bad_kinds.t.)
. "$(dirname "$0")/lib.sh"
archive=${DWH_REAL_DATA:-$TOP/../shared/data/sparkify.tar.gz}
generate() { # generate NAME OPTIONS...
	"$DWH" data --out "$T/$1" "${@:2}" >"$T/$1.out" 2>"$T/err"
}
generate usual
is $? 0 'a data set'
cat >"$T/count.py" <<'PY'
import collections, glob, json, re, sys
top = sys.argv[1]
read = lambda pattern: {p[len(top) + 1:]: open(p, "rb").read() for p in sorted(glob.glob(top + pattern, recursive=True))}
songs, logs = read("/song_data/**/*.json"), read("/log_data/**/*.json")
song = [json.loads(b) for b in songs.values()]
event = [json.loads(l) for b in logs.values() for l in b.split(b"\n")]
raw = b"".join(songs.values()), b"".join(logs.values())
isnum = lambda v: isinstance(v, (int, float))
say = lambda k, v: print(k, v)
count = lambda f, rows: sum(1 for r in rows if f(r))
# logs
say("log files without final newline", count(lambda b: not b.endswith(b"\n"), logs.values()))
say("log bytes that are CR or not ASCII", count(lambda c: c == 13 or c > 126, raw[1]))
out = [e for e in event if e["userId"] == ""]
say("events without a user", len(out))
say("of them, all logged out", all(e["auth"] == "Logged Out" for e in out))
say("of them, user's fields null", count(lambda e: all(e[k] is None for k in
    ("firstName", "lastName", "gender", "location", "registration", "userAgent")), out))
say("of them, pages", len({e["page"] for e in out}))
say("userId is a string", all(isinstance(e["userId"], str) for e in event))
say("artist, song, length null exactly where nothing is played", all(
    (e["page"] != "NextSong") == (e["artist"] is None) == (e["song"] is None) == (e["length"] is None) for e in event))
say("events that play nothing", count(lambda e: e["page"] != "NextSong", event))
say("registration 13 digits and .0", len(re.findall(rb'"registration":\d{13}\.0,', raw[1])))
say("ts over 32 bit, ending in 796", count(lambda e: e["ts"] > 1 << 32 and e["ts"] % 1000 == 796, event))
import datetime
say("file date is UTC date", all(p[-22:-12] == datetime.datetime.fromtimestamp(json.loads(l)["ts"] // 1000,
    datetime.timezone.utc).strftime("%Y-%m-%d") for p, b in logs.items() for l in b.split(b"\n")))
say("ts ascending in files", all(a <= b for f in logs.values() for t in [[json.loads(l)["ts"] for l in f.split(b"\n")]] for a, b in zip(t, t[1:])))
twice = [v for v in collections.Counter(e["ts"] for e in event).values() if v > 1]
say("moments with two events", len(twice))
say("identical events", len(event) - len({json.dumps(e, sort_keys=True) for e in event}))
say("NextSong with double-encoded UTF-8", count(lambda e: e["page"] == "NextSong" and "\u00c3" in str(e["song"]) + str(e["artist"]), event))
say("events with U+0019", count(lambda e: "\u0019" in str(e["song"]) + str(e["artist"]), event))
say("user agents in quotes", count(lambda e: (e["userAgent"] or "").startswith('"') and e["userAgent"].endswith('"'), event))
say("user agents without", count(lambda e: e["userAgent"] and not e["userAgent"].startswith('"'), event))
say("slashes escaped", raw[1].count(b"\\/"))
say("slashes not escaped", raw[1].replace(b"\\/", b"").count(b"/"))
say("names with a quote", count(lambda e: '"' in str(e["artist"]), event))
say("names with an odd number of quotes", count(lambda e: str(e["artist"]).count('"') % 2, event))
say("songs with a blank at the end", count(lambda e: str(e["song"]).endswith(" "), event))
say("songs with a blank at the beginning", count(lambda e: str(e["song"]).startswith(" "), event))
say("songs that end in U+00A0", count(lambda e: str(e["song"]).endswith("\u00a0"), event))
say("played names that look like numbers", count(lambda e: re.fullmatch(r"\d+", e["artist"] or "") or re.fullmatch(r"\d+", e["song"] or ""), event))
say("longest song, artist, user agent, location played", [max(len((e[k] or "").encode()) for e in event) for k in ("song", "artist", "userAgent", "location")])
say("status", sorted({e["status"] for e in event}))
say("kinds of pages", len({e["page"] for e in event}))
say("itemInSession fits 8 bits", max(e["itemInSession"] for e in event) < 128)
levels = collections.defaultdict(set)
for e in event:
    if e["userId"]: levels[e["userId"]].add(e["level"])
say("users, with both levels", [len(levels), count(lambda v: len(v) == 2, levels.values())])
# songs
say("song files with a newline", count(lambda b: b"\n" in b, songs.values()))
keys = collections.Counter(tuple(s) for s in song)
say("orders of the keys", sorted(keys.values()))
say("keys of a song", {len(s) for s in song})
say("titles that are numbers", count(lambda s: isnum(s["title"]), song))
say("of them, not whole", count(lambda s: isinstance(s["title"], float), song))
say("artists that are numbers", count(lambda s: isnum(s["artist_name"]), song))
say("places that are numbers", count(lambda s: isnum(s["artist_location"]), song))
say("places empty", count(lambda s: s["artist_location"] == "", song))
say("places null", count(lambda s: s["artist_location"] is None, song))
say("coordinates null, both", [count(lambda s: s["artist_latitude"] is None, song),
    count(lambda s: (s["artist_latitude"] is None) != (s["artist_longitude"] is None), song)])
say("coordinates with an exponent", len(re.findall(rb"artist_(?:lat|long)itude\": ?-?[\d.]*[eE]", raw[0])))
say("years 0", count(lambda s: s["year"] == 0, song))
say("num_songs 1", all(s["num_songs"] == 1 for s in song))
say("durations with 3 to 5 decimals", count(lambda b: re.search(rb'"duration": ?\d+\.\d{3,5}[,}]', b), songs.values()))
say("files with \\u", count(lambda b: b"\\u" in b, songs.values()))
text = "".join(str(s[k]) for s in song for k in ("title", "artist_name", "artist_location"))
say("U+FFFD", text.count("\ufffd"))
say("CJK", len(re.findall("[\u4e00-\u9fff]", text)))
say("tabs", text.count("\t"))
say("U+0019", text.count("\u0019"))
say("backslashes and newlines", text.count("\\") + text.count("\n"))
say("bytes not ASCII", count(lambda c: c > 126, raw[0]))
say("places in HTML with both quotes", count(lambda s: "<a href=\"" in str(s["artist_location"]) and "'" in s["artist_location"], song))
longest = [max(len(str(s[k]).encode()) for s in song) for k in ("title", "artist_name", "artist_location")]
say("longest over 128, none over 256", all(128 < n <= 256 for n in longest))
say("blank at an end of a place, of a title", [count(lambda s: s[k] != (s[k].strip(" ") if isinstance(s[k], str) else s[k]), song) for k in ("artist_location", "title")])
forms = collections.defaultdict(set)
names = collections.defaultdict(set)
for s in song:
    forms[s["artist_id"]].add((s["artist_name"], s["artist_location"], s["artist_latitude"], s["artist_longitude"]))
    names[str(s["artist_name"])].add(s["artist_id"])
say("artists, described in several ways", [len(forms), count(lambda v: len(v) > 1, forms.values())])
say("most ways", max(map(len, forms.values())))
say("names of several artists", count(lambda v: len(v) > 1, names.values()))
pairs = collections.Counter((str(s["title"]), str(s["artist_name"])) for s in song)
say("title and artist twice", count(lambda v: v == 2, pairs.values()))
durations = collections.defaultdict(set)
for s in song: durations[str(s["title"]).rstrip(" "), str(s["artist_name"]).rstrip(" ")].add(s["duration"])
plays = [e for e in event if e["page"] == "NextSong" and (e["song"].rstrip(" "), e["artist"].rstrip(" ")) in durations]
say("plays that match", len(plays))
say("of them, with another duration", count(lambda e: e["length"] not in durations[e["song"].rstrip(" "), e["artist"].rstrip(" ")], plays))
PY

# What is counted, how often at least, and at most: exactly as often as in the real data where a count
# of the warehouse depends on it.
cat >"$T/wanted" <<'EOT'
log files without final newline: 30 30
log bytes that are CR or not ASCII: 0 0
events without a user: 286 286
of them, all logged out: True True
of them, user's fields null: 286 286
of them, pages: 4 4
userId is a string: True True
artist, song, length null exactly where nothing is played: True True
events that play nothing: 1236 1236
registration 13 digits and .0: 7770 7770
ts over 32 bit, ending in 796: 8056 8056
file date is UTC date: True True
ts ascending in files: True True
moments with two events: 33 33
identical events: 0 0
NextSong with double-encoded UTF-8: 200 500
events with U+0019: 5 30
user agents in quotes: 5000 7000
user agents without: 1000 2500
slashes escaped: 25000 35000
slashes not escaped: 0 0
names with a quote: 1 60
names with an odd number of quotes: 1 30
songs with a blank at the end: 2 20
songs with a blank at the beginning: 1 10
songs that end in U+00A0: 1 3
played names that look like numbers: 5 60
status: [200,307,404]
kinds of pages: 13 13
itemInSession fits 8 bits: True True
users, with both levels: [97,8]
song files with a newline: 0 0
keys of a song: {10}
titles that are numbers: 19 19
of them, not whole: 1 1
artists that are numbers: 10 40
places that are numbers: 10 40
places empty: 5000 8000
places null: 1 1
coordinates null, both: [9000-9999,0]
coordinates with an exponent: 0 0
years 0: 4000 6000
num_songs 1: True True
durations with 3 to 5 decimals: 14800 14896
files with \u: 500 2000
U+FFFD: 48 60
CJK: 2 8
tabs: 2 4
U+0019: 20 60
backslashes and newlines: 0 0
bytes not ASCII: 0 0
places in HTML with both quotes: 5 20
longest over 128, none over 256: True True
artists, described in several ways: [9553,426]
most ways: 4 4
names of several artists: 40 500
title and artist twice: 5 5
plays that match: 333 333
of them, with another duration: 14 14
EOT
cat >"$T/judge.py" <<'PY'
import re, sys
found = [l.rstrip("\n") for l in open(sys.argv[1])]
for line in open(sys.argv[2]):
    name, want = line.rstrip("\n").rsplit(": ", 1)
    got = [l[len(name) + 1:].replace(" ", "") for l in found
           if l.startswith(name + " ") and re.fullmatch(r"True|False|\d+|[\[{].*", l[len(name) + 1:])]
    lo_hi = want.split(" ")
    if len(got) != 1:
        bad = True
    elif len(lo_hi) == 2 and lo_hi[0].isdigit():
        bad = not int(lo_hi[0]) <= int(got[0]) <= int(lo_hi[1])
    else:
        pattern = re.escape(lo_hi[0]).replace(r"9000\-9999", r"9\d\d\d")
        bad = not re.fullmatch(pattern, got[0])
    print(f"{name}: {got[0] if got else 'not counted'}, not {want}" if bad else f"{name}: ok")
PY
count() { # count DIR NAME: each oddity is one test
	/usr/bin/python3 "$T/count.py" "$1" >"$T/counted" 2>"$T/err" || sed 's/^/# /' "$T/err"
	while IFS= read -r line; do
		[[ $line == *': ok' ]]
		ok $? "$2: $line"
	done < <(/usr/bin/python3 "$T/judge.py" "$T/counted" "$T/wanted")
	is "$(/usr/bin/python3 "$T/judge.py" "$T/counted" "$T/wanted" | wc -l)" "$(wc -l <"$T/wanted")" "$2: all are counted"
}
count "$T/usual" generated

# The same reader finds the same in the data that this is made after.
if [ -f "$archive" ]; then
	mkdir "$T/real"
	tar -xzf "$archive" -C "$T/real" sparkify/log_data sparkify/song_data
	count "$T/real/sparkify" real
else
	N=$((N + 1))
	echo "ok $N # SKIP the real data: no archive of it (DWH_REAL_DATA)"
fi

# ---- sizes, seeds ----
records() { # records DIR: a checksum of all records, whatever files they are in
	/usr/bin/python3 - "$1" <<-'PY'
		import glob, hashlib, json, sys
		decoder, records = json.JSONDecoder(), []
		for path in glob.glob(sys.argv[1] + "/*_data/**/*.json", recursive=True):
		    text, at = open(path, encoding="ascii").read(), 0
		    while at < len(text): # some stand on one line
		        end = decoder.raw_decode(text, at)[1]
		        records.append(text[at:end])
		        at = end
		        while at < len(text) and text[at].isspace():
		            at += 1
		print(len(records), hashlib.sha256("\n".join(sorted(records)).encode()).hexdigest())
	PY
}
files() { find "$1/song_data" "$1/log_data" -name '*.json' | wc -l; }
all=$(records usual)
like "$all" '^22952 ' 'so many records'
is "$(files usual)" 14926 'a song a file, a day a file'
for n in 1 700 100000; do
	generate cut --objects-per-file $n
	is "$(records cut)" "$all" "$n records a file: the same records"
	is "$(files cut)" "$(case $n in 1) echo 22952 ;; 700) echo 34 ;; *) echo 2 ;; esac)" "$n records a file: so many files"
	is "$(jq -c 'del(.objects, .bytes, .objects_per_file, .generator)' cut/expect.json)" \
		"$(jq -c 'del(.objects, .bytes, .objects_per_file, .generator)' usual/expect.json)" "$n records a file: the same is expected"
	rm -rf cut
done
tree() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum); }
generate one --seed 7 --objects-per-file 1000 --scale 2 --bad all
generate two --seed 7 --objects-per-file 1000 --scale 2 --bad all
generate three --seed 8 --objects-per-file 1000 --scale 2 --bad all
is "$(tree one)" "$(tree two)" 'the same seed gives the same bytes'
[ "$(tree one)" != "$(tree three)" ]
ok $? 'another seed gives others'
is "$(jq '.bad | length' one/expect.json)" 36 'twice the size has twice the bad ones'
done_testing
