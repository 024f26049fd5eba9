#!/bin/bash
# Bad records of each kind that the generator can make: the load fails with 7, and the record that it
# names is one of those that expect.json lists: object, line, column and code. Without bad records
# the same data, in few large objects or many tiny ones, gives the usual counts.
. "$(dirname "$0")/lib.sh"
local_config
mkdir -p "$T/buckets"
top=$T/buckets/sparkify
want='8056 14896 333 105 14896 10025 8023'

for n in 5000 100000; do
	"$DWH" data --out "$top" --objects-per-file $n >"$T/out"
	dwh run --fresh -w 4 --set LOAD.SHARD_OBJECTS=1
	is "$ST" 0 "$n records an object: run succeeds"
	is "$(counts)" "$want" "$n records an object: the usual counts"
	is "$(sql 'select sum(objects) from dwh.ledger')" "$(jq .objects "$top/expect.json")" \
		"$n records an object: $(jq .objects "$top/expect.json") objects"
done

for kind in malformed truncated type overflow float timestamp long utf8 garbage array large; do
	"$DWH" data --out "$top" --objects-per-file 5000 --bad "$kind" >"$T/out"
	sql 'delete from dwh.load_errors'
	dwh run --fresh
	is "$ST" 7 "$kind: a load fails with 7"
	found=$(sql "select substr(object, length('s3://sparkify/') + 1) || ' ' || line || ' ' ||
		coalesce(column_name, '') || ' ' || code from dwh.load_errors")
	listed=$(jq -r '.bad[] | "\(.object) \(.line) \(.column) \(.code)"' "$top/expect.json")
	[ -n "$found" ] && ! grep -qvFx "$listed" <<<"$found"
	ok $? "$kind: dwh.load_errors has what is listed"
	read -r object line _ <<<"$found"
	like "$ERR" "$object line $line" "$kind: and it is said where"
done
is "$("$DWH" data --out "$top" --objects-per-file 5000 --bad all --json | jq .bad)" 18 \
	'all kinds together are 18 records'
dwh load --validate --json
is "$ST" 7 'load --validate finds them'
list='"\(.object | sub("s3://sparkify/"; "")) \(.line) \(.column) \(.code)"'
is "$(jq -r ".rejected[] | $list" <<<"$OUT" | LC_ALL=C sort)" \
	"$(jq -r ".bad[] | $list" "$top/expect.json" | LC_ALL=C sort)" 'all of them, and nothing else'

# Allowed by MAXERROR, they are left out, and what is left is what there is without them.
mkdir -p "$T/lenient/copy"
for f in events songs; do
	sed 's/^COMPUPDATE OFF/MAXERROR 100\nCOMPUPDATE OFF/' "$TOP/sql/sparkify/copy/staging_$f.sql" \
		>"$T/lenient/copy/staging_$f.sql"
done
dwh run --fresh --set "LOAD.MODEL=sparkify $T/lenient" --json
is "$ST" 0 'MAXERROR lets the rest be loaded'
is "$(jq .totals.rejected <<<"$OUT")" 18 'and the report counts the rejected'
is "$(counts)" "$want" 'the counts are those without bad records'
is "$(sql "select substr(object, length('s3://sparkify/') + 1) || ' ' || line || ' ' ||
	coalesce(column_name, '') || ' ' || code from dwh.load_errors
	where run = (select max(run) from dwh.target)" | LC_ALL=C sort)" \
	"$(jq -r ".bad[] | $list" "$top/expect.json" | LC_ALL=C sort)" 'dwh.load_errors lists them'
"$DWH" data --out "$top" --bad wrong >"$T/out" 2>"$T/err"
is $? 1 'an unknown kind is a usage error'
like "$(cat "$T/err")" 'malformed, truncated, type' 'that lists the known ones'
"$DWH" data --out "$top" --objects-per-file -3 >"$T/out" 2>"$T/err"
is $? 1 'so is a number below zero'
done_testing
