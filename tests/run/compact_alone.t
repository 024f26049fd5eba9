#!/bin/bash
# What is not joined before Redshift copies it: formats in which objects are more than their records,
# large objects, few ones; and the report says so. What a part is, and how many there are.
. "$(dirname "$0")/lib.sh"
own_postgres
own_s3d
own_redshiftd
redshift_config
sed -i -e "/^\(LOG\|SONG\)_/d" -e "s|^MANIFESTS|DOCUMENTS = s3://data/json/\nTABLES = s3://data/csv/\nHANDFUL = s3://data/few/\n&|" \
	-e "/^\[LOAD\]/a MODEL = $T/model" "$T/dwh.cfg"
mkdir -p "$T/model/create" "$T/model/copy" "$T/buckets/data"/{json,csv,few}
table() { # table NAME KEY FORMAT
	printf 'CREATE TABLE IF NOT EXISTS :"relation" (id INTEGER, text VARCHAR(64));\n' >"$T/model/create/$1.sql"
	cat >"$T/model/copy/$1.sql" <<-SQL
		-- source: $2
		COPY :"lane" (id, text)
		FROM :'manifest' IAM_ROLE :'role' MANIFEST REGION :'region'
		$3 -- and no option may follow this
		;
	SQL
}
table t_json DOCUMENTS "FORMAT AS JSON 'auto'"
table t_csv TABLES 'FORMAT AS CSV IGNOREHEADER 1'
table t_few HANDFUL "FORMAT AS JSON 'auto'"
for i in {1..20}; do
	printf 'id,text\n%d,"a\nb"\n' "$i" >"$T/buckets/data/csv/$i.csv"
	# Half a megabyte each: fewer than PART_BYTES together, and the cluster has four slices.
	seq -f "{\"id\": %.0f, \"text\": \"$i\"}" 20000 >"$T/buckets/data/json/$i.json"
done
seq -f '{"id": %.0f, "text": "large"}' 50000 >"$T/buckets/data/json/large.json"
cp "$T/buckets/data/json"/[123].json "$T/buckets/data/few"
rows() { sql "select count(*), count(distinct (text, id)), sum(id) from $1"; }
shard() { jq -r --arg t "$1" '.shards[] | select(.name | contains($t)) | [.objects, .objects_joined, .parts, .note] | join("|")' <<<"$OUT"; }

dwh run --json
is "$ST" 0 'a load of three formats'
is "$(rows t_json)" '450000|450000|5250225000' 'every record of the JSON, once'
is "$(shard t_json | cut -d'|' -f1-3)" '21|20|4' 'joined to as many parts as there are slices'
like "$(shard t_json)" 'not compacted: 1 object, such as s3://data/json/large.json: large$' 'the large object is copied as it is'
is "$(rs -Atqc "select substr(table_name, 1, 6), trim(file_format), source_file_count from sys_load_history order by 1, source_file_count")" \
	"$(printf '%s\n' 't_csv_|CSV|20' 't_few_|JSON|3' 't_json|JSON|1' 't_json|JSON|4')" 'two COPYs of the JSON, one of each other'
is "$(rows t_csv)" '20|20|210' 'each object of the CSV without its header'
is "$(shard t_csv)" '20|0|0|not compacted: only JSON can be joined and stay the same' 'it was left alone, which is said'
is "$(shard t_few)" '3|0|0|not compacted: few objects' 'as few objects are'
dwh report
like "$OUT" 'copy t_csv [0-9a-f]+: not compacted: only JSON' 'also in the report for people'
dwh run --fresh --json --set LOAD.COMPACT=on --set LOAD.PART_BYTES=1MiB
is "$(shard t_few)" '3|3|1|' 'on: few ones are joined, too'
is "$(shard t_json | cut -d'|' -f1-3)" '21|20|8' 'smaller PART_BYTES make more, a multiple of the slices'
is "$(rows t_few)" '60000|60000|600030000' 'all rows are there'

# ---- what Redshift knows and we do not is sent as it stands ----

table t_csv TABLES 'FORMAT AS PARQUET'
dwh run --fresh
is "$ST" 6 'Parquet is not ours to refuse: the others are loaded'
like "$ERR" 'copy t_csv [0-9a-f]+: PARQUET of the COPY statement is not executed' 'the warehouse is asked, and this one does not'
done_testing
