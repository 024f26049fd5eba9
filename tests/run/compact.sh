# compact.sh - for run tests of small objects that are joined for Redshift: the small data, and what is
# to be seen of it.
# shellcheck shell=bash disable=SC2034 # for the tests to read
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d --log "$T/s3.jsonl"
own_redshiftd
redshift_config
songs=$T/buckets/sparkify/song_data
mapfile -t all < <(find "$songs" -name '*.json' | LC_ALL=C sort)
address() { echo "s3://sparkify/${1#"$T/buckets/sparkify/"}"; }

left() { find "$T/buckets/manifests/of/tests/parts" -type f 2>/dev/null | wc -l; }
puts() { grep '"PUT"' "$T/s3.jsonl" | grep -c '\.json\.gz"'; } # of parts
copies() { # and files, since look
	rs -Atqc "select count(distinct query), count(*) from stl_load_commits where query > ${seen:-0}"
}
look() { seen=$(rs -Atqc 'select max(query) from stl_load_commits'); }
ledger() { # shards, distinct ones, objects, rows, verdicts; of the present generation
	sql "select count(*), count(distinct l.relation || l.shard), sum(l.objects), sum(l.row_count),
		string_agg(distinct l.verdict, ' ') from dwh.ledger l
		join dwh.target t using (relation, generation)"
}
joined() { jq -c '[.exit, .totals.objects, .totals.objects_joined, .totals.parts]' <<<"$OUT"; }
