#!/bin/sh
# Commands that run at the same time share one PostgreSQL and one S3 server.
. "$(dirname "$0")/local.sh"

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
	for _ in 1 2 3 4 5; do sql "select 1"; done >out.$i 2>&1 &
done
wait
is "$(cat out.* | sort | uniq -c | tr -d ' ')" 501 "fifty commands in ten loops all get their answer"
nothing_left
ok $? "and nothing is left"
echo 1..$n
