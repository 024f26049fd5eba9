#!/usr/bin/python3
"""Loads the data the way somebody does who has read how to make it fast: 16 threads over one S3
client, as boto3 recommends, with a connection each; many objects in one COPY FROM STDIN; then the
inserts of the model's own SQL files. It is given the same environment as python_one_at_a_time.py, and
prints the same line.
"""
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import islice
from os import environ

import psycopg2

import python_one_at_a_time as peer

THREADS = 16
OBJECTS_A_COPY = {"staging_events": 1, "staging_songs": 100}

here = threading.local()


def open_thread():
    here.connection = psycopg2.connect("")
    here.cursor = here.connection.cursor()
    here.cursor.execute(f'SET search_path TO "{peer.SCHEMA}"')
    here.connection.commit()


def field(value):
    """A value in the text format of COPY."""
    if value is None:
        return r"\N"
    if not isinstance(value, str):
        return str(value)
    value = value.replace("\\", "\\\\").replace("\t", "\\t")
    return value.replace("\n", "\\n").replace("\r", "\\r")


def rows_of(table, body):
    if table == "staging_events":
        return (peer.event_row(line) for line in body.split("\n") if line)
    return [peer.song_row(body)]


def copy_objects(s3, table, names):
    """Fetches these objects and loads them by one COPY."""
    keys = peer.EVENT_KEYS if table == "staging_events" else peer.SONG_KEYS
    lines = StringIO()
    for bucket, key in names:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
        for row in rows_of(table, body):
            lines.write("\t".join(map(field, row)) + "\n")
    lines.seek(0)
    columns = ", ".join(key.lower() for key in keys)
    here.cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", lines)
    here.connection.commit()


def load(pool, s3, table, address):
    """Lists the prefix, and has the threads load what was listed while it goes on."""
    names = peer.objects(s3, address)
    copies = []
    while some := list(islice(names, OBJECTS_A_COPY[table])):
        copies.append(pool.submit(copy_objects, s3, table, some))
    return copies


def main():
    started = time.monotonic()
    s3 = peer.s3_client(connections=THREADS + 1)
    connection = psycopg2.connect("")
    cursor = connection.cursor()
    peer.create_tables(connection, cursor)

    seconds = {}
    before = time.monotonic()
    with ThreadPoolExecutor(THREADS, initializer=open_thread) as pool:
        copies = load(pool, s3, "staging_events", environ["LOG_DATA"])
        copies += load(pool, s3, "staging_songs", environ["SONG_DATA"])
        for copy in copies:
            copy.result()
    seconds["staging"] = round(time.monotonic() - before, 3)
    before = time.monotonic()
    peer.transform(connection, cursor)
    seconds["inserts"] = round(time.monotonic() - before, 3)
    seconds["total"] = round(time.monotonic() - started, 3)
    print(json.dumps({"rows": peer.row_counts(cursor), "seconds": seconds}))


if __name__ == "__main__":
    sys.exit(main())
