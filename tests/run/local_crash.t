#!/bin/sh
# Whatever part of the services is killed, the next command works.
. "$(dirname "$0")/local.sh"

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
	for w in $what; do
		case $w in
		keeper) kill -9 "$keeper" ;;
		postgres) kill -9 "$postgres" ;;
		s3d) kill -9 "$s3d" ;;
		backend) kill -9 "$(pgrep -P "$postgres" -f "dwh dwh")" ;;
		esac
	done
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
