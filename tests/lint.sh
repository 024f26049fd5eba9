#!/bin/bash
# The house's order, by machine. Each check prints what it found; the exit status is the count of
# checks that found something. Arguments: the C sources.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

check() { # check NAME OUTPUT: found something unless OUTPUT is empty
	if [ -n "$2" ]; then
		printf '%s:\n%s\n' "$1" "$2" | head -n 40
		bad=$((bad + 1))
	else
		echo "$1: ok"
	fi
}

code() { git ls-files -- "$@" | grep -E '\.(c|h)$'; }
# shellcheck disable=SC2046
grepc() { # grepc PATTERN PATHS...: without comments that begin a line
	local pattern=$1
	shift
	grep -nE -- "$pattern" $(code "$@") /dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)'
}

check "format" "$(code | xargs clang-format --dry-run -Werror 2>&1 | grep -E 'error|warning')"

check "rooms: shared/ includes neither supervisor/ nor workers/" \
	"$(grepc '#include "(supervisor|workers)/' shared)"
check "rooms: supervisor/ does not include workers/, but for main.c" \
	"$(grepc '#include "workers/' supervisor | grep -v '^supervisor/main\.c:')"
check "rooms: workers/ does not include supervisor/" "$(grepc '#include "supervisor/' workers)"

home() { # home HEADER FILES...: only these include it
	local header=$1 found
	shift
	found=$(grepc "#include <$header" shared supervisor workers)
	for f in "$@"; do found=$(grep -v "^$f:" <<<"$found"); done
	check "home of <$header>" "$found"
}
home 'event2/' supervisor/pool.c 'workers/local/s3d[a-z_]*\.[ch]' workers/local/redshiftd.c
home 'curl/' 'shared/http[a-z_]*\.[ch]' workers/fetch.c
home 'openssl/' shared/sigv4.c workers/local/s3d_digest.c workers/local/redshiftd_tls.c
home 'libpq-fe' shared/pg.h
home 'ini.h' shared/config.c
home 'expat' shared/xml.c

check "banned functions" "$(grepc \
	'(^|[^a-z_0-9>.])(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|gets|atoi|atol|strtok|alloca)[[:space:]]*\(' \
	shared supervisor workers tests)"
check "shared/ does not log or exit" \
	"$(grepc '(log_(info|warn|error)|[^a-z_]exit)[[:space:]]*\(' shared |
		grep -vE '^shared/(log\.[ch]|arena\.c):')"
check "files over 600 lines" "$(code | grep -v '^tests/vectors/' | xargs wc -l | awk '$2 != "total" && $1 > 600')"
# Redshift's TEXT and VARCHAR without a length hold 256 bytes, its TRUNCATE commits, its EXTRACT is an
# integer; now() is not for its compute nodes; ILIKE folds other letters; `::` and `*` are habits.
# (That trailing blanks do not count in its comparisons cannot be seen here.)
check "SQL keeps to what means the same everywhere" "$(git ls-files 'sql/*.sql' |
	xargs perl -ne 's/(\x27(?:[^\x27]|\x27\x27)*\x27)|--.*/$1 ? "\x27\x27" : ""/ge;
		print "$ARGV:$.: $_" if /\btext\b|\b(n?varchar|bpchar|character\s+varying)\b(?!\s*\()
			|\btruncate\b|(?<!cast\()\b(extract|date_part)\s*\(|\bnow\s*\(|\bilike\b|::
			|\bselect\s+\*/xi;
		close ARGV if eof')"
# SC2015, SC2016: A && B || C, and backticks in the text of a message, are meant.
check "tests are executable" "$(find tests -name '*.t' ! -perm -u=x)"
check "shellcheck" "$(git ls-files | grep -E '\.(sh|t)$|^\.ci/run$' | xargs shellcheck -x -P SCRIPTDIR -e SC2015,SC2016 2>&1)"
check "python" "$(git ls-files '*.py' | xargs -r python3 -c \
	'import ast, sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]' 2>&1)"

# internalAstError: its parser fails on a compound literal within ?:. legacyUninitvar: it takes an array
# that a function is to fill for one that is read; clang's analyzer, below, sees that better.
check "cppcheck" "$(cppcheck --quiet --enable=warning,portability --inline-suppr --std=c11 -I. \
	--suppress=missingIncludeSystem --suppress=internalAstError --suppress=legacyUninitvar \
	--error-exitcode=0 -j2 shared supervisor workers 2>&1)"
flags=$(pkg-config --cflags libpq jansson)
# shellcheck disable=SC2086
check "clang-tidy" "$(printf '%s\n' "$@" | xargs -P2 -n8 sh -c \
	'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE -I. '"$flags"' 2>/dev/null' sh |
	grep -E 'warning:|error:')"
exit $bad
