"""What there is: the clock, the keys, and everything that was made, region by region.

Time is simulated: now() runs --speed times as fast as the wall clock, --step seconds on with each
call, and as far as POST /_double/clock steps it. It governs how long things take, and nothing else:
signatures, expiry of keys and the times in documents go by wall(), which a test can put wrong.

Whatever is not there at once is a Thing: a status, and a plan of what it becomes and when. Nobody
needs a timer: settle() is called before each look.
"""
import collections
import random
import string
import threading
import time

from wire import Refusal

ACCOUNT = "123456789012"

# How long things take, in simulated seconds: --take NAME=SECONDS.
TAKES = {
    "role": 12,  # until Redshift can assume a new role
    "creating": 300,  # a cluster
    "in-sync": 30,  # its roles, after it is available, and after ModifyClusterIamRoles
    "deleting": 240,
    "snapshot": 120,  # the final snapshot, before that
    "pausing": 180,
    "resuming": 180,
    "interface": 120,  # the network interface that keeps a security group, after its cluster
    "namespace": 10,
    "workgroup": 120,
    "workgroup-deleting": 90,
    "namespace-deleting": 60,
}


class Thing:
    """What has a status that changes in time: plan is [(when, status)], status None is gone."""

    def __init__(self, name, status="available", tags=None):
        self.name, self.status, self.tags, self.plan = name, status, tags or {}, []
        self.gone_at = None
        self.made_here = True  # by a call, and thus to be removed again

    def settle(self, now):
        while self.plan and self.plan[0][0] <= now:
            when, self.status = self.plan.pop(0)
            if self.status is None:
                self.gone_at = when


class Key:
    def __init__(self, id_, secret, token=None, expires=None, arn=None, user_id=None):
        self.id, self.secret, self.token, self.expires = id_, secret, token, expires
        self.arn = arn or f"arn:aws:iam::{ACCOUNT}:user/loader"
        self.user_id = user_id or "AIDAEXAMPLEEXAMPLE123"


class Region:
    """One region: a default VPC with a group and subnets, and what was made in it."""

    def __init__(self, name, subnets):
        self.name = name
        self.partition = partition(name)
        self.vpc = "vpc-" + hex_id(name)
        self.subnets = {f"subnet-{hex_id(name + str(n))}": (n, f"{name}{'abcdef'[n % 6]}")
                        for n in range(subnets)}
        self.groups = {}  # id -> network.Group
        self.clusters, self.subnet_groups, self.snapshots = {}, {}, {}
        self.namespaces, self.workgroups = {}, {}
        self.secrets = {}  # name -> redshift.Secret


class World:
    def __init__(self, options):
        self.options = options
        self.lock = threading.RLock()
        self.takes = dict(TAKES)
        self.keys, self.roles, self.buckets = {}, {}, {}
        self.archived = {}  # (bucket, key) -> storage class
        self.regions = {}
        self.speed, self.wall_off = options.speed, 0.0
        self._sim, self._real = time.time(), time.monotonic()
        self.settlers = []  # called with each region before a call; the services add theirs
        self.listers = []  # yield (kind, name, region, status, tags) of all that exists

    def now(self):
        return self._sim + (time.monotonic() - self._real) * self.speed

    def advance(self, seconds, speed=None):
        self._sim, self._real = self.now() + seconds, time.monotonic()
        self.speed = self.speed if speed is None else speed

    def wall(self):
        return time.time() + self.wall_off

    def region(self, name):
        if name not in self.regions:
            self.regions[name] = Region(name, self.options.subnets)
        return self.regions[name]

    def settle(self):
        now = self.now()
        for region in list(self.regions.values()):
            for settler in self.settlers:
                settler(self, region, now)

    def left(self):
        self.settle()
        rows = [row for lister in self.listers for row in lister(self)]
        return [{"kind": kind, "name": name, "region": region, "status": status, "tags": tags}
                for kind, name, region, status, tags in sorted(rows, key=lambda r: r[:3])]

    def session(self, arn, user_id, seconds):
        """New keys that end; an option lets them end sooner than was asked for."""
        seconds = self.options.session_seconds or seconds
        key = Key("ASIA" + letters(16), letters(30) + "+/" + letters(8),
                  letters(300) + "/+" + letters(50) + "==", int(self.wall()) + seconds, arn, user_id)
        self.keys[key.id] = key
        return key


class Call:
    """One call on its way: what was asked by whom, and where."""

    def __init__(self, world, service, action, args, key, region, entry):
        self.world, self.service, self.action, self.args = world, service, action, args
        self.key, self.region, self.entry = key, region, entry  # entry: of the log
        self.told = True  # the answer says what was asked for

    def arn(self, service, rest, regional=True):
        where = self.region.name if regional else ""
        return f"arn:{self.region.partition}:{service}:{where}:{ACCOUNT}:{rest}"


def partition(region):
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def hex_id(seed=None):
    """17 hex digits, as in ids of EC2; the same for the same seed."""
    return f"0{random.Random(seed).getrandbits(64):016x}"


def letters(n):
    return "".join(random.choices(string.ascii_uppercase + string.digits, k=n))


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def paged(items, size, marker, refuse):
    """(the page after marker, the marker of the next one or None); items are (name, what) in order.

    A marker is opaque to others. refuse() raises what an unknown one is answered with.
    """
    if marker is not None:
        name = marker.removeprefix("after.")
        if name == marker:
            refuse()
        items = [i for i in items if i[0] > name]
    page = items[:size]
    return [what for _, what in page], f"after.{page[-1][0]}" if len(items) > size else None


def tags_of(pairs, code="InvalidTagFault", key="Key", value="Value"):
    """{key: value} of a list of tags; refuses what AWS refuses."""
    tags = collections.OrderedDict()
    for pair in pairs:
        if not pair[key] or len(pair[key]) > 128 or len(pair[value] or "") > 256:
            raise Refusal(code, "The tag is invalid: a key has 1 to 128 characters, a value up to 256")
        if pair[key].lower().startswith("aws:"):
            raise Refusal(code, "aws: prefixed tag key names are not allowed for external use.")
        if pair[key] in tags:
            raise Refusal(code, f"Duplicate tag key {pair[key]}")
        tags[pair[key]] = pair[value] or ""
    if len(tags) > 50:
        raise Refusal("TagLimitExceededFault", "The number of tags is over the limit of 50.")
    return tags
