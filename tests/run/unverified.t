#!/bin/bash
# Where the warehouse does not tell what a COPY has read, its shard is UNVERIFIED: that ends with 8, and
# with --allow-unverified with 0. A MISMATCH never does.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
own_redshiftd
postgres_config
sql 'set allow_system_table_mods = on; drop view sys_load_detail; drop view stl_load_commits'
redshift_config
verdicts() { jq -r '[.shards[].verdict] | unique | join(" ")' <<<"$OUT"; }
says='UNVERIFIED: nothing speaks against the rows, but evidence is missing'

dwh load
is "$ST" 8 'no view tells what COPY has read: exit code 8'
like "$ERR" "error: staged staging_[a-z]+ and 1 more are $says; --allow-unverified takes that as good" \
	'what that means, and the option'
like "$OUT" 'staged staging_songs +1,168 .*UNVERIFIED' 'the step says it'
like "$OUT" 'staged staging_songs: [12] of [12] shards are UNVERIFIED' 'and why'
like "$OUT" 'rolled back: evidence is missing, and no more\. Load all again .*, and allow it: .*dwh verify --allow-unverified' \
	'how to go on'
is "$(sql 'select count(*) from staging_songs')" 1168 'all is loaded'
dwh load --json
is "$ST $(jq .totals.shards <<<"$OUT")" '8 0' 'a second load, of nothing: exit code 8'
for how in 'load' 'run' 'rerun' 'load --fresh'; do
	# shellcheck disable=SC2086
	dwh $how --allow-unverified
	is "$ST" 0 "dwh $how --allow-unverified: exit code 0"
	like "$ERR" "warning: .*$says\$" 'with a warning'
done
like "$OUT" 'not all verified' 'and a report that says it'
dwh load --allow-unverified --fresh --json
is "$(verdicts)" UNVERIFIED 'the verdict stays'
dwh verify
is "$ST" 8 'dwh verify: exit code 8'
like "$ERR" "error: verify staging_events and 1 more are $says; --allow-unverified" 'and the option'
dwh verify --allow-unverified
is "$ST" 0 'dwh verify --allow-unverified: exit code 0'
like "$OUT" '^Nothing speaks against it, but not all is VERIFIED: 9,224 rows' 'its report'
dwh transform --allow-unverified
is "$ST" 1 'what has no verdict takes no such option'

# ---- a worker dies behind its COMMIT: what it committed is as verified as it was ----

export DWH_CRASH_AT=copy:after-commit DWH_CRASH_ONCE=$T/crashed
dwh load --fresh --json
unset DWH_CRASH_AT DWH_CRASH_ONCE
is "$ST $(crashes)" '8 1' 'a worker dies behind its COMMIT'
is "$(jq -r '.shards[] | select(.skipped) | .verdict + ", " + .note' <<<"$OUT")" \
	'UNVERIFIED, was committed already' 'its shard is UNVERIFIED still'

# ---- what is a MISMATCH ----

sql "update dwh.ledger set verdict = 'MISMATCH' where shard = (select min(shard) from dwh.ledger
	where relation = 'public.staging_songs')"
for how in 'load' 'rerun' 'verify'; do
	dwh "$how" --allow-unverified
	is "$ST" 8 "a MISMATCH, dwh $how --allow-unverified: exit code 8"
done
like "$OUT" 'MISMATCH staging_songs.*: it was committed as MISMATCH' 'dwh verify names it'
dwh load --allow-unverified
like "$ERR" '1 shard\(s\) of staging_songs are a MISMATCH.*--fresh' 'dwh load says what to do'
like "$OUT" '^Load all again: .*dwh run --fresh' 'and its report, too'
done_testing
