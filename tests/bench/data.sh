# data.sh - for the benchmarks: data sets, each a bucket, made once and kept under build/bench.
# shellcheck shell=sh disable=SC2034,SC2154 # $dwh
#
# need NAME...: makes those that are missing. Beside a bucket NAME stands NAME.rows: what a load must
# give, as rows (services.sh) prints it. The addresses: s3://NAME/log_data, s3://NAME/song_data, and
# s3://paths/log_json_path.json for all.
#
#	real       14,926 objects, 7.5 MB; where the archive of the real data is (DWH_REAL_DATA)
#	generated  as many, of the same shape; $usual is real, or this
#	events     2,005,944 events in 8 objects, 956 MB, no songs
#	cut        the same in 80 objects
#	tenth      8 of these
#	large      one object of 512 MB, events
#	skewed     that one, and 10,000 of 1 KB
#	many       200,000 events, each an object, under 2,000 prefixes

buckets=$PWD/build/bench
archive=${DWH_REAL_DATA:-$PWD/../shared/data/sparkify.tar.gz}
usual=generated
[ ! -f "$archive" ] || usual=real

# make_NAME BUCKET, each in a folder that is empty.

make_paths() {
	cat >"$1/log_json_path.json" <<-'END'
		{"jsonpaths": ["$['artist']", "$['auth']", "$['firstName']", "$['gender']",
		"$['itemInSession']", "$['lastName']", "$['length']", "$['level']", "$['location']",
		"$['method']", "$['page']", "$['registration']", "$['sessionId']", "$['song']",
		"$['status']", "$['ts']", "$['userAgent']", "$['userId']"]}
	END
}

# Of a data set that dwh made, what one wants to serve; and its rows.
keep_generated() {
	sed -n 's/.*"rows": {\(.*\)},\{0,1\}$/\1/p' "$1.all/expect.json" >"$1.rows"
	mv "$1.all"/*_data "$1"
	rm -r "$1.all"
}

make_real() {
	tar -xzf "$archive" -C "$1" --strip-components=1 sparkify/log_data sparkify/song_data
	echo '"staging_events": 8056, "staging_songs": 14896, "songplays": 333, "users": 105,' \
		'"songs": 14896, "artists": 10025, "time": 8023' >"$1.rows"
}

make_generated() {
	"$dwh" data --out "$1.all" >/dev/null
	keep_generated "$1"
}

# The records of a data set's events, a line each; the last line of a file may lack its end. Who reads
# them may stop before the end.
lines_of() {
	find "$1/log_data" -type f -print0 | LC_ALL=C sort -z | xargs -0 awk 1 2>/dev/null
}
only_events() {
	echo "\"staging_events\": $(lines_of "$1" | wc -l)" >"$1.rows"
}

make_events() {
	"$dwh" data --out "$1.all" --scale 249 --objects-per-file 250743 >/dev/null
	rm -r "$1.all/song_data"
	keep_generated "$1"
	only_events "$1"
}

make_cut() {
	mkdir "$1/log_data"
	lines_of "$buckets/events" | split -l 25075 -a 2 -d --additional-suffix=.json - "$1/log_data/"
	only_events "$1"
}

make_tenth() {
	mkdir "$1/log_data"
	ln "$buckets"/cut/log_data/0[0-7].json "$1/log_data"
	only_events "$1"
}

make_large() {
	mkdir "$1/log_data"
	lines_of "$buckets/events" | head -c 512M | sed '$d' >"$1/log_data/large.json"
	only_events "$1"
}

make_skewed() {
	mkdir "$1/log_data" "$1/log_data/small"
	ln "$buckets/large/log_data/large.json" "$1/log_data"
	lines_of "$buckets/events" | tail -n 20000 |
		split -l 2 -a 4 -d --additional-suffix=.json - "$1/log_data/small/"
	only_events "$1"
}

make_many() {
	mkdir "$1/log_data"
	seq -f "$1/log_data/%04.0f" 0 1999 | xargs mkdir
	lines_of "$buckets/events" | head -n 200000 |
		awk -v to="$1/log_data" '{
			file = sprintf("%s/%04d/%06d.json", to, (NR - 1) % 2000, NR)
			print >file
			close(file)
		}'
	only_events "$1"
}

need() {
	mkdir -p "$buckets"
	for name in paths "$@"; do
		[ ! -e "$buckets/$name" ] || continue
		case $name in
		cut | large | many) (need events) ;;
		tenth) (need cut) ;;
		skewed) (need large) ;;
		esac
		echo "making the data set $name" >&2
		rm -rf "$buckets/$name.new"*
		mkdir "$buckets/$name.new"
		"make_$name" "$buckets/$name.new"
		[ ! -f "$buckets/$name.new.rows" ] || mv "$buckets/$name.new.rows" "$buckets/$name.rows"
		mv "$buckets/$name.new" "$buckets/$name"
	done
}
