# lib.sh - what the run tests share: TAP, a folder of their own, a configuration, the data.
# shellcheck shell=bash
#
# A test sources it, calls ok/is/like, and ends with done_testing. $T is the test's folder, gone at
# the end with everything that was started in it. $DWH is the program (make test: the ASan build).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DWH=${DWH:-$TOP/build/asan/dwh}
T=$(mktemp -d /tmp/dwh-test.XXXXXX)
chmod 755 "$T"
N=0
BAD=0
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION \
	AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE PGPASSWORD
export HOME=$T LC_ALL=C
export ASAN_OPTIONS=detect_leaks=0 # leaks are valgrind's to find; processes here are killed

clean_up() {
	local p
	# Only what was started in this test's folder.
	for p in $(pgrep -f "$T" 2>/dev/null); do
		[ "$p" != $$ ] && kill -9 "$p" 2>/dev/null
	done
	rm -rf "$T"
}
trap clean_up EXIT

ok() { # ok STATUS NAME
	N=$((N + 1))
	if [ "$1" = 0 ]; then
		echo "ok $N - $2"
	else
		BAD=$((BAD + 1))
		echo "not ok $N - $2"
		[ -s "$T/err" ] && tail -n 20 "$T/err" | sed 's/^/# err: /'
	fi
}
is() { # is GOT WANTED NAME
	[ "$1" = "$2" ]
	local s=$?
	ok $s "$3"
	[ $s = 0 ] || printf '# got:    %s\n# wanted: %s\n' "$1" "$2"
}
like() { # like TEXT EXTENDED-REGEX NAME
	grep -qE -- "$2" <<<"$1"
	local s=$?
	ok $s "$3"
	[ $s = 0 ] || printf '%s\n' "$1" | head -n 20 | sed 's/^/# got: /'
}
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}
done_testing() {
	echo "1..$N"
	exit $((BAD > 0))
}

# A configuration for the local engine over the folder $T/buckets; the manifests' bucket is there.
local_config() {
	mkdir -p "$T/buckets"
	cat >"$T/dwh.cfg" <<-CFG
		[WAREHOUSE]
		ENGINE = local
		[S3]
		LOG_DATA = s3://sparkify/log_data
		LOG_JSONPATH = s3://sparkify/log_json_path.json
		SONG_DATA = s3://sparkify/song_data
		[LOAD]
		WORKERS = 2
		[LOCAL]
		DIR = $T/.dwh
		BUCKETS = $T/buckets
	CFG
}

# The generated data set, made once a build and linked from there.
generated_data() {
	local kept=$TOP/build/testdata
	if [ ! -f "$kept/expect.json" ]; then
		mkdir -p "$TOP/build"
		"$DWH" data --out "$kept.$$" >/dev/null && mv -T "$kept.$$" "$kept" 2>/dev/null
		rm -rf "$kept.$$"
	fi
	mkdir -p "$T/buckets"
	cp -al "$kept" "$T/buckets/sparkify"
}

# A small data set: the events, and the songs of two folders.
small_data() {
	generated_data
	find "$T/buckets/sparkify/song_data/A" -mindepth 1 -maxdepth 1 -type d |
		LC_ALL=C sort | tail -n +3 | xargs rm -rf
	rm -f "$T/buckets/sparkify/expect.json"
}

# shellcheck disable=SC2034 # OUT, ST and ERR are for the tests
dwh() { # dwh COMMAND ...: output in $OUT, talk in $T/err, status in $ST
	OUT=$("$DWH" "$1" -c "$T/dwh.cfg" "${@:2}" 2>"$T/err")
	ST=$?
	ERR=$(cat "$T/err")
}
sql() { # sql STATEMENT...: tuples only, through dwh psql
	"$DWH" -c "$T/dwh.cfg" psql -XAtqc "$1" 2>"$T/err"
}
counts() { # of the seven tables, in the order of the original's README
	sql "select (select count(*) from staging_events) || ' ' || (select count(*) from staging_songs)
		|| ' ' || (select count(*) from songplays) || ' ' || (select count(*) from users)
		|| ' ' || (select count(*) from songs) || ' ' || (select count(*) from artists)
		|| ' ' || (select count(*) from time)"
}
# An order-free checksum of each of the seven tables, without generated ids.
checksums() {
	sql "select (select sum(hashtext(t::text)::bigint) from staging_events t),
		(select sum(hashtext(t::text)::bigint) from staging_songs t),
		(select sum(hashtext((start_time,user_id,level,song_id,artist_id,session_id,location,
			user_agent)::text)::bigint) from songplays),
		(select sum(hashtext(t::text)::bigint) from users t),
		(select sum(hashtext(t::text)::bigint) from songs t),
		(select sum(hashtext(t::text)::bigint) from artists t),
		(select sum(hashtext(t::text)::bigint) from time t)"
}
left_running() { # processes that still run out of this test's folder
	pgrep -fa "$T" | grep -v -e "^$$ " -e 'pgrep -fa' || true
}
