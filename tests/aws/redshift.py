"""Redshift: provisioned clusters and their lives."""
import json
import re
import uuid

import identity
import network
from wire import Refusal
from world import ACCOUNT, Thing, iso, letters, paged, tags_of

NODES = {  # type -> the fewest nodes
    "dc2.large": 1, "dc2.8xlarge": 2, "rg.large": 1, "rg.xlarge": 1, "rg.4xlarge": 1,
    "rg.12xlarge": 2, "ra3.large": 1, "ra3.xlplus": 1, "ra3.4xlarge": 1, "ra3.16xlarge": 2,
}
RESERVED = {"public", "all", "and", "any", "as", "create", "default", "from", "grant", "group",
            "in", "into", "not", "null", "on", "or", "order", "select", "table", "to", "user",
            "where", "with"}
BUSY = "There is an operation running on the Cluster. Please try to delete it at a later time."
# As users report it of paused clusters, where the documentation is silent; not with --paused-goes.
PAUSED = ("Unable to delete the cluster {}. You can only delete clusters with ACTIVE, "
          "INCOMPATIBLE_NETWORK, INCOMPATIBLE_HSM, INCOMPATIBLE_RESTORE, INSUFFICIENT_CAPACITY, or "
          "HARDWARE_FAILURE lifecycle.")


class Cluster(Thing):
    """Status: creating, available, modifying, pausing, paused, resuming, final-snapshot, deleting."""

    def __init__(self, name, tags):
        super().__init__(name, "creating", tags)
        self.roles = {}  # arn -> [status, when it is in-sync or gone]
        self.groups = []
        self.ever_available = False

    def settle(self, now):
        super().settle(now)
        self.ever_available = self.ever_available or self.status == "available"
        for arn, (status, when) in list(self.roles.items()):
            if when is not None and when <= now:
                if status == "removing":
                    del self.roles[arn]
                else:
                    self.roles[arn] = ["in-sync", None]


class Secret:
    def __init__(self, name, arn, value):
        self.name, self.arn, self.value = name, arn, value
        self.version = str(uuid.uuid4())


def settle(world, region, now):
    for c in list(region.clusters.values()):
        c.settle(now)
        if c.status is None:
            del region.clusters[c.name]
            if c.secret:
                del region.secrets[c.secret.name]
            network.leave_interface(region, c.groups, c.gone_at + world.takes["interface"])


def invalid(message):
    return Refusal("InvalidParameterValue", message)


def combination(message):
    return Refusal("InvalidParameterCombination", message)


def state(message):
    return Refusal("InvalidClusterState", message)


def find(call):
    name = call.args.need("ClusterIdentifier")
    cluster = call.region.clusters.get(name)
    if cluster is None:
        raise Refusal("ClusterNotFound", f"Cluster {name} not found.", 404)
    return cluster


# ---- what is refused ----


def check_identifier(name, what="ClusterIdentifier"):
    if not re.fullmatch(r"[a-z](?!.*--)[a-z0-9-]{0,62}(?<!-)", name):
        raise invalid(f"The parameter {what} is not a valid identifier. Identifiers must begin "
                      "with a letter; must contain only lowercase ASCII letters, digits, and "
                      "hyphens; and must not end with a hyphen or contain two consecutive hyphens.")


def password_fault(password, name="MasterUserPassword"):
    """Why Redshift refuses a password, or None."""
    if not 8 <= len(password) <= 64:
        return f"The parameter {name} must be between 8 and 64 characters."
    if re.search(r"""[^!-~]|['"\\/@]""", password):
        return (f"The parameter {name} is not a valid password. Only printable ASCII characters "
                "besides '/', '@', '\"', ' ', '\\', ''' may be used.")
    for chars, about in ("A-Z", "uppercase letter"), ("a-z", "lowercase letter"), ("0-9", "digit"):
        if not re.search(f"[{chars}]", password):
            return f"The parameter {name} must contain at least one {about}."
    return None


def user_fault(name):
    if not re.fullmatch(r"[a-z][a-z0-9_+.@-]{0,127}", name) or name in RESERVED:
        return ("The parameter MasterUsername is not valid. It must be 1 to 128 lowercase "
                "alphanumeric characters beginning with a letter, and no reserved word.")
    return None


def database_fault(name):
    if not re.fullmatch(r"[a-z_][a-z0-9_$]{0,63}", name) or name in RESERVED:
        return ("The parameter DBName must contain 1 to 64 lowercase alphanumeric characters and "
                "be no reserved word.")
    return None


def port_is_managed(port):
    return 5431 <= port <= 5455 or 8191 <= port <= 8215


def _refuse(fault):
    if fault:
        raise invalid(fault)


def _check_nodes(args, node_type):
    if node_type not in NODES:
        raise invalid(f"Invalid node type: {node_type}")
    kind = args.text("ClusterType", "multi-node")
    nodes = args.number("NumberOfNodes", None, 1, 100)
    if kind == "single-node":
        if nodes not in (None, 1):
            raise combination("Number of nodes for cluster type single-node must be 1.")
        if NODES[node_type] > 1:
            raise combination(f"Cluster type single-node is not supported for {node_type}.")
        return 1
    if kind != "multi-node":
        raise invalid(f"Invalid cluster type: {kind}")
    if nodes is None or nodes < 2:
        raise combination("Number of nodes for cluster type multi-node must be greater than or "
                          "equal to 2.")
    return nodes


def _check_port(args, node_type):
    port = args.number("Port", 5439)
    if node_type.startswith("dc2."):
        if not 1150 <= port <= 65535:
            raise invalid(f"Invalid port {port}. The port must be in the range 1150-65535.")
    elif not port_is_managed(port):
        raise invalid(f"Invalid port {port}. For {node_type.split('.')[0].upper()} node types the "
                      "port must be within 5431-5455 or 8191-8215.")
    return port


def _check_roles(call, arns):
    for arn in arns:
        identity.check_usable(call, arn, ["redshift.amazonaws.com"], "InvalidParameterValue")


# ---- clusters ----


def create_cluster(call):
    args, region, world = call.args, call.region, call.world
    name, node_type = args.need("ClusterIdentifier"), args.need("NodeType")
    check_identifier(name)
    nodes = _check_nodes(args, node_type)
    database = args.text("DBName", "dev")
    _refuse(database_fault(database))
    user = args.need("MasterUsername")
    _refuse(user_fault(user))
    managed = args.flag("ManageMasterPassword", False)
    password = args.text("MasterUserPassword")
    if managed and password is not None:
        raise combination("You can't specify MasterUserPassword when ManageMasterPassword is true.")
    if not managed:
        _refuse(password_fault(args.need("MasterUserPassword")))
    port = _check_port(args, node_type)
    if args.flag("Encrypted", True) is False:
        raise invalid("Unencrypted clusters can't be created. Set Encrypted to true.")
    retention = args.number("AutomatedSnapshotRetentionPeriod", 1, 0, 35)
    if retention == 0 and not node_type.startswith("dc2."):
        raise invalid("Automated snapshots can't be disabled for this node type.")
    subnet_group = args.text("ClusterSubnetGroupName", "default")
    if subnet_group != "default" and subnet_group not in region.subnet_groups:
        raise Refusal("ClusterSubnetGroupNotFoundFault",
                      f"Cluster subnet group {subnet_group} not found.")
    groups = args.list("VpcSecurityGroupIds.VpcSecurityGroupId")
    for g in groups:
        if g not in network.groups_of(region):
            raise invalid(f"The security group {g} does not exist")
    roles = args.list("IamRoles.IamRoleArn")
    default_role = args.text("DefaultIamRoleArn")
    if default_role and default_role not in roles:
        raise invalid("The default IAM role must be one of the cluster's IAM roles.")
    if len(roles) > 50:
        raise invalid("Too many IAM roles.")
    tags = tags_of(args.structs("Tags.Tag", "Key", "Value"))
    more = {n: args.text(n) for n in (
        "AvailabilityZone", "ClusterParameterGroupName", "MaintenanceTrackName", "KmsKeyId",
        "IpAddressType", "ClusterVersion", "PreferredMaintenanceWindow",
        "AvailabilityZoneRelocation", "MultiAZ")}
    public, enhanced = args.flag("PubliclyAccessible", False), args.flag("EnhancedVpcRouting", False)
    upgrade = args.flag("AllowVersionUpgrade", True)
    if name in region.clusters:
        raise Refusal("ClusterAlreadyExists", f"Cluster already exists: {name}")
    _check_roles(call, roles)

    c = Cluster(name, tags)
    now = world.now()
    c.node_type, c.nodes, c.database, c.user, c.port = node_type, nodes, database, user, port
    c.public, c.enhanced, c.upgrade, c.more, c.retention = public, enhanced, upgrade, more, retention
    c.subnet_group, c.default_role = subnet_group, default_role
    c.groups = groups or [network.default_group(region).id]
    c.made_wall, c.namespace = world.wall(), str(uuid.uuid4())
    c.plan = [(now + world.takes["creating"], "available")]
    c.roles = {r: ["adding", c.plan[0][0] + world.takes["in-sync"]] for r in roles}
    c.secret = _managed_secret(call, c) if managed else None
    region.clusters[name] = c
    return {"Cluster": shown(call, c)}


def _managed_secret(call, c):
    name = f"redshift!{c.name}-{c.user}"
    s = Secret(name, call.arn("secretsmanager", f"secret:{name}-{letters(6)}"),
               json.dumps({"username": c.user, "password": "Aa1" + letters(29)}))
    call.region.secrets[name] = s
    return s


def shown(call, c):
    world = call.world
    available = c.status in ("available", "modifying")
    endpoint = None
    if c.ever_available:
        host, _, port = world.options.warehouse.rpartition(":")
        endpoint = {"Address": None if c.status == "deleting" else host, "Port": port}
    roles = [{"IamRoleArn": a, "ApplyStatus": s} for a, (s, _) in c.roles.items()]
    zone = c.more["AvailabilityZone"] or call.region.name + "a"
    return {
        "ClusterIdentifier": c.name, "NodeType": c.node_type, "ClusterStatus": c.status,
        "ClusterAvailabilityStatus": "Available" if available else
        "Modifying" if c.status in ("creating", "resuming", "deleting") else "Unavailable",
        "MasterUsername": c.user, "DBName": c.database, "Endpoint": endpoint,
        "ClusterCreateTime": iso(c.made_wall) if c.ever_available else None,
        "AutomatedSnapshotRetentionPeriod": c.retention, "ManualSnapshotRetentionPeriod": -1,
        "ClusterSecurityGroups": "",
        "VpcSecurityGroups": ("VpcSecurityGroup", [
            {"VpcSecurityGroupId": g, "Status": "active"} for g in c.groups]),
        "ClusterParameterGroups": ("ClusterParameterGroup", [{
            "ParameterGroupName": c.more["ClusterParameterGroupName"] or "default.redshift-2.0",
            "ParameterApplyStatus": "in-sync"}]),
        "ClusterSubnetGroupName": c.subnet_group, "VpcId": call.region.vpc,
        "AvailabilityZone": zone if c.ever_available else None,
        "PreferredMaintenanceWindow": "sun:06:30-sun:07:00", 
        "PendingModifiedValues": "" if c.ever_available else {"MasterUserPassword": "****"},
        "ClusterVersion": "1.0", "AllowVersionUpgrade": c.upgrade, "NumberOfNodes": c.nodes,
        "PubliclyAccessible": c.public, "Encrypted": True,
        "ClusterNodes": ("member", _nodes(c)) if c.ever_available else None,
        "ClusterRevisionNumber": "73348" if c.ever_available else None,
        "Tags": ("Tag", [{"Key": k, "Value": v} for k, v in c.tags.items()]),
        "EnhancedVpcRouting": c.enhanced, "IamRoles": ("ClusterIamRole", roles),
        "MaintenanceTrackName": c.more["MaintenanceTrackName"] or "current",
        "DefaultIamRoleArn": c.default_role,
        "ClusterNamespaceArn": call.arn("redshift", f"namespace:{c.namespace}"),
        "TotalStorageCapacityInMegaBytes": 400000 * c.nodes if c.ever_available else None,
        "MasterPasswordSecretArn": c.secret.arn if c.secret else None,
    }


def _nodes(c):
    names = ["SHARED"] if c.nodes == 1 else ["LEADER"] + [f"COMPUTE-{n}" for n in range(c.nodes)]
    return [{"NodeRole": n, "PrivateIPAddress": f"172.31.0.{10 + i}",
             "PublicIPAddress": f"198.51.100.{10 + i}" if c.public else None}
            for i, n in enumerate(names)]


def _tagged(args, tags):
    """Whether TagKeys and TagValues of a call let these tags through."""
    keys, values = args.list("TagKeys.TagKey"), args.list("TagValues.TagValue")
    return ((not keys or any(k in tags for k in keys))
            and (not values or any(v in values for v in tags.values())))


def _page(call, rows):
    def refuse():
        raise invalid("Invalid Marker.")
    size = min(call.args.number("MaxRecords", 100, 20, 100), call.world.options.page)
    return paged(rows, size, call.args.text("Marker"), refuse)


def describe_clusters(call):
    if call.args.text("ClusterIdentifier") is not None:
        if call.args.text("Marker") is not None:
            raise combination("ClusterIdentifier and Marker can't be used together.")
        return {"Clusters": ("Cluster", [shown(call, find(call))])}
    _tagged(call.args, {})  # reads them where there is no cluster, too
    rows = sorted((n, shown(call, c)) for n, c in call.region.clusters.items()
                  if _tagged(call.args, c.tags))
    page, marker = _page(call, rows)
    return {"Marker": marker, "Clusters": ("Cluster", page)}


def delete_cluster(call):
    args, takes = call.args, call.world.takes
    skip = args.flag("SkipFinalClusterSnapshot", False)
    snapshot = args.text("FinalClusterSnapshotIdentifier")
    args.number("FinalClusterSnapshotRetentionPeriod", -1, -1, 3653)
    if skip and snapshot is not None:
        raise combination("FinalClusterSnapshotIdentifier can't be specified when deleting a "
                          "cluster and SkipFinalClusterSnapshot is true.")
    c = find(call)
    if not skip and snapshot is None:
        raise combination("FinalClusterSnapshotIdentifier is required unless "
                          "SkipFinalClusterSnapshot is specified.")
    if c.status == "paused" and not call.world.options.paused_goes:
        raise state(PAUSED.format(c.name))
    if c.status not in ("available", "paused"):
        raise state(BUSY)
    now = call.world.now()
    if skip:
        c.status, c.plan = "deleting", [(now + takes["deleting"], None)]
    else:
        check_identifier(snapshot, "FinalClusterSnapshotIdentifier")
        if snapshot in call.region.snapshots:
            raise Refusal("ClusterSnapshotAlreadyExists",
                          f"Cannot create the snapshot because the snapshot {snapshot} exists.")
        s = call.region.snapshots[snapshot] = Thing(snapshot, "available", dict(c.tags))
        s.cluster = c.name
        deleting = now + takes["snapshot"]
        c.status = "final-snapshot"
        c.plan = [(deleting, "deleting"), (deleting + takes["deleting"], None)]
    return {"Cluster": shown(call, c)}


def pause_cluster(call):
    c = find(call)
    if c.status != "available":
        raise state(f"You can't pause cluster {c.name} because its status is {c.status}.")
    c.status = "pausing"
    c.plan = [(call.world.now() + call.world.takes["pausing"], "paused")]
    return {"Cluster": shown(call, c)}


def resume_cluster(call):
    c = find(call)
    if c.status != "paused":
        raise state(f"You can't resume cluster {c.name} because its status is {c.status}.")
    c.status = "resuming"
    c.plan = [(call.world.now() + call.world.takes["resuming"], "available")]
    return {"Cluster": shown(call, c)}


def modify_roles(call):
    add = call.args.list("AddIamRoles.IamRoleArn")
    remove = call.args.list("RemoveIamRoles.IamRoleArn")
    default_role = call.args.text("DefaultIamRoleArn")
    c = find(call)
    if c.status != "available":
        raise state(f"The cluster {c.name} is not available: its status is {c.status}.")
    _check_roles(call, add)
    for arn in remove:
        if arn not in c.roles:
            raise invalid(f"The IAM role {arn} is not associated with the cluster {c.name}.")
    if default_role is not None:
        c.default_role = default_role or None
    when = call.world.now() + call.world.takes["in-sync"]
    for arn in add:
        if arn not in c.roles or c.roles[arn][0] == "removing":
            c.roles[arn] = ["adding", when]
    for arn in remove:
        c.roles[arn] = ["removing", when]
    return {"Cluster": shown(call, c)}


# ---- passwords for the database ----


def temporary_password(world):
    """One that the test said the warehouse takes, else one as long and odd as AWS's."""
    if world.options.db_password_file:
        with open(world.options.db_password_file, encoding="utf-8") as f:
            return f.readline().rstrip("\n")
    return "+/=" + letters(120) + "/+" + letters(60) + "=="


def get_credentials(call):
    args = call.args
    user, create = args.need("DbUser"), args.flag("AutoCreate", False)
    seconds = args.number("DurationSeconds", 900, 900, 3600)
    args.text("DbName")
    args.list("DbGroups.DbGroup")
    find(call)
    return {"DbUser": ("IAMA:" if create else "IAM:") + user,
            "DbPassword": temporary_password(call.world),
            "Expiration": iso(call.world.wall() + seconds)}


def get_credentials_with_iam(call):
    args = call.args
    seconds = args.number("DurationSeconds", 900, 900, 3600)
    args.text("DbName")
    find(call)
    expires = call.world.wall() + seconds
    kind, name = call.key.arn.split(":")[5].split("/")[:2]
    return {"DbUser": ("IAMR:" if kind == "assumed-role" else "IAM:") + name,
            "DbPassword": temporary_password(call.world),
            "Expiration": iso(expires), "NextRefreshTime": iso(expires - seconds // 2)}


# ---- subnet groups, tags ----


def create_subnet_group(call):
    args, region = call.args, call.region
    name, about = args.need("ClusterSubnetGroupName"), args.need("Description")
    subnets = args.list("SubnetIds.SubnetIdentifier")
    tags = tags_of(args.structs("Tags.Tag", "Key", "Value"))
    if not re.fullmatch(r"[A-Za-z0-9 ._-]{1,255}", name) or name.lower() == "default":
        raise invalid("The parameter ClusterSubnetGroupName is not valid.")
    if name.lower() in region.subnet_groups:
        raise Refusal("ClusterSubnetGroupAlreadyExists",
                      f"Cluster subnet group {name} already exists.")
    for s in subnets:
        if s not in region.subnets:
            raise Refusal("InvalidSubnet", f"Subnet {s} is not valid.")
    g = region.subnet_groups[name.lower()] = Thing(name.lower(), "Complete", tags)
    g.about, g.subnets = about, subnets
    return {"ClusterSubnetGroup": _subnet_group(call, g)}


def _subnet_group(call, g):
    return {"ClusterSubnetGroupName": g.name, "Description": g.about, "VpcId": call.region.vpc,
            "SubnetGroupStatus": "Complete",
            "Subnets": ("Subnet", [{
                "SubnetIdentifier": s, "SubnetStatus": "Active",
                "SubnetAvailabilityZone": {"Name": call.region.subnets[s][1]}}
                for s in g.subnets]),
            "Tags": ("Tag", [{"Key": k, "Value": v} for k, v in g.tags.items()])}


def _find_subnet_group(call):
    name = call.args.need("ClusterSubnetGroupName").lower()
    if name not in call.region.subnet_groups:
        raise Refusal("ClusterSubnetGroupNotFoundFault", f"Cluster subnet group {name} not found.")
    return call.region.subnet_groups[name]


def describe_subnet_groups(call):
    if call.args.text("ClusterSubnetGroupName") is not None:
        rows = [_find_subnet_group(call)]
    else:
        rows = [g for g in call.region.subnet_groups.values() if _tagged(call.args, g.tags)]
    page, marker = _page(call, sorted((g.name, _subnet_group(call, g)) for g in rows))
    return {"Marker": marker, "ClusterSubnetGroups": ("ClusterSubnetGroup", page)}


def delete_subnet_group(call):
    g = _find_subnet_group(call)
    if any(c.subnet_group == g.name for c in call.region.clusters.values()):
        raise Refusal("InvalidClusterSubnetGroupStateFault",
                      f"Cluster subnet group {g.name} is used by a cluster.")
    del call.region.subnet_groups[g.name]


def _taggable(call):
    """[(kind, arn, thing)] of all that has tags."""
    for kind, things in (("cluster", call.region.clusters), ("snapshot", call.region.snapshots),
                         ("subnetgroup", call.region.subnet_groups)):
        for t in things.values():
            yield kind, call.arn("redshift", f"{kind}:{t.name}"), t


def _find_tagged(call):
    arn = call.args.need("ResourceName")
    for _, its_arn, thing in _taggable(call):
        if its_arn == arn:
            return thing
    if not re.fullmatch(rf"arn:[a-z-]+:redshift:[a-z0-9-]+:{ACCOUNT}:[a-z]+:.+", arn):
        raise invalid(f"The Amazon Redshift ARN is not valid: {arn}")
    raise Refusal("ResourceNotFoundFault", f"The resource {arn} could not be found.", 404)


def create_tags(call):
    tags = tags_of(call.args.structs("Tags.Tag", "Key", "Value"))
    _find_tagged(call).tags.update(tags)


def delete_tags(call):
    thing = _find_tagged(call)
    for key in call.args.list("TagKeys.TagKey"):
        thing.tags.pop(key, None)


def describe_tags(call):
    arn, kind = call.args.text("ResourceName"), call.args.text("ResourceType")
    if arn is not None:
        _find_tagged(call)
    keys, values = call.args.list("TagKeys.TagKey"), call.args.list("TagValues.TagValue")
    rows = sorted((f"{a} {k}", {"Tag": {"Key": k, "Value": v}, "ResourceName": a,
                                "ResourceType": its})
                  for its, a, t in _taggable(call) for k, v in t.tags.items()
                  if arn in (None, a) and kind in (None, its)
                  and (not keys or k in keys) and (not values or v in values))
    page, marker = _page(call, rows)
    return {"Marker": marker, "TaggedResources": ("TaggedResource", page)}


def describe_snapshots(call):
    args = call.args
    name, cluster = args.text("SnapshotIdentifier"), args.text("ClusterIdentifier")
    rows = sorted((s.name, {"SnapshotIdentifier": s.name, "ClusterIdentifier": s.cluster,
                            "Status": s.status, "SnapshotType": "manual"})
                  for s in call.region.snapshots.values()
                  if name in (None, s.name) and cluster in (None, s.cluster))
    if name is not None and not rows:
        raise Refusal("ClusterSnapshotNotFound", f"Snapshot {name} not found.", 404)
    page, marker = _page(call, rows)
    return {"Marker": marker, "Snapshots": ("Snapshot", page)}


def delete_snapshot(call):
    name = call.args.need("SnapshotIdentifier")
    if call.region.snapshots.pop(name, None) is None:
        raise Refusal("ClusterSnapshotNotFound", f"Snapshot {name} not found.", 404)
    return {"Snapshot": {"SnapshotIdentifier": name, "Status": "deleted"}}


def list_left(world):
    for region in world.regions.values():
        for kind, things in (("cluster", region.clusters), ("snapshot", region.snapshots),
                             ("subnet group", region.subnet_groups)):
            for t in things.values():
                yield kind, t.name, region.name, t.status, t.tags


REDSHIFT = {
    "CreateCluster": create_cluster,
    "DescribeClusters": describe_clusters,
    "DeleteCluster": delete_cluster,
    "PauseCluster": pause_cluster,
    "ResumeCluster": resume_cluster,
    "ModifyClusterIamRoles": modify_roles,
    "GetClusterCredentials": get_credentials,
    "GetClusterCredentialsWithIAM": get_credentials_with_iam,
    "CreateClusterSubnetGroup": create_subnet_group,
    "DescribeClusterSubnetGroups": describe_subnet_groups,
    "DeleteClusterSubnetGroup": delete_subnet_group,
    "CreateTags": create_tags,
    "DeleteTags": delete_tags,
    "DescribeTags": describe_tags,
    "DescribeClusterSnapshots": describe_snapshots,
    "DeleteClusterSnapshot": delete_snapshot,
}
