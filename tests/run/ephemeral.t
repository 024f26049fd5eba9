#!/bin/bash
# dwh run --ephemeral: a warehouse for one run, removed whatever the end of the run is. Where that
# fails, the exit code is 9, and what may still cost money is named.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0

# ---- before anything is made ----

dwh run --ephemeral --set WAREHOUSE.ENGINE=local
is "$ST" 2 'the local engine needs no cluster: exit code 2'
dwh run --ephemeral --set CLUSTER.HOST=warehouse.example
is "$ST" 2 'a warehouse that is named: exit code 2'
like "$ERR" '\[CLUSTER\] HOST names one' 'which key names it'
dwh run --max-hours 3
is "$ST" 1 'options of the cluster need --ephemeral'
dwh run --ephemeral --max-hours never
is "$ST" 1 'a number that is none'
dwh run --ephemeral --set LOAD.MODEL=./nosuch
is "$ST" 2 'a run that cannot be: exit code 2'
like "$ERR" 'nosuch' 'which says what is wrong of it'
dwh run --ephemeral --set S3.SONG_DATA=s3://no-such-bucket/x
is "$ST" 5 'a bucket that is not there: exit code 5, that of a run'
like "$ERR" '\[S3\] SONG_DATA.*no-such-bucket.*the bucket does not exist' 'which is named'
dwh run --ephemeral --set S3.LOG_DATA=s3://sparkify/nothing
is "$ST" 5 'a source without objects: exit code 5'
like "$ERR" '\[S3\] LOG_DATA: there are no objects under s3://sparkify/nothing' 'which is named'
fail_next ListObjectsV2 deny
dwh run --ephemeral
is "$ST" 5 'a source that may not be listed: exit code 5'
double_post calm >/dev/null
is "$(calls | grep -c Create)" 0 'nothing was made'

# ---- all goes well ----

dwh run --ephemeral
is "$ST" 0 'a run'
like "$OUT" 'Loaded 1,198 objects' 'its report is on stdout'
is "$(grep -c '^The most played artists' <<<"$OUT")" 1 'and the answers to the queries, once'
is "$(grep -c '^makes' <<<"$OUT") $(grep -c '^makes' <<<"$ERR")" '0 4' 'what is made is talk'
like "$ERR" 'nothing is left of dwh-cluster' 'and that nothing is left, too'
is "$(left)" '' 'nothing is left'
hours=$(calls_json | jq -r '[.[] | select(.action == "CreateCluster" and .outcome == "ok")] | last | .args
	| [.. | strings | select(test("^20..-..-..T"))][0] | fromdate')
is "$(((hours - $(date +%s) + 1800) / 3600))" 12 'it might have been reaped after 12 hours'
dwh run --ephemeral --json --fresh
is "$ST $(jq .totals.objects <<<"$OUT")" '0 1198' '--json: stdout is the report alone'
is "$(left)" '' 'nothing is left'
for where in '/dev/full' '&-'; do
	eval '"$DWH" run --ephemeral --fresh --json -c "$T/dwh.cfg" 2>'"$where"' >"$T/report"'
	is "$? $(left) $(jq .totals.objects "$T/report")" '0  1198' "stderr is $where: the run is what it is"
done

# ---- it does not ----

dwh run --ephemeral --fresh --set S3.LOG_JSONPATH=s3://sparkify/nothing
is "$([ "$ST" != 0 ] && [ "$ST" != 9 ]; echo $?)" 0 "the run fails: its exit code ($ST)"
is "$(left)" '' 'nothing is left'
fail_next CreateCluster deny
dwh run --ephemeral
is "$ST" 4 'up fails: the exit code is that of the cause'
is "$(left)" '' 'as nothing is left'
is "$(grep -c 'stays' <<<"$ERR")" 0 'nor does it say that anything stays'
like "$ERR" 'nothing is left of dwh-cluster' 'and it says so'

# ---- what is there already is not removed ----

# Whatever is loaded into today: what is made is a Redshift.
dwh cluster up --set WAREHOUSE.ENGINE=local
is "$ST" 0 'up with the local engine: exit code 0'
like "$ERR" 'ENGINE is local: set it to redshift, then .dwh run. loads into it' 'and what to set'
is "$(grep -c 'is not proved' <<<"$ERR")" 0 'the role is proved'
DWH_DWH_DB_PASSWORD=Another1Password dwh cluster up
is "$ST" 4 'another password than that of the cluster: exit code 4'
like "$ERR" 'authentication failed.*: check \[DWH\] DB_USER, DB_PASSWORD and DB' 'the keys of [DWH] are named'
is "$(grep -c '\[CLUSTER\]' <<<"$ERR")" 0 'and no others'
dwh run --ephemeral
is "$ST" 3 'a cluster that is there: exit code 3'
like "$ERR" 'cluster dwh-cluster is there already.*dwh run. alone loads into it' 'and what to do'
is "$(left)" "$ALL" 'it is left alone'
dwh cluster down

# ---- keys that nobody renews ----

# expires SECONDS: the run's keys are the environment's, and expire then
expires() {
	cp -p "$T/dwh.cfg" "$T/kept.cfg"
	sed -i -e '/^KEY/d' -e '/^SECRET/d' "$T/dwh.cfg"
	AWS_ACCESS_KEY_ID=$S3_ID AWS_SECRET_ACCESS_KEY=$S3_SECRET \
		AWS_CREDENTIAL_EXPIRATION=$(date -u -d "+$1 seconds" +%FT%TZ) dwh run --ephemeral --fresh
	mv "$T/kept.cfg" "$T/dwh.cfg"
}
expires 3000
is "$ST" 0 'keys that expire in less than an hour: it runs'
like "$ERR" 'the keys from environment expire at 20.*, and cannot be renewed: the warehouse could not be removed' 'but warns'
is "$(grep -nE 'keys from environment expire|making' <<<"$ERR" | head -n 1 | grep -c making)" 0 'before anything is made'
expires 9000
is "$ST $(grep -c 'keys from environment' <<<"$ERR")" '0 0' 'keys that live longer: nothing is said'

# ---- removing fails ----

fail_next DeleteCluster deny -1
dwh run --ephemeral
is "$ST" 9 'it cannot be removed: exit code 9'
like "$ERR" 'may still cost money: cluster dwh-cluster; by hand: aws redshift delete-cluster' 'what is left'
like "$(tail -n 1 <<<"$ERR")" 'cluster down. removes' 'and the command'
double_post calm >/dev/null
removes 'what could not be removed'

done_testing
