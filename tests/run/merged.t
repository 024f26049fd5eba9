#!/bin/bash
# STRATEGY = merged: workers list in parallel, and a source is one shard, one manifest, one COPY; each
# row is loaded once all the same, whoever dies, and loading again loads what is new.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
merged=(--set LOAD.STRATEGY=merged --set LOAD.SHARD_OBJECTS=100 --set LOAD.SHARD_BYTES=10kB -w 3)

report() { jq -c "$1" <<<"$OUT"; }
ledger() { # a line a relation: shards, objects, rows, lanes, verdicts
	sql "select relation, count(*), sum(objects), sum(l.row_count), string_agg(distinct lane, ' '),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation) group by 1 order by 1"
}
lists='[.tasks[] | select(.kind == "list" and (.name | test("songs")))] | length'

dwh run --json
is "$ST" 0 'a load with many shards'
sums=$(checksums)
counts=$(counts)
dwh run --fresh --json "${merged[@]}"
is "$ST" 0 'a merged load'
is "$(report '[.strategy, .totals.shards, .totals.objects]')" '["merged",2,1198]' 'has a shard a source'
[ "$(report "$lists")" -gt 2 ]
ok $? 'the songs were listed in parts'
is "$(counts) $(checksums)" "$counts $sums" 'counts and checksums of a direct load'
one='public.staging_events|1|30|8056|staging_events|VERIFIED
public.staging_songs|1|1168|1168|staging_songs|VERIFIED'
is "$(ledger)" "$one" 'one row a source in the ledger, however small shards are to be'
is "$(find "$T/.dwh/runs" -name 'pieces*')" '' 'the pieces of the listings are gone'
dwh report
like "$OUT" '^  merge staging_songs ' 'the report has the merge among the steps'
dwh report --json
[ "$(report '[.shards[].list_ms] | min')" -gt 0 ]
ok $? 'and says how long the listings took'
dwh verify
is "$ST" 0 'dwh verify finds nothing'
dwh plan "${merged[@]}"
like "$OUT" 'strategy merged .one shard' 'dwh plan says it'

# ---- what is new ----

dwh run --json "${merged[@]}"
is "$(report '[.exit, .totals.shards]')" '[0,0]' 'a second run loads nothing'
is "$(counts) $(checksums)" "$counts $sums" 'and changes nothing'
is "$(report '[.tasks[] | select(.kind == "merge") | .skipped] | unique')" '[true]' 'its merges have nothing to do'
cp -al "$DATA/song_data/A/C" "$T/buckets/sparkify/song_data/A"
new=$(find "$T/buckets/sparkify/song_data/A/C" -type f | wc -l)
dwh run --json "${merged[@]}"
is "$(report '[.exit, .totals.shards, .totals.objects]')" "[0,1,$new]" 'new objects: one more shard, of these'
is "$(sql 'select count(*) = count(distinct song_id), count(*) from staging_songs')" "t|$((1168 + new))" 'each once'
is "$(sql "select count(*), sum(objects) from dwh.ledger where relation = 'public.staging_songs'")" \
	"2|$((1168 + new))" 'beside the other in the ledger'
rm -r "$T/buckets/sparkify/song_data/A/C"
mkdir "$T/buckets/sparkify/none"
dwh load --fresh --json "${merged[@]}" --set S3.SONG_DATA=s3://sparkify/none/ --set LOAD.ALLOW_EMPTY=yes
is "$(report '[.exit, .totals.shards]') $(ledger)" "[0,1] ${one%%$'\n'*}" 'a source without objects has no shard'
dwh load --validate --json "${merged[@]}"
is "$(report '[.exit, (.totals.shards > 2)]')" '[0,true]' 'a validation reads the shards side by side'
for other in direct sharded; do
	dwh run --fresh --json --set LOAD.STRATEGY=$other --set LOAD.SHARD_OBJECTS=500
	cp -al "$DATA/song_data/A/C" "$T/buckets/sparkify/song_data/A"
	dwh run --json "${merged[@]}"
	is "$(report '[.exit, .totals.shards, .totals.objects]')" "[0,1,$new]" "after a $other load: what is new, in one shard"
	is "$(sql 'select count(*) = count(distinct song_id), count(*) from staging_songs')" "t|$((1168 + new))" 'each once'
	rm -r "$T/buckets/sparkify/song_data/A/C"
done
dwh run --set LOAD.STRATEGY=merged --set LOAD.LANES=2
is "$ST" 2 'several lanes: exit code 2'
like "$ERR" 'LANES is 2, which needs LOAD.STRATEGY = sharded' 'and why'

# ---- what a listing left that died ----
# Its piece has objects that are gone when the next attempt lists: what counts is that one.

digest=$(journal | jq -r 'select(.t == "task" and .name == "merge staging_songs") | .digest')
hello="{\"t\":\"hello\",\"v\":1,\"worker\":7,\"run\":\"by-hand\",\"config\":\"$T/dwh.cfg\",\"sets\":[\"LOAD.STRATEGY=merged\"]}"
list() { # list ID PREFIX
	echo '{"t":"list","id":'"$1"',"attempt":1,"source":"staging_songs","prefix":"'"$2"'","after":"","upto":"","fan":false,"pages":0,"shard":"","manifest":"","generation":99,"validate":false}'
}
merge() { # merge PIECES
	echo '{"t":"step","id":9,"attempt":1,"phase":"merge","name":"staging_songs","digest":"'"$digest"'","shards":'"$1"',"fresh":false,"take_over":false,"whole":false,"validate":false,"of":""}'
}
worker() { # LINES...: what it says of its tasks
	printf '%s\n' "$hello" "$@" | "$DWH" worker 2>"$T/err" | jq -rc 'select(.id)
		| [.t, .id, .objects // .message] | join(" ")'
}
is "$(worker "$(list 5 song_data/A/A)" "$(list 6 song_data/A/B)" "$(merge 2)")" \
	'shard 5 596
done 5 596
shard 6 572
done 6 572
shard 9 1168
done 9 1168' 'two listings, and their merge'
is "$(worker "$(merge 2)")" 'shard 9 1168
done 9 1168' 'which another worker does again'
is "$(worker "$(list 6 song_data/none)" "$(merge 1)")" 'done 6 0
shard 9 596
done 9 596' 'a listing that is done again, and finds nothing: its old piece does not count'
like "$(worker "$(merge 2)")" 'fail 9 .*1 of 2 pieces' 'a piece that is missing is an error'
is "$(worker "$(list 7 song_data/A/A/A)" "$(merge 2)" | sed -n '/^fail/p')" \
	"$(printf 'fail 9 %s was listed twice' "$(cd "$T/buckets/sparkify" && find song_data/A/A/A -name '*.json' | LC_ALL=C sort | head -n 1)")" \
	'and so is an object that is in two'
# A piece that cannot be written to its end is none: it takes its name when it is whole.
pieces=$T/.dwh/runs/by-hand/pieces.public.staging_songs
like "$(trap '' XFSZ && ulimit -f 1 && worker "$(list 8 song_data/A/A)")" 'fail 8 cannot write what was listed' 'no room for a piece'
[ ! -e "$pieces/8" ]
ok $? 'it is not there'
is "$(find "$pieces" -name '.*' -type f)" '' 'and nothing is left beside it'


# ---- an object that changes between the listing and the COPY ----

stop_s3d
own_s3d --latency 40ms
copies() { [ -n "$(pids_of 'dwh: worker [0-9]+ copy staging_songs')" ]; }
few=$T/buckets/sparkify/song_data/A/A/A
last=$(find "$few" -name '*.json' | LC_ALL=C sort | tail -n 1)
"$DWH" load -c "$T/dwh.cfg" --fresh --json "${merged[@]}" -w 1 --set LOAD.CONNECTIONS=1 \
	--set S3.SONG_DATA=s3://sparkify/song_data/A/A/A/ >"$T/out" 2>"$T/err" &
RUN=$!
until_true 20 copies
sed -E 's/"year": *[0-9]+/"year": 1066/' "$last" >"$T/new" && rm "$last" && mv "$T/new" "$last"
wait $RUN
is "$? $(jq -c '[.shards[] | select(.verdict == "superseded")] | length' "$T/out")" '0 1' \
	'an object changes before it is read: its shard is listed again'
is "$(sql "select count(*), sum(objects) from dwh.ledger where relation = 'public.staging_songs'")" \
	"1|$(find "$few" -name '*.json' | wc -l)" 'as one shard'
is "$(sql 'select count(*) from staging_songs where year = 1066')" 1 'and what it is now is loaded'
done_testing
