# aws_keys.sh - what the tests of credentials share: the servers of aws_keys.py, and an s3d that
# knows the keys which they give. After lib.sh.
# shellcheck shell=bash disable=SC2034 # S3D, AWS: for the tests to read

A=$T/aws
mkdir "$A"

# keys_world OPTIONS...: data, a PostgreSQL, those servers (s3d with these options), a configuration
# without keys; the watch for secrets is on.
keys_world() {
	small_data
	own_postgres
	own_s3d
	postgres_config without-keys
	own_aws "$@"
	export AWS_ENDPOINT_URL_STS=$AWS
	start_watch
}
# slow_keys_world: the same for loads that have some way to go, by the keys of a role
slow_keys_world() {
	keys_world --latency 60ms
	short_songs
	files "$ROLE"
}

# session_key ID [expired]: a group of s3d's key file
session_key() { printf '%s\nsecret/of+%s/40-characters-and-more\ntoken token-of-%s/%s==\n%s\n' "$1" "$1" "$1" "$(printf 'x%.0s' {1..900})" "$2"; }
SOURCES='READER SECOND OUTSIDE WEB CONTAINER INSTANCE PROCESS'
# write_keys NUMBER [expired-NUMBER]: the permanent key, and the session keys of each source by that
# number; those of another one have expired.
write_keys() {
	(umask 077 && : >"$A/keys.new")
	{
		printf '%s\n%s\n' "$S3_ID" "$S3_SECRET"
		for s in $SOURCES; do
			session_key "ASIA$s$1"
			[ -z "$2" ] || session_key "ASIA$s$2" expired
		done
	} >"$A/keys.new"
	mv "$A/keys.new" "$A/keys"
	echo "$1" >"$A/generation"
}
# The s3d of the test takes those keys from here on; with --log.
own_aws() {
	HIDDEN+=("$S3_SECRET")
	write_keys 0001
	stop_s3d
	"$DWH" s3d --root "$T/buckets" --key-file "$A/keys" --port "$S3_PORT" --log "$A/s3d.log" "$@" \
		>"$T/s3d.ready" 2>>"$T/s3d.log" &
	S3D=$!
	disown
	python3 "$TOP/tests/run/aws_keys.py" "$A" 2>"$A/err" &
	AWS_KEYS=$!
	disown
	until_true 30 grep -q ready "$T/s3d.ready" || echo "# s3d did not start"
	until_true 30 test -s "$A/port" || echo "# aws_keys.py did not start: $(cat "$A/err")"
	AWS=http://127.0.0.1:$(cat "$A/port")
}
trap 'kill $AWS_KEYS 2>/dev/null; clean_up' EXIT
asked() { cat "$A/log" 2>/dev/null; }
nothing_asked() { : >"$A/log"; }

# ---- dwh doctor about keys, and the watch for secrets ----

HIDDEN=('secret/of+' 'token-of-' 'JWT-OF-THE-POD' 'BEARER-OF-THE-POD' imds-token-of)
leaks() { # files that hold one
	for s in "${HIDDEN[@]}"; do grep -rlF -e "$s" "$T/seen" "$T/.dwh" 2>/dev/null | sed "s|^|$s in |"; done
}
watch() { # a program's own arguments are its user's business
	while [ -e "$T/watch" ]; do
		for p in $(left_running | cut -d' ' -f1); do cat "/proc/$p/cmdline" "/proc/$p/comm"; done
		sleep 0.02
	done >>"$T/seen/processes" 2>/dev/null
}
start_watch() {
	mkdir "$T/seen"
	touch "$T/watch"
	watch &
	WATCH=$!
}
end_watch() {
	rm "$T/watch"
	wait "$WATCH"
	[ "$(tr '\0' '\n' <"$T/seen/processes" | grep -c 'dwh: worker')" -gt 5 ]
	ok $? 'the titles of workers were looked at'
	is "$(leaks)" '' 'and no secret was seen, of anything here'
}
files() { # files CONFIG [CREDENTIALS]: ~/.aws anew, with the permanent key as profile base
	mkdir -p "$T/.aws"
	printf '%s\n' "$1" >"$T/.aws/config"
	printf '[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n%s\n' "$S3_ID" "$S3_SECRET" "$2" \
		>"$T/.aws/credentials"
}
SAID=0
saw() { # what was said is kept
	SAID=$((SAID + 1))
	printf '%s\n%s\n' "$OUT" "$ERR" >"$T/seen/said.$SAID"
}
doctor() {
	nothing_asked
	dwh doctor --json "$@"
	saw
}
found() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | "\(.state) \(.found): \(.remedy)"' <<<"$OUT"; }
# gives ID-OF-KEY FROM NAME OPTIONS...: such a key is found, S3 takes it, and all is well
gives() {
	doctor "${@:4}"
	is "$ST $(found '[S3] SONG_DATA' | cut -d' ' -f1)" '0 ok' "$3: S3 takes it"
	like "$(found 'AWS key')" "^ok \*\*\*\*${1: -4}.*, from $2" "$3: doctor says where it comes from"
	grep -qF "$1" <<<"$OUT"
	is $? 1 "$3: and not its whole id"
}
# refuses REGEX NAME OPTIONS...: that is what is wrong, exit code 2
refuses() {
	doctor "${@:3}"
	is "$ST" 2 "$2: exit code 2"
	like "$(found 'AWS key')" "^missing .*$1" "$2"
}
load() { # load CODE NAME OPTIONS...
	dwh run --fresh "${@:3}"
	saw
	is "$ST" "$1" "$2: exit code $1"
}

# ---- a load that has some way to go, over an s3d of some latency ----

short_songs() { # fewer of them; how many are in $SONGS
	sed -i "s|^SONG_DATA.*|&/A/A|" "$T/dwh.cfg"
	SONGS=$(find "$T/buckets/sparkify/song_data/A/A" -type f | wc -l)
}
start() { # a load that has some way to go, and has begun
	"$DWH" run --fresh -c "$T/dwh.cfg" --set LOAD.CONNECTIONS=4 --set LOAD.SHARD_OBJECTS=100 \
		>"$T/seen/out" 2>"$T/seen/err" &
	RUN=$!
	until_true 60 slow_run_is_on
	ok $? "$1: it is on"
}
finish() { # finish CODE NAME
	wait "$RUN"
	is $? "$1" "$2: exit code $1"
}
expire() { # expire NEW OLD
	write_keys "$1" "$2"
	kill -USR1 "$S3D"
}
refused() { jq -r 'select(.status == 400) | .code // .error // "400"' "$A/s3d.log" | wc -l; }
again() { : >"$A/s3d.log" && nothing_asked; }
ROLE='[default]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base'
