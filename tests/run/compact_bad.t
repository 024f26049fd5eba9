#!/bin/bash
# Small objects joined before Redshift copies them: what is wrong is told of the object that people
# know, and of its line; what is not as it should be is no success, and leaves no wrong part.
. "$(dirname "$0")/compact.sh"

dwh run
counts=$(counts)
sums=$(checksums)
was=$(ledger)

# ---- bad records ----

spoil() { # spoil NUMBER: standard input takes its place
	cp "${all[$1]}" "$T/good.$1"
	cat >"$T/bad" && mv "$T/bad" "${all[$1]}"
}
mend() { mv "$T/good.$1" "${all[$1]}"; }
errors() { # of the last run that has any
	sql 'select object, line, column_name, code from dwh.load_errors
		where run = (select max(run) from dwh.load_errors) order by 1, 2'
}

spoil 7 < <(jq -c '., (.year = "never")' "${all[7]}")
dwh run --fresh
is "$ST" 7 'a bad record in a joined object: exit code 7'
like "$ERR" "$(address "${all[7]}") line 2, column year \(int.*\): .*error 1207" 'the object is told, and the line in it'
is "$(errors)" "$(address "${all[7]}")|2|year|1207" 'also in dwh.load_errors'
before=$(left)
dwh load --validate --json
is "$(left)" "$before" 'a validation leaves what it has found, and no more'
is "$ST $(jq -c '.rejected[] | [.object, .line]' <<<"$OUT")" "7 [\"$(address "${all[7]}")\",2]" 'and by a validation'

spoil 40 <<<'{"song_id": "S1", "title": "no end"'
dwh run --fresh --json --set LOAD.MAX_BAD_OBJECTS=3
is "$ST $(jq -c '[.totals.quarantined, .totals.failed]' <<<"$OUT")" '0 [2,0]' 'a bad record and a brace that is not closed go into quarantine'
is "$(sql 'select object, line, code from dwh.quarantine order by 1')" \
	"$(address "${all[7]}")|2|1207
$(address "${all[40]}")|2|1216" 'each with its line'
is "$(sql 'select count(*), count(distinct song_id) from staging_songs')" '1166|1166' 'the others are loaded, each once'
is "$(left)" "$before" 'and no part is left'
mend 7

# What is left alone, and what is borne: MAXERROR bounds both COPYs together.
mkdir -p "$T/more/copy"
sed 's/^COMPUPDATE OFF/MAXERROR 3\n&/' "$TOP/sql/sparkify/copy/staging_songs.sql" >"$T/more/copy/staging_songs.sql"
more=(--set LOAD.MODEL="sparkify $T/more")
dwh run --fresh --json "${more[@]}"
is "$ST $(jq -c '[.totals.rejected, .totals.objects, .totals.objects_joined]' <<<"$OUT")" '0 [1,1198,1197]' 'MAXERROR bears it; it was left alone'
is "$(errors)" "$(address "${all[40]}")|2||1216" 'and told'
like "$(jq -r '.shards[].note' <<<"$OUT")" "^not compacted: 1 object, such as $(address "${all[40]}"): line [12]: the file ends inside" 'the report says why'
spoil 7 < <(jq -c '.year = "never"' "${all[7]}")
dwh run --fresh --json "${more[@]}"
is "$ST $(jq -c '[.totals.rejected, .totals.rows]' <<<"$OUT")" '0 [2,9222]' 'two are borne, one of them in a part'
is "$(errors)" "$(address "${all[7]}")|1|year|1207
$(address "${all[40]}")|2||1216" 'and told'
spoil 8 < <(jq -c '.year = "never"' "${all[8]}")
dwh run --fresh --json "${more[@]}"
is "$ST" 7 'two in the parts and one alone are three: too many'
like "$ERR" 'number 3 of the shard, and MAXERROR is 3' 'which is said'
for i in 7 8 40; do mend $i; done
dwh run --fresh --json
is "$ST $(checksums)" "0 $sums" 'mended: the rows of a clean load'

# ---- evidence ----

# A map that tells of a record that its part does not have.
rm -r "$T/buckets/manifests/of/tests/parts"
dwh run --fresh --set LOAD.KEEP_PARTS=true
map=$(find "$T/buckets/manifests/of/tests/parts/public.staging_songs" -name '*.map' | head -n 1)
jq -c 'if has("part") or .line == 1 then .records += 1 else . end' "$map" >"$T/map" && cp "$T/map" "$map"
dwh run --fresh --json
is "$ST $(jq '.totals.failed' <<<"$OUT")" '8 1' 'COPY has loaded fewer records than were joined: the shard fails'
like "$ERR" 'records were joined into parts, of which COPY has loaded [0-9]+ and rejected 0' 'which is said'
is "$(sql "select count(*) from dwh.ledger join dwh.target using (relation, generation)")" 2 'and it is not committed'
dwh rerun --set LOAD.KEEP_PARTS=true
is "$ST $(counts) $(checksums)" "0 $counts $sums" 'a rerun makes the part anew'
rm -r "$T/buckets/manifests/of/tests/parts"
pg() { PGPASSWORD=$PG_PASSWORD psql -XAtq -h "$T/sock" -U loader postgres -c 'set allow_system_table_mods = on' "$@"; }
pg -c 'alter view pg_catalog.sys_load_detail rename to hidden_detail' \
	-c 'alter view pg_catalog.stl_load_commits rename to hidden_commits'
dwh run --fresh --json
is "$(jq -c '[.shards[].verdict] | unique' <<<"$OUT") $(left)" '["UNVERIFIED"] 13' 'UNVERIFIED: the parts stay'
# Rows come a second late, behind COMMIT.
pg -c "create view pg_catalog.sys_load_detail as select * from pg_catalog.hidden_detail
	where end_time < clock_timestamp() at time zone 'UTC' - interval '1 second'"
dwh run --fresh --json
is "$ST $(ledger)" "0 $was" 'evidence that comes late: VERIFIED, in the ledger, too'
is "$(left)" 0 'and the parts are gone'
done_testing
