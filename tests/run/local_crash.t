#!/bin/sh
# Whatever part of the services is killed, the next command works.
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

sql "create table t as select 1 as x" >out 2>&1
hold() { # a command that stays; its services are up
	sql "select pg_sleep(60)" >hold.out 2>&1 &
	user=$!
	until_true test -e "$local/state.json"
	sleep 0.1
	keeper=$(state keeper)
	postgres=$(head -n 1 "$work/.dwh/pg/postmaster.pid")
	s3d=$(pgrep -f -- "s3d --root $work/.dwh")
}
for what in keeper postgres s3d backend "keeper postgres" "keeper s3d postgres"; do
	hold
	backend=$(pgrep -P "$postgres" -f "dwh dwh")
	kill -9 $(for w in $what; do eval echo \$$w; done)
	is "$(sql 'select x from t' 2>&1)" 1 "kill -9 of $what: the next command works"
	kill -9 $user 2>/dev/null
	wait $user 2>/dev/null
	until_true nothing_left
	ok $? "and nothing is left"
done

# A number in postmaster.pid that now is somebody else's, even another process of the same account.
hold
lock=$(cat "$work/.dwh/pg/postmaster.pid")
kill -9 "$keeper" "$postgres"
wait $user 2>/dev/null
until_true flock -n "$local/services.lock" true
account=$(stat -c %U "$work/.dwh/pg")
if [ "$(id -u)" = 0 ]; then setpriv --reuid="$account" --clear-groups --regid="$(id -g "$account")" sleep 30 & else sleep 30 & fi
other=$!
echo "$lock" | sed "1s/.*/$other/" >"$work/.dwh/pg/postmaster.pid"
is "$(sql 'select x from t' 2>&1)" 1 "a stale postmaster.pid with the number of another process"
kill $other

# The first start, killed while initdb runs.
bad=0
for t in 0.2 0.5; do
	rm -rf "$work/.dwh"
	sql "select 1" >out 2>&1 &
	user=$!
	sleep $t
	kill -9 $(pgrep -f -- "keeper --dir $work/.dwh") $user 2>/dev/null
	wait $user 2>/dev/null
	[ "$(sql 'select 5' 2>&1)" = 5 ] || bad=$((bad + 1))
done
is $bad 0 "killed while the data are made, the next command makes them again"
[ ! -e "$work/.dwh/pg.new" ]
ok $? "and no half of them stays"
echo 1..$n
