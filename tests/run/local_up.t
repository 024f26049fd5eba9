#!/bin/bash
# `dwh local up`: the services stay for other programs, with Redshift's protocol in front of them, until
# `dwh local down`; whoever dies, the kernel gives back what it held.
. "$(dirname "$0")/lib.sh"
local_config
small_data
services() { "$DWH" -c "$T/dwh.cfg" local "$@" >"$T/out" 2>"$T/err"; }
redshift() { # redshift STATEMENT: as another program's user does
	(
		eval "$("$DWH" -c "$T/dwh.cfg" local env)"
		psql -XAtq -v ON_ERROR_STOP=1 -c "$1" 2>"$T/psql.err"
	)
}

services status
is $? 3 'nothing runs: status says so, and exits 3'
services env
is $? 3 'nothing runs: nothing to export'
is "$(cat "$T/out")" '' 'and nothing is printed that a shell would take'
services down
is $? 0 'down where nothing runs is no error'

services up
is $? 0 'up'
like "$(cat "$T/err")" 'redshiftd is up at 127.0.0.1:[0-9]+' 'says where'
services up
is $? 0 'up again'
like "$(cat "$T/err")" 'redshiftd is up already' 'says that it was'
is "$(pids_of 'dwh redshiftd' | wc -l)" 1 'there is one redshiftd'
"$DWH" -c "$T/dwh.cfg" local status --json >"$T/status.json"
is "$(jq -r '.redshift_port > 0 and (.s3 | startswith("http://127.0.0.1:"))' "$T/status.json")" true \
	'status as JSON'
like "$(redshift 'select version()')" '^PostgreSQL 8\.0\.2 .*Redshift' 'psql reaches it by the exports'
is "$(
	eval "$("$DWH" -c "$T/dwh.cfg" local env)"
	PGPASSWORD=wrong psql -XAtqc 'select 1' 2>&1 >/dev/null | grep -c 'password authentication failed'
)" 1 'a password is wanted'

redshift "create table events (artist varchar(512), auth varchar(32), firstname varchar(64),
	gender varchar(1), iteminsession integer, lastname varchar(64), length double precision,
	level varchar(8), location varchar(256), method varchar(8), page varchar(32),
	registration double precision, sessionid integer distkey, song varchar(512), status integer,
	ts timestamp sortkey, useragent varchar(512), userid integer)"
redshift "copy events from 's3://sparkify/log_data'
	iam_role 'arn:aws:iam::123456789012:role/dwhRole' region 'us-west-2'
	format as json 's3://sparkify/log_json_path.json' timeformat 'epochmillisecs'"
is "$(redshift 'select count(*) from events')" 8056 'COPY loads from the S3 of this machine'

dwh run
is "$ST" 0 'dwh run uses the same services'
is "$(counts)" '8056 1168 38 105 1168 1108 8023' 'with the counts of a clean load'
services status
is $? 0 'and leaves them up'
is "$(redshift 'select count(*) from events')" 8056 'Redshift has a database of its own'
is "$("$DWH" -c "$T/dwh.cfg" local psql -XAtqc 'select count(*) from events')" 8056 'dwh local psql'

(
	eval "$("$DWH" -c "$T/dwh.cfg" local env)"
	"$DWH" run -c "$T/dwh.cfg" --set WAREHOUSE.ENGINE=redshift --json >"$T/run.json" 2>"$T/err"
)
is $? 0 'dwh run by the engine for Redshift'
is "$(jq -c '.counts | [.staging_events, .staging_songs, .songplays, .users, .songs, .artists, .time]' "$T/run.json")" \
	'[8056,1168,38,105,1168,1108,8023]' \
	'gives the same counts'

services down
is $? 0 'down'
is "$(left_running)" '' 'nothing is left'
services up
is "$(redshift 'select count(*) from events')" 8056 'what was loaded is there the next time'
kill -9 "$(pids_of 'dwh redshiftd')"
until_true 15 nothing_left
is "$(left_running)" '' 'redshiftd was killed: the others end with it'
services up
is "$?/$(redshift 'select 1')" 0/1 'and it can be brought up again'
services down

# The numbers of last time stand in up.lock: they are a stranger's by now. An `up` is held before it
# has started redshiftd: the pipe that it
# reads its login from has no writer.
sleep 300 &
STRANGER=$!
disown
echo "$STRANGER 5439" >"$T/.dwh/local/up.lock"
mv "$T/.dwh/local/login" "$T/login"
mkfifo "$T/.dwh/local/login"
chmod 600 "$T/.dwh/local/login"
"$DWH" -c "$T/dwh.cfg" local up 2>"$T/first.err" &
FIRST=$!
held() { ! flock -n "$T/.dwh/local/up.lock" true && ! grep -q 5439 "$T/.dwh/local/up.lock"; }
until_true 60 held
ok $? 'who starts redshiftd puts the numbers of last time away first'
"$DWH" -c "$T/dwh.cfg" local up 2>"$T/second.err" &
SECOND=$!
"$DWH" -c "$T/dwh.cfg" local down 2>"$T/down.err"
is "$?" 3 'down meanwhile ends with 3'
like "$(cat "$T/down.err")" 'is starting redshiftd' 'and says why'
kill -0 "$STRANGER"
ok $? 'whose number it was is not killed'
is "$(cat "$T/second.err")" '' 'a second up waits'
kill "$STRANGER"
exec 9>"$T/.dwh/local/login"
mv -f "$T/login" "$T/.dwh/local/login"
cat "$T/.dwh/local/login" >&9
exec 9>&-
wait "$FIRST"
is "$?" 0 'the first goes on'
wait "$SECOND"
is "$?" 0 'and the second'
like "$(cat "$T/second.err")" 'is up already, at 127\.0\.0\.1:[1-9]' 'which knows the port then'
services down

# From another folder, and with --set behind the word, too.
services up --set LOCAL.DIR="$T/other"
is "$?" 0 '--set is taken behind the word'
services status
is "$?" 3 'and holds'
mkdir "$T/elsewhere"
(
	cd "$T/elsewhere" || exit
	eval "$("$DWH" -c "$T/dwh.cfg" local env --set LOCAL.DIR="$T/other")"
	"$DWH" config | grep -E '^(LOCAL\.|\[LOCAL\] )?DIR|LOCAL.DIR' >"$T/dir"
)
like "$(cat "$T/dir")" "$T/other" 'the exports name the folder, wherever one goes'
services down --json
is "$?" 1 'down takes no --json'
services down --set LOCAL.DIR="$T/other"
is "$?/$(left_running)" 0/ 'down of that folder'
services sideways
is $? 1 'an unknown word'
like "$(cat "$T/err")" 'wants up, down, status, env or psql, not sideways' 'is named'
done_testing
