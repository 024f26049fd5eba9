#!/usr/bin/env python3
"""aws_keys.py DIR - the servers that give keys and passwords, small: STS, the container's, the
instance's metadata (version 2 alone), Redshift, Redshift Serverless, Secrets Manager.

In DIR: port (written when it listens), log (a line for each request, no secrets), keys (those of s3d,
which requests must be signed with: id, secret, "token TOKEN"), generation and life (which keys are
given, and for how many seconds; read with each request), fail (a line "WHAT TIMES STATUS": so many
requests of that kind fail), bearer (what the container's server wants to see), password (what opens
the warehouse: user, password)."""

import datetime, hashlib, hmac, http.server, json, os, sys, urllib.parse

DIR = sys.argv[1]
IMDS_TOKEN = "imds-token-of-this-test=="


def read(name, default=""):
    try:
        with open(os.path.join(DIR, name)) as f:
            return f.read().strip()
    except FileNotFoundError:
        return default


def known_keys():
    keys, lines = {}, [l for l in read("keys").splitlines() if l]
    i = 0
    while i + 1 < len(lines):
        k = {"secret": lines[i + 1], "token": ""}
        keys[lines[i]] = k
        i += 2
        while i < len(lines) and (lines[i].startswith("token ") or lines[i] == "expired"):
            if lines[i] != "expired":
                k["token"] = lines[i][6:]
            i += 1
    return keys


def given(source):
    """The keys of a source: what the test has put into s3d's file under such an id."""
    key = "ASIA%s%s" % (source.upper(), read("generation", "0001"))
    life = int(read("life", "3600"))
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life)
    k = known_keys()[key]
    return key, k["secret"], k["token"], until.strftime("%Y-%m-%dT%H:%M:%SZ")


def document(source, code):
    key, secret, token, until = given(source)
    d = {"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": until}
    return json.dumps(dict(d, Code="Success", Type="AWS-HMAC") if code else d)


def sign(key, *parts):
    for p in parts:
        key = hmac.new(key, p.encode(), hashlib.sha256).digest()
    return key


class Denied(Exception):
    pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, what, by=""):
        with open(os.path.join(DIR, "log"), "a") as f:
            f.write("%s %s\n" % (what, by))

    def reply(self, status, body, kind="text/plain"):
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fails(self, what):
        words = read("fail").split()
        if len(words) != 3 or words[0] != what or int(words[1]) == 0:
            return False
        with open(os.path.join(DIR, "fail"), "w") as f:
            f.write("%s %d %s" % (words[0], int(words[1]) - 1, words[2]))
        self.note(what, "failed")
        self.reply(int(words[2]), "no")
        return True

    # ---- metadata ----

    def do_PUT(self):
        if self.fails("imds"):
            return
        self.note("imds-token")
        if self.path == "/latest/api/token" and self.headers["x-aws-ec2-metadata-token-ttl-seconds"]:
            self.reply(200, IMDS_TOKEN)
        else:
            self.reply(400, "")

    def do_GET(self):
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path.startswith("/latest/"):
            if self.headers["x-aws-ec2-metadata-token"] != IMDS_TOKEN:
                self.note("imds-without-token")
                return self.reply(401, "")
            self.note("imds", self.path.rsplit("/", 1)[1])
            if read("role", "instance-role") == "none":
                return self.reply(404, "")
            if self.path == roles:
                return self.reply(200, "instance-role\n")
            if self.path == roles + "instance-role":
                return self.reply(200, document("instance", True))
            if self.path == "/latest/meta-data/placement/region":
                return self.reply(200, "us-west-2")
        elif self.path == "/container":
            if self.fails("container"):
                return None
            bearer = read("bearer")
            seen = self.headers["Authorization"] or ""
            self.note("container", "with-token" if seen else "without-token")
            if seen != bearer:
                return self.reply(401, "{}")
            return self.reply(200, document("container", False), "application/json")
        return self.reply(404, "")

    # ---- the control plane ----

    def verify(self, body):
        """Signature version 4, of the headers that it says it covers. Returns the key's id."""
        auth = self.headers["Authorization"] or ""
        if not auth.startswith("AWS4-HMAC-SHA256 "):
            raise Denied("MissingAuthenticationToken")
        f = dict(p.strip().split("=", 1) for p in auth.split(" ", 1)[1].split(","))
        key, day, region, service, end = f["Credential"].rsplit("/", 4)
        k = known_keys().get(key)
        if not k:
            raise Denied("InvalidClientTokenId")
        if k["token"] != (self.headers["X-Amz-Security-Token"] or ""):
            raise Denied("InvalidClientTokenId")
        names = f["SignedHeaders"].split(";")
        if "host" not in names or (k["token"] and "x-amz-security-token" not in names):
            raise Denied("SignatureDoesNotMatch")
        heads = "".join("%s:%s\n" % (n, self.headers[n].strip()) for n in names)
        canonical = "\n".join(["POST", self.path, "", heads, ";".join(names),
                               hashlib.sha256(body).hexdigest()])
        scope = "/".join([day, region, service, end])
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["X-Amz-Date"], scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        secret = sign(("AWS4" + k["secret"]).encode(), day, region, service, end)
        if not hmac.compare_digest(sign(secret, text).hex(), f["Signature"]):
            raise Denied("SignatureDoesNotMatch")
        return key

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        target = self.headers["X-Amz-Target"]
        args = json.loads(body) if target else dict(urllib.parse.parse_qsl(body.decode()))
        action = target.split(".")[1] if target else args["Action"]
        if self.fails(action):
            return
        try:
            if action == "AssumeRoleWithWebIdentity":
                by = "nobody" if not self.headers["Authorization"] else "somebody"
            else:
                by = self.verify(body)
            answer = getattr(self, "on_" + action)(args)
            self.note(action, " ".join(
                [by] + ["%s=%s" % (k, v) for k, v in args.items()
                        if k not in ("Action", "Version", "WebIdentityToken", "RoleSessionName")]))
            self.reply(200, answer, "application/json" if target else "text/xml")
        except Denied as d:
            self.note(action, str(d))
            if target:
                self.reply(400, json.dumps({"__type": str(d), "message": "refused"}))
            else:
                self.reply(403, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>"
                           "refused</Message></Error></ErrorResponse>" % d, "text/xml")

    def role(self, action, args):
        name = args["RoleArn"].rsplit("/", 1)[1]
        if name == "denied" or (name == "outside" and args.get("ExternalId") != "ext-1"):
            raise Denied("AccessDenied")
        return ("<%sResponse><%sResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s"
                "</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration>"
                "</Credentials></%sResult></%sResponse>"
                % ((action, action) + given(name) + (action, action)))

    def on_AssumeRole(self, args):
        return self.role("AssumeRole", args)

    def on_AssumeRoleWithWebIdentity(self, args):
        if self.headers["Authorization"] or args["WebIdentityToken"] != read("jwt"):
            raise Denied("InvalidIdentityToken")
        return self.role("AssumeRoleWithWebIdentity", args)

    def password(self):
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
            seconds=int(read("password_life", "900")))
        return read("password").splitlines() + [until]

    def of_cluster(self, action):
        user, password, until = self.password()
        escaped = password.replace("&", "&amp;").replace("<", "&lt;")
        return ("<%sResponse><%sResult><DbUser>%s</DbUser><DbPassword>%s</DbPassword><Expiration>%s"
                "</Expiration></%sResult></%sResponse>" % (action, action, user, escaped,
                until.strftime("%Y-%m-%dT%H:%M:%S.000Z"), action, action))

    def on_GetClusterCredentials(self, args):
        if args["DbUser"] != "awsuser":
            raise Denied("AccessDenied")
        return self.of_cluster("GetClusterCredentials")

    def on_GetClusterCredentialsWithIAM(self, args):
        if args["ClusterIdentifier"] != "dwh-cluster":
            raise Denied("ClusterNotFound")
        return self.of_cluster("GetClusterCredentialsWithIAM")

    def on_GetCredentials(self, args):
        user, password, until = self.password()
        return json.dumps({"dbUser": user, "dbPassword": password, "expiration": until.timestamp(),
                           "nextRefreshTime": until.timestamp()})

    def on_GetSecretValue(self, args):
        user, password, _ = self.password()
        if args["SecretId"] == "empty":
            return json.dumps({"Name": "empty", "SecretBinary": "AA=="})
        return json.dumps({"Name": args["SecretId"],
                           "SecretString": json.dumps({"username": user, "password": password})})


server = http.server.ThreadingHTTPServer(("127.0.0.1" if len(sys.argv) < 3 else sys.argv[2],
                                          0 if len(sys.argv) < 4 else int(sys.argv[3])), Handler)
with open(os.path.join(DIR, "port.new"), "w") as port:
    port.write(str(server.server_port))
os.rename(os.path.join(DIR, "port.new"), os.path.join(DIR, "port"))
server.serve_forever()
