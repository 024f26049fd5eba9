#!/bin/sh
# Installs the Debian packages that are named and missing; says which, and does nothing otherwise.
#
# Debian's postgresql makes and starts a cluster of its own when it is installed. We want its
# programs, not its cluster: a file in createcluster.d says so, and is gone afterwards.
set -eu

missing=
for p in "$@"; do
	# Any version of the server will do.
	if [ "$p" = postgresql ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
		continue
	fi
	# Where Node.js is not Debian's, npm comes with it, and Debian's would be refused.
	if [ "$p" = npm ] && command -v npm >/dev/null; then
		continue
	fi
	state=$(dpkg-query -W -f='${db:Status-Abbrev}' "$p" 2>/dev/null || true)
	case $state in
	ii*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null && sudo true; then
	as_root=sudo
else
	echo "missing Debian packages:$missing" >&2
	echo "install them as root: apt-get install$missing" >&2
	exit 2
fi

echo "installing Debian packages:$missing"
no_cluster=/etc/postgresql-common/createcluster.d/dwh.conf
log=$(mktemp)
trap 'rm -f "$log"; $as_root rm -f "$no_cluster"' EXIT
trap 'exit 2' HUP INT TERM
$as_root mkdir -p "${no_cluster%/*}"
echo "create_main_cluster = false" | $as_root tee "$no_cluster" >/dev/null

give_up() {
	tail -n 20 "$log" >&2
	echo "$1; missing packages:$missing" >&2
	exit 2
}
$as_root apt-get update -qq </dev/null >"$log" 2>&1 ||
	give_up "apt-get update failed: is there a network?"
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
	</dev/null >"$log" 2>&1 || give_up "apt-get install failed"
