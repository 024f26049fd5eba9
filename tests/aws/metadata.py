"""Where a machine or a container gets its keys: the instance metadata service (IMDSv2), and the
endpoint of containers. Its keys are good for everything else here.

    AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:PORT/
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:PORT/_container/keys

For faults and in the log the service is imds (PutToken, GetRoleName, GetKeys, GetRegion) or
container (GetKeys). A fault `error` answers {Code, Message} with its status, which may be 200.
"""
import json

from wire import Refusal
from world import ACCOUNT, iso, letters

ROLE = "instance-role"
ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
STATUS = {"deny": 403, "throttle": 429, "expired": 401, "500": 500, "503": 503}


class Metadata:
    def __init__(self, world):
        self.world, self.tokens = world, {}

    def find(self, method, target):
        """(service, action) of a request, or None where it is none of these."""
        path = target.partition("?")[0]
        if path.startswith("/_container/"):
            return "container", "GetKeys"
        action = {("PUT", "/latest/api/token"): "PutToken", ("GET", ROLE_PATH): "GetRoleName",
                  ("GET", ROLE_PATH + ROLE): "GetKeys",
                  ("GET", "/latest/meta-data/placement/region"): "GetRegion"}.get((method, path))
        if action is None and path.startswith("/latest/"):
            action = "?"
        return ("imds", action) if action else None

    def carry_out(self, service, action, headers):
        """The body; under the world's lock."""
        if service == "container":
            wanted = self.world.options.container_token
            if wanted is not None and headers.get("authorization") != wanted:
                raise Refusal("AccessDenied", "The authorization token is not valid.", 401)
            return self._keys({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"})
        if action == "PutToken":
            return self._new_token(headers)
        if self.tokens.get(headers.get("x-aws-ec2-metadata-token"), 0) <= self.world.wall():
            raise Refusal("Unauthorized", "A valid token is needed.", 401)
        if action == "?":
            raise Refusal("NotFound", "There is nothing here.", 404)
        if action == "GetKeys":
            return self._keys({"Code": "Success", "LastUpdated": iso(self.world.wall()),
                               "Type": "AWS-HMAC"})
        return ROLE if action == "GetRoleName" else self.world.options.region

    def _new_token(self, headers):
        ttl = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not ttl.isdigit() or not 1 <= int(ttl) <= 21600:
            raise Refusal("BadRequest", "The time to live must be 1 to 21600 seconds.", 400)
        token = letters(54) + "=="
        self.tokens[token] = self.world.wall() + int(ttl)
        return token

    def _keys(self, more):
        key = self.world.session(f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/i-0123456789abcdef0",
                                 f"AROAINSTANCEROLE12345:{ROLE}", 21600)
        return json.dumps({**more, "AccessKeyId": key.id, "SecretAccessKey": key.secret,
                           "Token": key.token, "Expiration": iso(key.expires)})

    @staticmethod
    def fault(rule):
        if rule["how"] == "error":
            return Refusal(rule["code"], rule.get("message", "As the test wants it."),
                           rule.get("status", 400))
        return Refusal(rule["how"], "As the test wants it.", STATUS.get(rule["how"], 500))


def refusal(r):
    return r.status, {"Content-Type": "text/plain"}, json.dumps(
        {"Code": r.code, "Message": r.message})
