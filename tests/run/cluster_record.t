#!/bin/bash
# The record of a cluster cannot be written, or not be read: up makes nothing without it; down removes
# what has our tags, says what it could not write, and does not end with 0.
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$TOP/tests/run/cluster.sh"
unshare -rm sh -c 'mount -t tmpfs none /mnt' 2>/dev/null || skip_all 'no small disks: mounting is not allowed here'
small_data
cluster_warehouse
cluster_config
quick_aws --take role=0 --take interface=0

# on MOUNT ARGS...: dwh, with what that word says in the place of $T/.dwh/cluster
on() {
	OUT=$(unshare -rm sh -c '
		dir=$1/.dwh/cluster how=$2
		shift 2
		mkdir -p "$dir"
		case $how in
		read-only) mount --bind "$dir" "$dir" && mount -o remount,bind,ro "$dir" ;;
		small) mount -t tmpfs -o size=64k none "$dir" ;;
		full)
			cp -a "$dir" "$dir.kept"
			mount -t tmpfs -o size=64k none "$dir" && cp "$dir.kept"/* "$dir" 2>/dev/null
			rm -rf "$dir.kept"
			head -c 1m /dev/zero >"$dir/filler" 2>/dev/null
			;;
		esac
		exec "$@"' sh "$T" "$1" "$DWH" "${@:2}" -c "$T/dwh.cfg" 2>"$T/err")
	ST=$?
	ERR=$(cat "$T/err")
	return $ST
}

# ---- up ----

for how in read-only full; do
	on $how cluster up
	is "$ST $(left)" '3 ' "up, $how: exit code 3, and nothing is made"
	like "$ERR" 'cannot (open|write to) .*/cluster' 'it says why'
done

# ---- down ----

for how in read-only full; do
	filled
	# So much of its last block may be free.
	head -c 8192 /dev/zero | tr '\0' '\n' >>"$T/.dwh/cluster/dwh-cluster.jsonl"
	on $how cluster down
	is "$ST $(left)" '3 ' "down, $how: all of it goes; exit code 3"
	like "$ERR" 'warning: cannot (open|write to) .*; it goes on by the tags' 'it says how'
	like "$ERR" 'error: .*still says that the warehouse is there; mend that, and call .*cluster down' 'and what to do'
	like "$OUT" '^nothing is left of dwh-cluster' 'and that nothing is left'
	dwh cluster down
	is "$ST $(record | jq -r .what | grep . | tail -n 1)" '0 removed' 'down again writes it'
done
on read-only cluster down
is "$ST" 0 'where there is nothing to write, nothing is wrong'
filled
on read-only cluster down --set DWH.KIND=serverless
is "$ST $(left)" '3 ' 'of the other kind, too'

# ---- it cannot be read ----

dwh cluster up
rm "$T/.dwh/cluster/dwh-cluster.jsonl"
mkdir "$T/.dwh/cluster/dwh-cluster.jsonl"
dwh cluster up
is "$ST" 3 'up without being able to read it: exit code 3'
dwh cluster down
is "$ST $(left)" '9 ' 'down removes what has our tags; exit code 9'
like "$ERR" 'cannot read .*what it alone knows, .* may be left' 'as there may be more'
rmdir "$T/.dwh/cluster/dwh-cluster.jsonl"

# ---- a run of its own warehouse ----

# Its down is about to begin, and the disk is full.
fail_next GetCallerIdentity hold 1 2
on small run --ephemeral &
RUN=$!
until_true 60 held
is $? 0 'a run has loaded'
dir=$(for p in $(pids_of '.* run --ephemeral'); do echo "/proc/$p/root$T/.dwh/cluster"; done | head -n 1)
head -c 1m /dev/zero >"$dir/filler" 2>/dev/null
head -c 8192 /dev/zero | tr '\0' '\n' >>"$dir/dwh-cluster.jsonl" 2>/dev/null
double_post release >/dev/null
wait $RUN
is "$? $(left)" '0 ' 'what it could not write makes no failure of it'
like "$(cat "$T/err")" 'warning: cannot write to .*dwh-cluster.jsonl.*; it goes on by the tags' 'it is warned of'
done_testing
