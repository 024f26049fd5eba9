#!/bin/sh
# Started by root in a folder that nobody else may enter, the data lie elsewhere, and it is said.
. "$(dirname "$0")/local.sh"

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP only root has the problem"; exit; }
mkdir -m 700 home
mkdir home/project
export DWH_LOCAL_DIR="$work/home/project/.dwh"
local=$DWH_LOCAL_DIR/local
sql "create table t as select 3 as x" >out 2>&1
ok $? "it works"
data=$(sed -n 's/.*so its data are in \(.*\)/\1/p' out)
case $data in /var/lib/dwh/project-*/pg) ok 0 "and tells that the data are in /var/lib/dwh" ;; *) ok 1 "tells where" ;; esac
[ -e "$data/PG_VERSION" ] && [ ! -e "$DWH_LOCAL_DIR/pg" ]
ok $? "where they are"
is "$(sql 'select x from t' 2>/dev/null)" 3 "the next command finds them"
chmod 755 home
is "$(sql 'select x from t' 2>/dev/null)" 3 "also when the folder is open later: data stay where they were made"
case $data in /var/lib/dwh/*/pg) rm -rf "$(dirname "$data")" ;; esac

sql "create table t as select 4 as x" >out 2>&1
is "$(cat out)" "" "in an open folder they are beside the rest"
[ -e "$DWH_LOCAL_DIR/pg" ]
ok $? "as the name says"
chmod 700 home
sql "select x from t" >out 2>&1
is $? 2 "a folder that is closed later is an error"
grep -q "cannot get to its data in $DWH_LOCAL_DIR/pg any more; chmod" out
ok $? "that tells the remedy"
rmdir /var/lib/dwh 2>/dev/null
echo 1..$n
