#!/bin/bash
# load --validate reads every object of every source and says all that is bad, whatever else is: it
# needs no table, is not ended by a source that can not be loaded, knows MAXERROR as a load does, and
# changes nothing.
. "$(dirname "$0")/models.sh"
model_config

# source STEM COLUMNS OPTIONS: one more, loaded from s3://rules/STEM.
source_of() {
	mkdir -p "$T/model/create" "$T/model/copy" "$T/buckets/rules/$1"
	printf 'CREATE TABLE IF NOT EXISTS :"relation" (%s);\n' "$2" >"$T/model/create/$1.sql"
	cat >"$T/model/copy/$1.sql" <<-SQL
		-- source: ${1^^}
		COPY :"lane" FROM :'manifest' IAM_ROLE :'role' MANIFEST REGION :'region' $3;
	SQL
	grep -q "^${1^^} = " "$T/dwh.cfg" || sed -i "s|^\[S3\]|&\n${1^^} = s3://rules/$1|" "$T/dwh.cfg"
}
put() { cat >"$T/buckets/rules/$1"; } # put SOURCE/KEY
bad() { jq -r '.rejected[] | "\(.object | sub("s3://rules/"; "")) \(.line) \(.column) \(.code)"' <<<"$OUT" |
	LC_ALL=C sort; }
# All that a load could have left: tables and dwh's own, with the files that hold their rows;
# manifests, in the bucket or in a folder.
everything() {
	sql "select nspname, relname, relfilenode from pg_class c join pg_namespace n on n.oid = relnamespace
		where nspname in ('public', 'dwh') order by 1, 2"
	find "$T/buckets" "$T/.dwh" -path '*/pg' -prune -o -path '*/rules' -prune -o -path '*/.s3d' -prune -o \
		-type f -print | grep -v '/runs/lock$\|/runs/.*journal.jsonl$\|/local/' | LC_ALL=C sort
}

# ---- before anything was made
source_of good 'a INTEGER NOT NULL, b VARCHAR(5)' "FORMAT AS JSON 'auto'"
source_of odd 'a INTEGER, b VARCHAR(5)' "FORMAT AS JSON 'auto'"
for i in 1 2 3; do echo "{\"a\":$i,\"b\":\"x\"}" | put "good/$i.json"; done
printf '{"a":1}\n{"a":"x"}\n{"b":"too long"}\n' | put odd/1.json
printf '{"a":2} rubbish {"a":99999999999}\n{"a":' | put odd/2.json
sql 'select 1' >/dev/null # makes the server's own files
before=$(everything)
dwh load --validate --json
is "$ST" 7 'before a table is there: 7 where records are bad'
is "$(bad)" 'odd/1.json 2 a 1207
odd/1.json 3 b 1204
odd/2.json 1  1216
odd/2.json 1 a 1222
odd/2.json 2  1216' 'all of them are told, with their places'
is "$(jq -c '[.totals.rows, .totals.rejected, .totals.shards, .exit]' <<<"$OUT")" '[5,5,5,7]' 'and counted'
is "$(everything)" "$before" 'no table, no manifest, no file is left'
dwh load --validate
like "$OUT" 'Validated 5 objects, .* in 5 of 5 shards: 5 records are good, 5 are bad\. Nothing was written' \
	'as text'
like "$OUT" 's3://rules/odd/1.json +3 +b +too long +1,?204 +String length exceeds DDL length' 'with a line for each'

# ---- sources that can not be loaded stand beside those that can
source_of typo 'a INTEGER' "FORMAT AS JSON 'auto' MAXEROR 5"
source_of column 'a INTEGER' "FORMAT AS JSON 's3://rules/paths.json'"
source_of address 'a INTEGER' "FORMAT AS JSON 'auto'"
source_of pattern 'a TIMESTAMP' "FORMAT AS JSON 'auto' TIMEFORMAT 'YYYY-MM-DD HH:MI:SSOF'"
source_of ddl 'a INTEGER, b NO_SUCH_TYPE' "FORMAT AS JSON 'auto'"
sed -i 's/^COPY :"lane" FROM :.manifest. /COPY :"lane" FROM '"'s3:\/\/rules\/else'"' /' "$T/model/copy/address.sql"
echo '{"jsonpaths":["$.a","$.b"]}' >"$T/buckets/rules/paths.json"
for s in typo column address pattern ddl; do echo '{"a":1}' | put $s/1.json; done
source_of empty 'a INTEGER' "FORMAT AS JSON 'auto'"
dwh load --validate
is "$ST" 2 'mistakes in the set-up come first in the exit code'
like "$OUT" 'probe typo: .*unknown option MAXEROR; did you mean MAXERROR\?' 'an unknown option'
like "$OUT" 'probe column: .*Number of jsonpaths and the number of columns should match' 'paths and columns'
like "$OUT" "probe address: .*COPY must load FROM :'manifest'" 'an address in the COPY'
like "$OUT" "probe pattern: .*a zone \(OF, TZ\) can not stand in it: 'auto' reads zones" 'a format'
like "$OUT" 'probe ddl: .*create/ddl.sql: .*no_such_type' 'a table that can not be made'
like "$OUT" 'probe empty: .*there are no objects under' 'a prefix without objects'
like "$OUT" 's3://rules/odd/2.json +1 +a +99999999999 +1,?222' 'are told beside the bad records of the others'
like "$OUT" 'Validated 5 objects.*5 are bad; the rest was not read, see above\. Nothing was written' \
	'and it is said that something was not read'
is "$(everything)" "$before" 'still nothing is left'
for s in typo column address pattern ddl empty; do
	rm -r "$T/model/create/$s.sql" "$T/model/copy/$s.sql"
	sed -i "/^${s^^} = /d" "$T/dwh.cfg"
done

# ---- an object that can not be read is one error, and the others are read
source_of odd 'a INTEGER, b VARCHAR(5)' "FORMAT AS JSON 'auto' GZIP MAXERROR 100"
gzip <"$T/buckets/rules/odd/1.json" | put odd/1.gz
gzip <"$T/buckets/rules/odd/2.json" | head -c 40 | put odd/2.gz
rm "$T"/buckets/rules/odd/*.json
dwh load --validate --json
is "$ST" 7 'an object that ends early is 7, whatever MAXERROR says'
is "$(bad | grep -c 'odd/1.gz.*120[47]\|odd/2.gz 1  1216')" 3 'beside the bad records of another'

# ---- MAXERROR is what a load makes of it: of all shards of a source
rm "$T/buckets/rules/odd/2.gz"
printf '{"a":"y"}\n{"a":"z"}\n{"a":3}\n' | gzip | put odd/3.gz
source_of odd 'a INTEGER, b VARCHAR(5)' "FORMAT AS JSON 'auto' GZIP MAXERROR 5"
dwh load --validate
is "$ST" 0 'four bad records are fewer than MAXERROR 5'
like "$OUT" '4 are bad, which MAXERROR bears\.' 'and it is said'
dwh load --fresh
is "$ST" 0 'as the load finds'
source_of odd 'a INTEGER, b VARCHAR(5)' "FORMAT AS JSON 'auto' GZIP MAXERROR 4"
dwh load --validate
is "$ST" 7 'with MAXERROR 4 no shard has so many, but the source has'
dwh load --fresh
is "$ST" 7 'as the load finds'

# ---- more bad records than a load tells: all of them
source_of odd 'a INTEGER, b VARCHAR(5)' "FORMAT AS JSON 'auto'"
rm "$T"/buckets/rules/odd/*
seq 1 1500 | sed 's/.*/{"a":"x&"}/' | put odd/many.json
dwh load --validate
is "$ST" 7 'many bad records'
like "$OUT" '100 of 1,500; all are in `dwh report --json`' 'the first hundred are shown, and where all are'
dwh report --json
is "$(bad | wc -l) $(bad | tail -n 1)" '1500 odd/many.json 999 a 1207' 'there they are'

# ---- beside what is loaded: the ledger, the rows, the manifests stay
seq 1 10 | sed 's/.*/{"a":&}/' | put odd/many.json
dwh run --fresh
is "$ST" 0 'a load'
state() { everything; sql 'select * from dwh.ledger order by 3'; sql 'select * from dwh.target order by 1'
	sql 'select count(*) from dwh.load_errors'; sql 'select count(*) from dwh.step'
	sql 'select sum(a) from odd'; sha256sum "$T"/buckets/dwh-manifests/*/*.manifest; }
before=$(state)
like "$before" 'dwh-manifests/.*\.manifest' 'leaves manifests'
echo '{"a":"x"}' | put good/4.json
dwh load --validate --json
is "$ST" 7 'loaded objects are read again, and new ones'
is "$(jq -c '[.totals.rows, .totals.rejected]' <<<"$OUT")" '[13,1]' 'all of them'
is "$(state)" "$before" 'nothing of the warehouse has changed'
rm "$T/buckets/rules/good/4.json"
dwh load --validate
is "$ST" 0 'good data end with 0'
dwh load --validate --fresh
is "$ST" 1 '--validate can not drop anything'

# ---- lanes
dwh load --fresh --set LOAD.STRATEGY=sharded --set LOAD.LANES=2
echo '{"a":null}' | put good/5.json
dwh load --validate --set LOAD.STRATEGY=sharded --set LOAD.LANES=2
is "$ST" 7 '--validate knows the lanes behind a view'
like "$OUT" '5.json +1 +a +null +1,?213' 'and what may not be NULL there'

is "$(left_running)" '' 'nothing is left running'
done_testing
