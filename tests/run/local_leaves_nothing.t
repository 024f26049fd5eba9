#!/bin/sh
# The services live as long as the command that needs them, and what was stored stays.
. "$(dirname "$0")/local.sh"

sql "create table t as select 42 as x" >out 2>&1
ok $? "the first command makes all there is"
nothing_left
ok $? "when it returns, no process is left"
key=$(cat "$local/key")
is "$(sql 'select x from t')" 42 "the next one finds its table"
is "$(cat "$local/key")" "$key" "and the same key"
is "$(stat -c %a "$local/key" "$local" | tr '\n' ' ')" "600 700 " "the key is for us alone"
is "$(stat -c %a "$work/.dwh/sock")" 700 "and so is the socket"
nothing_left
ok $? "nothing is left again"

"$dwh" psql -Xc "select no_such" >out 2>&1
is $? 1 "the exit status is that of psql"
nothing_left
ok $? "nothing is left of a failure"

# A reader of our output must not wait for the services.
start=$(date +%s%N)
{ sleep 3 | "$dwh" psql -AtXqc "select 1" >/dev/null; } 2>&1 | cat >/dev/null &
sql "select 1" 2>&1 | cat >out
is "$(cat out)" 1 "a pipe"
[ $(($(date +%s%N) - start)) -lt 2500000000 ]
ok $? "ends with the command"
wait

is "$(sql "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in
	('fsync', 'full_page_writes', 'listen_addresses', 'synchronous_commit', 'TimeZone', 'autovacuum')")" \
	"TimeZone=UTC autovacuum=on fsync=on full_page_writes=on listen_addresses= synchronous_commit=off" \
	"data are safe, nothing listens on the network"
is "$(DWH_WAREHOUSE_SCHEMA='my "odd" \ schema' sql "show search_path")" \
	'"my ""odd"" \ schema"' "psql sees the schema of the configuration"
is "$(sql "create schema dwh; create table zz as select 1; select schemaname from pg_tables where tablename = 'zz'" | tail -n 1)" \
	public "which is public by default, also beside the ledger's, which is named as the user is"
echo 1..$n
