#!/bin/sh
# Folders with long and odd names.
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

long=$(printf '%0120d' 0)
for name in "$long" "two words" "a,comma" "it's \"quoted\" \\ %s \$x" "umlaut-äö"; do
	mkdir "$work/$name"
	export DWH_LOCAL_DIR="$work/$name/.dwh"
	local=$DWH_LOCAL_DIR/local
	"$dwh" psql -AtXqc 'select 8' -c '\conninfo' >out 2>&1
	is "$(head -n 1 out)" 8 "$(echo "$name" | cut -c1-30 | tr '\\#' '//')"
	folder=$(sed -n 's/.*via socket in "\(.*\)" at port.*/\1/p' out)
	case $name in
	0000*|*,*) # elsewhere, and removed again
		[ "${#folder}" -gt 5 ] && [ "${#folder}" -lt 93 ] && [ ! -e "$folder" ]
		ok $? "its socket was in a short folder, now gone"
		;;
	esac
	flock -n "$local/services.lock" true
	ok $? "nothing is left"
done
echo 1..$n
