#!/bin/sh
# Installs the Debian packages that are named and missing; says which, and does nothing otherwise.
#
# Debian's postgresql makes and starts a cluster of its own when it is installed. We want its
# programs, not its cluster: where postgresql-common is not yet there, it is told so first.
set -eu

missing=
for p in "$@"; do
	state=$(dpkg-query -W -f='${db:Status-Abbrev}' "$p" 2>/dev/null || true)
	case $state in
	ii*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null; then
	as_root=sudo
else
	echo "missing Debian packages:$missing" >&2
	echo "install them as root: apt-get install$missing" >&2
	exit 2
fi

echo "installing Debian packages:$missing"
conf=/etc/postgresql-common/createcluster.conf
if [ ! -e $conf ]; then
	$as_root mkdir -p /etc/postgresql-common
	echo "create_main_cluster = false" | $as_root tee $conf >/dev/null
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || {
	echo "apt-get update failed: is there a network? The packages that are missing:$missing" >&2
	exit 2
}
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
	echo "apt-get could not install:$missing" >&2
	exit 2
}
