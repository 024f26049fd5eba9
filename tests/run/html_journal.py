"""The journal of a run that never was: python3 html_journal.py DIR RUN SHARDS WORKERS.

So many shards of one listing, each tried until it is loaded; one attempt in fifty fails, two of five
of those because the worker dies."""
import heapq
import json
import os
import random
import sys

folder, run, shards, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(1)
os.makedirs(f"{folder}/runs/{run}")
out = open(f"{folder}/runs/{run}/journal.jsonl", "w")
AT = "2026-11-23T16:19:59.296Z"
DONE = dict.fromkeys("""rows rejected bytes objects replaced objects_joined parts limit requests retries
    list_ms fetch_ms copy_ms commit_ms total_ms cpu_ms quarantined changed""".split(), 0)


def line(t, **fields):
    out.write(json.dumps({"t": t, **fields}) + "\n")


def task(number, kind, name, parent=0, shard="", objects=0, size=0):
    line("task", id=number, parent=parent, kind=kind, phase="", stem="staging_songs", name=name, digest="",
         prefix="", after="", upto="", fan=False, lane="staging_songs" if shard else "", shard=shard,
         manifest="s3://manifests/" + shard if shard else "", objects=objects, bytes=size)


def move(number, before, to, ms, attempt=1, worker=1):
    line("move", **{"id": number, "from": before, "to": to, "at": AT, "ms": ms, "attempt": attempt,
                    "worker": worker})


def done(number, **fields):
    line("done", id=number, **{**DONE, "skipped": False, "verdict": "", "note": "", **fields})


line("run", v=1, run=run, command="run", at=AT, engine="redshift", model="sparkify", strategy="sharded",
     warehouse="", of="", workers=workers, fresh=False)
line("call", words=["dwh"])
task(1, "list", "list staging_songs song_data")
move(1, "waiting", "ready", 0)
move(1, "ready", "running", 10)
done(1, objects=1000 * shards, requests=shards, list_ms=3000)
sizes = {}
for n in range(2, shards + 2):
    shard = f"{chance.getrandbits(256):064x}"
    sizes[n] = chance.randrange(10 ** 6, 10 ** 8)
    task(n, "copy", "copy staging_songs " + shard[:8], 1, shard, 1000, sizes[n])
    move(n, "waiting", "ready", 3000)
move(1, "running", "done", 3000)

# What happens next, by time: a task ends, or its pause is over.
todo, soon, attempts, now = sorted(sizes, key=sizes.get), [], {}, 3000
idle = list(range(workers, 0, -1))
while todo or soon:
    while todo and idle:
        n, worker = todo.pop(), idle.pop()
        attempts[n] = attempts.get(n, 0) + 1
        move(n, "ready", "running", now, attempts[n], worker)
        heapq.heappush(soon, (now + 10 + int(chance.lognormvariate(8, .6)), "ends", n, worker))
    now, what, n, worker = heapq.heappop(soon)
    if what == "waits":
        move(n, "backoff", "ready", now, attempts[n], worker)
        todo.append(n)
        continue
    idle.append(worker)
    if chance.random() < .02 and attempts[n] < 4:
        dies = chance.random() < .4
        line("fail", id=n, kind="crash" if dies else "retry", where="internal" if dies else "warehouse",
             code="" if dies else "40P01", retry_after_ms=0, total_ms=0,
             message=f"worker {worker} was killed by signal 9 (Killed)" if dies else "deadlock detected")
        move(n, "running", "backoff", now, attempts[n], worker)
        heapq.heappush(soon, (now + 2000, "waits", n, worker))
    else:
        done(n, rows=12345, bytes=sizes[n], objects=1000, requests=1000, fetch_ms=300, copy_ms=2000,
             commit_ms=20, verdict="VERIFIED")
        move(n, "running", "done", now, attempts[n], worker)
line("end", at=AT, ms=now + 5, exit=0)
