# shellcheck shell=bash disable=SC2034,SC2154
# held_copy.sh - for tests of ENGINE = redshift: something happens between the listing and the COPY.
. "$(dirname "$0")/lib.sh"

shards_cut() { journal | jq -s '[.[] | select(.t == "task" and .kind == "copy")] | length'; }
# All shards are cut, and a COPY waits: for a table that each looks at before it begins.
waits() { [ "$(sql "select count(*) from pg_locks where not granted")" -gt 0 ] && [ "$(shards_cut)" = "$1" ]; }

# during SHARDS COMMAND...: a load of so many shards, which are listed and not copied yet; COMMAND is
# done then
during() {
	dwh create --fresh
	rm -f "$T/hold"
	mkfifo "$T/hold"
	rs -q <"$T/hold" >"$T/held" 2>&1 &
	exec 7>"$T/hold"
	printf '%s\n' 'begin; lock table dwh.load_errors; \echo held' >&7
	until_true 10 grep -q held "$T/held"
	"$DWH" run -c "$T/dwh.cfg" --json >"$T/out" 2>"$T/run.err" &
	RUN=$!
	until_true 20 waits "$1"
	ok $? "$2: between the listing and the COPY"
	"${@:2}"
	echo 'commit;' >&7
	exec 7>&-
	wait $RUN
	ST=$?
}
