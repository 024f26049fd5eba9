#!/bin/sh
# A command that is killed leaves no services behind.
. "$(dirname "$0")/local.sh"

sql "create table t (x int)" >out 2>&1
ok $? "a first command"
for sig in KILL TERM HUP; do
	# Under nohup HUP would be ignored. INT is psql's own: it cancels the query.
	env --default-signal=HUP "$dwh" psql -AtXqc "insert into t values (1); select pg_sleep(60)" \
		>out 2>&1 &
	pid=$!
	until_true test -e "$local/state.json"
	sleep 0.1
	kill -s $sig $pid
	wait $pid 2>/dev/null
	until_true nothing_left
	ok $? "after $sig nothing is left"
done

# At any moment of the start.
bad=0
for ms in 1 2 4 6 8 12 16 20 30 40 50 60 80; do
	sql "select 1" >out 2>&1 &
	sleep "0.0$(printf %02d "$ms")"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ "$(sql 'select 7' 2>&1)" = 7 ] || bad=$((bad + 1))
done
is $bad 0 "killed at any moment of the start, the next command works"
until_true nothing_left
ok $? "and nothing is left"
echo 1..$n
