#!/bin/sh
# A command that is killed leaves no services behind.
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

sql "create table t (x int)" >out 2>&1
ok $? "a first command"
for sig in KILL TERM INT; do
	"$dwh" psql -AtXqc "insert into t values (1); select pg_sleep(60)" >out 2>&1 &
	pid=$!
	until_true test -e "$local/state.json"
	sleep 0.1
	[ $sig = INT ] && sig=HUP # a shell's background jobs ignore INT
	kill -s $sig $pid
	wait $pid 2>/dev/null
	until_true nothing_left
	ok $? "after $sig nothing is left"
done

# At any moment of the start.
bad=0
for ms in 1 2 4 6 8 12 16 20 30 40 50 60 80; do
	sql "select 1" >out 2>&1 &
	sleep 0.0$(printf %02d $ms)
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ "$(sql 'select 7' 2>&1)" = 7 ] || bad=$((bad + 1))
done
is $bad 0 "killed at any moment of the start, the next command works"
until_true nothing_left
ok $? "and nothing is left"
echo 1..$n
