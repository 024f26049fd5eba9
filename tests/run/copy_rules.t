#!/bin/bash
# COPY's rules through the whole program, each with a model of its own: MAXERROR over shards, gzip,
# CSV, identities and defaults, NOLOAD, --validate. The rules one by one: tests/unit/copy_rules*.c.
. "$(dirname "$0")/models.sh"
model_config

# ---- MAXERROR: five shards, one bad record in each of three
no_objects
model 'a INTEGER, b VARCHAR(5)' '' "FORMAT AS JSON 'auto' MAXERROR 4"
for i in 1 2 3 4 5; do
	{
		printf '{"a":%d,"b":"ok"}\n' "$i"
		[ $((i % 2)) = 1 ] && printf '{"a":"x%d","b":"no"}\n' "$i"
		printf '{"a":%d0,"b":"ok"}\n' "$i"
	} | object "$i.json"
done
dwh load --fresh --json
is "$ST" 0 'three rejected records are fewer than MAXERROR 4'
is "$(jq -c '[.totals.rows, .totals.rejected]' <<<"$OUT")" '[10,3]' 'ten rows are loaded, three not'
is "$(jq -c '.rejected | sort_by(.object) | .[1]' <<<"$OUT")" \
	'{"object":"s3://rules/d/3.json","line":2,"column":"a","value":"x3","code":1207,"reason":"Invalid digit, Value '"'x'"', Pos 0, Type: Integer"}' \
	'the report says which'
is "$(sql 'select count(*), sum(a) from t')" '10|165' 'the table holds the others'
is "$(sql "select object, line, column_name, column_type, value, code from dwh.load_errors order by 1 limit 1")" \
	's3://rules/d/1.json|2|a|int4|x1|1207' 'dwh.load_errors holds them'
is "$(sql 'select sum(row_count), sum(rejected) from dwh.ledger')" '10|3' 'and the ledger counts them'
dwh load
is "$ST" 0 'a second load'
like "$OUT" '3 records were rejected' 'still says so'

model 'a INTEGER, b VARCHAR(5)' '' "FORMAT AS JSON 'auto' MAXERROR 3"
dwh load --fresh
is "$ST" 7 'no shard has three bad records, but the source has: MAXERROR 3 ends it'
like "$ERR" '3 records of t were rejected in all its shards, and MAXERROR is 3' 'and it is said'
like "$ERR" 'dwh.load_errors.*--fresh' 'with the place and the remedy'
dwh load
is "$ST" 7 'which does not pass by trying again'

model 'a INTEGER, b VARCHAR(5)' '' "FORMAT AS JSON 'auto'"
dwh load --fresh
is "$ST" 7 'without MAXERROR the first bad record fails its shard'
like "$ERR" 's3://rules/d/1.json line 2, column a \(int4\): Invalid digit.*error 1207.*MAXERROR' \
	'with the place and the remedy'
is "$(sql "select count(*) from dwh.ledger l join dwh.target t using (relation, generation)")" 2 \
	'the other shards are loaded'
model 'a INTEGER, b VARCHAR(5)' '' "FORMAT AS JSON 'auto' IGNOREALLERRORS"
dwh load --fresh
is "$ST" 0 'IGNOREALLERRORS'
is "$(sql 'select count(*) from t')" 10 'loads what is good'

# ---- --validate
model 'a INTEGER, b VARCHAR(5)' '' "FORMAT AS JSON 'auto'"
before=$(sql 'select count(*) from dwh.ledger'; sql 'select count(*) from dwh.load_errors'
	sql 'select * from dwh.target')
echo '{"a":1,"b":"too long"}{"a":2} rubbish {"a":99999999999}' | object 6.json
dwh load --validate
is "$ST" 7 '--validate ends with 7 where records are bad'
like "$OUT" 's3://rules/d/6.json +1 +b +too long +1,?204 +String length exceeds DDL length' 'all are told'
like "$OUT" 's3://rules/d/6.json +1 +rubbish +1,?216 ' 'with their place'
like "$OUT" 's3://rules/d/6.json +1 +a +99999999999 +1,?222 +Overflow' 'more than one of an object, too'
like "$OUT" 'Validated 6 objects, .* in 6 of 6 shards: 11 records are good, 6 are bad' 'and counted'
is "$(sql 'select count(*) from dwh.ledger'; sql 'select count(*) from dwh.load_errors'
	sql 'select * from dwh.target')" "$before" 'nothing is written'
is "$(sql 'select count(*) from t')" 10 'nor loaded'
rm "$T"/buckets/rules/d/[1356].json
dwh load --validate --json
is "$ST" 0 '--validate of good data'
is "$(jq -c '[.command, .totals.rows, .totals.rejected, .exit]' <<<"$OUT")" \
	'["load --validate",4,0,0]' 'as JSON'
dwh drop
dwh load --validate
is "$ST" 4 '--validate without the table'
like "$ERR" 'table t does not exist: .dwh create' 'names the remedy'
dwh load --validate --fresh
is "$ST" 1 '--validate can not drop anything'

# ---- compressions
no_objects
model 'a INTEGER' '' "FORMAT AS JSON 'auto' GZIP"
seq 1 50000 | sed 's/.*/{"a":&}/' | gzip | object big.gz
{ echo '{"a":-1}' | gzip; echo '{"a":-2}' | gzip; } | object members.gz
dwh load --fresh
is "$ST" 0 'gzip'
is "$(sql 'select count(*), sum(a), min(a) from t')" '50002|1250024997|-2' 'all members of it'
model 'a INTEGER' '' "FORMAT AS JSON 'auto'"
dwh load --fresh
is "$ST" 7 'gzip without GZIP'
like "$ERR" 'compressed with gzip: say GZIP' 'names the option'

# ---- CSV with header, quoted new lines; defaults; an identity
no_objects
printf 'id,name\r\n7,"a ""b"",\nc"\r\n8,\r\n' | object a.csv
model "n INTEGER IDENTITY(0,1), id INTEGER, name VARCHAR(20) NOT NULL, seats INTEGER DEFAULT 1000" \
	'(id, name)' 'CSV IGNOREHEADER 1'
dwh load --fresh
is "$ST" 0 'CSV'
is "$(sql "select n, id, replace(name, E'\\n', '/'), seats from t order by id")" \
	$'0|7|a "b",/c|1000\n1|8||1000' 'is loaded with identities and defaults'
printf '5|9|x|1\n' | object a.csv
model "n INTEGER IDENTITY(0,1), id INTEGER, name VARCHAR(20) NOT NULL, seats INTEGER DEFAULT 1000" \
	'' 'EXPLICIT_IDS'
dwh load --fresh
is "$(sql 'select n, id, name, seats from t')" '5|9|x|1' 'EXPLICIT_IDS'

# ---- NOLOAD
model "n INTEGER IDENTITY(0,1), id INTEGER, name VARCHAR(20) NOT NULL, seats INTEGER DEFAULT 1000" \
	'' 'EXPLICIT_IDS NOLOAD'
dwh load --fresh
is "$ST" 0 'NOLOAD'
is "$(sql 'select count(*) from t')" 0 'loads nothing'
is "$(sql 'select count(*) from dwh.ledger l join dwh.target t using (relation, generation)')" 0 \
	'and the ledger does not say otherwise'

# ---- lanes
no_objects
for i in 1 2 3 4; do echo "{\"a\":$i}" | object "$i.json"; done
model 'a INTEGER NOT NULL' '' "FORMAT AS JSON 'auto'"
dwh load --fresh --set LOAD.STRATEGY=sharded --set LOAD.LANES=2
is "$ST" 0 'two lanes'
echo '{"a":null}' | object 5.json
dwh load --validate --set LOAD.STRATEGY=sharded --set LOAD.LANES=2
is "$ST" 7 '--validate knows the lanes behind a view'
like "$OUT" '5.json +1 +a +null +1,?213' 'and what may not be NULL there'
is "$(left_running)" '' 'nothing is left running'
done_testing
