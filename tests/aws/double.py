#!/usr/bin/python3
"""A double of AWS's control plane, for tests: faithful where it matters to who makes and removes
clusters.

    double.py --key ID:SECRET --port-file FILE [options]

serves STS, IAM, EC2, Redshift, Redshift Serverless, Secrets Manager and S3 on one loopback port;
AWS_ENDPOINT_URL=http://127.0.0.1:PORT is all that a client needs. Services are told apart by the
scope of the signature, which is verified. What it knows of AWS stands in the modules beside it:

    wire.py       arguments, documents, and the errors that all services have
    signature.py  SigV4
    world.py      the clock, keys, regions; how long things take
    identity.py   STS, IAM          network.py  EC2           redshift.py  clusters
    serverless.py workgroups, Secrets Manager                 buckets.py   S3
    metadata.py   keys of machines and containers

A test looks in, and interferes, below /_double (JSON; no signature):

    GET  /_double/log      each call: n, service, action, region, args, outcome, unread
                           outcome: "ok", AWS's code, or lost, timeout, reset, held, dropped
                           unread: arguments that AWS would have ignored: a slip of the client
    GET  /_double/left     what was made and is there: kind, name, region, status, tags
    POST /_double/fail     {action, times, after, how, ...}: see FAILS below
    POST /_double/release  {drop: false}: lets go what is held, and what would have been; with drop
                           what was not carried out yet never is, and gets no answer
    POST /_double/calm     forgets all faults, lets go what is held
    POST /_double/clock    {step: seconds, speed: N, wall: seconds}: simulated time goes on by step,
                           and N times as fast from now; the server's clock is wrong by wall
    POST /_double/key      {id, secret, token, expires (seconds from now), arn}: a key is added
    POST /_double/expire   all session keys have expired
    POST /_double/secret   {id, value, region}: for GetSecretValue; answers its ARN
    POST /_double/archive  {bucket, key, class (GLACIER)}: the object is archived, and can't be read
    POST /_double/role     {name, trust (a policy; default: the account and web identity), external}

FAILS: the next `times` (1; -1: all) calls of `action`, after `after` (0) that pass. The action may
be "*", a pattern, "redshift:CreateTags", or "changes": whatever is no Describe, Get, List, Head.

    throttle deny 500 503 expired   refused, as the service says it
    error     {code, message, status}   refused so
    role      the role can't be assumed yet
    timeout   never answered, not carried out    reset  the connection is reset, not carried out
    lost      carried out, then the connection is closed instead of an answer
    empty     carried out, and answered (not by S3), but without what was asked for
    hold      waits for /_double/release, then is carried out
    hold-after  carried out, the answer waits for /_double/release
"""
import argparse
import ctypes
import email.utils
import fnmatch
import json
import os
import re
import signal
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import buckets
import identity
import metadata
import network
import redshift
import serverless
import signature
import wire
import world as worlds
from wire import SERVICES, Refusal, common

ACTIONS = {
    "sts": identity.STS, "iam": identity.IAM, "ec2": network.EC2, "redshift": redshift.REDSHIFT,
    "redshift-serverless": serverless.SERVERLESS, "secretsmanager": serverless.SECRETS,
}
IAM_REGIONS = ("us-east-1", "us-gov-west-1", "cn-north-1")
LOOKS = ("Describe", "Get", "List", "Head", "AssumeRole")
FAILS = ("throttle", "deny", "500", "503", "expired", "error", "role", "timeout", "reset", "lost", "empty",
         "hold", "hold-after")
ROLE_FAULT = ("The IAM role {} is not valid. The IAM role must delegate access to an Amazon "
              "Redshift account.")


class Gate:
    """Where calls are held."""

    def __init__(self):
        self.open, self.drop = threading.Event(), False


class Faults:
    """What a test wants to go wrong; under the world's lock."""

    def __init__(self):
        self.rules, self.gate = [], Gate()

    def add(self, rule):
        rule = {"action": "*", "times": 1, "after": 0, **rule}
        unknown = set(rule) - {"action", "times", "after", "how", "code", "message", "status"}
        if unknown or rule.get("how") not in FAILS:
            raise ValueError(f"a fault is {{action, times, after, how: {' '.join(FAILS)}}}")
        if rule["how"].startswith("hold"):
            self.gate = Gate() if self.gate.open.is_set() else self.gate
        self.rules.append(rule)

    def release(self, drop=False):
        self.gate.drop = drop
        self.gate.open.set()
        self.rules = [r for r in self.rules if not r["how"].startswith("hold")]

    def take(self, service, action):
        """The rule for this call, or None. Counts down."""
        for rule in self.rules:
            wanted = rule["action"]
            if wanted == "changes":
                if action.startswith(LOOKS) or service in ("imds", "container"):
                    continue
            else:
                name = f"{service}:{action}" if ":" in wanted else action
                if not fnmatch.fnmatchcase(name, wanted):
                    continue
            if rule["after"] > 0:
                rule["after"] -= 1
            elif rule["times"] != 0:
                rule["times"] -= 1
                return rule
        return None


class Gone(Exception):
    """There is no answer: how is lost (the connection is closed), reset, or timeout."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class Double:
    def __init__(self, options):
        self.world = worlds.World(options)
        self.faults, self.log = Faults(), []
        self.metadata = metadata.Metadata(self.world)
        for key in options.key:
            id_, secret, *token = key.split(":", 2)
            self.world.keys[id_] = worlds.Key(id_, secret, token[0] if token else None)
        for take in options.take:
            name, _, seconds = take.partition("=")
            if name not in worlds.TAKES:
                sys.exit(f"--take {name}: one of {' '.join(worlds.TAKES)}")
            self.world.takes[name] = float(seconds)
        self.world.settlers = [redshift.settle, serverless.settle]
        self.world.listers = [m.list_left for m in (identity, network, redshift, serverless,
                                                    buckets)]

    # ---- calls ----

    def answer(self, method, target, headers, body):
        """(status, headers, body) of a request to AWS; Gone where there is none."""
        entry = {"n": None, "service": None, "action": "?", "region": None, "args": {},
                 "outcome": None, "unread": []}
        found = self.metadata.find(method, target)
        try:
            if found and not signature.scope_of(headers):
                entry["service"], entry["action"] = found
                status, head, text = self._metadata(headers, entry)
            else:
                status, head, text = self._aws(method, target, headers, body, entry)
        finally:
            self._keep(entry)
        return status, head, text.encode() if isinstance(text, str) else text

    def _aws(self, method, target, headers, body, entry):
        rid = wire.request_id()
        service = self._service(headers, body)
        entry["service"] = service.name

        def parse():
            return self._parse(service, method, target, headers, body, entry)

        try:
            answer = self._pass(entry, parse, self._fault, lambda call: self._carry_out(call, rid))
        except Refusal as r:
            entry["outcome"] = r.code
            answer = wire.refusal(service, r, rid, target)
        return answer

    def _metadata(self, headers, entry):
        def carry_out(_):
            with self.world.lock:
                return self.metadata.carry_out(entry["service"], entry["action"], headers)

        try:
            body = self._pass(entry, lambda: None, lambda _, rule: self.metadata.fault(rule),
                              carry_out)
        except Refusal as r:
            entry["outcome"] = r.code
            return metadata.refusal(r)
        return 200, {"Content-Type": "text/plain"}, body

    def _pass(self, entry, parse, fault, carry_out):
        """What carry_out() says of the call that parse() made, unless a fault comes between."""
        with self.world.lock:
            self.world.advance(self.world.options.step)
            entry["n"] = len(self.log) + 1
            self.log.append(entry)
            call = parse()
            rule = self.faults.take(entry["service"], entry["action"])
            gate = self.faults.gate
        how = rule["how"] if rule else None
        if how in ("timeout", "reset"):
            entry["outcome"] = how
            raise Gone(how)
        if how == "hold":
            self._hold(entry, gate)
            if gate.drop:
                entry["outcome"] = "dropped"
                raise Gone("lost")
        elif how and how not in ("lost", "empty", "hold-after"):
            raise fault(call, rule)
        if how == "empty":
            call.told = False
        result = carry_out(call)
        if how == "lost":
            entry["outcome"] = "lost"
            raise Gone(how)
        if how == "hold-after":
            self._hold(entry, gate)
        entry["outcome"] = entry["outcome"] or "ok"
        return result

    @staticmethod
    def _hold(entry, gate):
        entry["outcome"] = "held"
        gate.open.wait()
        entry["outcome"] = None

    def _keep(self, entry):
        if self.world.options.state:
            with self.world.lock, open(os.path.join(self.world.options.state, "log.jsonl"), "a",
                                       encoding="utf-8") as f:
                print(json.dumps(entry), file=f)

    def _service(self, headers, body):
        scope = signature.scope_of(headers)
        if scope and scope[1] in SERVICES:
            return SERVICES[scope[1]]
        if b"Action=" in body:  # unsigned, or signed for a service that is not here
            action = body.split(b"Action=")[1].split(b"&")[0].decode("latin-1")
            for name, actions in ACTIONS.items():
                if action in actions:
                    return SERVICES[name]
            return SERVICES["sts"]
        target = headers.get("x-amz-target", "")
        for s in SERVICES.values():
            if s.target and target.startswith(s.target + "."):
                return s
        return SERVICES["s3"]

    def _carry_out(self, call, rid):
        if call.service.name == "s3":
            status, head, body = buckets.carry_out(call)
            if status >= 400:  # said by the server behind us
                code = re.search(rb"<Code>(\w+)</Code>", body)
                call.entry["outcome"] = code[1].decode() if code else str(status)
            return status, {"x-amz-request-id": rid, "x-amz-id-2": rid, **head}, body
        with self.world.lock:
            self.world.settle()
            result = ACTIONS[call.service.name][call.action](call)
        if not call.told:
            result, call.entry["outcome"] = {}, "empty"
        call.entry["unread"] = call.args.unread()
        return wire.answer(call.service, call.action, result, rid)

    def _parse(self, service, method, target, headers, body, entry):
        """The call, with who sent it; Refusal otherwise."""
        scope = signature.scope_of(headers)
        region_name = scope[0] if scope else "us-east-1"
        entry["region"] = region_name
        region = self.world.region(region_name)
        args = None
        if service.protocol == "s3":
            call = buckets.S3Call(self.world, service, region, method, target, headers, body, entry)
            action = entry["action"] = call.action
            entry["args"] = call.shown()
        elif service.protocol == "json":
            action = entry["action"] = headers.get("x-amz-target", "").partition(".")[2]
            args = wire.json_args(body)
            entry["args"] = args.shown()
        else:
            args = wire.query_args(service, body)
            action = entry["action"] = args.text("Action", "")
            entry["args"] = args.shown()
        key = None
        if not (service.name == "sts" and action == "AssumeRoleWithWebIdentity"):
            key = signature.verify(service, method, target, headers, body, self.world.keys.get,
                                   self.world.wall())
        if service.name == "iam" and region_name not in IAM_REGIONS:
            raise common(service, "signature", detail="Credential should be scoped to a valid "
                         f"region, not '{region_name}'.")
        if service.protocol == "s3":
            call.key = key
            return call
        if method != "POST" or target != "/":
            raise common(service, "no action", action=f"{method} {target}")
        version = args.text("Version")
        if action not in ACTIONS[service.name] or (
                service.protocol != "json" and version != service.version):
            raise common(service, "no action", action=action, version=version)
        return worlds.Call(self.world, service, action, args, key, region, entry)

    @staticmethod
    def _fault(call, rule):
        service = call.service
        if rule["how"] == "error":
            return Refusal(rule["code"], rule.get("message", "As the test wants it."),
                           rule.get("status", 400))
        if rule["how"] == "role":
            code = "ValidationException" if service.protocol == "json" else "InvalidParameterValue"
            return Refusal(code, ROLE_FAULT.format(call.args.values.get(
                "IamRoles.IamRoleArn.1", "arn:aws:iam::" + worlds.ACCOUNT + ":role/it")))
        return common(service, rule["how"], who=call.key.arn if call.key else "anonymous",
                      action=f"{service.name}:{call.action}")

    # ---- what a test asks ----

    def control(self, method, path, body):
        """What stands below /_double: a value for JSON; KeyError and ValueError: a bad request."""
        given = json.loads(body) if body else {}
        with self.world.lock:
            return self._CONTROLS[f"{method} {path}"](self, given)

    def _log(self, _):
        return self.log

    def _left(self, _):
        return self.world.left()

    def _fail(self, given):
        self.faults.add(given)

    def _release(self, given):
        self.faults.release(given.get("drop", False))

    def _calm(self, _):
        self.faults.release()
        self.faults.rules = []

    def _clock(self, given):
        self.world.advance(given.get("step", 0), given.get("speed"))
        self.world.wall_off = given.get("wall", self.world.wall_off)
        return {"now": worlds.iso(self.world.now()), "wall": worlds.iso(self.world.wall())}

    def _key(self, given):
        seconds = given.get("expires")
        self.world.keys[given["id"]] = worlds.Key(
            given["id"], given["secret"], given.get("token"),
            None if seconds is None else self.world.wall() + seconds, given.get("arn"))

    def _expire(self, _):
        for key in self.world.keys.values():
            if key.token:
                key.expires = 0

    def _secret(self, given):
        region = given.get("region", self.world.options.region)
        return {"ARN": serverless.add_secret(self.world, region, given["id"], given["value"])}

    def _archive(self, given):
        self.world.archived[given["bucket"], given["key"]] = given.get("class", "GLACIER")

    def _role(self, given):
        allow = {"Effect": "Allow", "Principal": {"AWS": worlds.ACCOUNT},
                 "Action": "sts:AssumeRole"}
        if "external" in given:
            allow["Condition"] = {"StringEquals": {"sts:ExternalId": given["external"]}}
        web = {"Effect": "Allow", "Principal": {"Federated": "accounts.example"},
               "Action": "sts:AssumeRoleWithWebIdentity"}
        trust = given.get("trust", {"Version": "2012-10-17", "Statement": [allow, web]})
        role = identity.make_role(self.world, given["name"], json.dumps(trust))
        role.made_here, role.longest = False, 43200
        return {"Arn": role.arn}

    _CONTROLS = {
        "GET log": _log, "GET left": _left, "POST fail": _fail, "POST release": _release,
        "POST calm": _calm, "POST clock": _clock, "POST key": _key, "POST expire": _expire,
        "POST secret": _secret, "POST role": _role, "POST archive": _archive,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "double", "1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one write

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(self.server.double.world.wall(), usegmt=True)

    def handle_expect_100(self):
        done = super().handle_expect_100()
        self.wfile.flush()
        return done

    def log_message(self, format, *args):
        pass

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _serve(self):
        body = self._body()
        headers = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = headers[name] + "," + value if name in headers else value
        try:
            if self.path.startswith("/_double/"):
                answer = self._control(body)
            else:
                answer = self.server.double.answer(self.command, self.path, headers, body)
            self._send(*answer)
        except Gone as g:
            self._leave(g)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _control(self, body):
        try:
            value = self.server.double.control(self.command, self.path[len("/_double/"):], body)
            status = 200
        except (KeyError, ValueError, TypeError) as e:
            status, value = 400, {"error": f"{type(e).__name__}: {e}"}
        return status, {"Content-Type": "application/json"}, (
            b"" if value is None else json.dumps(value).encode() + b"\n")

    def _send(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        names = [n.lower() for n in headers]
        if self.command != "HEAD" or "content-length" not in names:
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _leave(self, gone):
        self.close_connection = True
        if gone.how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif gone.how == "timeout":
            while self.connection.recv(4096):  # until the client has had enough
                pass

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def options():
    p = argparse.ArgumentParser(description="A double of AWS's control plane; see the file's head.")
    p.add_argument("--port", type=int, default=0, help="default: one that is free")
    p.add_argument("--port-file", metavar="FILE", help="where the port is written when it is ready")
    p.add_argument("--state", metavar="DIR", help="log.jsonl is written there, too: it outlives us")
    p.add_argument("--key", action="append", default=[], metavar="ID:SECRET[:TOKEN]")
    p.add_argument("--speed", type=float, default=1, metavar="N",
                   help="simulated seconds in a second; 0: only the steps count")
    p.add_argument("--step", type=float, default=0, metavar="SECONDS",
                   help="simulated seconds that each call takes")
    p.add_argument("--take", action="append", default=[], metavar="NAME=SECONDS",
                   help="how long a thing takes: " + " ".join(f"{k}={v}" for k, v in
                                                              worlds.TAKES.items()))
    p.add_argument("--warehouse", default="127.0.0.1:5439", metavar="HOST:PORT",
                   help="the endpoint of every cluster and workgroup")
    p.add_argument("--db-password-file", metavar="FILE",
                   help="what GetClusterCredentials and the like give out")
    p.add_argument("--session-seconds", type=int, metavar="N",
                   help="sessions end after N seconds, whatever was asked for")
    p.add_argument("--container-token", metavar="TOKEN",
                   help="what the endpoint of containers wants to see as Authorization")
    p.add_argument("--region", default="us-west-2", metavar="R",
                   help="where the machine of the metadata service is, and the secrets and objects")
    p.add_argument("--subnets", type=int, default=4, metavar="N", help="of the default VPC")
    p.add_argument("--no-default-vpc", action="store_true")
    p.add_argument("--paused-goes", action="store_true", help="a paused cluster can be deleted")
    p.add_argument("--taken-bucket", action="append", default=[], metavar="NAME",
                   help="a bucket that is somebody else's")
    p.add_argument("--page", type=int, default=1000, metavar="N", help="rows of a page, at most")
    p.add_argument("--s3", metavar="URL", help="the server that keeps the objects")
    p.add_argument("--s3-key", metavar="ID:SECRET", help="its key (default: the first --key)")
    o = p.parse_args()
    o.s3_key = o.s3_key or (o.key[0] if o.key else "")
    return o


def main():
    o = options()
    # It ends with the test that started it, even where that is killed.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    server = Server(("127.0.0.1", o.port), Handler)
    server.double = Double(o)
    if o.port_file:
        with open(o.port_file + ".new", "w", encoding="utf-8") as f:
            print(server.server_port, file=f)
        os.rename(o.port_file + ".new", o.port_file)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
