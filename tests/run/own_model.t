#!/bin/bash
# Another folder of JSON into another table, by SQL alone: the example of the README, file by file;
# then as a model of its own; then one changed file over the sample's model.
. "$(dirname "$0")/lib.sh"
local_config
generated_data
golden=$TOP/tests/golden/model
model=$T/concerts
mkdir -p "$model"/{create,copy,insert,query} "$T/buckets/sparkify/concerts"
cp "$golden"/concerts_data/*.json "$T/buckets/sparkify/concerts/"
for f in create/concerts copy/staging_concerts insert/concerts; do
	cp "$golden/concerts/$f.sql" "$model/$f.sql"
done
cp "$T/dwh.cfg" "$T/plain.cfg"
configure() { # configure MODEL
	{
		sed '/^\[S3\]/a CONCERT_DATA = s3://sparkify/concerts/' "$T/plain.cfg" |
			sed "/^\[LOAD\]/a MODEL = $1"
	} >"$T/dwh.cfg"
}
concerts() { sql 'select * from concerts order by concert_id'; }
want='C-1|Amber Fox Trio|Ashford|2018-11-29|300|24.50
C-2|Amber Fox Trio|Elmé "Nord"|2018-11-30|120|18.00
C-3|Tilda Brook||2018-12-01||9.99'

in_readme() { # the file stands in the README, between two fences
	/usr/bin/python3 - "$1" "$TOP"/README* <<-'PY'
		import sys
		text = "".join(open(p).read() for p in sys.argv[2:])
		sys.exit("```sql\n" + open(sys.argv[1]).read() + "```" not in text)
	PY
}
for f in create/concerts copy/staging_concerts insert/concerts query/concerts; do
	in_readme "$golden/concerts/$f.sql"
	ok $? "the README shows concerts/$f.sql as it is"
done

# ---- three files over the sample's model ----
configure 'sparkify ./concerts'
dwh plan
is "$ST" 0 'plan'
like "$OUT" 'staging_concerts +from s3://sparkify/concerts/ \(\[S3\] CONCERT_DATA\)' 'names the new source'
dwh run
is "$ST" 0 'three files more, and the run succeeds'
is "$(concerts)" "$want" 'concerts are loaded, each once'
is "$(sql 'select count(*) from staging_concerts')" 4 'of four that were sent'
is "$(counts)" '8056 14896 333 105 14896 10025 8023' 'beside all else'
like "$OUT" 'as the generator of the data expects' 'which is as it was'
is "$(sql "select relation, kind from dwh.target where relation like '%concerts' order by 1")" \
	'public.concerts|table
public.staging_concerts|staging' 'both tables are known as ours'

printf '%s' '{"concert_id":"C-4","artist_name":"X","day":"2018-12-24","tickets":1,"price":1}' \
	>"$T/buckets/sparkify/concerts/2018-12-24.json"
dwh run --json
is "$(jq -c '[.totals.shards, .totals.rows, .counts.concerts]' <<<"$OUT")" '[1,1,4]' \
	'a new object is loaded alone'
is "$(jq -c '[.tasks[] | select(.kind == "insert" and (.skipped | not)) | .name]' <<<"$OUT")" \
	'["insert concerts"]' 'and only its table is filled again'

# ---- a query over old and new tables ----
cp "$golden/concerts/query/concerts.sql" "$model/query/"
played=$(sql "select name from artists join songplays using (artist_id) group by name
	having count(distinct artist_id) = 1 order by count(*) desc, name limit 1")
plays=$(sql "select count(*) from songplays where artist_id in
	(select artist_id from artists where name = '${played//\'/\'\'}')")
jq -cn --arg a "$played" '{concert_id: "C-5", artist_name: $a, day: "2018-12-31"}' \
	>"$T/buckets/sparkify/concerts/2018-12-31.json"
dwh run -w 4 --fresh --set LOAD.STRATEGY=sharded
is "$ST" 0 'all anew, in lanes'
is "$(sql "select lanes from dwh.target where relation = 'public.staging_concerts'")" 4 \
	'of which the new staging relation has its own'
dwh query concerts --json
is "$(jq -c '.[0].rows | map([.day, .takings, .plays_before])' <<<"$OUT")" \
	"[[\"2018-11-29\",7350,0],[\"2018-11-30\",2160,0],[\"2018-12-01\",null,0],[\"2018-12-24\",1,0],[\"2018-12-31\",null,$plays]]" \
	'the query joins them'
dwh drop
is "$(sql "select count(*) from information_schema.tables where table_schema = 'public'")" 0 \
	'drop takes them away'

# ---- a model of its own: nothing of the sample ----
rm -rf "$T/buckets/sparkify/song_data" "$T/buckets/sparkify/log_data" "$T/buckets"/sparkify/*.json
rm "$model/query/concerts.sql" "$T"/buckets/sparkify/concerts/2018-12-{24,31}.json
configure ./concerts
dwh run
is "$ST" 0 'the folder alone is a model, too'
is "$(concerts)" "$want" 'with the same rows'
is "$(sql "select string_agg(table_name, ' ' order by table_name) from information_schema.tables
	where table_schema = 'public'")" 'concerts staging_concerts' 'and no other table'
is "$(ls "$T/buckets/sparkify")" 'concerts' 'and no sample data is written for it'

# ---- what is wrong is named ----
sed -i 's/:"relation"/concerts/' "$model/create/concerts.sql"
dwh run
is "$ST" 2 'a shape without the variable is refused'
like "$ERR" 'create/concerts.sql: gives .*staging_concerts.sql its shape' 'with both files named'
cp "$golden/concerts/create/concerts.sql" "$model/create/"
echo '{"artist_name": "no id"}' >"$T/buckets/sparkify/concerts/bad.json"
dwh run
is "$ST" 7 'NOT NULL holds in staging'
like "$ERR" 'concerts/bad.json line 1, column concert_id .*1213' 'and says where'
rm "$T/buckets/sparkify/concerts/bad.json"

# ---- one file over the sample's model ----
rm -r "$T/buckets/sparkify"
small_data
mkdir -p "$T/mine/insert"
cat >"$T/mine/insert/users.sql" <<'SQL'
-- depends: staging_events
-- title: Users without their names; paid, if ever
DELETE FROM users;

INSERT INTO users (user_id, level)
SELECT CAST(userid AS VARCHAR(32)), MAX(level)
FROM staging_events
WHERE userid IS NOT NULL
GROUP BY userid;
SQL
configure 'sparkify ./mine'
dwh run
is "$ST" 0 'one file over the model'
is "$(sql 'select count(*), count(distinct user_id), count(last_name) from users')" '97|97|0' \
	'changes one table'
is "$(sql 'select count(*) from time')" 8023 'and no other'
done_testing
