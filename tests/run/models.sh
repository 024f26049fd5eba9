# models.sh - for run tests with a model of their own: one table t, one source s3://rules/d.
# shellcheck shell=bash
. "$(dirname "$0")/lib.sh"

# model COLUMNS COLUMN-LIST OPTIONS: the table, and the COPY into it.
model() {
	mkdir -p "$T/model/create" "$T/model/copy"
	printf 'CREATE TABLE IF NOT EXISTS :"relation" (%s);\n' "$1" >"$T/model/create/t.sql"
	cat >"$T/model/copy/t.sql" <<-SQL
		-- source: DATA
		COPY :"lane" $2
		FROM :'manifest'
		IAM_ROLE :'role'
		MANIFEST
		REGION :'region'
		$3;
	SQL
}
# object KEY: standard input becomes the object.
object() {
	mkdir -p "$T/buckets/rules/d"
	cat >"$T/buckets/rules/d/$1"
}
no_objects() {
	rm -rf "$T/buckets/rules/d"
}
# An object a shard, so that a source has many.
model_config() {
	mkdir -p "$T/buckets"
	cat >"$T/dwh.cfg" <<-CFG
		[WAREHOUSE]
		ENGINE = local
		[S3]
		DATA = s3://rules/d
		[LOAD]
		MODEL = $T/model
		WORKERS = 2
		SHARD_OBJECTS = 1
		[LOCAL]
		DIR = $T/.dwh
		BUCKETS = $T/buckets
	CFG
}
