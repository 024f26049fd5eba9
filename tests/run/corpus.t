#!/bin/sh
# The corpus of every fuzz target once through it, under ASan and UBSan.
cd "$(dirname "$0")/../.." || exit 1
n=0
for t in build/asan/fuzz/*; do
	case $t in *.o | *.d) continue ;; esac
	name=$(basename "$t")
	n=$((n + 1))
	if [ -z "$(ls "tests/fuzz/corpus/$name" 2>/dev/null)" ]; then
		echo "not ok $n - $name has no corpus"
	elif "$t" tests/fuzz/corpus/"$name"/* >build/asan/corpus.log 2>&1; then
		echo "ok $n - $name: $(grep -c '^ok' build/asan/corpus.log) inputs"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' build/asan/corpus.log
	fi
done
echo "1..$n"
