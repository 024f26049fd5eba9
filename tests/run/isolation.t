#!/bin/bash
# Every report says how the database keeps transactions apart, in the warehouse's own words; where it
# does not tell, that is no error.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d

# says LEVEL NAME: the report of the last run, from its command and again, the status
says() {
	dwh report
	like "$OUT" "^Run .*, engine [a-z]+, isolation $1, model" "$2: the report's first line"
	dwh report --json
	is "$(jq -r .isolation <<<"$OUT")" "$1" "$2: its JSON"
	dwh status
	like "$OUT" "^Run .*, isolation $1\$" "$2: dwh status"
	dwh status --json
	is "$(jq -r .isolation <<<"$OUT")" "$1" "$2: its JSON"
	is "$(journal | grep -c '"t":"warehouse"')" 1 "$2: asked once"
}

postgres_config
for how in load 'load --validate' rerun verify transform drop; do
	# shellcheck disable=SC2086
	dwh $how
	is "$ST" 0 "dwh $how"
	says 'read committed' "dwh $how"
done
sql "alter database postgres set default_transaction_isolation = 'repeatable read'"
dwh create
says 'repeatable read' 'another level'
dwh drop
sql 'alter database postgres reset default_transaction_isolation'

for level in serializable snapshot; do
	own_redshiftd --isolation $level
	redshift_config
	dwh load
	is "$ST" 0 "a load of a $level database"
	says "$([ $level = snapshot ] && echo 'Snapshot Isolation' || echo Serializable)" "$level"
	dwh verify
	is "$ST" 0 "dwh verify of it"
	says "$([ $level = snapshot ] && echo 'Snapshot Isolation' || echo Serializable)" 'dwh verify'
	stop_redshiftd
done
own_redshiftd
postgres_config
sql 'set allow_system_table_mods = on; drop view stv_db_isolation_level'
redshift_config
dwh run
is "$ST" 0 'where the view is not to be seen a run succeeds'
says unknown 'and says so'
done_testing
