#!/bin/bash
# Redshift's load views tell late which files a COPY has read. No copy waits for that: its shard is
# committed UNVERIFIED, and what comes later settles it, in this run or in the next one.
. "$(dirname "$0")/compact.sh"

ledger() { # shards, distinct ones, rows, verdicts, those with evidence; of the present generation
	sql "select count(*), count(distinct l.relation || l.shard), sum(l.row_count),
		string_agg(distinct l.verdict, ' '), count(nullif(l.evidence, '')) from dwh.ledger l
		join dwh.target t using (relation, generation)"
}
settled='3|3|9224|VERIFIED|0'
verdicts() { jq -r '[.shards[].verdict] | unique | join(" ")' <<<"$OUT"; }
late() { # late TIME: another redshiftd, whose views are so late
	stop_redshiftd
	own_redshiftd --views-late "$1"
}
facts() { journal | jq -r 'select(.t == "settled") | .verdict' | sort | uniq -c | tr -s ' \n' ' '; }

dwh run --fresh --json
is "$ST $(ledger)" "0 $settled" 'views that are not late: VERIFIED at once'
is "$(facts)" '' 'and nothing to be settled'
counts=$(counts)

late 2s
dwh run --fresh --json
is "$ST $(verdicts)" '0 VERIFIED' 'late views: exit code 0, and the report says VERIFIED'
is "$(journal | jq -rs '[.[] | select(.t == "done" and .objects_joined > 0) | .verdict] | unique[]')" UNVERIFIED \
	'which no copy had waited for'
is "$(facts)" ' 3 VERIFIED ' 'the step said it'
is "$(ledger)" "$settled" 'and so does the ledger'
is "$(counts) $(left)" "$counts 0" 'the same counts, and no part is left'
dwh report --json
is "$(verdicts)" VERIFIED 'the report read back says it'
dwh verify
is "$ST" 0 'dwh verify, too'

# ---- somebody dies ----

for place in copy:after-commit staged:before-finish staged:before-commit; do
	export DWH_CRASH_AT=$place DWH_CRASH_ONCE=$T/crashed.$place
	dwh run --fresh --json
	unset DWH_CRASH_AT DWH_CRASH_ONCE
	is "$ST $(crashes) $(verdicts)" '0 1 VERIFIED' "$place: a worker dies, the run succeeds"
	is "$(ledger) $(counts) $(left)" "$settled $counts 0" "$place: all settled, no part is left"
done

# ---- a signal while evidence is awaited ----

late 1000s
awaiting() { [ -n "$(pids_of 'dwh: worker [0-9]+ staged')" ]; }
"$DWH" run -c "$T/dwh.cfg" --fresh >"$T/out" 2>"$T/run.err" &
RUN=$!
until_true 30 awaiting
all_loaded() { [ "$(sql 'select count(*) from dwh.ledger')" = 3 ]; }
until_true 30 all_loaded
kill -INT $RUN
wait $RUN
is $? 130 'INT while evidence is awaited: exit code 130'
is "$(ledger)" '3|3|9224|UNVERIFIED|3' 'all is committed, and the ledger knows what to ask for'
is "$(jq -s '[.[] | select(.t == "move" and .to == "done") | .id] as $d
	| [.[] | select(.t == "task" and .kind == "copy") | .id] - $d | length' <<<"$(journal)")" 0 \
	'no copy is left over'
sql 'create table kept as select * from dwh.ledger' >/dev/null
as_committed() { sql 'delete from dwh.ledger; insert into dwh.ledger select * from kept'; }
late 0s
dwh rerun --json
is "$ST $(ledger)" "0 $settled" 'a rerun settles it'
is "$(counts) $(left)" "$counts 0" 'all is loaded once, no part is left'

# ---- dwh verify ----

as_committed
dwh verify --json
is "$ST $(ledger)" '0 3|3|9224|VERIFIED|3' 'dwh verify settles it, too'
dwh load --json
is "$ST $(ledger)" "0 $settled" 'and what else is to be done is done by the next load'
is "$(facts)" ' 3 VERIFIED ' 'which is told'

# ---- what never comes, and what is too much ----

late 1000s
as_committed
sql "update dwh.ledger set committed_at = committed_at - interval '1 hour'"
dwh load --json
is "$ST $(ledger)" '8 3|3|9224|UNVERIFIED|3' 'what has not come in an hour: exit code 8, and UNVERIFIED'
dwh load --allow-unverified
is "$ST" 0 'which may be allowed'
late 0s
query=$(sql "select split_part(evidence, '=', 1) from dwh.ledger where relation = 'public.staging_songs' limit 1")
direct "insert into redshiftd.load_files values ($query, '{s3://sparkify/song_data/more.json}', '{1}', '{1}')"
dwh load
is "$ST $(ledger)" '8 3|3|9224|MISMATCH VERIFIED|0' 'COPY has read another file: exit code 8'
like "$ERR" '1 shard\(s\) of staging_songs are a MISMATCH: COPY has read other files.*--fresh' 'and what to do'
dwh verify --json
is "$ST $(jq -r '.wrong[].message' <<<"$OUT")" '8 it was committed as MISMATCH' 'dwh verify says so, too'
late 1s
direct "create function redshiftd.more() returns trigger language plpgsql as \$\$ begin
		insert into redshiftd.load_files values (new.query_id, '{s3://sparkify/more.json}', '{1}', '{1}');
		return new; end \$\$;
	create trigger more after insert on redshiftd.load for each row execute function redshiftd.more()"
dwh load --fresh --json
is "$ST $(verdicts)" '8 MISMATCH' 'the same in one run: exit code 8, and the report says MISMATCH'
direct 'drop trigger more on redshiftd.load'
late 0s
sql "update dwh.ledger set verdict = 'UNVERIFIED', evidence = 'nonsense'"
dwh load
is "$ST" 8 'evidence that somebody else wrote says nothing: exit code 8'

# ---- a ledger of an earlier version ----

sql "update dwh.ledger set verdict = 'VERIFIED'; alter table dwh.ledger drop column evidence"
dwh verify
is "$ST" 0 'dwh verify takes a ledger without the column'
dwh load
is "$ST $(ledger)" "0 $settled" 'and a load adds it'

# ---- a shard that is loaded twice ----
# Redshift enforces no key, so lane and ledger agree.

sql 'drop index if exists dwh.ledger_key; alter table dwh.ledger drop constraint ledger_pkey' >/dev/null
lane=$(sql "select lane from dwh.ledger where relation = 'public.staging_songs' limit 1")
shard=$(sql "select shard from dwh.ledger where lane = '$lane'")
sql "insert into $lane select * from $lane; insert into dwh.ledger select * from dwh.ledger where lane = '$lane'"
for how in load run; do
	dwh $how
	is "$ST" 8 "dwh $how: exit code 8"
	like "$ERR" "1 shard\(s\) of staging_songs are in the ledger twice, the first is ${shard:0:8}: .*--fresh" \
		'and which shard it is'
done
dwh verify
is "$ST" 8 'dwh verify: exit code 8'
like "$OUT" "MISMATCH $lane shard ${shard:0:8}: it is in the ledger twice: .*--fresh" 'and which shard it is'
dwh run --fresh
is "$ST $(counts)" "0 $counts" 'loaded anew, all is right'

# ---- rejected records ----
# The views tell late of these, too; they are awaited, for nobody else knows which they were.

late 2s
printf '{"year": "never"}\n{"year": "ever"}\n' >"$songs/A/A/bad.json"
sed -E 's/(REGION :.region.)/\1 MAXERROR 9/' "$TOP/sql/sparkify/copy/staging_songs.sql" >"$T/with.sql"
mkdir -p "$T/bears/copy" && cp "$T/with.sql" "$T/bears/copy/staging_songs.sql"
dwh load --fresh --set LOAD.MODEL='sparkify ./bears'
is "$ST $(sql 'select count(*), count(distinct line), max(object) from dwh.load_errors')" \
	"0 2|2|$(address "$songs/A/A/bad.json")" 'late rejected records are told, each once'
done_testing
