#!/bin/bash
# No secret is ever in a log, a report, a journal, an argument, a title or a message, whether the
# load succeeds or fails, whether the secrets come from a file or from the environment.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d --latency 5ms
postgres_config

# What must not be seen: whole, or as the core of an escaped form.
HIDDEN=("$S3_SECRET" 'Secret+of/40' "$PG_PASSWORD" 'p%40ss' T0KENT0KENT0KEN WRONGSECRETWRONG WRONGPASSWORD)
leaks() { # files under $T/seen and of the runs that hold one
	for s in "${HIDDEN[@]}"; do
		grep -rlF -e "$s" "$T/seen" "$T/.dwh" 2>/dev/null | sed "s|^|$s in |"
	done
}
mkdir "$T/seen"
touch "$T/watch"
(
	while [ -e "$T/watch" ]; do
		for p in $(left_running | cut -d' ' -f1); do cat "/proc/$p/cmdline" "/proc/$p/comm"; done
		sleep 0.02
	done >>"$T/seen/processes" 2>/dev/null
) &
WATCH=$!
n=0
run() { # run CODE NAME COMMAND...: and all that it says is kept
	dwh "${@:3}"
	is "$ST" "$1" "$2: exit code $1"
	n=$((n + 1))
	printf '%s\n%s\n' "$OUT" "$ERR" >"$T/seen/said.$n"
	is "$(leaks)" '' "$2: no secret is seen"
}

# ---- in the file ----

run 0 'a load' run
run 0 'a report as JSON' report --json
run 0 'a report as a page' report --html -
run 0 'the plan' plan
run 0 'the configuration' config
like "$OUT" 'CLUSTER.DB_PASSWORD = \*+ ' 'which shows that there is one'
run 0 'the configuration as JSON' config --json
run 0 'a query' query top_songs
dwh psql -XAtc 'select 1'
is "$OUT" 1 'psql'
DWH_AWS_SECRET=WRONGSECRETWRONG run 2 'a wrong secret' run
DWH_CLUSTER_DB_PASSWORD=WRONGPASSWORD run 4 'a wrong password' run
echo 'x = y' >>"$T/dwh.cfg"
run 2 'a configuration with a mistake' run
postgres_config
sed -i "s|^SECRET = |SECRET |" "$T/dwh.cfg"
run 2 'a mistake in the very line' run
postgres_config
sed -i "s|^SECRET = \(.*\)|SECRET = \1 and more|" "$T/dwh.cfg"
run 2 'a secret that cannot be one' run
sed -i "s|^SECRET = .*|SECRET = $(printf "$S3_SECRET%.0s" {1..6})|" "$T/dwh.cfg"
run 2 'a secret that is too long' run
postgres_config

# ---- in the environment ----

postgres_config without-keys
sed -i '/^DB_PASSWORD/d' "$T/dwh.cfg"
export AWS_ACCESS_KEY_ID=$S3_ID AWS_SECRET_ACCESS_KEY=$S3_SECRET PGPASSWORD=$PG_PASSWORD
run 0 'keys and password in the environment' run --fresh
export AWS_SESSION_TOKEN=T0KENT0KENT0KEN
run 2 'with a session token that the server does not know' run --fresh
unset AWS_SESSION_TOKEN PGPASSWORD
export DWH_CLUSTER_DB_PASSWORD=$PG_PASSWORD DWH_AWS_TOKEN=T0KENT0KENT0KEN
run 0 'the configuration from the environment' config
unset DWH_AWS_TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export DWH_AWS_KEY=$S3_ID DWH_AWS_SECRET=$S3_SECRET
run 0 'variables of our own' run --fresh
export DWH_CRASH_AT=copy:while-copying DWH_CRASH_ONCE=$T/crashed
run 0 'a worker that is killed' run --fresh
unset DWH_CRASH_AT DWH_CRASH_ONCE DWH_AWS_KEY DWH_AWS_SECRET DWH_CLUSTER_DB_PASSWORD

# ---- where the tools of AWS and PostgreSQL look ----

mkdir -m 700 "$T/.aws"
(umask 077 && printf '[work]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$S3_ID" "$S3_SECRET" \
	>"$T/.aws/credentials")
(umask 077 && echo "*:*:*:loader:$PG_PASSWORD" >"$T/.pgpass")
AWS_PROFILE=work run 0 'a profile and ~/.pgpass' run --fresh
AWS_PROFILE=work run 0 'a rerun' rerun --json
AWS_PROFILE=work run 0 'a recount' verify --json
AWS_PROFILE=work run 0 'what is in quarantine' quarantine list
AWS_PROFILE=work run 0 'a validation' load --validate
direct 'create database dwh_bench'
AWS_PROFILE=work run 0 'a benchmark' bench --database dwh_bench -w 1 --runs 1 --warmup 0
(umask 077 && sed -i "s|^aws_secret_access_key.*|aws_secret_access_key = WRONGSECRETWRONG|" "$T/.aws/credentials")
AWS_PROFILE=work run 2 'a wrong secret in a profile' run --fresh
(umask 077 && sed -i '2s/=/is/' "$T/.aws/credentials")
AWS_PROFILE=work run 2 'a profile with a mistake' run --fresh
(umask 077 && echo '*:*:*:loader:WRONGPASSWORD' >"$T/.pgpass")
AWS_PROFILE=work run 4 'a wrong password in ~/.pgpass' check
rm -r "$T/.aws" "$T/.pgpass"

# ---- the key of the local engine ----

local_config
HOLD=$T/.dwh
rm -rf "$HOLD"
dwh run
is "$ST" 0 'the local engine: a load'
mapfile -t key <"$T/.dwh/local/key"
[ ${#key[1]} -ge 20 ]
ok $? 'the local engine: has a secret of its own'
printf '%s\n%s\n' "$OUT" "$ERR" >"$T/seen/local"
is "$(stat -c %a "$T/.dwh/local/key")" 600 'which is for its owner alone'
is "$(grep -rlF -e "${key[1]}" "$T/seen" "$T/.dwh" | grep -v -e /local/key$ -e /local/state.json$)" '' \
	'and nowhere else'
dwh psql -XAtc 'select 1'
is "$(stat -c %a "$T/.dwh/local")" 700 'nobody else enters its folder'
rm "$T/watch"
wait $WATCH
[ "$(tr '\0' '\n' <"$T/seen/processes" | grep -c 'dwh: worker')" -gt 20 ]
ok $? 'the titles of workers were looked at'
like "$(tr '\0' '\n' <"$T/seen/processes" | sort -u)" 'dwh: worker [0-9]+ copy staging_songs [0-9a-f]{8}' \
	'while they copied'
is "$(leaks)" '' 'and no secret was seen'

# Here it is the user who shows the secret, on a command line: only what is said of it is looked at,
# after the watcher of processes has ended.
run 2 'a secret as an argument' run --set CLUSTER.DB_PASSWORD=WRONGPASSWORD
run 1 'a mistyped option' run "--ste=AWS.SECRET=$S3_SECRET"
like "$ERR" 'unknown option --ste: did you mean --set\?' 'which is told by its name'
done_testing
