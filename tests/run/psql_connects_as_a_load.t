#!/usr/bin/env bash
# dwh psql goes where a load goes: by the configuration, and where that is silent, by the user's own
# variables. A psql that tells its environment stands for the real one.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir bin
cat >bin/psql <<'SH'
#!/bin/sh
for v in "$@"; do eval "echo \"$v=\${$v-unset}\""; done
SH
chmod +x bin/psql
says() { # says NAME VARIABLE=VALUE...: configuration in dwh.cfg
	local name=$1 got vars=()
	shift
	for v in "$@"; do vars+=("${v%%=*}"); done
	got=$("$DWH" -c dwh.cfg psql "${vars[@]}" 2>err)
	is "$got" "$(printf '%s\n' "$@")" "$name"
}
umask 077
config() {
	printf '[LOCAL]\nPG_BIN = %s\nDIR = %s\n[WAREHOUSE]\nENGINE = postgres\n' "$T/bin" "$T/.dwh"
	cat
} >dwh.cfg

config <<'E2'
SCHEMA = my "odd" schema
SSLMODE = require
[CLUSTER]
HOST = db.example.com
DB_NAME = music
DB_USER = loader
DB_PASSWORD = p%40ss
DB_PORT = 5433
E2
export PGHOSTADDR=10.0.0.1 PGSERVICE=other PGSSLMODE=disable PGUSER=me PGDATABASE=mine PGOPTIONS='-c work_mem=1MB'
says "[CLUSTER] wins over the user's own" PGHOST=db.example.com PGHOSTADDR=unset PGSERVICE=unset \
	PGPORT=5433 PGDATABASE=music PGUSER=loader PGPASSWORD=p%40ss PGSSLMODE=require \
	'PGOPTIONS=-c work_mem=1MB -c search_path="my\ ""odd""\ schema"'
config <<'E2'
[DWH]
DWH_ENDPOINT = old.example.com
DB = old
DB_USER = someone
DB_PASSWORD = Passw0rd
E2
says "[DWH] where there is no [CLUSTER]" PGHOST=old.example.com PGPORT=5432 PGDATABASE=old \
	PGUSER=someone PGPASSWORD=Passw0rd PGSSLMODE=disable 'PGOPTIONS=-c work_mem=1MB -c search_path="public"'
config <<'E2'
[CLUSTER]
HOST = db.example.com
E2
export PGPASSWORD=mine
says "what the configuration leaves open is the user's, or the original's default" \
	PGHOST=db.example.com PGUSER=dwhuser PGDATABASE=dwh PGSSLMODE=disable PGPASSWORD=mine
done_testing
