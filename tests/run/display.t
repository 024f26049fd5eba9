#!/bin/bash
# What a person sees on a terminal while a run goes on, seen as the terminal sees it: a small emulator
# behind a pseudo-terminal takes every byte. No line of the block is broken, nothing of it is left at
# the end, the cursor is on a fresh line: at every width, with more workers than lines, after ^C,
# after an error. NO_COLOR, TERM=dumb and pipes are respected.
. "$(dirname "$0")/lib.sh"
small_data
own_postgres
own_s3d --latency 25ms
postgres_config

cat >"$T/seen.py" <<'PY'
# seen.py COLUMNS ROWS [resize|interrupt|plain] COMMAND...: runs it on such a terminal (stdout goes
# to a file), and prints what was wrong, or "well", then facts, then the last screen.
import fcntl, os, pty, re, select, signal, struct, sys, termios, time, unicodedata
columns, rows, what, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.2) # until the size is set
    out = os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.execvp(command[0], command)
size = lambda: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
size()
lines, y, x, bad, hidden, colours, frames, most = [""], 0, 0, [], False, 0, 0, 0
block = re.compile(r"^ *\d+ ( *\d+\.\d s  |  +)?(idle|list|copy|insert|check|probe|create|staged|count)|^ *(so far|a second) "
                   r"|^ *and \d+ more|^ *\d+(\.\d)? s  \d+( of |/)\d|^ {2,}[\d,]+ rows$")
def reflow():
    # What is wider than the terminal is now on several lines.
    global lines, y
    new = []
    for i, l in enumerate(lines):
        if i == y:
            y = len(new)
        new += [l[k:k + columns] for k in range(0, len(l), columns)] or [""]
    lines = new
def show(text):
    global y, x, hidden, colours, frames
    for m in re.finditer(r"\x1b\[([?\d;]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]+|\x1b", text):
        t, code = m.group(0), m.group(2)
        if code == "A":
            y -= int(m.group(1) or 1)
            frames += 1
            if y < len(lines) - rows and len(lines) > rows:
                bad.append("the cursor goes above the screen")
            y = max(y, 0)
        elif code == "J":
            lines[y] = lines[y][:x]
            del lines[y + 1:]
        elif code == "K":
            lines[y] = lines[y][:x]
        elif code == "m":
            colours += 1
        elif code in ("l", "h") and "?25" in t:
            hidden = code == "l"
        elif t[0] == "\x1b":
            bad.append(f"not understood: {t!r}")
        elif t == "\r":
            x = 0
        elif t == "\n":
            y += 1
            if y == len(lines):
                lines.append("")
        else:
            for c in t:
                if unicodedata.category(c) == "Cc":
                    bad.append(f"control character {c!r}")
                if x == columns:
                    if block.match(lines[y]):
                        bad.append(f"broken: {lines[y]!r}")
                    y, x = y + 1, 0
                    if y == len(lines):
                        lines.append("")
                lines[y] = lines[y][:x].ljust(x) + c + lines[y][x + 1:]
                x += 1
EPOLL_WAIT = {"232", "281", "22"} # as /proc/PID/syscall names it: x86-64, its pwait, arm64
def hold():
    # Stopped where it waits, with no frame half made: what it draws next is for the new size.
    while True:
        os.kill(pid, signal.SIGSTOP)
        if not os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]):
            sys.exit("ended before it could be stopped")
        if open(f"/proc/{pid}/syscall").read().split()[0] in EPOLL_WAIT:
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.01)
def drain():
    # What it has written for the old size.
    global rest
    while select.select([fd], [], [], 0)[0]:
        rest += os.read(fd, 65536).decode(errors="replace")
    show(rest)
    rest = ""
began, acted, rest, raw = time.time(), False, "", b""
while True:
    ready = select.select([fd], [], [], 0.1)[0]
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        raw += data
        rest += data.decode(errors="replace")
        # Whole frames: a sequence may be cut by the read.
        cut = rest.rfind("\n") + 1
        show(rest[:cut])
        rest = rest[cut:]
        most = max(most, sum(1 for l in lines if block.match(l)))
    if time.time() - began > 60:
        os.kill(pid, signal.SIGKILL)
    if frames > 5 and not acted and what != "plain":
        acted = True
        if what == "interrupt":
            os.write(fd, b"\x03")
        else:
            hold()
            drain()
            columns = columns // 2
            size()
            reflow()
            os.kill(pid, signal.SIGCONT)
show(rest)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
left = [l for l in lines if block.match(l)]
if left:
    bad.append(f"left on the screen: {left}")
if x:
    bad.append("the cursor is not on a fresh line")
if hidden:
    bad.append("the cursor is hidden")
print("; ".join(sorted(set(bad))) or "well")
print(f"status {status}, {frames} frames, {most} lines, {colours} colours, {raw.count(27)} escapes")
print("\n".join(lines))
PY
seen() { # seen COLUMNS ROWS WHAT ARGS...: into $SEEN and $FACTS; the screen in $SCREEN
	local out
	out=$(TERM=${TERM_IS-xterm} /usr/bin/python3 "$T/seen.py" "$1" "$2" "$3" "$DWH" "${@:4}" -c "$T/dwh.cfg")
	SEEN=$(sed -n 1p <<<"$out") FACTS=$(sed -n 2p <<<"$out") SCREEN=$(sed 1,2d <<<"$out")
}
slow=(run --fresh --set LOAD.SHARD_OBJECTS=100 --set LOAD.CONNECTIONS=4)

for size in '200 50' '40 24' '20 12' '10 5' '3 3'; do
	# shellcheck disable=SC2086
	seen $size plain "${slow[@]}"
	is "$SEEN" 'well' "$size: nothing is broken, nothing is left"
	like "$FACTS" '^status 0, [0-9]{2,} frames' "$size: it was drawn"
done
NO_COLOR='' seen 80 24 plain "${slow[@]}" -w 5 # some wait
is "$SEEN" 'well' '80 24: nothing is broken, nothing is left'
like "$FACTS" ' [5-9] lines, [1-9][0-9]* colours' 'a line a worker, the state, the sums; what waits is dim'
like "$SCREEN" '^dwh: insert songplays: [0-9]+ rows, ' 'what ended is above it'

seen 100 24 plain "${slow[@]}" -w 40
is "$SEEN" 'well' 'more workers than lines'
like "$FACTS" ' 1[0-6] lines' 'the block leaves a part of the screen alone'
seen 90 24 resize "${slow[@]}" -w 5
is "$SEEN" 'well' 'made narrower on the way'
seen 60 24 interrupt "${slow[@]}"
is "$SEEN" 'well' '^C leaves a clean screen'
like "$FACTS" '^status 130,' 'and ends it'
like "$SCREEN" 'interrupted: cancelling what runs' 'having said so'
seen 80 24 plain "${slow[@]}" --set LOAD.ATTEMPTS=1 --set S3.SONG_DATA=s3://no-such-bucket/x
is "$SEEN" 'well' 'an error leaves a clean screen'
like "$SCREEN" '^dwh: error: ' 'and is on it'
like "$FACTS" '^status 5,' 'with its status'

NO_COLOR=1 seen 80 24 plain "${slow[@]}"
is "$SEEN" 'well' 'NO_COLOR: drawn as well'
like "$FACTS" ', 0 colours' 'without colours'
for t in dumb ''; do
	TERM_IS=$t seen 80 24 plain "${slow[@]}"
	like "$FACTS" '^status 0, 0 frames, .* 0 escapes$' "TERM=$t: lines, nothing else"
	like "$SCREEN" '[0-9]+ of [0-9]+\+? shards, [0-9]+ objects' "TERM=$t: with the totals"
done
seen 80 24 plain "${slow[@]}" -q
like "$FACTS" '^status 0, 0 frames, .* 0 escapes$' '--quiet: nothing at all'
is "$SCREEN" '' 'not a line'
dwh "${slow[@]}"
is "$(tr -cd '[:cntrl:]' <<<"$OUT$ERR" | tr -d '\n')" '' 'a pipe gets printable text alone'
like "$ERR" '^[0-9T:.Z-]+ dwh: [0-9.]+ s: [0-9]+ of [0-9]+\+? shards, ' 'and the totals now and then'
done_testing
