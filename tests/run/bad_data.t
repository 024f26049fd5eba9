#!/bin/bash
# Bad input of a COPY: each gets one clear message with the place and the remedy, the right exit
# code, and leaves the warehouse as it was, or says what is loaded.
. "$(dirname "$0")/models.sh"
model_config
COLUMNS_OF_T='a INTEGER, b VARCHAR(20)'
JSON="FORMAT AS JSON 'auto'"

# bad EXIT REGEX NAME: a load that must fail so, with one error line a cause, and load nothing.
bad() {
	dwh load --fresh
	is "$ST" "$1" "$3: exit code"
	like "$ERR" "$2" "$3: the message"
	is "$(grep -c ' error: ' <<<"$ERR")" 1 "$3: said once"
	is "$(sql 'select count(*) from t')" "${4:-0}" "$3: what is loaded"
}

no_objects
echo '{"a":1}' | object good.json
model "$COLUMNS_OF_T" '' "$JSON"
dwh load
is "$ST" 0 'good data load'

# ---- objects that are something else
head -c 40000 /dev/urandom | tr -d '\000{}[]' | object rubbish.json
bad 7 's3://rules/d/rubbish.json line [0-9]+: .*error 1216.*; mend the object' 'binary rubbish' 1
no_objects
printf '\xff\xfe{\0"\0a\0"\0:\0001\0}\0' | object utf16.json
bad 7 'd/utf16.json line 1: the object is UTF-16: say ENCODING UTF16 in the COPY statement.*error 1221' 'UTF-16'
no_objects
printf '{\0"\0a\0"\0:\0001\0}\0' | object utf16.json
bad 7 'd/utf16.json line 1: the object is UTF-16: say ENCODING UTF16LE' 'UTF-16 without a mark'
model "$COLUMNS_OF_T" '' "$JSON ENCODING UTF16LE"
dwh load --fresh
is "$(sql 'select a from t')" 1 'and the remedy helps'

no_objects
{
	printf '{"a":1,"b":"'
	head -c 5242880 /dev/zero | tr '\0' 'x'
	printf '"}\n{"a":2}\n'
} | object big.json
model "$COLUMNS_OF_T" '' "$JSON"
bad 7 'd/big.json line 1: JSON object larger than 4 MB .error 1216.*MAXERROR' 'a record of 5 MB'
model "$COLUMNS_OF_T" '' "$JSON MAXERROR 2"
dwh load --fresh
is "$(sql 'select a from t')" 2 'what follows it can be loaded'

# ---- compressed data
no_objects
seq 1 20000 | sed 's/.*/{"a":&}/' | gzip | head -c 20000 | object cut.gz
model "$COLUMNS_OF_T" '' "$JSON GZIP"
bad 7 'd/cut.gz line [0-9]+: the gzip data end early.*mend the object' 'a gzip that ends early'
model "$COLUMNS_OF_T" '' "$JSON GZIP IGNOREALLERRORS"
bad 7 'd/cut.gz line [0-9]+: the gzip data end early' 'which no MAXERROR bears'
no_objects
echo '{"a":1}' | object plain.json
model "$COLUMNS_OF_T" '' "$JSON GZIP"
bad 7 'd/plain.json line 1: the object is not gzip' 'GZIP, and the object is none'

# ---- the statement
model "$COLUMNS_OF_T" '' "$JSON GZIIP"
dwh load
is "$ST" 2 'an unknown option: exit code'
like "$ERR" 'model/copy/t.sql: COPY statement [0-9]+:[0-9]+: unknown option GZIIP; did you mean GZIP\?' \
	'with its place and the nearest one'
model "$COLUMNS_OF_T" '' 'FORMAT AS PARQUET'
dwh load
is "$ST" 2 'a format that we do not read: exit code'
like "$ERR" 'model/copy/t.sql: PARQUET of the COPY statement is not executed' 'by name'
model "$COLUMNS_OF_T" '' "$JSON TIMEFORMAT 'YYYY-QQ'"
dwh load
is "$ST" 2 'a TIMEFORMAT that is none: exit code'
like "$ERR" "TIMEFORMAT 'YYYY-QQ'.*its parts are YYYY" 'with the parts that there are'

# ---- jsonpaths
model "$COLUMNS_OF_T" '' "FORMAT AS JSON 's3://rules/paths.json'"
before=$(sql 'select * from dwh.target')
dwh load
is "$ST" 5 'no jsonpaths file: exit code'
like "$ERR" 'the jsonpaths file s3://rules/paths.json' 'names it'
echo 'this is none' >"$T/buckets/rules/paths.json"
dwh load
is "$ST" 2 'a jsonpaths file that is none: exit code'
like "$ERR" 'the jsonpaths file s3://rules/paths.json: ' 'names it'
echo '{"jsonpaths":["$.a","$.b["]}' >"$T/buckets/rules/paths.json"
dwh load
is "$ST" 2 'a bad path: exit code'
like "$ERR" 'the jsonpaths file s3://rules/paths.json: .*\$\.b\[' 'names it'
echo '{"jsonpaths":["$.a"]}' >"$T/buckets/rules/paths.json"
is "$(sql 'select * from dwh.target')" "$before" 'the warehouse is as it was'
dwh load --fresh
is "$ST" 2 'paths and columns that do not match: exit code'
like "$ERR" 'JSONPath size: 1, Number of columns in table or column list: 2' 'and both numbers'

# ---- the table
model "$COLUMNS_OF_T" '(a, bb)' "$JSON"
dwh load --fresh
is "$ST" 2 'a column that the table lacks: exit code'
like "$ERR" 'model/copy/t.sql: COPY: the table has no column bb; did you mean b\?' 'and the nearest'

# ---- an object that goes between the listing and the COPY: a worker is given a manifest by hand
model "$COLUMNS_OF_T" '' "$JSON"
no_objects
for i in 1 2; do echo "{\"a\":$i}" | object "$i.json"; done
dwh load --fresh
is "$ST" 0 'two objects are loaded'
rm "$T/buckets/rules/d/2.json"
echo '{"a":3}' | object 3.json
cat >"$T/buckets/rules/gone.manifest" <<-MANIFEST
	{"entries":[
	{"url":"s3://rules/d/2.json","mandatory":true,"meta":{"content_length":8}},
	{"url":"s3://rules/d/3.json","mandatory":true,"meta":{"content_length":8}}]}
MANIFEST
# Its name is the digest of its bytes, as a listing would have it.
shard=$(sha256sum "$T/buckets/rules/gone.manifest" | cut -c1-32)
mv "$T/buckets/rules/gone.manifest" "$T/buckets/rules/$shard.manifest"
run=$(sql "select run from dwh.target where relation = 'public.t'")
generation=$(sql "select generation from dwh.target where relation = 'public.t'")
cat >"$T/task" <<-TASK
	{"t":"hello","v":1,"worker":1,"run":"$run","config":"$T/dwh.cfg","sets":[]}
	{"t":"copy","id":1,"attempt":1,"source":"t","lane":"t","shard":"$shard","manifest":"s3://rules/$shard.manifest","generation":$generation,"objects":2,"bytes":16,"again":0,"validate":false}
TASK
# The services run as long as psql does.
"$DWH" -c "$T/dwh.cfg" psql -Xq -c "\\! '$DWH' worker <'$T/task' >'$T/out' 2>'$T/err'" 2>/dev/null
is "$(jq -rs '.[-1] | .t + " " + .kind + " " + .where' "$T/out")" 'fail task s3' \
	'a manifest names an object that is gone: the shard fails, the run goes on'
like "$(jq -rs '.[-1].message' "$T/out")" 's3://rules/d/2.json' 'and it is named'
is "$(sql 'select count(*) from t')" 2 'nothing of the shard is loaded'
is "$(sql "select count(*) from dwh.ledger where shard = '$shard'")" 0 \
	'and the ledger does not say so'
dwh load
is "$ST" 0 'the next load lists again'
is "$(sql 'select sum(a) from t')" 6 'and loads what is there'
is "$(left_running)" '' 'nothing is left running'
done_testing
