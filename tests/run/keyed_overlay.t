#!/bin/bash
# sql/sparkify_keyed: one row per user and artist, the latest; on generated data, and on the real
# data where it is found.
. "$(dirname "$0")/lib.sh"
archive=${DWH_REAL_DATA:-$TOP/../shared/data/sparkify.tar.gz}
local_config
generated_data
expect=$T/buckets/sparkify/expect.json

# Users and artists again, from the records themselves and without SQL: id, name (and level), sorted.
by_hand() { # users|artists DIR
	/usr/bin/python3 - "$@" <<-'PY'
		import collections, glob, json, sys
		what, top = sys.argv[1:]
		out = {}
		if what == "users":
		    for path in glob.glob(top + "/log_data/**/*.json", recursive=True):
		        for line in open(path):
		            r = json.loads(line)
		            if r["userId"]:
		                at = (r["ts"], r["itemInSession"], r["sessionId"], r["level"])
		                row = (r["firstName"], r["lastName"], r["gender"], r["level"])
		                out[r["userId"]] = max(out.get(r["userId"], (at, row)), (at, row))
		    rows = [(k, *v[1]) for k, v in out.items()]
		else:
		    text = lambda v: None if v is None else str(v)
		    songs = collections.defaultdict(lambda: collections.defaultdict(list))
		    for path in glob.glob(top + "/song_data/**/*.json", recursive=True):
		        r = json.load(open(path))
		        how = (text(r["artist_name"]), text(r["artist_location"]), r["artist_latitude"],
		               r["artist_longitude"])
		        songs[r["artist_id"]][how].append(r["year"])
		    none_last = lambda v: (v is None, v)
		    order = lambda d: (-max(d[1]), -len(d[1]), len(d[0][0]),
		                       tuple(none_last(v) for v in d[0]))
		    rows = [(k, *min(v.items(), key=order)[0][:2]) for k, v in songs.items()]
		for row in sorted(rows):
		    print("|".join("" if v is None else v for v in row))
	PY
}
users() { sql 'select * from users order by user_id collate "C"'; }
artists() { sql 'select artist_id, name, location from artists order by artist_id collate "C"'; }
same() { # users|artists NAME
	cmp -s <(by_hand "$1" "$T/buckets/sparkify") <("$1")
	ok $? "$2"
}
keyed=(--set 'LOAD.MODEL=sparkify sparkify_keyed')

dwh run
is "$ST" 0 'the model itself'
is "$(sql 'select count(*), count(distinct user_id) from users')" '105|97' 'has 105 rows for 97 users'
dwh run "${keyed[@]}"
is "$ST" 3 'the overlay makes its tables in another way'
like "$ERR" 'sparkify_keyed/create/.*--fresh' 'which is said, with what to do'
dwh run --fresh "${keyed[@]}"
is "$ST" 0 'the overlay'
is "$(sql 'select (select count(*) from users), (select count(*) from artists)')" \
	"$(jq -r '"\(.distinct.user_id)|\(.distinct.artist_id)"' "$expect")" \
	'has a row for each user and artist'
is "$(sql 'select count(*) from songplays')" 333 'and as many plays'
like "$OUT" 'as the generator of the data expects' 'which is what the generator expects'
same users 'users are as in their latest event'
same artists 'artists are as on their latest song'
dwh check "${keyed[@]}" --json
is "$(jq -c '[.tasks[] | select(.kind == "check") | .verdict] | unique' <<<"$OUT")" '["pass"]' \
	'no check has anything to say'
is "$(sql 'select count(*) from songplays join users using (user_id)
	join artists using (artist_id)')" 333 'and a join by the keys counts no play twice'

sql "insert into users select * from users limit 1"
dwh check "${keyed[@]}"
is "$ST" 8 'a user that is there twice is an error'
like "$OUT$ERR" 'users_key' 'and the check is named'

before=$(sql 'select sum(hashtext(t::text)::bigint) from artists t')
dwh run --fresh "${keyed[@]}" -w 8 --set LOAD.STRATEGY=sharded
is "$ST" 0 'all anew with other workers and lanes'
is "$(sql 'select sum(hashtext(t::text)::bigint) from artists t')" "$before" 'gives the same artists'
dwh run --fresh
is "$(sql 'select (select count(*) from users), (select count(*) from artists)')" '105|10025' \
	'without the overlay the rows are the old ones'

if [ -f "$archive" ]; then
	rm -rf "$T/buckets/sparkify"
	tar -xzf "$archive" -C "$T/buckets" sparkify/log_data sparkify/song_data \
		sparkify/log_json_path.json
	dwh run --fresh "${keyed[@]}"
	is "$ST" 0 'the real data'
	is "$(sql 'select (select count(*) from users), (select count(*) from artists)')" '97|9553' \
		'has 97 users and 9,553 artists'
	same users 'users are as in their latest event'
	same artists 'artists are as on their latest song'
else
	N=$((N + 1))
	echo "ok $N # SKIP keyed_overlay: no archive of the real data (DWH_REAL_DATA)"
fi
done_testing
