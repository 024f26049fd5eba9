#!/bin/bash
# INT and TERM are heard wherever `dwh cluster` and --ephemeral wait: for a key, a password, the list of
# an object, a warehouse that does not answer, the COPY that proves the role. What ignored a signal when
# it was started, as under nohup, goes on.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take creating=5 --take interface=1

# start VERB OPTION...: in the background, as from a terminal; what it says is in $T/talk
start() {
	"${FROM_TERMINAL[@]}" "$DWH" "$@" -c "$T/dwh.cfg" >"$T/out" 2>"$T/talk" &
	PID=$!
}
# hears SIGNAL STATUS NAME: it ends with that, although what it waits for does not come
hears() {
	kill -s "$1" "$PID"
	until_true 10 not_there "$PID" || kill -KILL "$PID"
	wait "$PID" 2>/dev/null
	is $? "$2" "$3: $1 is heard, exit code $2"
}
asked_for() { test -s "$T/asked"; }

# ---- keys ----

printf '#!/bin/sh\necho >>"%s/asked"\nexec sleep 600\n' "$T" >"$T/keys.sh"
chmod +x "$T/keys.sh"
mkdir -p "$T/.aws"
printf '[profile slow]\ncredential_process = %s/keys.sh\n' "$T" >"$T/.aws/config"
cp -p "$T/dwh.cfg" "$T/kept.cfg"
sed -i -e '/^KEY/d' -e '/^SECRET/d' "$T/dwh.cfg"
for signal in INT:130 TERM:143; do
	rm -f "$T/asked"
	AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' AWS_PROFILE=slow start cluster status
	until_true 30 asked_for
	hears "${signal%:*}" "${signal#*:}" 'a program that gives no key'
done
mv "$T/kept.cfg" "$T/dwh.cfg"

# ---- the last proof ----

dwh cluster up
is "$ST" 0 'a cluster is there'
is "$(grep -c 'not proved' <<<"$ERR")" 0 'and its role is proved'
fail_next ListObjectsV2 hold
start cluster up
until_true 30 held
hears INT 130 'the list of an object'
like "$(cat "$T/talk")" 'stopped by signal 2' 'which is said'
double_post calm >/dev/null

kill -STOP "$REDSHIFTD"
# Somebody is connected to the warehouse.
logs_in() { grep -q ":$(printf %04X "$REDSHIFT_PORT") 01 " /proc/net/tcp; }
for verb in 'up INT 130' 'wait TERM 143'; do
	# shellcheck disable=SC2086
	set -- $verb
	start cluster "$1" --set WAREHOUSE.CONNECT_TIMEOUT=60
	until_true 30 logs_in
	hears "$2" "$3" "a warehouse that does not answer ($1)"
done
kill -CONT "$REDSHIFTD"

# Behind the warehouse stands another S3, which takes what it is asked and says nothing.
"$DWH" s3d --root "$T/buckets" --key-file "$T/s3d.key" --port 0 >"$T/still.ready" 2>>"$T/s3d.log" &
STILL=$!
disown
until_true 10 grep -q ready "$T/still.ready"
stop_redshiftd
FIRST_PORT=$S3_PORT
S3_PORT=$(sed -n 's/^s3d ready //p' "$T/still.ready")
cluster_redshiftd "$CLUSTER_PASSWORD"
S3_PORT=$FIRST_PORT
kill -STOP "$STILL"
BEFORE=$(direct 'select clock_timestamp()') # sessions of those that were killed may be there still
copies() {
	direct "select 1 from pg_stat_activity where pid <> pg_backend_pid() and query_start > '$BEFORE'
		and (state = 'idle in transaction' or query ilike '%dwh_role_probe%')" | grep -q 1
}
start cluster up
until_true 30 copies
is $? 0 'the proof is at work'
hears INT 130 'a COPY that takes its time'
like "$(cat "$T/talk")" 'stopped by signal 2' 'which is said'
like "$(cat "$T/talk")" 'cluster down. removes it' 'and what removes the cluster'
kill -CONT "$STILL"
kill "$STILL"
stop_redshiftd
cluster_redshiftd "$CLUSTER_PASSWORD"

# ---- down ----

fail_next GetCallerIdentity hold
start cluster down
until_true 30 held
hears INT 9 'down, before it has begun'
like "$(cat "$T/talk")" 'stopped by signal 2: nothing was removed; .*cluster down. does it' 'nothing was removed, and what does it'
double_post release '{"drop": true}' >/dev/null
double_post calm >/dev/null
fail_next DeleteRole hold
start cluster down
until_true 30 held
hears TERM 9 'down, between two parts'
double_post release '{"drop": true}' >/dev/null
double_post calm >/dev/null
is "$(grep -oE '(is left|may be left|cost money): .*; by hand|`[^`]* cluster down. removes what is left' "$T/talk" | sed 's/`.* cluster/cluster/')" \
	'is left: role dwhRole; by hand
may be left: bucket dwh-123456789012-us-west-2-dwh-cluster; by hand
may be left: security group dwh-dwh-cluster; by hand
cluster down` removes what is left' 'what is left, what may be, and what removes it; not the cluster, which is gone'
removes 'what was made'

# ---- the password that AWS keeps ----

cp -p "$T/dwh.cfg" "$T/kept.cfg"
sed -i '/^DB_PASSWORD/d' "$T/dwh.cfg"
fail_next GetSecretValue hold
start cluster up
until_true 30 held
is $? 0 'the password is asked for'
hears TERM 9 'a password that does not come'
double_post release '{"drop": true}' >/dev/null
double_post calm >/dev/null
removes 'what was made'
mv "$T/kept.cfg" "$T/dwh.cfg"

# ---- --ephemeral ----

kill -STOP "$REDSHIFTD"
start run --ephemeral --set WAREHOUSE.CONNECT_TIMEOUT=60
until_true 30 logs_in
hears TERM 143 '--ephemeral'
is "$(left)" '' 'and nothing is left'
kill -CONT "$REDSHIFTD"

# ---- what is ignored ----

# deaf SIGNAL PROGRAM...: as nohup does
deaf() {
	(
		trap '' "$1"
		exec "${@:2}" -c "$T/dwh.cfg"
	) >"$T/out" 2>"$T/talk" &
	PID=$!
}
for signal in HUP INT; do
	fail_next CreateCluster hold-after
	deaf $signal "$DWH" cluster up
	until_true 30 held
	kill -s $signal $PID
	double_post release >/dev/null
	wait $PID
	is $? 0 "cluster up: $signal that is ignored stays so"
	dwh cluster down
done
fail_next CreateCluster hold-after
deaf HUP "$DWH" run --ephemeral --fresh
until_true 30 held
kill -HUP $PID
double_post release >/dev/null
wait $PID
is "$? $(left)" '0 ' '--ephemeral: HUP that is ignored stays so, and all goes well'
like "$(cat "$T/out")" 'Loaded 1,198 objects' 'it has loaded'
done_testing
