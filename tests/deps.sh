#!/bin/sh
# Installs the Debian packages that are named and missing; says which, and does nothing otherwise.
#
# Debian's postgresql makes and starts a cluster of its own when it is installed. We want its
# programs, not its cluster, so it is told so before.
set -eu

missing=
for p in "$@"; do
	# Any version of the server will do.
	if [ "$p" = postgresql ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
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
elif command -v sudo >/dev/null; then
	as_root=sudo
else
	echo "missing Debian packages:$missing" >&2
	echo "install them as root: apt-get install$missing" >&2
	exit 2
fi

echo "installing Debian packages:$missing"
common=/etc/postgresql-common
ours=
if [ ! -e $common/createcluster.conf ]; then
	$as_root mkdir -p $common
	echo "create_main_cluster = false" | $as_root tee $common/createcluster.conf >/dev/null
elif case $missing in *" postgresql"*) true ;; *) false ;; esac then
	ours=$common/createcluster.d/00-no-main-cluster.conf
	$as_root mkdir -p $common/createcluster.d
	echo "create_main_cluster = false" | $as_root tee $ours >/dev/null
fi
export DEBIAN_FRONTEND=noninteractive
status=0
$as_root apt-get update -qq || {
	echo "apt-get update failed: is there a network? Missing packages:$missing" >&2
	status=2
}
# shellcheck disable=SC2086
[ $status != 0 ] || $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
	echo "apt-get could not install:$missing" >&2
	status=2
}
[ -z "$ours" ] || $as_root rm -f "$ours"
exit $status
