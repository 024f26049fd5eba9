#!/bin/sh
# What stands in the way of the services is told, with what to do about it.
. "$(dirname "$0")/local.sh"

says() { # exit status, text, name
	sql "select 1" >out 2>&1
	got=$?
	[ $got = "$1" ] && grep -qF -- "$2" out && [ "$(wc -l <out)" = 1 ]
	ok $? "$3"
	[ $got = "$1" ] || echo "# exit status $got, wanted $1"
}
DWH_LOCAL_PG_BIN=/nonexistent says 2 "[LOCAL] PG_BIN: there is no program /nonexistent/psql" "a wrong PG_BIN"
mkdir bin
for psql in /usr/lib/postgresql/*/bin/psql; do ln -sf "$psql" bin/psql; done
DWH_LOCAL_PG_BIN=$work/bin says 2 "no program $work/bin/postgres" "a PG_BIN without a server"
printf '#!/bin/sh\necho "postgres (PostgreSQL) 9.6.1"\n' >bin/postgres && chmod +x bin/postgres
DWH_LOCAL_PG_BIN=$work/bin says 2 "is PostgreSQL 9; 12 or newer is needed" "a server that is too old"
DWH_LOCAL_BUCKETS=$work/none says 2 "[LOCAL] BUCKETS: $work/none: No such file" "a wrong BUCKETS"
DWH_LOCAL_DIR=$work/bin/psql/dir says 2 "[LOCAL] DIR: cannot make the folder $work/bin/psql/dir" "a DIR below a file"

sql "create table t as select 1 as x" >/dev/null 2>&1
cp "$work/.dwh/pg/PG_VERSION" keep
echo 11 >"$work/.dwh/pg/PG_VERSION"
says 2 "was made by PostgreSQL 11, and here is" "data of another version"
cp keep "$work/.dwh/pg/PG_VERSION"
mv "$work/.dwh/pg/global/pg_control" keep
says 4 "PostgreSQL did not start (exit status 2); the last line in $local/postgres.log" "broken data"
mv keep "$work/.dwh/pg/global/pg_control"
: >"$local/key"
says 3 "$local/key should hold two lines" "an empty key"
rm "$local/key"

sql "select pg_sleep(2)" >/dev/null 2>&1 &
until_true test -e "$local/state.json"
mkdir other
DWH_LOCAL_BUCKETS=$work/other says 3 "another command uses the local services with the buckets in $work/.dwh/buckets" \
	"two commands with other buckets"
wait

if [ "$(id -u)" = 0 ]; then
	DWH_LOCAL_ACCOUNT=nosuch says 2 "there is no account nosuch" "an unknown ACCOUNT"
	DWH_LOCAL_ACCOUNT=root says 2 "PostgreSQL refuses to run as root" "ACCOUNT = root"
	DWH_LOCAL_ACCOUNT=nobody says 2 "belongs to $(stat -c %U "$work/.dwh/pg"), but PostgreSQL is to run as nobody" \
		"data of another account"
	chown nobody "$work/.dwh/local"
	says 2 "$local belongs to nobody, who ran dwh here before" "a folder of another user"
	chown root "$work/.dwh/local"
	rm -rf "$work/.dwh"
	chmod 777 "$work"
	as() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$dwh" psql -AtXqc "$1"; }
	is "$(as 'select 1' 2>&1)" 1 "an ordinary user needs no root"
	is "$(stat -c %U "$work/.dwh/pg")" nobody "and owns the data"
	rm -rf "$work/.dwh"
	sql "select 1" >/dev/null 2>&1
	as "select 1" >out 2>&1
	is $? 2 "a folder that root left"
	grep -q "$local belongs to root, who ran dwh here before" out
	ok $? "is named"
fi
echo 1..$n
