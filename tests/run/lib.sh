# lib.sh - what the run tests share: TAP, a folder of their own, a configuration, the data.
# shellcheck shell=bash
#
# A test sources it, calls ok/is/like, and ends with done_testing. $T is the test's folder and the
# folder that it runs in, gone at the end with everything that was started in it: a process belongs
# to the test when $T stands in its arguments, or when it works in $T (a worker's title is all that
# one sees of its arguments). $DWH is the program (make test: the ASan build).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DWH=$(realpath "${DWH:-$TOP/build/asan/dwh}")
T=$(mktemp -d "${TMPDIR:-/tmp}/dwh-test.XXXXXX")
chmod 755 "$T"
cd "$T" || exit 1
N=0
BAD=0
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION \
	AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE PGPASSWORD \
	AWS_DEFAULT_PROFILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_WEB_IDENTITY_TOKEN_FILE \
	AWS_ROLE_ARN AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI \
	AWS_CREDENTIAL_EXPIRATION
export AWS_EC2_METADATA_DISABLED=true # the machine of a test may be an instance
export HOME=$T LC_ALL=C
export ASAN_OPTIONS=detect_leaks=0 # leaks are valgrind's to find; processes here are killed

# "PID TITLE" of each process of this test that is dwh's or PostgreSQL's. Often asked: forks nothing.
left_running() {
	local p args title
	for p in /proc/[0-9]*; do
		[ "$p/exe" -ef "$DWH" ] || [ "$p/cwd" -ef "$T/pg" ] || [ "$p/cwd" -ef "$T/.dwh/pg" ] ||
			[ "$p/cwd" -ef "$T/.dwh/bench/pg" ] ||
			continue
		mapfile -d '' args <"$p/cmdline" || continue
		title=${args[*]}
		case $title in
		*"$T"[/\ ]* | postgres:*) ;;
		*) [ "$p/cwd" -ef "$T" ] || continue ;;
		esac
		echo "${p#/proc/} ${title%%  *}"
	done 2>/dev/null
}
pids_of() { # pids_of REGEX: of this test's processes with such a title
	left_running | sed -nE "s/^([0-9]+) $1.*/\1/p"
}
kill_at() { # kill_at SIGNAL REGEX: the first such process, as soon as there is one
	local p n=1000
	while ! { read -r p < <(pids_of "$2") && kill -s "$1" "$p"; }; do
		[ $((n--)) -gt 0 ] || return 1
		sleep 0.005
	done
}
until_true() { # until_true SECONDS COMMAND...: tried 20 times a second; false if it never was
	local n=$(($1 * 20))
	while ! "${@:2}" >/dev/null 2>&1; do
		[ $((n--)) -gt 0 ] || return 1
		sleep 0.05
	done
}
nothing_left() { [ -z "$(left_running)" ]; }

clean_up() {
	local p
	cd / || exit 1
	# QUIT is PostgreSQL's immediate shutdown, which takes its shared memory with it.
	for p in $(left_running | cut -d' ' -f1); do kill -QUIT "$p" 2>/dev/null; done
	until_true 3 nothing_left
	for p in $(left_running | cut -d' ' -f1); do kill -9 "$p" 2>/dev/null; done
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

# The generated data set, made once and linked from there; another generator makes another one.
make_data() {
	DATA=$TOP/build/testdata.$(cat "$TOP"/supervisor/data*.[ch] | cksum | cut -d' ' -f1)
	if [ ! -f "$DATA/expect.json" ]; then
		mkdir -p "$TOP/build"
		"$DWH" data --out "$DATA.$$" >/dev/null && mv -T "$DATA.$$" "$DATA" 2>/dev/null
		rm -rf "$DATA.$$"
	fi
}
generated_data() {
	make_data
	mkdir -p "$T/buckets"
	cp -al "$DATA" "$T/buckets/sparkify"
}

# A small data set: the events (8,056 in 30 objects), and the songs of two folders (1,196).
small_data() {
	make_data
	mkdir -p "$T/buckets/sparkify/song_data/A"
	cp -al "$DATA/log_data" "$DATA/log_json_path.json" "$T/buckets/sparkify"
	cp -al "$DATA/song_data/A/A" "$DATA/song_data/A/B" "$T/buckets/sparkify/song_data/A"
}

# A run over a slow S3 that has some way to go: when it has a shard, it goes on without us, as process
# $supervisor, and says what it has to say to $T/slow. False where it did not come so far.
slow_run() {
	"$DWH" run --fresh -c "$T/dwh.cfg" --set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=100 >"$T/slow" 2>&1 &
	# shellcheck disable=SC2034
	supervisor=$!
	disown
	until_true 60 slow_run_is_on
}
slow_run_is_on() { # of nothing at all, jq -e says yes
	local status
	status=$("$DWH" status -c "$T/dwh.cfg" --json) &&
		jq -e '.state == "running" and .loaded >= 1 and (.running | length) > 0' <<<"${status:-false}"
}

# ---- an S3 server and a PostgreSQL of the test's own, for ENGINE = postgres ----

# own_s3d OPTIONS...: over $T/buckets; its port is in $S3_PORT, and is kept by the next one; its key
# is in $S3_ID and $S3_SECRET.
own_s3d() {
	# shellcheck disable=SC2034
	S3_ID=AKIATESTTESTTEST
	S3_SECRET='a/Secret+of/40+characters/for+the+tests.'
	mkdir -p "$T/buckets"
	(umask 077 && printf '%s\n%s\n' "$S3_ID" "$S3_SECRET" >"$T/s3d.key")
	rm -f "$T/s3d.ready"
	"$DWH" s3d --root "$T/buckets" --key-file "$T/s3d.key" --port "${S3_PORT:-0}" "$@" \
		>"$T/s3d.ready" 2>>"$T/s3d.log" &
	S3D=$!
	disown
	until_true 30 grep -q ready "$T/s3d.ready" || echo "# s3d did not start: $(cat "$T/s3d.log")"
	S3_PORT=$(sed -n 's/^s3d ready //p' "$T/s3d.ready")
}
stop_s3d() {
	kill "$S3D" 2>/dev/null
	until_true 20 not_there "$S3D"
}
not_there() { [ ! -e "/proc/$1" ]; }

# A PostgreSQL with its data and its socket in $T; the role loader has the password $PG_PASSWORD.
# As root it runs as postgres, which refuses to be root.
PG_AS=()
own_postgres() {
	PG_BIN=$(dirname "$(find /usr/lib/postgresql/*/bin -name initdb | sort -V | tail -n 1)")
	PG_PASSWORD="it's a \"secret\" p%40ss"
	mkdir "$T/pg" "$T/sock"
	(umask 077 && printf '%s\n' "$PG_PASSWORD" >"$T/pg.password")
	if [ "$(id -u)" = 0 ]; then
		PG_AS=(setpriv --reuid=postgres --regid=postgres --init-groups)
		chown postgres "$T/pg" "$T/sock" "$T/pg.password"
	fi
	"${PG_AS[@]}" "$PG_BIN/initdb" -D "$T/pg" -U loader -A scram-sha-256 --pwfile="$T/pg.password" \
		-E UTF8 --locale=C --no-sync >"$T/initdb.log" 2>&1
	start_postgres
}
start_postgres() { # the same again, after it was stopped or killed
	"${PG_AS[@]}" "$PG_BIN/postgres" -D "$T/pg" -k "$T/sock" -c listen_addresses= -c fsync=off \
		-c log_min_messages=fatal >>"$T/pg.log" 2>&1 &
	PG=$!
	disown
	until_true 60 "$PG_BIN/pg_isready" -q -h "$T/sock" ||
		echo "# PostgreSQL did not start: $(tail -n 3 "$T/initdb.log" "$T/pg.log")"
}
stop_postgres() {
	kill -INT "$PG" 2>/dev/null
	until_true 30 not_there "$PG"
}

# postgres_config [without-keys]: a configuration for the two.
postgres_config() {
	mkdir -p "$T/buckets/manifests"
	cat >"$T/dwh.cfg" <<-CFG
		[WAREHOUSE]
		ENGINE = postgres
		[CLUSTER]
		HOST = $T/sock
		DB_NAME = postgres
		DB_USER = loader
		DB_PASSWORD = $PG_PASSWORD
		[AWS]
		ENDPOINT = http://127.0.0.1:$S3_PORT
		REGION = us-west-2
		$([ "$1" = without-keys ] || printf 'KEY = %s\nSECRET = %s' "$S3_ID" "$S3_SECRET")
		[S3]
		LOG_DATA = s3://sparkify/log_data
		LOG_JSONPATH = s3://sparkify/log_json_path.json
		SONG_DATA = s3://sparkify/song_data
		MANIFESTS = s3://manifests/of/tests
		[LOAD]
		WORKERS = 2
		[LOCAL]
		DIR = $T/.dwh
	CFG
	chmod 600 "$T/dwh.cfg"
}
direct() { # direct STATEMENT...: tuples only, through psql on that PostgreSQL, whatever stands before it
	[ "$ENGINE" != local ] || { sql "$1" && return; }
	PGPASSWORD=$PG_PASSWORD psql -XAtq -h "$T/sock" -U loader -d postgres -c "$1"
}

# ---- a Redshift of the test's own, over that PostgreSQL and that S3, for ENGINE = redshift ----

# own_redshiftd OPTIONS...: its port is in $REDSHIFT_PORT, and is kept by the next one; the user is
# $RS_USER with the password $RS_PASSWORD, the database is postgres.
own_redshiftd() {
	# shellcheck disable=SC2034
	RS_USER=awsuser
	RS_PASSWORD='Passw0rd of "tests"'
	(umask 077 && printf '%s\n%s\n' "$RS_USER" "$RS_PASSWORD" >"$T/redshiftd.password")
	(umask 077 && printf '%s\n' "$PG_PASSWORD" >"$T/redshiftd.pg")
	rm -f "$T/redshiftd.ready"
	"$DWH" redshiftd --port "${REDSHIFT_PORT:-0}" --pg "$T/sock" --pg-user loader \
		--pg-database postgres --pg-password-file "$T/redshiftd.pg" \
		--password-file "$T/redshiftd.password" --s3-endpoint "http://127.0.0.1:$S3_PORT" \
		--s3-key-file "$T/s3d.key" "$@" >"$T/redshiftd.ready" 2>>"$T/redshiftd.log" &
	REDSHIFTD=$!
	disown
	until_true 60 grep -q ready "$T/redshiftd.ready" ||
		echo "# redshiftd did not start: $(cat "$T/redshiftd.log")"
	REDSHIFT_PORT=$(sed -n 's/^redshiftd ready //p' "$T/redshiftd.ready")
}
stop_redshiftd() {
	kill "$REDSHIFTD" 2>/dev/null
	until_true 20 not_there "$REDSHIFTD"
}

# redshift_config: a configuration for it; manifests in a bucket, as COPY wants them.
redshift_config() {
	mkdir -p "$T/buckets/manifests"
	cat >"$T/dwh.cfg" <<-CFG
		[WAREHOUSE]
		ENGINE = redshift
		SSLMODE = ${1:-disable}
		[CLUSTER]
		HOST = 127.0.0.1
		DB_PORT = $REDSHIFT_PORT
		DB_NAME = postgres
		DB_USER = $RS_USER
		DB_PASSWORD = $RS_PASSWORD
		[IAM_ROLE]
		ARN = arn:aws:iam::123456789012:role/dwh
		[AWS]
		ENDPOINT = http://127.0.0.1:$S3_PORT
		REGION = us-west-2
		KEY = $S3_ID
		SECRET = $S3_SECRET
		[S3]
		LOG_DATA = s3://sparkify/log_data
		LOG_JSONPATH = s3://sparkify/log_json_path.json
		SONG_DATA = s3://sparkify/song_data
		MANIFESTS = s3://manifests/of/tests
		[LOAD]
		WORKERS = 2
		[LOCAL]
		DIR = $T/.dwh
	CFG
	chmod 600 "$T/dwh.cfg"
}
# rs OPTIONS...: psql on it
rs() {
	PGPASSWORD=$RS_PASSWORD psql -X -h 127.0.0.1 -p "$REDSHIFT_PORT" -U "$RS_USER" -d postgres "$@"
}

# ---- the same tests on each engine ----

# on_engine local|postgres|redshift: an engine of the test's own, whose name is in $ENGINE; the one
# before is gone, with all that was loaded. A test of faults begins with `on_engine "$ENGINE"`, and
# is told by NAME_local.t, NAME_redshift.t or the environment which one it is.
ENGINE=${ENGINE:-postgres}
ENGINE_UP=
on_engine() {
	off_engine
	ENGINE=$1
	ENGINE_UP=$1
	[ "$1" = local ] || own_postgres
	[ "$1" = local ] || own_s3d
	[ "$1" != redshift ] || own_redshiftd
	"$1_config"
}
off_engine() {
	[ "$ENGINE_UP" != redshift ] || stop_redshiftd
	[ "${ENGINE_UP:-local}" = local ] || { stop_s3d && stop_postgres; }
	rm -rf "$T/.dwh" "$T/pg" "$T/sock" "$T/buckets"/{,dwh-}manifests
	ENGINE_UP=
}
# only 'ENGINES' NAME WHY: whether this is one of them; if not, NAME is skipped, and said why.
only() {
	case " $1 " in *" $ENGINE "*) return 0 ;; esac
	N=$((N + 1))
	echo "ok $N - $2 # SKIP on $ENGINE: $3"
	return 1
}

# shellcheck disable=SC2034 # for the tests to read
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
CHECKSUMS="select (select sum(hashtext(t::text)::bigint) from staging_events t),
	(select sum(hashtext(t::text)::bigint) from staging_songs t),
	(select sum(hashtext((start_time,user_id,level,song_id,artist_id,session_id,location,
		user_agent)::text)::bigint) from songplays),
	(select sum(hashtext(t::text)::bigint) from users t),
	(select sum(hashtext(t::text)::bigint) from songs t),
	(select sum(hashtext(t::text)::bigint) from artists t),
	(select sum(hashtext(t::text)::bigint) from time t)"
checksums() { sql "$CHECKSUMS"; }
journal() { # of the last run
	local last
	last=$(find "$T/.dwh/runs" -name journal.jsonl | LC_ALL=C sort | tail -n 1)
	cat "$last"
}
# What the journal says of the first task whose worker was killed: its states, and its note.
crashed() {
	journal | jq -rs '
		([.[] | select(.t == "fail" and .kind == "crash")] | first) as $f
		| ([.[] | select(.t == "move" and .id == $f.id) | .to] | join(" ")) + " | "
		+ ([.[] | select(.t == "done" and .id == $f.id) | .note] | join(" "))'
}
crashes() { journal | jq -s '[.[] | select(.t == "fail" and .kind == "crash")] | length'; }
