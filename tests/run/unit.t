#!/bin/sh
# Every unit test, as one test each.
cd "$(dirname "$0")/../.." || exit 1
n=0
for t in build/asan/unit/*; do
	case $t in *.d) continue ;; esac
	n=$((n + 1))
	if "$t" >build/asan/unit.log 2>&1; then
		echo "ok $n - $(basename "$t"): $(grep -c '^ok' build/asan/unit.log) cases"
	else
		echo "not ok $n - $(basename "$t")"
		sed 's/^/# /' build/asan/unit.log
	fi
done
echo "1..$n"
