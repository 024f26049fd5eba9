#!/usr/bin/env bash
# What a person types, and what comes back on which descriptor with which status.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

"$DWH" --fresh -w 2 --json config >out 2>err
is $? 1 "an option that the command does not take, before its name"
like "$(cat err)" 'dwh config takes no --workers: see `dwh config --help`' "is named with the command"
"$DWH" -w 2 plan >out 2>err
is $? 0 "an option that it takes may stand before its name"
like "$(cat out)" '^Model sparkify, 2 workers' "and counts"
"$DWH" config -w 2 >out 2>err
is $? 1 "behind it they are refused in the same way"
"$DWH" --frsh run >out 2>err
like "$(cat err)" 'unknown option --frsh: did you mean --fresh' "an unknown one before the command is met with the nearest"

for of in run s3d data; do
	"$DWH" "$of" --help >out 2>err
	is "$? $(head -n 1 out | grep -c "^usage: dwh .*$of") $(wc -c <err)" "0 1 0" "dwh $of --help is a usage on stdout"
	"$DWH" help "$of" >out2 2>err
	cmp -s out out2
	ok $? "and so is dwh help $of"
done
"$DWH" s3d --help >out 2>err
is "$(grep -cE '^  --(root|key-file|port|listen|latency|fault) ' out)" 6 "that of s3d tells its options"
"$DWH" help psql >out 2>err
like "$(cat out)" '^usage: dwh .*psql' "dwh help psql is ours"
"$DWH" psql --help >out 2>err
like "$(cat out)" 'PostgreSQL interactive terminal' "dwh psql --help is psql's"
"$DWH" help rnu >out 2>err
is "$? $(grep -c 'did you mean run' err)" "1 1" "help for what is no command"

for args in --help help config "run --help"; do
	# shellcheck disable=SC2086
	"$DWH" $args >/dev/full 2>err
	is "$? $(grep -c 'cannot write the result: No space left' err)" "12 1" "dwh $args into a full disk"
done

local_config
mkdir -p buckets/sparkify
{ "$DWH" -c dwh.cfg run --set LOAD.MODEL=./none; echo $? >status; } 2>err | true
is "$(cat status)" 2 "a run that failed keeps its status when nobody reads"
mkdir -p m/create
echo 'CREATE TABLE IF NOT EXISTS :"relation" (x INTEGER);' >m/create/t.sql
{ "$DWH" -c dwh.cfg run -q --set LOAD.MODEL=./m; echo $? >status; } 2>err | true
is "$(cat status) $(cat err)" "0 " "a run whose reader left keeps its status and says nothing"
done_testing
