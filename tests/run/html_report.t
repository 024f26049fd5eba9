#!/bin/bash
# dwh report --html: one page that holds what the journal does, opened in Debian's headless Chromium:
# rendered, silent on the console, asking nothing of the network, legible in light, in the dark, on
# paper and by a screen reader. The same checks catch a page on which something of that is wrong.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
HERE=$TOP/tests/run
BROWSER=1
command -v chromium >/dev/null && command -v pdftotext >/dev/null || BROWSER=
PAGES=0

last_run() { find "$T/.dwh/runs" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | LC_ALL=C sort | tail -n 1; }
# What is asked of the pages is asked of all of them at the end, in one Chromium: "NAME PAGE ...".
page() { # page NAME [RUN]: the page of that run is written, in $PAGE, beside what it must hold
	RUN=${2:-$(last_run)}
	PAGE=$T/page.$((++PAGES)).html
	dwh report "$RUN" --html "$PAGE"
	is "$ST|$OUT|$ERR" '0||' "$1: the page is written, and nothing is said"
	dwh report "$RUN" --json
	printf '%s\n' "$OUT" >"$PAGE.json"
	cp "$T/.dwh/runs/$RUN/journal.jsonl" "$PAGE.journal"
	printf '%s\t%s\t%s\t%s\t\n' "$1" "$PAGE" "$PAGE.json" "$PAGE.journal" >>"$T/pages"
}
# caught NAME CHECK SED: that change of the last page must be found by that check
caught() {
	local changed=$T/page.$((++PAGES)).html
	sed -E "$3" "$PAGE" >"$changed"
	! cmp -s "$PAGE" "$changed"
	ok $? "$1: the page is another one"
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$changed" "$PAGE.json" "$PAGE.journal" "$2" >>"$T/pages"
}
in_chromium() {
	local line
	if [ ! "$BROWSER" ]; then
		while IFS=$'\t' read -r line _; do
			N=$((N + 1))
			echo "ok $N - $line: in Chromium # SKIP chromium or poppler-utils is not installed"
		done <"$T/pages"
		return
	fi
	mkdir "$T/profile"
	(cd "$T/profile" && python3 "$HERE/html_report.py" <"$T/pages" >"$T/looked" 2>"$T/looked.err")
	is "$? $(cat "$T/looked.err")" '0 ' 'Chromium has opened all of them'
	while read -r line; do
		case $line in
		'ok '*) ok 0 "${line#ok }" ;;
		'not ok '*) ok 1 "${line#not ok }" ;;
		*) echo "$line" ;;
		esac
	done <"$T/looked"
	is "$(grep -vc '^#' "$T/looked")" "$(awk -F'\t' -v all="$(grep -c '^@check' "$HERE/html_report.py")" \
		'{ n += $5 == "" ? all : 1 } END { print n }' "$T/pages")" \
		'and each was asked all that there is to ask'
}

dwh run -w 3 --set LOAD.SHARD_OBJECTS=300
is "$ST" 0 'a run'
page 'a run'
caught 'an error on the console' 'says nothing on the console' 's|</body>|<script>x</script></body>|'
caught 'a request' 'asks the network for nothing' \
	's|<meta http-equiv[^>]*>||; s|</body>|<img alt="" src="http://127.0.0.1:9/x.png"/></body>|'
caught 'markup that is not closed' 'is well-formed' 's|</main>||'
caught 'a bar that is missing' 'has a bar for every attempt' '0,/<rect class="b [^>]*>/s||<rect>|'
caught 'a bar in another place' 'has a bar for every attempt' '0,/(class="b [^>]*) x="[0-9.]+%"/s||\1 x="99%"|'
caught 'a shard with other figures' 'has every shard' '/Shards, those/,$s|<td class="n">300</td>|<td class="n">299</td>|'
caught 'a figure that is not the journal'"'"'s' 'has the figures' 's|(<dt>Rows</dt><dd>)9|\18|'
caught 'memory that is not the journal'"'"'s' 'has what the journal says' '/>memory at most</,$s|(<td class="n">)[0-9.]+ ([kM]B)|\10.1 \2|'
caught 'a colour that is too faint' 'has enough contrast in the dark' 's|--soft:#a3abb6|--soft:#5a626c|'
caught 'a text that cannot be read' 'is legible' 's|\.soft,\.note[^{]*\{|&opacity:1;color:#444 !important;|'
caught 'a table without a name' 'is for a screen reader' 's|<caption>[^<]*</caption>||'
caught 'a chart without a name' 'is for a screen reader' 's| role="img" aria-labelledby="line-title line-desc"| role="img"|; s|<title id="line-title">[^<]*</title>||'
caught 'what stays folded on paper' 'is black on white on paper' 's|details::details-content\{[^}]*\}||'
caught 'a table as wide as it likes' 'fits a screen' 's|\.wide\{overflow-x:auto|.wide{overflow-x:visible|'

# ---- values that would be markup, failures, workers that die ----

strange="$T/buckets/sparkify/song_data/<img src=x onerror=alert(1)>&amp;\"'.json"
printf '{"song_id": "S1", "title": "a", "year": "</td></table><script>alert(1)</script>\\u001b[31m\\u202e"}' >"$strange"
DWH_CRASH_AT=copy:before-commit DWH_CRASH_ONCE=$T/crashed dwh run --fresh -w 3 --set LOAD.SHARD_OBJECTS=300
is "$ST" 7 'bad data under a key that is markup, and a worker that dies'
page 'a run that failed'
is "$(crashes)" 1 'a worker died'
caught 'a worker whose death is not seen' 'shows by a sign' 's|†|×|g'
has() { # has TEXT NAME: it stands in the page as it is
	grep -qF -- "$1" "$PAGE"
	ok $? "$2"
}
has 'song_data/&lt;img src=x onerror=alert(1)&gt;&amp;amp;&quot;' 'the key is text'
dwh load --validate
is "$ST" 7 'a validation'
page 'load --validate'
has '<td>&lt;/td&gt;&lt;/table&gt;&lt;script&gt;alert(1)&lt;/script&gt;' 'the value is text, too'
dwh rerun --set LOAD.MAX_BAD_OBJECTS=3
is "$ST" 0 'a rerun that bears it'
page 'a rerun with an object in quarantine'
has '1 object is held back: dwh quarantine list names it.' 'says so'
dwh run --set LOAD.MAX_BAD_OBJECTS=3
is "$ST" 0 'a run that finds nothing new'
page 'a run that finds nothing new'
dwh run --set S3.SONG_DATA="s3://no-such-bucket/$(printf '%0200d' 0)"
is "$ST" 5 'a bucket that is not there, and a long address in it'
page 'an error with a long address'
caught 'an error that is cut' 'shows errors whole' 's|#failed~\.wide td\.bad\{[^}]*\}||'
caught 'an error beside its task' 'shows errors whole' 's|#failed~\.wide tr\{display:grid;||'

# ---- other commands ----

for command in transform verify create; do
	# shellcheck disable=SC2086
	dwh $command
	is "$ST" 0 "dwh $command"
	page "$command"
done

# ---- while it runs, killed, torn ----

stop_s3d
own_s3d --latency 50ms
slow_run
ok $? 'a run that goes on'
kill -STOP "$supervisor" # its journal holds still, while both reports are made
page 'while it runs'
has 'The run is still going on; this is how far it is.' 'says that it goes on'
kill -9 "$supervisor"
until_true 30 not_there "$supervisor"
printf '{"t":"move","id":1' >>"$T/.dwh/runs/$(last_run)/journal.jsonl"
page 'killed, its last line torn'
like "$(cat "$PAGE")" '<pre><code>[^<]* rerun 2[^<]*</code></pre>' 'with the command that loads the rest'

# ---- many shards, many workers ----

python3 "$HERE/html_journal.py" "$T/.dwh" 20990101T000000-0001 2000 64
page 'two thousand shards' 20990101T000000-0001
[ "$(wc -c <"$PAGE")" -lt 3000000 ]
ok $? 'are a page of less than 3 MB'
python3 "$HERE/html_journal.py" "$T/.dwh" 20990101T000000-0002 7000 64
page 'seven thousand' 20990101T000000-0002
[ "$(wc -c <"$PAGE")" -lt 5000000 ]
ok $? 'of less than 5 MB'
rm -r "$T/.dwh/runs/20990101"*

# ---- where it goes ----

dwh report --html "$T/kept.html"
dwh report --html -
is "$ST" 0 'to stdout'
is "$(sed 's/Written from.*//' <<<"$OUT")" "$(sed 's/Written from.*//' "$T/kept.html")" 'the same'
dwh report --json
printf '%s\n' "$OUT" >kept.json
dwh report --json --html "$T/both.html"
is "$ST $OUT" "0 $(cat kept.json)" 'with --json, that is said, too'
is "$(sed 's/Written from.*//' both.html)" "$(sed 's/Written from.*//' "$T/kept.html")" 'beside the page'
"$DWH" report -c "$T/dwh.cfg" --html - >/dev/full 2>"$T/err"
is $? 12 'stdout that is full'
dwh report --html "$T/nowhere/page.html"
is "$ST" 1 'a folder that is not there'
like "$ERR" "cannot write the report to $T/nowhere/page.html: No such file or directory: name a file in a folder" \
	'is named, with the remedy'
dwh report --html /dev/fd/9 9>/dev/full
is "$ST" 12 'a device that is full'
like "$ERR" 'cannot write the report to /dev/fd/9: No space left on device: free space on that disk$' 'is named with the remedy'
mkfifo "$T/fifo"
timeout 20 cat "$T/fifo" >"$T/from.fifo" &
dwh report --html "$T/fifo"
wait $!
is "$ST $(grep -c '</html>' "$T/from.fifo")" '0 1' 'what is no file is written to'
[ -p "$T/fifo" ]
ok $? 'and not replaced by one'
cp kept.html before.html
(
	trap '' XFSZ
	ulimit -f 8
	"$DWH" report -c "$T/dwh.cfg" --html "$T/kept.html" 2>"$T/err"
)
is $? 12 'a page that cannot be written to its end'
cmp -s kept.html before.html
ok $? 'leaves the one before as it was'
is "$(find "$T" -maxdepth 1 -name '.kept*')" '' 'and nothing beside it'
ln -s kept.html link.html
echo old >kept.html
dwh report --html "$T/link.html"
is "$ST $(readlink link.html) $(grep -c '</html>' kept.html)" '0 kept.html 1' 'a symbolic link stays one'
dwh report --html
is "$ST" 1 'without a name'
dwh run --html page.html
like "$ERR" 'dwh run takes no --html' 'it is the report that has it'

# ---- what the tables should hold, where that is known ----

rm -r "$T/buckets/sparkify" "$T/.dwh"
local_config
generated_data
dwh run
is "$ST" 0 'a run of the data set that dwh makes'
page 'of the data that dwh makes'
is "$(grep -c 'as expected' "$PAGE") $(grep -c 'NOT as expected' "$PAGE")" '7 0' 'its counts stand beside what they must be'
sed 's/"users": 105/"users": 106/' "$T/buckets/sparkify/expect.json" >"$T/expect.json"
rm "$T/buckets/sparkify/expect.json"
mv "$T/expect.json" "$T/buckets/sparkify"
page 'of data that gives other counts'
has '<td class="n">106</td><td class="bad"><span aria-hidden="true">✕ </span>NOT as expected</td>' 'where they are others, it says so'

in_chromium
done_testing
