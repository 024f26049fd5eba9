#!/usr/bin/python3
"""A PostgreSQL proxy that loses COMMITs.

    pgproxy.py FOLDER SERVER

listens on FOLDER/.s.PGSQL.5432 and passes everything on to SERVER, a Unix socket or a port of this
machine. The file FOLDER/rule says what happens to the COMMIT (a simple query) of a transaction in
which a statement matched:

    MODE COUNT REGEX

    before   the connection is cut, and the server never sees the COMMIT
    after    the server commits, and the connection is cut instead of the answer
    late     the connection is cut; the server sees the COMMIT once FOLDER/release exists
    slow     the answer is held back until FOLDER/release exists

COUNT transactions are treated so, the rest passes. Before a `late` connection is cut, FOLDER/hold
is made: as long as it exists, no new connection gets through. FOLDER/log has a line for each
COMMIT that was lost, and one for each that the server answered although nobody listened.
"""
import os
import re
import socket
import struct
import sys
import threading
import time

FOLDER, SERVER = sys.argv[1:3]
READY = b"Z\0\0\0\5"
LOCK = threading.Lock()


def path(name):
    return os.path.join(FOLDER, name)


def log(*words):
    with LOCK, open(path("log"), "a", encoding="utf-8") as f:
        print(*words, file=f)


def wait_while(name, there):
    while os.path.exists(path(name)) == there:
        time.sleep(0.02)


def take_rule(statements):
    """The mode for a COMMIT behind these statements, or None. Counts down."""
    with LOCK:
        try:
            with open(path("rule"), encoding="utf-8") as f:
                mode, count, regex = f.read().strip().split(" ", 2)
        except (FileNotFoundError, ValueError):
            return None
        if int(count) == 0 or not any(re.search(regex, s, re.S) for s in statements):
            return None
        with open(path("rule.new"), "w", encoding="utf-8") as f:
            f.write(f"{mode} {int(count) - 1} {regex}\n")
        os.rename(path("rule.new"), path("rule"))
        return mode


def exactly(sock, n):
    """n bytes, or None at the end."""
    parts = bytearray()
    while len(parts) < n:
        got = sock.recv(n - len(parts))
        if not got:
            return None
        parts += got
    return bytes(parts)


def message(sock, kind_too=True):
    """One message of the client as it is, or None at the end."""
    head = exactly(sock, 5 if kind_too else 4)
    if head is None:
        return None
    body = exactly(sock, struct.unpack("!i", head[-4:])[0] - 4)
    return None if body is None else head + body


def cut(*socks):
    for sock in socks:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Connection:
    def __init__(self, client):
        self.client = client
        self.server = socket.socket(socket.AF_INET if SERVER.isdigit() else socket.AF_UNIX)
        if SERVER.isdigit():  # each message is sent by itself
            self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = None  # the mode that holds the answer back
        self.lost = False  # the server is about to see a COMMIT that nobody waits for

    def run(self):
        wait_while("hold", True)
        try:
            self.server.connect(("127.0.0.1", int(SERVER)) if SERVER.isdigit() else SERVER)
        except OSError:
            cut(self.client)
            return
        threading.Thread(target=self.answers, daemon=True).start()
        try:
            self.requests()
        except OSError:
            pass
        if not self.lost:
            cut(self.client, self.server)

    def requests(self):
        first = message(self.client, kind_too=False)
        if first is None:
            return
        self.server.sendall(first)
        statements = []
        while True:
            m = message(self.client)
            if m is None:
                return
            if m[:1] == b"Q":
                text = m[5:-1].decode()
                if text.startswith("BEGIN"):
                    statements = []
                if text == "COMMIT" and not self.commit(m, take_rule(statements)):
                    return
                statements.append(text)
                if text == "COMMIT":
                    continue
            elif m[:1] == b"P":
                statements.append(m[5:].split(b"\0")[1].decode())
            self.server.sendall(m)

    def commit(self, m, mode):
        """Does what the rule says; False when the connection is over."""
        if mode == "before":
            log("before")
            return False
        if mode == "late":
            with open(path("hold"), "w", encoding="utf-8"):
                pass
            self.held, self.lost = mode, True
            log("late")
            cut(self.client)
            wait_while("release", False)
        elif mode:
            self.held, self.lost = mode, mode == "after"
            log(mode)
        self.server.sendall(m)
        return not self.lost

    def answers(self):
        swallowed = b""
        try:
            while True:
                got = self.server.recv(65536)
                if not got:
                    break
                if self.held:
                    swallowed += got
                    if swallowed[-6:-1] != READY:
                        continue
                    log("answered", swallowed[5:].split(b"\0")[0].decode())
                    if self.held != "slow":
                        break
                    wait_while("release", False)
                    self.held, got, swallowed = None, swallowed, b""
                self.client.sendall(got)
        except OSError:
            pass
        cut(self.client, self.server)


def main():
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path(".s.PGSQL.5432"))
    listening.listen(64)
    while True:
        client, _ = listening.accept()
        threading.Thread(target=Connection(client).run, daemon=True).start()


if __name__ == "__main__":
    main()
