#!/bin/bash
# Keys that make trouble where somebody encodes once too often or too rarely, or reads a key as a
# path: put, listed, put into manifests, read and loaded, on radosgw and on s3d.
. "$(dirname "$0")/lib.sh"
needs aws rclone
own_ceph
own_postgres
own_s3d

# Names, as JSON; each is a key by itself, and a folder of a key.
cat >"$T/names" <<'JSON'
"plain" "two words" " blank" "blank " "a+b" "a%20b" "100%" "%2F" "%zz" "%25" "." ".." "..." ".hidden"
"a&b=c" "what?" "#1" "a;b" "a:b" "a,b" "a=b" "*" "~" "!" "(1)" "[2]" "{3}" "'" "\"" "\\" "`" "$HOME"
"<x>" "]]>" "&amp;" "^" "|" "@" "\u00e9" "e\u0301" "日本語" "😀" "\ufeff" "\u2028" "\t" "\n" "a\rb" "\u007f" "\u0080" "null" "%s" "%n" "-" "--" "s3:"
"\u0001"
"\uffff"
JSON
jq -sc '
	("x" * 1020) as $long
	| ("\u00e9" * 509) as $wide
	| [.[], "//", "a//b", "a/./b", "a/../b", "../up", "./here", "/leading", "a/", "a", "a/b", "a//",
		$long + "1024", $wide + "1024"]
	| unique | .[] | {key: ., body: ({k: .} | tojson)}' "$T/names" >"$T/flat"
folders() { jq -sc '.[] | (. + "/k.json") | {key: ., body: ({k: .} | tojson)}'; }
# As the name of a folder, or at the end of a page, radosgw puts a key raw into its answer, where no
# XML may hold U+0001 or U+FFFF. So there they are only among the other keys of a whole page.
grep -v -e '^"\\u0001"' -e '^"\\uffff"' "$T/names" | folders >"$T/folders"

mkdir -p odd/create odd/copy
cat >odd/create/odd.sql <<'SQL'
-- title: Keys, as the objects say that they are called
CREATE TABLE IF NOT EXISTS :"relation" (
    k VARCHAR(1024)
);
SQL
cat >odd/copy/odd.sql <<'SQL'
-- source: ODD_DATA
-- title: Keys
COPY :"lane" (k)
FROM :'manifest'
IAM_ROLE :'role'
MANIFEST
REGION :'region'
FORMAT AS JSON 'auto';
SQL

odd_config() { # odd_config BUCKET SHARD_OBJECTS
	postgres_config
	sed -e '/^\(LOG\|SONG\)/d' -e "/^\[S3\]/a ODD_DATA = s3://$1/" \
		-e "/^\[LOAD\]/a MODEL = ./odd\nSHARD_OBJECTS = $2" -i "$T/dwh.cfg"
}
judge() { # judge SERVER BUCKET: the keys of the file BUCKET
	local want n
	want=$(jq -sc 'map(.key)' "$T/$2") n=$(wc -l <"$T/$2")
	make_bucket "$2"
	"$S3TOOL" load "$2" <"$T/$2" 2>"$T/err"
	ok $? "$1, $2: $n keys are put"
	is "$(aws s3api list-objects-v2 --bucket "$2" --query 'Contents[].Key' | jq -c sort)" \
		"$(jq -c sort <<<"$want")" "$1, $2: awscli lists them"
	ours list "$2"
	is "$(jq -sc 'map(.key)' <<<"$OUT")" "$(jq -c sort <<<"$want")" "$1, $2: and so do we, in order"
	[ "$1 $2" = 'radosgw flat' ] || is "$("$S3TOOL" list "$2" '' '' 3 | jq -sc 'map(.key)')" "$(jq -c sort <<<"$want")" \
		"$1, $2: and in pages of 3"
	ours read "$2"
	is "$(jq -sc 'sort' <<<"$OUT")" "$(bodies "$2")" "$1, $2: each is read under its name"
	odd_config "$2" 7
	dwh run --fresh --json
	is "$ST $(jq -c '[.totals.objects, .totals.rows]' <<<"$OUT")" "0 [$n,$n]" \
		"$1, $2: a run"
	is "$(sql 'select json_agg(k) from odd' | jq -c sort)" "$(jq -c sort <<<"$want")" \
		"$1, $2: every row is there"
	is "$(manifests "$2")" "$(jq -c sort <<<"$want")" "$1, $2: the manifests name each key once"
	dwh run --json
	is "$ST $(jq -c '.totals.shards' <<<"$OUT")" '0 0' "$1, $2: and each is known again"
}
bodies() { # what `s3 read` has to say of the bucket
	jq -r .body "$T/$1" | while IFS= read -r body; do sha256sum < <(printf %s "$body"); done |
		cut -c1-64 >"$T/hashes"
	jq -sc --rawfile hashes "$T/hashes" \
		'[map(.key), ($hashes | split("\n"))[:-1]] | transpose | map({key: .[0], sha256: .[1]}) | sort' \
		"$T/$1"
}
manifests() { # the keys in the manifests of the last generation
	sql "select replace(manifest, 's3://manifests/', '')
		from dwh.ledger join dwh.target using (relation, generation)" >"$T/ledger"
	rclone copy -q --files-from "$T/ledger" peer:manifests "$T/m.$1"
	find "$T/m.$1" -type f -exec cat {} + |
		jq -sc --arg at "s3://$1/" 'map(.entries[].url | ltrimstr($at)) | sort'
	rm -r "$T/m.$1"
}

S3D_PORT=$S3_PORT
keys "$S3_ID" "$S3_SECRET"
S3_PORT=$PLAIN_PORT
server "$S3_PORT"
make_bucket manifests
judge radosgw flat
judge radosgw folders

# More than four pages without folders: the rest is divided by the characters that keys begin with.
# Three of these share their first byte, and two of them the first two.
jq -nc '("\u00e9", "\u4e2d", "\u4e2e", "\u4e80", "\ud83d\ude00") as $c | range(830)
	| "\($c)\(.)" | {key: ., body: ({k: .} | tojson)}' >"$T/many"
make_bucket many
"$S3TOOL" load many <"$T/many" 2>"$T/err"
odd_config many 2000
dwh run --fresh --json
is "$ST $(jq -c '[.totals.objects, .totals.rows]' <<<"$OUT") $(sql 'select count(distinct k) from odd')" \
	'0 [4150,4150] 4150' 'a long flat prefix is divided between characters'
is "$(jq '[.tasks[] | select(.kind == "list")] | length > 1' <<<"$OUT")" true 'it is divided'

S3_PORT=$S3D_PORT
server "$S3_PORT"
folders <"$T/names" >"$T/folders"
mkdir -p "$T/buckets/manifests"
judge s3d flat
judge s3d folders

# Only a folder has such names.
mkdir "$T/buckets/latin"
echo '{"k":"caf\u00e9"}' >"$T/buckets/latin/$(printf 'caf\351.json')"
odd_config latin 7
dwh run --json
is "$ST" 6 'a name that is not UTF-8 is refused'
like "$ERR" 's3://latin/caf.*byte 4 of the key is not UTF-8: rename the file' 'by its place'
done_testing
