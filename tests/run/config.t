#!/bin/bash
# `dwh config`: files as the original's users have them, the variables, --set; each value with its
# origin, no secret.
. "$(dirname "$0")/lib.sh"
G=$TOP/tests/golden/config
cp "$G/original.cfg" "$G/quoted.cfg" "$T"
chmod 600 "$T"/*.cfg

config() { # config FILE ARGS...: from the folder of the file, so that origins are short
	OUT=$("$DWH" config -c "$1" "${@:2}" 2>"$T/err")
	ST=$?
	ERR=$(cat "$T/err")
}
value() { grep "^$1 = " <<<"$OUT" | tr -s ' '; }

config original.cfg
is "$ST" 0 "the original's configuration"
is "$OUT" "$(cat "$G/original.txt")" 'is understood'
is "$ERR" '' 'without a warning'
is "$(grep -c -e Passw0rd -e wJalr -e AKIA <<<"$OUT")" 0 'and without a secret'
config quoted.cfg
is "$(sed 's/# quoted.cfg:.*/# quoted.cfg/' <<<"$OUT")" \
	"$(sed 's/# original.cfg:.*/# quoted.cfg/' "$G/original.txt")" \
	'with quotes, blanks, comments and names in other cases it is the same'
config original.cfg --json
is "$(jq -r '.[] | .section + "." + .key + " = " + (.value // "") + " # " + .origin' <<<"$OUT")" \
	"$(tr -s ' ' <"$G/original.txt" | sed 's/ = # / =  # /')" 'as JSON it is the same'
is "$(jq -c '[.[] | select(.secret) | .key] | sort' <<<"$OUT")" \
	'["DB_PASSWORD","DB_PASSWORD","KEY","SECRET","TOKEN"]' 'which knows what is secret'

# ---- what wins ----

export DWH_CLUSTER_HOST=other.example DWH_DWH_NUM_NODES=8 DWH_LOAD_WORKERS=3 DWH_CLUSTER_DB_PASSWORD=hush
config original.cfg --set LOAD.WORKERS=5 --set load.shard_bytes=1MiB --set S3.CLICKS=s3://mine/clicks
is "$(value CLUSTER.HOST)" 'CLUSTER.HOST = other.example # environment DWH_CLUSTER_HOST' \
	'a variable wins over the file'
is "$(value DWH.NUM_NODES)" 'DWH.NUM_NODES = 8 # environment DWH_DWH_NUM_NODES' 'also in [DWH]'
is "$(value CLUSTER.DB_PASSWORD)" 'CLUSTER.DB_PASSWORD = **** # environment DWH_CLUSTER_DB_PASSWORD' \
	'a secret in a variable stays one'
is "$(value LOAD.WORKERS)" 'LOAD.WORKERS = 5 # --set LOAD.WORKERS' '--set wins over a variable'
is "$(value LOAD.SHARD_BYTES)" 'LOAD.SHARD_BYTES = 1MiB # --set load.shard_bytes' 'in any case of letters'
is "$(value S3.CLICKS)" 'S3.CLICKS = s3://mine/clicks # --set S3.CLICKS' "a source of one's own"
is "$(value CLUSTER.DB_NAME)" 'CLUSTER.DB_NAME = dwh # original.cfg:21' 'the rest is the file'"'s"
config original.cfg --set LOAD.WORKERS=5 --set LOAD.WORKERS=6 --set CLUSTER.HOST=
is "$(value LOAD.WORKERS)" 'LOAD.WORKERS = 6 # --set LOAD.WORKERS' 'the last --set wins'
is "$(value CLUSTER.HOST)" 'CLUSTER.HOST = other.example # environment DWH_CLUSTER_HOST' 'an empty one is as if not given'
unset DWH_CLUSTER_HOST DWH_DWH_NUM_NODES DWH_CLUSTER_DB_PASSWORD
DWH_LOAD_WORKERS=many config original.cfg
is "$ST" 2 'a variable of the wrong type: exit code 2'
like "$ERR" 'DWH_LOAD_WORKERS.*LOAD.WORKERS is "many", must be a whole number' 'names the variable'
DWH_LOAD_WORKRES=3 config original.cfg
is "$ST" 2 'a misspelt variable: exit code 2'
like "$ERR" 'DWH_LOAD_WORKRES.*did you mean .*WORKERS' 'names the nearest'
unset DWH_LOAD_WORKERS

# ---- which file ----

cd "$T" || exit 1
OUT=$("$DWH" config 2>/dev/null)
is "$(grep -c '# default\|# not set' <<<"$OUT")" "$(wc -l <<<"$OUT")" 'without a file there are defaults'
cp original.cfg dwh.cfg
OUT=$("$DWH" config 2>/dev/null)
is "$(value DWH.DB)" 'DWH.DB = dwh # dwh.cfg:14' 'dwh.cfg is read where it lies'
config nosuch.cfg
is "$ST" 2 'a file that is not there: exit code 2'
like "$ERR" 'nosuch.cfg: No such file' 'and the message'
chmod 644 original.cfg
config original.cfg
is "$ST" 0 'secrets that others can read: a warning'
like "$ERR" 'warning: .*original.cfg.*chmod 600' 'with the remedy'
mkdir sub
printf '[LOCAL]\nDIR = here\n' >sub/x.cfg
"$DWH" create -c sub/x.cfg >/dev/null 2>"$T/err"
[ -d sub/here/runs ]
ok $? 'paths are relative to the file'
config original.cfg --set WAREHOUSE.ENGINE=redshift
is "$(value WAREHOUSE.SSLMODE)" 'WAREHOUSE.SSLMODE = verify-full # default' 'redshift: certificates are verified, and that is shown'
is "$(env -i "$DWH" config -c "$T/dwh.cfg" 2>&1 >/dev/null)/$?" /0 'an environment with nothing in it is one'
done_testing
