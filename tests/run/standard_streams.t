#!/bin/bash
# Standard input, output and error as they may come: closed, full, left by their reader, or not read.
# A load is loaded all the same; what cannot be printed is an error, what nobody wants to read is none.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d
postgres_config
want='8056 1168 38 105 1168 1108 8023'
C=(-c "$T/dwh.cfg")

# loaded STATUS WANTED NAME: the load before ended so, and all is there; then it is taken away.
loaded() {
	is "$1" "$2" "$3: exit code $2"
	is "$(counts)" "$want" "$3: all is loaded"
	is "$(left_running | grep -c 'dwh: ')" 0 "$3: no worker is left"
	sql 'truncate staging_events, staging_songs, songplays, users, songs, artists, time'
}

# ---- closed: an error where a result is lost, and no descriptor of ours in its place ----

"$DWH" run "${C[@]}" --fresh >&- 2>"$T/talk"
loaded $? 12 'stdout closed'
like "$(grep error: "$T/talk")" 'error: cannot write the result: stdout is closed$' 'stdout closed: the message'
like "$(tail -n 1 "$T/talk")" 'the run itself ended well: `dwh report` prints its report' 'stdout closed: and what to do'
"$DWH" report "${C[@]}" >"$T/out"
like "$(tail -n 1 "$T/out")" '^Loaded 1,198 objects' 'stdout closed: which it does'
"$DWH" run "${C[@]}" --fresh 2>&- >"$T/out"
loaded $? 0 'stderr closed'
like "$(tail -n 1 "$T/out")" '^Loaded 1,198 objects' 'stderr closed: the report'
"$DWH" run "${C[@]}" --fresh <&- >"$T/out" 2>"$T/talk"
loaded $? 0 'stdin closed'
"$DWH" run "${C[@]}" --fresh <&- >&- 2>&-
loaded $? 12 'all three closed'
# A journal, a socket or a pipe that had got one of the numbers would now have talk in it.
is "$(journal | jq -r .t | sort -u | grep -cvxE 'run|warehouse|call|task|about|move|target|count|bad|again|done|fail|usage|end')" 0 \
	'all three closed: the journal is a journal'
is "$(journal | jq -r 'select(.t == "end").exit')" 0 'all three closed: and has the end of the load'
"$DWH" query "${C[@]}" levels >&- 2>"$T/talk"
is "$? $(grep -c 'stdout is closed' "$T/talk")" '12 1' 'dwh query with stdout closed'

# ---- full ----

"$DWH" run "${C[@]}" --fresh >/dev/full 2>"$T/talk"
loaded $? 12 'a full disk for stdout'
like "$(grep error: "$T/talk")" 'cannot write the result: No space left on device: free space on that disk' \
	'a full disk for stdout: the message'
for args in report 'report --json' 'report --csv' status plan query 'query --csv' 'query --json' config; do
	# shellcheck disable=SC2086
	"$DWH" "${C[@]}" $args >/dev/full 2>"$T/talk"
	is "$? $(grep -c 'error: cannot write the result: No space left' "$T/talk")" '12 1' "dwh $args on a full disk"
done
"$DWH" run "${C[@]}" --fresh 2>/dev/full >"$T/out"
loaded $? 0 'a full disk for stderr'

# ---- left: who leaves has seen enough ----

"$DWH" run "${C[@]}" --fresh 2>"$T/talk" | head -n 1 >"$T/out"
loaded "${PIPESTATUS[0]}" 0 'dwh run | head -n 1'
like "$(cat "$T/out")" '^Run 2' 'dwh run | head -n 1: the line'
is "$(grep -c error: "$T/talk")" 0 'dwh run | head -n 1: no error'
"$DWH" run "${C[@]}" --fresh 2>&1 >"$T/out" | true
loaded "${PIPESTATUS[0]}" 0 'dwh run 2>&1 | true'
for args in query 'query --csv' 'report --json' plan; do
	# shellcheck disable=SC2086
	"$DWH" "${C[@]}" $args 2>"$T/talk" | true
	is "${PIPESTATUS[0]} $(cat "$T/talk")" '0 ' "dwh $args | true"
done
# psql dies of it as it does elsewhere.
"$DWH" psql "${C[@]}" -XAtqc 'select generate_series(1, 1000000)' 2>"$T/talk" | true
sql 'select 1' >"$T/out"
is "$(cat "$T/out")" 1 'dwh psql | true: the next command works'

# ---- not read: talk is left out, and said to be; a load does not wait for it ----

mkfifo "$T/pipe"
# Holds the pipe open, a page of it (1031 is F_SETPIPE_SZ), and reads nothing until told.
hold_pipe() {
	rm -f "$T/pipe.held" "$T/pipe.read"
	perl -e '
		open(my $in, "<", $ARGV[0]) or die; fcntl($in, 1031, 4096);
		open(my $go, ">", "$ARGV[0].held"); close $go;
		select(undef, undef, undef, 0.05) until -e "$ARGV[0].read";
		print while <$in>' "$T/pipe" >"$T/late" &
	READER=$!
}
fill_pipe() { # what is opened as 4
	until_true 30 test -e "$T/pipe.held"
	head -c 4096 /dev/zero | tr '\0' '\n' >&4
}
hold_pipe
{
	fill_pipe
	"$DWH" run "${C[@]}" --fresh 2>&4 >"$T/out"
	loaded $? 0 'stderr that nobody reads'
	like "$(tail -n 1 "$T/out")" '^Loaded 1,198 objects' 'stderr that nobody reads: the report comes'

	# A signal is heard, too: nothing hangs in a write.
	"$DWH" run "${C[@]}" --fresh --set LOAD.CONNECTIONS=1 --set LOAD.SHARD_OBJECTS=10 2>&4 >"$T/out" &
	RUN=$!
	until_true 10 eval '[ -n "$(pids_of "dwh: worker [0-9]+ copy staging_songs")" ]'
	kill -TERM $RUN
	until_true 6 not_there $RUN
	ok $? 'stderr that nobody reads: TERM ends the run'
	wait $RUN
	is $? 143 'stderr that nobody reads: with 143'
} 4>"$T/pipe"
touch "$T/pipe.read"
wait $READER
dwh run
is "$ST $(counts)" "0 $want" 'and the next run completes it'

# A reader who takes a break in the middle gets to know that something is missing.
hold_pipe
{
	fill_pipe
	rm -r "$T/.dwh/runs"
	"$DWH" run "${C[@]}" --fresh 2>&4 >"$T/out" &
	RUN=$!
	until_true 20 eval 'journal 2>/dev/null | grep -q "\"t\":\"count\""'
	touch "$T/pipe.read"
	wait $RUN
} 4>"$T/pipe"
wait $READER
like "$(cat "$T/late")" 'warning: [0-9]+ lines were left out here, as nobody read them' \
	'a reader who comes late is told that lines are missing'

# ---- stopped: nothing of it is taken for a worker that hangs ----

"$DWH" run "${C[@]}" --fresh --set LOAD.TASK_TIMEOUT=3 --set LOAD.SHARD_OBJECTS=100 >"$T/out" 2>"$T/talk" &
RUN=$!
until_true 10 eval '[ -n "$(pids_of "dwh: worker [0-9]+ copy")" ]'
kill -STOP $RUN
sleep 5
kill -CONT $RUN
wait $RUN
loaded $? 0 'stopped and continued'
is "$(grep -c 'warning' "$T/talk")" 0 'stopped and continued: no worker was given up'
done_testing
