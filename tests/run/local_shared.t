#!/bin/sh
# Commands that run at the same time share one PostgreSQL and one S3 server.
set -u
dwh=${DWH:-$(cd "$(dirname "$0")/../.." && pwd)/build/release/dwh}
work=$(mktemp -d /tmp/dwh-test.XXXXXX) && chmod 755 "$work" && cd "$work" || exit 1
trap 'exec 2>/dev/null; wait; rm -rf "$work"' EXIT
local=$work/.dwh/local
export DWH_LOCAL_DIR="$work/.dwh"
n=0
ok() { # status, name
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	tail -n 3 out "$local"/*.log 2>/dev/null | cut -c1-300 | sed "s/^/# /"
}
is() { [ "$1" = "$2" ]; ok $? "$3${4:+ }${4:-}"; [ "$1" = "$2" ] || echo "# got '$1', wanted '$2'"; }
sql() { "$dwh" psql -AtXqc "$1"; }
until_true() { for _ in $(seq 500); do "$@" >/dev/null 2>&1 && return; sleep 0.02; done; return 1; }
nothing_left() { # every process of the services holds this lock
	flock -n "$local/services.lock" true && flock -n "$local/keeper.lock" true &&
		[ ! -e "$local/state.json" ] && ! pgrep -f -- "$work/.dwh" >/dev/null
}
state() { sed -n "s/.*\"$1\": \"\\{0,1\\}\\([^\",]*\\).*/\\1/p" "$local/state.json"; }

sql "select pg_sleep(1.2)" >/dev/null 2>out &
until_true test -e "$local/state.json"
keeper=$(state keeper)
sql "select pg_sleep(2.5)" >/dev/null 2>out2 &
sleep 0.3
is "$(sql 'select 1')" 1 "a third command, shorter than both"
is "$(state keeper)" "$keeper" "uses the same keeper"
sleep 1.2
is "$(sql 'select 2')" 2 "when the command that started them is gone"
is "$(state keeper)" "$keeper" "the services stay for the others"
wait
is "$(cat out out2)" "" "nobody saw an error"
nothing_left
ok $? "the last one takes them down"

# Ten commands that all find nothing, then come and go while the services stop and start.
for i in 1 2 3 4 5 6 7 8 9 10; do
	for j in 1 2 3 4 5; do sql "select 1"; done >out.$i 2>&1 &
done
wait
is "$(cat out.* | sort | uniq -c | tr -d ' ')" 501 "fifty commands in ten loops all get their answer"
nothing_left
ok $? "and nothing is left"
echo 1..$n
