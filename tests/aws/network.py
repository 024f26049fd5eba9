"""EC2, as far as a cluster needs it: the default VPC, its subnets, security groups."""
import fnmatch
import ipaddress
import re

from wire import Refusal
from world import ACCOUNT, hex_id, paged, tags_of

NAME = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"


class Group:
    def __init__(self, id_, name, about, vpc, tags):
        self.id, self.name, self.about, self.vpc, self.tags = id_, name, about, vpc, tags
        self.rules = []  # dicts: id, protocol, low, high, cidr, about
        self.made_here = True
        self.interfaces = []  # when each that is left behind will be gone


def groups_of(region):
    if not region.groups:
        g = Group("sg-" + hex_id(region.name + "default"), "default", "default VPC security group",
                  region.vpc, {})
        g.made_here = False
        region.groups[g.id] = g
    return region.groups


def default_group(region):
    return next(g for g in groups_of(region).values() if g.name == "default")


def users(region, group):
    """Whether a cluster or a workgroup uses the group."""
    return any(group.id in c.groups for c in region.clusters.values()) or any(
        group.id in w.groups for w in region.workgroups.values())


def leave_interface(region, ids, until):
    """A cluster with these groups is gone; its network interface stays for a while."""
    for g in ids:
        if g in region.groups:
            region.groups[g].interfaces.append(until)


def _filtered(call, rows, names):
    """The rows that all filters let through; names: filter -> function(row) giving its values."""
    for prefix in call.args.prefixes("Filter"):
        name = call.args.need(prefix + ".Name")
        wanted = call.args.list(prefix + ".Value")
        if name not in names and name != "tag-key" and not name.startswith("tag:"):
            raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
        rows = [r for r in rows if any(fnmatch.fnmatchcase(v, w)
                                       for v in _values(r, name, names) for w in wanted)]
    return rows


def _values(row, name, names):
    """The values that a row has for a filter."""
    if name in names:
        return names[name](row)
    if name == "tag-key":
        return list(row.tags)
    key = name.removeprefix("tag:")
    return [row.tags[key]] if key in row.tags else []


def _page(call, rows, name, show):
    def refuse():
        raise Refusal("InvalidParameterValue", "The token 'NextToken' is invalid")
    size = min(call.args.number("MaxResults", 1000, 5, 1000), call.world.options.page)
    items = sorted((r.id, r) for r in rows)
    page, token = paged(items, size, call.args.text("NextToken"), refuse)
    return {name: ("item", [show(r) for r in page]), "nextToken": token}


class _Row:
    """A VPC or a subnet, which nobody here makes."""

    def __init__(self, **fields):
        self.tags = {}
        self.__dict__.update(fields)


def _tag_set(tags):
    return ("item", [{"key": k, "value": v} for k, v in tags.items()]) if tags else None


def describe_vpcs(call):
    rows = [] if call.world.options.no_default_vpc else [_Row(id=call.region.vpc)]
    wanted = call.args.list("VpcId")
    for w in wanted:
        if w not in [r.id for r in rows]:
            raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{w}' does not exist")
    rows = _filtered(call, rows, {
        "is-default": lambda r: ["true"], "isDefault": lambda r: ["true"],
        "vpc-id": lambda r: [r.id], "state": lambda r: ["available"],
        "cidr": lambda r: ["172.31.0.0/16"]})
    return _page(call, rows, "vpcSet", lambda r: {
        "vpcId": r.id, "ownerId": ACCOUNT, "state": "available", "cidrBlock": "172.31.0.0/16",
        "instanceTenancy": "default", "isDefault": True})


def describe_subnets(call):
    rows = [_Row(id=i, n=n, zone=zone, vpc=call.region.vpc)
            for i, (n, zone) in call.region.subnets.items()]
    wanted = call.args.list("SubnetId")
    for w in wanted:
        if w not in call.region.subnets:
            raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{w}' does not exist")
    rows = [r for r in rows if not wanted or r.id in wanted]
    rows = _filtered(call, rows, {
        "vpc-id": lambda r: [r.vpc], "subnet-id": lambda r: [r.id],
        "availability-zone": lambda r: [r.zone], "availabilityZone": lambda r: [r.zone],
        "default-for-az": lambda r: ["true"], "state": lambda r: ["available"]})
    return _page(call, rows, "subnetSet", lambda r: {
        "subnetId": r.id, "subnetArn": call.arn("ec2", f"subnet/{r.id}"), "state": "available",
        "vpcId": r.vpc, "cidrBlock": f"172.31.{16 * r.n}.0/20", "availableIpAddressCount": 4091,
        "availabilityZone": r.zone, "availabilityZoneId": f"{call.region.name}-az{r.n + 1}",
        "defaultForAz": True, "mapPublicIpOnLaunch": True, "ownerId": ACCOUNT})


def find_group(call, id_):
    if not re.fullmatch("sg-[0-9a-f]{8,17}", id_):
        raise Refusal("InvalidGroupId.Malformed", f'Invalid id: "{id_}" (expecting "sg-...")')
    group = groups_of(call.region).get(id_)
    if group is None:
        raise Refusal("InvalidGroup.NotFound", f"The security group '{id_}' does not exist")
    return group


def _group_of_call(call):
    if call.args.text("GroupId") is None:
        name = call.args.text("GroupName")
        if name is None:
            raise Refusal("MissingParameter", "The request must contain the parameter groupName or "
                          "groupId")
        for g in groups_of(call.region).values():
            if g.name == name:
                return g
        raise Refusal("InvalidGroup.NotFound", f"The security group '{name}' does not exist in "
                      f"default VPC '{call.region.vpc}'")
    return find_group(call, call.args.need("GroupId"))


# Whom a rule lets in: list of a call -> its member; list of an answer, its member.
SOURCES = {
    "IpRanges": ("CidrIp", "ipRanges", "cidrIp"),
    "Ipv6Ranges": ("CidrIpv6", "ipv6Ranges", "cidrIpv6"),
    "PrefixListIds": ("PrefixListId", "prefixListIds", "prefixListId"),
    "Groups": ("GroupId", "groups", "groupId"),
}


def _source(call, named, text):
    """A source as it is kept; refused where it is none of that list's."""
    if named == "Groups":
        return find_group(call, text).id
    if named == "PrefixListIds":
        if not re.fullmatch("pl-[0-9a-f]{8,17}", text):
            raise Refusal("InvalidPrefixListId.Malformed", f"Invalid prefix list id {text}")
        return text
    kind = ipaddress.IPv4Network if named == "IpRanges" else ipaddress.IPv6Network
    try:
        net = kind(text, strict=False)
    except ValueError:
        net = None
    if net is None or "/" not in text:
        raise Refusal("InvalidParameterValue", f"CIDR block {text} is malformed")
    return str(net)


def _permissions(rules):
    """ipPermissions: the rules by protocol and ports."""
    sets = {}
    for r in rules:
        sets.setdefault((r["protocol"], r["low"], r["high"]), []).append(r)
    return ("item", [{
        "ipProtocol": protocol,
        "fromPort": None if protocol == "-1" else low,
        "toPort": None if protocol == "-1" else high,
        **{shown: ("item", [{member: r["cidr"], "description": r["about"]} for r in rs
                            if r.get("list", "IpRanges") == named])
           for named, (_, shown, member) in SOURCES.items()},
    } for (protocol, low, high), rs in sets.items()])


EVERYTHING = {"protocol": "-1", "low": -1, "high": -1, "cidr": "0.0.0.0/0", "about": None}


def describe_security_groups(call):
    rows = list(groups_of(call.region).values())
    wanted = call.args.list("GroupId")
    for w in wanted:
        find_group(call, w)
    names = call.args.list("GroupName")
    for n in names:
        if n not in [g.name for g in rows]:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{n}' does not exist in "
                          f"default VPC '{call.region.vpc}'")
    rows = [g for g in rows if (not wanted or g.id in wanted) and (not names or g.name in names)]
    rows = _filtered(call, rows, {
        "vpc-id": lambda g: [g.vpc], "group-name": lambda g: [g.name],
        "group-id": lambda g: [g.id], "description": lambda g: [g.about],
        "ip-permission.cidr": lambda g: [r["cidr"] for r in g.rules]})
    return _page(call, rows, "securityGroupInfo", lambda g: {
        "ownerId": ACCOUNT, "groupId": g.id, "groupName": g.name, "groupDescription": g.about,
        "vpcId": g.vpc, "securityGroupArn": call.arn("ec2", f"security-group/{g.id}"),
        "ipPermissions": _permissions(g.rules), "ipPermissionsEgress": _permissions([EVERYTHING]),
        "tagSet": _tag_set(g.tags)})


def _specified_tags(call, kind):
    tags = {}
    for prefix in call.args.prefixes("TagSpecification"):
        if call.args.need(prefix + ".ResourceType") != kind:
            raise Refusal("InvalidParameterValue", "'" + call.args.need(prefix + ".ResourceType")
                          + "' is not a valid taggable resource type for this operation.")
        tags.update(tags_of(call.args.structs(prefix + ".Tag", "Key", "Value"),
                            "InvalidParameterValue"))
    return tags


def create_security_group(call):
    name, about = call.args.need("GroupName"), call.args.need("GroupDescription")
    vpc = call.args.text("VpcId", call.region.vpc)
    if name.startswith("sg-") or not re.fullmatch(NAME, name):
        raise Refusal("InvalidParameterValue", f"Invalid value '{name}' for groupName. Group names "
                      "may not be in the format sg-* and must be less than 256 characters of a-z, "
                      "A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*")
    if not re.fullmatch(NAME, about):
        raise Refusal("InvalidParameterValue", f"Value ({about}) for parameter GroupDescription is "
                      "invalid. Character sets beyond ASCII are not supported.")
    if vpc != call.region.vpc:
        raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
    tags = _specified_tags(call, "security-group")
    if any(g.name == name and g.vpc == vpc for g in groups_of(call.region).values()):
        raise Refusal("InvalidGroup.Duplicate",
                      f"The security group '{name}' already exists for VPC '{vpc}'")
    group = Group("sg-" + hex_id(), name, about, vpc, tags)
    call.region.groups[group.id] = group
    return {"return": True, "groupId": group.id, "tagSet": _tag_set(tags),
            "securityGroupArn": call.arn("ec2", f"security-group/{group.id}")}


def _rules_of_call(call):
    """The rules that a call names, either flat or as IpPermissions."""
    args, rules = call.args, []

    def add(prefix, named, source, about):
        protocol = args.need(prefix + "IpProtocol").lower()
        protocol = {"6": "tcp", "17": "udp", "1": "icmp"}.get(protocol, protocol)
        low, high = args.number(prefix + "FromPort", -1), args.number(prefix + "ToPort", -1)
        if protocol not in ("tcp", "udp", "icmp", "-1"):
            raise Refusal("InvalidPermission.Malformed", f"Unknown IP protocol {protocol}")
        if protocol in ("tcp", "udp") and not 0 <= low <= high <= 65535:
            raise Refusal("InvalidParameterValue", f"Invalid TCP/UDP port range ({low}:{high})")
        if about is not None and not re.fullmatch(NAME, about):
            raise Refusal("InvalidParameterValue", "Invalid rule description.")
        rules.append({"id": "sgr-" + hex_id(), "protocol": protocol, "low": low, "high": high,
                      "cidr": _source(call, named, source), "about": about, "list": named})

    if args.text("CidrIp") is not None:
        add("", "IpRanges", args.need("CidrIp"), None)
    for prefix in args.prefixes("IpPermissions"):
        for named, (member, _, _) in SOURCES.items():
            for r in args.structs(f"{prefix}.{named}", member, "Description"):
                add(prefix + ".", named, r[member] or "", r["Description"])
    return rules


def _same(a, b):
    return all(a[k] == b[k] for k in ("protocol", "low", "high", "cidr"))


def authorize(call):
    group, rules = _group_of_call(call), _rules_of_call(call)
    tags = _specified_tags(call, "security-group-rule")
    if not rules:
        raise Refusal("MissingParameter", "Either 'ipPermissions' or 'cidrIp' must be specified")
    for r in rules:
        if any(_same(r, old) for old in group.rules):
            raise Refusal("InvalidPermission.Duplicate", f'the specified rule "peer: {r["cidr"]}, '
                          f'{r["protocol"].upper()}, from port: {r["low"]}, to port: {r["high"]}, '
                          'ALLOW" already exists')
    group.rules += rules
    return {"return": True, "securityGroupRuleSet": ("item", [{
        "securityGroupRuleId": r["id"], "groupId": group.id, "groupOwnerId": ACCOUNT,
        "isEgress": False, "ipProtocol": r["protocol"], "fromPort": r["low"], "toPort": r["high"],
        "cidrIpv4": r["cidr"], "description": r["about"], "tagSet": _tag_set(tags),
    } for r in rules])}


def revoke(call):
    group, gone = _group_of_call(call), []
    for id_ in call.args.list("SecurityGroupRuleId"):
        found = [r for r in group.rules if r["id"] == id_]
        if not found:
            raise Refusal("InvalidSecurityGroupRuleId.NotFound",
                          f"The security group rule ID '{id_}' does not exist")
        gone += found
    for wanted in _rules_of_call(call):
        found = [r for r in group.rules if _same(r, wanted)]
        if not found:
            raise Refusal("InvalidPermission.NotFound",
                          "The specified rule does not exist in this security group.")
        gone += found
    group.rules = [r for r in group.rules if r not in gone]
    return {"return": True}


def delete_security_group(call):
    group = _group_of_call(call)
    if group.name == "default":
        raise Refusal("CannotDelete", "the specified group: \"" + group.id
                      + '" name: "default" cannot be deleted by a user')
    if users(call.region, group) or any(t > call.world.now() for t in group.interfaces):
        raise Refusal("DependencyViolation", f"resource {group.id} has a dependent object")
    del call.region.groups[group.id]
    return {"return": True, "groupId": group.id}


def create_tags(call):
    tags = tags_of(call.args.structs("Tag", "Key", "Value"), "InvalidParameterValue")
    for group in [find_group(call, i) for i in call.args.list("ResourceId")]:
        group.tags.update(tags)
    return {"return": True}


def list_left(world):
    for region in world.regions.values():
        for g in region.groups.values():
            if g.made_here:
                yield "security group", g.name, region.name, g.id, g.tags


EC2 = {
    "DescribeVpcs": describe_vpcs,
    "DescribeSubnets": describe_subnets,
    "DescribeSecurityGroups": describe_security_groups,
    "CreateSecurityGroup": create_security_group,
    "AuthorizeSecurityGroupIngress": authorize,
    "RevokeSecurityGroupIngress": revoke,
    "DeleteSecurityGroup": delete_security_group,
    "CreateTags": create_tags,
}
