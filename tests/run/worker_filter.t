#!/bin/bash
# A worker is a filter over lines: driven here by heredocs, as a supervisor would, and as none would.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
dwh run
is "$ST" 0 'a load'

hello="{\"t\":\"hello\",\"v\":1,\"worker\":7,\"run\":\"by-hand\",\"config\":\"$T/dwh.cfg\",\"sets\":[\"LOAD.WORKERS=1\"]}"
count='{"t":"step","id":3,"attempt":1,"phase":"count","name":"","digest":"","shards":0,"fresh":false,"take_over":false,"whole":false,"validate":false,"of":""}'
worker() { # lines from stdin; $OUT, $ST
	OUT=$("$DWH" worker 2>"$T/err")
	ST=$?
	ERR=$(cat "$T/err")
}
facts() { jq -rs "$1" <<<"$OUT"; }

worker <<<"$hello"
is "$ST" 0 'hello, end of file: a worker quits'
is "$(facts '[.[].t] | join(" ")')" ready 'after its ready'
is "$(facts '.[0] | [.v, (.pid > 1)] | @csv')" '1,true' 'with version and process id'
is "$ERR" '' 'and says nothing else'

worker <<<"$hello
$count
${count/\"id\":3/\"id\":4}"
is "$ST" 0 'two tasks'
is "$(facts '[.[] | select(.t != "beat") | .t + " " + (.id // 0 | tostring)] | join(", ")')" \
	"ready 0$(for i in 3 4; do for _ in {1..7}; do printf ', count %s' $i; done; printf ', done %s' $i; done)" \
	'their facts, each with its id, each ended by one done'
is "$(facts '[.[] | select(.t == "count" and .id == 3) | .table + "=" + (.rows | tostring)] | sort | join(" ")')" \
	'artists=1108 songplays=38 songs=1168 staging_events=8056 staging_songs=1168 time=8023 users=105' 'the counts'

list='{"t":"list","id":5,"attempt":1,"source":"staging_songs","prefix":"song_data/A/B","after":"","upto":"","fan":false,"pages":0,"shard":"","manifest":"","generation":99,"validate":false}'
worker <<<"$hello
$list"
is "$(facts '[.[] | select(.t == "shard") | .objects] | add')" 572 'a listing: the objects of its shards'
copy="{\"t\":\"copy\",\"id\":6,\"attempt\":1,\"source\":\"staging_songs\",\"lane\":\"staging_songs\",\"generation\":1,
	\"objects\":572,\"bytes\":1,\"again\":0,\"validate\":false,$(facts '.[] | select(.t == "shard") | "\"shard\":\"\(.shard)\",\"manifest\":\"\(.manifest)\""')}"
worker <<<"$hello
$(tr -d '\n\t' <<<"$copy")"
is "$(facts '.[-1] | [.t, .rows, .skipped] | @csv')" '"done",572,true' 'a copy of what is in the ledger is skipped'
worker <<<"$hello
$(tr -d '\n\t' <<<"${copy/\"generation\":1/\"generation\":2}")
$count"
is "$(facts '.[1] | [.t, .id, .kind, .where] | join(" ")')" 'fail 6 setup state' \
	'a run that does not own the relation copies nothing'
is "$(facts '.[-1] | [.t, .id] | join(" ")')" 'done 3' 'and a task that fails is no end of a worker'

coproc WORKER { exec "$DWH" worker 2>"$T/err"; }
until_fact() { # until_fact NAME: it is read
	local line
	until [[ $line == "{\"t\":\"$1\""* ]]; do read -r -t 20 line <&"${WORKER[0]}" || return 1; done
}
niceness() { ps -o ni= -p "$WORKER_PID" | tr -d ' '; }
TO=${WORKER[1]}
echo "$hello" >&"$TO"
until_fact ready
usual=$(niceness)
echo "$count" >&"$TO"
until_fact 'done'
is "$(niceness)" $((usual + 10)) 'a server on its own machine goes before a worker'
exec {TO}>&-
wait "$WORKER_PID"

# ---- what no supervisor says ----

broken() { # broken REGEX NAME: of its one fail, after which it ends; the lines are on stdin
	worker
	is "$ST" 0 "$2: it ends"
	is "$(facts '[.[] | select(.t != "ready")] | [length, .[0].t, .[0].id, .[0].kind] | join(" ")')" \
		'1 fail 0 crash' "$2: with one fail of no task"
	like "$(facts '.[-1].message')" "$1" "$2: which tells why"
}
broken 'hello of version 1 must come first' 'another version' <<<"${hello/\"v\":1/\"v\":2}
$count"
broken 'hello of version 1 must come first' 'a task before hello' <<<"$count
$hello"
broken 'not JSON' 'garbage' <<<"$hello
Hello, worker!
$count"
broken 'not JSON' 'half a line' < <(printf '%s\n%s' "$hello" "${count:0:40}")
broken 'a worker takes no done' 'a message of the other direction' <<<"$hello
$(jq -nc '{t:"done",id:1,rejected:0,rows:0,bytes:0,objects:0,replaced:0,objects_joined:0,parts:0,limit:0,requests:0,retries:0,list_ms:0,fetch_ms:0,
	copy_ms:0,commit_ms:0,total_ms:0,cpu_ms:0,quarantined:0,changed:0,skipped:false,verdict:"",note:""}')"
broken 'unknown message "dance"' 'an unknown message' <<<"$hello
{\"t\":\"dance\"}"
broken 'field "fresh" is missing' 'a missing field' <<<"$hello
${count/,\"fresh\":false/}"
broken 'does not belong' 'a field too many' <<<"$hello
${count/\}/,\"more\":1\}}"
broken 'field "id" is of the wrong type' 'a field of the wrong type' <<<"$hello
${count/\"id\":3/\"id\":\"3\"}"

# ---- a configuration that went bad after the supervisor read it ----

echo 'NOSUCH = 1' >>"$T/dwh.cfg"
worker <<<"$hello
$count"
is "$(facts '.[0] | [.t, .id, .kind, .where] | join(" ")')" 'fail 0 setup config' \
	'a bad configuration: a fail instead of ready'
like "$(facts '.[0].message')" "$T/dwh.cfg:[0-9]+: unknown key NOSUCH" 'with the place'
is "$(facts length)" 1 'and no task is begun'
done_testing
