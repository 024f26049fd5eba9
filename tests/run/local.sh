# local.sh - what the tests of the services on one machine share: TAP, a folder, a look at them.
# shellcheck shell=sh disable=SC2034 # dwh, work and local are for the tests
set -u
dwh=${DWH:-$(cd "$(dirname "$0")/../.." && pwd)/build/release/dwh}
work=$(mktemp -d /tmp/dwh-test.XXXXXX) && chmod 755 "$work" && cd "$work" || exit 1
trap 'exec 2>/dev/null; wait; rm -rf "$work"' EXIT
local=$work/.dwh/local
export DWH_LOCAL_DIR="$work/.dwh"
n=0
ok() { # status, name
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	tail -n 3 out "$local"/*.log 2>/dev/null | cut -c1-300 | sed "s/^/# /"
}
is() { [ "$1" = "$2" ]; ok $? "$3${4:+ }${4:-}"; [ "$1" = "$2" ] || echo "# got '$1', wanted '$2'"; }
sql() { "$dwh" psql -AtXqc "$1"; }
until_true() { for _ in $(seq 500); do "$@" >/dev/null 2>&1 && return; sleep 0.02; done; return 1; }
nothing_left() { # every process of the services holds this lock
	flock -n "$local/services.lock" true && flock -n "$local/keeper.lock" true &&
		[ ! -e "$local/state.json" ] && ! pgrep -f -- "$work/.dwh" >/dev/null
}
state() { sed -n "s/.*\"$1\": \"\\{0,1\\}\\([^\",]*\\).*/\\1/p" "$local/state.json"; }
