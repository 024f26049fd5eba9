#!/bin/bash
# ENGINE = postgres: a PostgreSQL with passwords and an S3 server that were there before, manifests
# in a bucket or in a folder, keys from each place where AWS's tools look, two supervisors.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
want='8056 1168 38 105 1168 1108 8023'

# ---- manifests in a bucket ----

dwh run --json
is "$ST" 0 'a load'
is "$ERR" "$(grep -v warning "$T/err")" 'without a warning'
is "$(counts)" "$want" 'counts'
sums=$(checksums)
is "$(find "$T/buckets/manifests" -name '*.manifest' | sed "s|$T/buckets/||; s|[^/]*$||" | sort | uniq -c |
	tr -s ' \n' ' ')" ' 1 manifests/of/tests/public.staging_events/ 2 manifests/of/tests/public.staging_songs/ ' \
	'its manifests are in the bucket'
manifest=$(find "$T/buckets/manifests" -name '*.manifest' | sort | head -n 1)
is "$(sha256sum <"$manifest" | cut -c1-32)" "$(basename "$manifest" .manifest)" 'named by their digest'
is "$(jq -c '[(.entries | length), .entries[0].mandatory, .entries[0].url]' "$manifest")" \
	'[30,true,"s3://sparkify/log_data/2018/11/2018-11-01-events.json"]' 'and in the form that COPY reads'
is "$(jq '[.shards[].manifest | startswith("s3://manifests/of/tests/public.")] | all' <<<"$OUT")" true \
	'the report tells where they are'
dwh run --json
is "$(jq -c '[.exit, .totals.shards]' <<<"$OUT")" '[0,0]' 'a second run loads nothing'
is "$(checksums)" "$sums" 'and changes nothing'
rm "$manifest"
dwh run
is "$ST" 5 'a manifest that is gone: exit code 5'
like "$ERR" "manifest s3://manifests/of/tests/.*restore it, or load all again with --fresh" 'and the remedy'
is "$(checksums)" "$sums" 'nothing is loaded twice for that'

# ---- manifests in a folder ----

sed -i '/^MANIFESTS/d' "$T/dwh.cfg"
dwh run --fresh --json
is "$ST" 0 'a load without [S3] MANIFESTS'
is "$(jq "[.shards[].manifest | startswith(\"file://$T/.dwh/manifests/\")] | all" <<<"$OUT")" true \
	'its manifests are in a folder'
is "$(checksums)" "$sums" 'the same rows'
dwh run --json
is "$(jq -c '[.exit, .totals.shards]' <<<"$OUT")" '[0,0]' 'a second run loads nothing'
mv "$T/.dwh/manifests" "$T/elsewhere"
dwh run
is "$ST" 3 'without that folder: exit code 3'
like "$ERR" "manifest file://.*restore it, or load all again with --fresh" 'and the remedy'
is "$(checksums)" "$sums" 'nothing is loaded twice for that'
mv "$T/elsewhere" "$T/.dwh/manifests"

# ---- keys, from each place ----

loads() { # loads NAME: all anew
	dwh run --fresh
	is "$ST" 0 "$1"
	is "$(counts)" "$want" "$1: counts"
}
chmod 644 "$T/dwh.cfg"
loads 'a configuration that others can read'
like "$ERR" "warning: .*$T/dwh.cfg.*chmod 600" 'is warned of'

postgres_config without-keys
dwh run
is "$ST" 2 'no keys anywhere: exit code 2'
like "$ERR" 'no AWS key: not in .*\[AWS\].*AWS_ACCESS_KEY_ID.*profile default of .*/.aws/credentials' \
	'and every place is named'
export AWS_ACCESS_KEY_ID=$S3_ID AWS_SECRET_ACCESS_KEY=$S3_SECRET
loads 'keys in the environment'
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
mkdir "$T/.aws"
printf '[default]\naws_access_key_id = x\naws_secret_access_key = y\n[here]\naws_access_key_id = %s
aws_secret_access_key = %s\n' "$S3_ID" "$S3_SECRET" >"$T/.aws/credentials"
export AWS_PROFILE=here
loads 'keys in a profile named by AWS_PROFILE'
unset AWS_PROFILE
loads_profile() { loads 'keys in a profile named by [AWS] PROFILE'; }
DWH_AWS_PROFILE=here loads_profile
dwh run
is "$ST" 2 'the keys of the default profile are wrong: exit code 2'
like "$ERR" 'profile default \(.*/.aws/credentials\)' 'and the place is named'
stop_s3d
own_s3d --anonymous
dwh run --fresh --set AWS.ANONYMOUS=yes
is "$ST" 0 'no keys for a public bucket'

# ---- the password, from each place ----

postgres_config
sed -i '/^DB_PASSWORD/d' "$T/dwh.cfg"
dwh run
is "$ST" 4 'no password: exit code 4'
like "$ERR" 'no password supplied.*DB_PASSWORD' 'and the remedy'
DWH_CLUSTER_DB_PASSWORD=$PG_PASSWORD loads 'a password in DWH_CLUSTER_DB_PASSWORD'
PGPASSWORD=$PG_PASSWORD loads 'a password in PGPASSWORD'
is "$(left_running | grep -E 'dwh: |psql' )" '' 'nothing is left running'

# ---- two supervisors of one warehouse ----
# The second sees that the first is alive and stops. Asked to, it ends the first one's sessions and
# takes the relations over; the first begins nothing else, and says why. No row is loaded twice.

stop_s3d
own_s3d --latency 20ms
postgres_config
rm -rf "$T/.dwh"
"$DWH" run -c "$T/dwh.cfg" --fresh --set LOAD.CONNECTIONS=4 --set LOAD.SHARD_OBJECTS=100 \
	>"$T/first.out" 2>"$T/first.err" &
RUN=$!
copied() { [ "$(journal | grep -c '"t":"done".*"verdict":"VERIFIED"')" -ge 2 ]; }
until_true 10 copied
ok $? 'a supervisor loads'
dwh run --set LOCAL.DIR="$T/second" --set LOAD.SHARD_OBJECTS=170
is "$ST" 3 'a second supervisor stops'
like "$ERR" 'run 2[-0-9a-fT]* is alive elsewhere: [0-9]+ session\(s\), the first from this machine since 20.*--take-over' \
	'and says which run, since when, and what to do'
dwh drop --set LOCAL.DIR="$T/second"
is "$ST" 3 'nor does it drop anything'
kill -0 $RUN
ok $? 'the first one goes on'
dwh run --set LOCAL.DIR="$T/second" --set LOAD.SHARD_OBJECTS=170 --take-over
is "$ST" 0 'asked to, it takes over'
like "$ERR" 'took over from run 2[-0-9a-fT]*: [0-9]+ of its sessions were ended' 'and says so'
wait $RUN
is $? 3 'the first one ends with exit code 3'
like "$(cat "$T/first.err")" "public\.[a-z_]* now belongs to another run \(2.*\): this one stops" \
	'and says why'
is "$(counts)" "$want" 'counts'
is "$(checksums)" "$sums" 'the same rows'
is "$(sql "select sum(row_count), sum(objects) from dwh.ledger l
	join dwh.target using (relation, generation)")" '9224|1198' 'each object was loaded once'

# A load writes dwh.load_errors, then dwh.ledger. On Redshift who locks them the other way round waits in
# a circle.
sql "alter role loader set log_statement = 'mod'; alter role loader set log_min_messages = 'log'"
: >"$T/pg.log"
dwh drop
is "$ST" 0 'drop'
is "$(sed -nE 's/^.*: DELETE FROM dwh\.(load_errors|ledger) WHERE relation = .1$/\1/p' "$T/pg.log" | head -n 2 | paste -sd' ')" \
	'load_errors ledger' 'deletes in the order of a load'
done_testing
