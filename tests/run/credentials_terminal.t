#!/bin/bash
# A program that hands over AWS keys may ask a person for something, as for a code: it has the terminal
# while it does, one after the other where several workers need keys; ^C and ^Z mean all of dwh. Without
# a terminal it is not waited for longer than a minute. With all that it has started it ends with dwh.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/run/aws_keys.sh"
keys_world

cat >"$T/on_terminal.py" <<'PY'
# on_terminal.py WAIT-FOR SAY COMMAND...: runs it in the foreground of a terminal of its own, as a shell
# does; says SAY ("^C", "^Z" or a line) each time WAIT-FOR is seen, and after ^Z it brings the stopped
# job to the foreground again; "TERM" is a signal to it alone. Prints what the terminal has shown, whether
# its echo is on at the end, then "exit N", "signal N".
import os, pty, select, signal, sys, termios, time
prompt, say, command = sys.argv[1].encode(), sys.argv[2], sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    # The shell of this terminal: the job is a group of its own in its foreground.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job:
        with open(os.environ["OUT"] + ".pid", "w") as f:
            f.write(str(job))
    else:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        out = os.open(os.environ["OUT"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.execvp(command[0], command)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.write(2, b"[stopped]\n")
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
    os.tcsetpgrp(0, os.getpgid(0))
    echo = "on" if termios.tcgetattr(0)[3] & termios.ECHO else "off"
    os.write(2, ("\necho " + echo).encode())
    state = "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "exit %d" % os.WEXITSTATUS(status)
    os.write(2, ("\n" + state + "\n").encode())
    os._exit(0)
shown, answered, stopped = b"", 0, False
while True:
    ready, _, _ = select.select([fd], [], [], 60)
    if not ready:
        shown += b"\nnothing for 60 s\n"
        break
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    shown += data
    while shown.count(prompt) > answered:
        answered += 1
        key = say
        if say == "^Z":
            key = "4711" if stopped else "^Z"
            stopped = True
        time.sleep(0.5) # a person takes some time, and nothing is drawn over the question
        if say == "TERM":
            os.kill(int(open(os.environ["OUT"] + ".pid").read()), signal.SIGTERM)
            continue
        os.write(fd, {"^C": b"\x03", "^Z": b"\x1a"}.get(key, key.encode() + b"\n"))
sys.stdout.write(shown.decode(errors="replace").replace("\r", ""))
PY
# asking: asks for a code, unseen, and gives keys for the right one
cat >"$T/asking" <<ASKING
#!/bin/bash
stty -echo </dev/tty || exit 8
trap 'printf "PIN? " >/dev/tty' CONT # after ^Z, again
printf 'PIN? ' >/dev/tty
read -r pin </dev/tty || exit 7
printf 'thanks\n' >/dev/tty
stty echo </dev/tty
echo x >>$T/asked
[ "\$pin" = 4711 ] || exit 9
exec $T/job
ASKING
cat >"$T/job" <<JOB
#!/bin/bash
awk '\$0 == "ASIAPROCESS0001" { f = 1; next } f == 1 { s = \$0; f = 2; next }
	f == 2 { sub("token ", ""); printf "{\"Version\": 1, \"AccessKeyId\": \"ASIAPROCESS0001\", \"SecretAccessKey\": \"%s\", \"SessionToken\": \"%s\"}\n", s, \$0; exit }' $A/keys
JOB
chmod 755 "$T/asking" "$T/job"
process() { files "[default]
credential_process = $1"; }
# on_terminal SAY COMMAND...: what the terminal shows is in $SHOWN, what it prints in $OUT
on_terminal() {
	rm -f "$T/asked"
	SHOWN=$(OUT=$T/out python3 "$T/on_terminal.py" 'PIN? ' "$1" env --default-signal "$DWH" "${@:2}" 2>"$T/err")
	OUT=$(cat "$T/out")
}
shown_end() { tail -n 1 <<<"$SHOWN"; }
times_asked() { wc -l <"$T/asked"; }

process "$T/asking"
on_terminal 4711 doctor -c "$T/dwh.cfg" --json
is "$(shown_end)" 'exit 0' 'a program that asks on the terminal: all is well'
like "$(found 'AWS key')" '^ok \*\*\*\*0001 .*credential_process' 'its keys are found'
is "$(grep -c 4711 <<<"$SHOWN")" 0 'what it switches off, the echo, is off'
on_terminal wrong doctor -c "$T/dwh.cfg" --json
is "$(shown_end)" 'exit 2' 'a wrong answer'
like "$(found 'AWS key')" 'ended with status 9' 'is the end of the program'
on_terminal ^Z doctor -c "$T/dwh.cfg" --json
is "$(grep -c '\[stopped\]' <<<"$SHOWN") $(shown_end)" '1 exit 0' '^Z stops dwh, which goes on in the foreground'
is "$(grep -c 4711 <<<"$SHOWN")" 0 'the echo is off then, too'
on_terminal ^C doctor -c "$T/dwh.cfg" --json
is "$(shown_end)" 'signal 2' '^C ends dwh'
on_terminal TERM doctor -c "$T/dwh.cfg" --json
is "$(tail -n 2 <<<"$SHOWN")" $'echo on\nsignal 15' 'what ends dwh ends it, and the terminal is as it was'

on_terminal 4711 run --fresh -c "$T/dwh.cfg"
is "$(shown_end)" 'exit 0' 'a load whose workers ask'
is "$(times_asked) $(grep -o 'PIN? ' <<<"$SHOWN" | wc -l)" '2 2' 'each of the two once'
is "$(grep -o 'PIN? thanks' <<<"$SHOWN" | wc -l)" 2 'and nothing is drawn over the question'
is "$(sql 'select count(*) from staging_events')" 8056 'it loads all'
on_terminal ^C run --fresh -c "$T/dwh.cfg"
like "$(shown_end)" '^exit 130|^signal 2' '^C while one of them asks ends the load'
like "$SHOWN" 'interrupted' 'which says so'

# Nobody to ask.
no_asking() { ! pgrep -f "$T/asking|sleep 600.$T"; }
export DWH_AWS_SPEED=30
process "$T/asking"
OUT=$(setsid -w "$DWH" doctor -c "$T/dwh.cfg" --json 2>"$T/err" </dev/null)
like "$(found 'AWS key')" 'ended with status 8' 'without a terminal it cannot ask'
cat >"$T/shell" <<SHELL
#!/bin/bash
set -m
$DWH doctor -c $T/dwh.cfg --json >$T/out &
wait
SHELL
chmod 755 "$T/shell"
OUT=$T/shown python3 "$T/on_terminal.py" 'PIN? ' 4711 "$T/shell" >"$T/err"
OUT=$(cat "$T/out")
like "$(found 'AWS key')" 'has not ended after 2 s: it asks on a terminal, and dwh is not in the foreground of one' \
	'in the background it is given up after a minute'
no_asking
ok $? 'and is gone'

# A minute, whatever it does, with what it has started.
cat >"$T/slow" <<SLOW
#!/bin/bash
(exec -a 'sleep 600.$T' sleep 600) &
trap '' TERM INT
wait
SLOW
chmod 755 "$T/slow"
process "$T/slow"
refuses 'slow of profile default .* has not ended after 2 s' 'a program without an end'
no_asking
ok $? 'it is gone, and what it has started'

# It may have ended long before what it has started, which holds its output.
cat >"$T/quick" <<QUICK
#!/bin/bash
(exec -a 'sleep 600.$T' sleep 600) &
echo '{"Version": 1}'
QUICK
chmod 755 "$T/quick"
process "$T/quick"
refuses 'quick of profile default .* has not ended after 2 s' 'a program that leaves something behind'
no_asking
ok $? 'that is gone'

# It finds the signals as whoever has started dwh has left them.
process "sh -c 'grep ^Sig /proc/self/status >$T/signals; exec $T/job'"
# The first 31: those behind them are the library's own, or nobody's.
kept_signals() {
	local name mask
	while read -r name mask; do
		[[ $name != Sig@(Blk|Ign): ]] || printf '%s%x ' "$name" $((0x$mask & 0x7fffffff))
	done <"$T/signals"
}
env --default-signal "$DWH" run --fresh -c "$T/dwh.cfg" >"$T/out" 2>"$T/err"
is "$? $(kept_signals)" '0 SigBlk:0 SigIgn:0 ' 'in a worker: none is blocked, none ignored'
env --default-signal nohup "$DWH" run --fresh -c "$T/dwh.cfg" >"$T/out" 2>"$T/err"
is "$? $(kept_signals)" '0 SigBlk:0 SigIgn:1 ' 'but those that were, as by nohup'
env --default-signal python3 -c 'import os, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_DFL) # which Python ignores
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
os.execv(sys.argv[1], sys.argv[1:])' "$DWH" doctor -c "$T/dwh.cfg" >"$T/out" 2>"$T/err"
is "$? $(kept_signals)" '0 SigBlk:0 SigIgn:0 ' 'nor is one blocked that whoever has started dwh blocks'

end_watch
done_testing
