#!/bin/bash
# Every statement that Redshift would get is Redshift's SQL to sqlfluff: the files of sql/ with their
# variables filled in, what C code sends, and the view over lanes, from a run.
. "$(dirname "$0")/lib.sh"
needs sqlfluff python3
mkdir -p parse control

# sql/redshiftd is what redshiftd asks of its PostgreSQL.
cd "$TOP" || exit 1
files=$(find sql -name '*.sql' ! -path 'sql/redshiftd/*' | wc -l)
find sql -name '*.sql' ! -path 'sql/redshiftd/*' | while read -r f; do
	sed -E -e "s/:\"[A-Za-z_]+\"/\"public\".\"name\"/g" -e "s/:'(manifest|[A-Z_]+)'/'s3:\/\/bucket\/key'/g" \
		-e "s/:'role'/'arn:aws:iam::123456789012:role\/load'/g" -e "s/:'region'/'us-west-2'/g" \
		-e "s/:'schema'/'public'/g" "$f" >"$T/parse/${f//\//_}"
done
is "$(grep -hE "(^|[^:]):['\"]" "$T"/parse/*.sql)" '' 'every variable is filled in'

# The executor of COPY sends PostgreSQL's SQL only.
sources=()
for f in shared/pg.c supervisor/*.c workers/*.c; do
	[ "$f" = workers/copy_postgres.c ] || sources+=("$f")
done
read -r sent left < <(python3 tests/peers/statements.py "$T/parse" "${sources[@]}")
echo "# $files files; $sent statements of C, and $left that only PostgreSQL gets"
[ "$sent" -ge 40 ] && [ "$left" -le 10 ]
ok $? 'C code has statements, and few of them are for PostgreSQL alone'
cd "$T" || exit 1

# ---- the view over the lanes of a relation ----
small_data
own_s3d
own_postgres
postgres_config
sed -i '/^\[LOAD\]/a STRATEGY = sharded\nLANES = 2' dwh.cfg
dwh create
is "$ST" 0 'lanes are made'
sql "alter role loader set log_statement = 'all'; alter role loader set log_min_messages = 'log'"
dwh run --fresh
is "$ST" 0 'and made anew'
# On Redshift its end is another.
sed -n 's/^.* LOG:  statement: \(CREATE VIEW .*\)$/\1 WITH NO SCHEMA BINDING;/p' pg.log >parse/views.sql
is "$(grep -c 'CREATE VIEW' parse/views.sql)" 2 'with a view over each pair'

is "$(grep -lE 'CURRENT_TIMESTAMP|now\(\)' parse/*)" '' 'none asks for the time of the leader node'

# ---- the judge ----
echo "COPY t FROM 's3://bucket/key' IAM_ROLE 'arn:aws:iam::123456789012:role/load' BOGUS 'x';" >control/copy.sql
echo 'CREATE TABLE t (a INTEGER) DISTSTYLE SIDEWAYS;' >control/diststyle.sql
echo 'SELECT a FROM;' >control/select.sql
judged() { # judged FOLDER: "FILES UNPARSABLE..."; every statement that it found in $T/FOLDER.json
	sqlfluff parse --dialect redshift -f json "$1" >"$1.json" 2>"$T/err"
	jq -r '[(length | tostring), (.[] | select(any(.. | objects; has("unparsable"))
		or (any(.. | objects; has("statement")) | not)) | .filepath)] | join(" ")' "$1.json"
}
is "$(judged control)" '3 control/copy.sql control/diststyle.sql control/select.sql' \
	'sqlfluff refuses what Redshift would'
is "$(judged parse)" "$((files + sent + 1))" "sqlfluff parses all $((files + sent + 1)) files"
done_testing
