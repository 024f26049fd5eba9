#!/bin/sh
# Folders with long and odd names.
. "$(dirname "$0")/local.sh"

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
