"""Redshift Serverless: namespaces and workgroups. And the one call of Secrets Manager."""
import json
import re
import uuid

import identity
import network
import redshift
from wire import Refusal
from world import Thing, iso, letters, paged, tags_of

TRUSTED = ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]


def settle(world, region, now):
    for things in (region.workgroups, region.namespaces):
        for t in list(things.values()):
            t.settle(now)
            if t.status is None:
                del things[t.name]
                if things is region.workgroups:
                    network.leave_interface(region, t.groups, t.gone_at + world.takes["interface"])
                elif t.secret:
                    del region.secrets[t.secret.name]


def invalid(message):
    return Refusal("ValidationException", message)


def conflict(message):
    return Refusal("ConflictException", message)


def _refuse(fault):
    if fault:
        raise invalid(fault)


def _name(call, member):
    name = call.args.need(member)
    if not re.fullmatch("[a-z0-9-]{3,64}", name):
        raise invalid(f"1 validation error detected: Value '{name}' at '{member}' failed to satisfy "
                      "constraint: Member must satisfy regular expression pattern: ^[a-z0-9-]+$")
    return name


def _find(call, kind):
    name = call.args.need(kind + "Name")
    thing = getattr(call.region, kind + "s").get(name)
    if thing is None:
        raise Refusal("ResourceNotFoundException", f"The {kind} {name} was not found.")
    return thing


def _tags(call):
    return tags_of(call.args.structs("tags", "key", "value"), "ValidationException", "key", "value")


def _page(call, name, rows):
    def refuse():
        raise invalid("The nextToken is invalid.")
    size = min(call.args.number("maxResults", 100, 1, 100), call.world.options.page)
    page, token = paged(rows, size, call.args.text("nextToken"), refuse)
    return {name: page, **({"nextToken": token} if token else {})}


def _without_none(values):
    return {k: v for k, v in values.items() if v is not None}


# ---- namespaces ----


def create_namespace(call):
    args, region = call.args, call.region
    name = _name(call, "namespaceName")
    user, password = args.text("adminUsername"), args.text("adminUserPassword")
    managed = args.flag("manageAdminPassword", False)
    database = args.text("dbName", "dev")
    _refuse(redshift.database_fault(database))
    if user is not None:
        _refuse(redshift.user_fault(user))
    if managed and password is not None:
        raise invalid("adminUserPassword can't be used with manageAdminPassword.")
    if password is not None:
        _refuse(redshift.password_fault(password, "adminUserPassword"))
        if user is None:
            raise invalid("adminUsername and adminUserPassword must be given together.")
    elif user is not None and not managed:
        raise invalid("adminUsername and adminUserPassword must be given together.")
    roles, default_role = args.list("iamRoles"), args.text("defaultIamRoleArn")
    if default_role and default_role not in roles:
        raise invalid("The default IAM role must be one of the namespace's IAM roles.")
    key, tags = args.text("kmsKeyId", "AWS_OWNED_KMS_KEY"), _tags(call)
    args.list("logExports")
    if name in region.namespaces:
        raise conflict(f"The namespace {name} already exists.")
    for arn in roles:
        identity.check_usable(call, arn, TRUSTED, "ValidationException")

    n = Thing(name, "MODIFYING", tags)
    n.plan = [(call.world.now() + call.world.takes["namespace"], "AVAILABLE")]
    n.id, n.made = str(uuid.uuid4()), iso(call.world.wall())
    n.arn = call.arn("redshift-serverless", f"namespace/{n.id}")
    n.user, n.database, n.roles, n.default_role, n.key = user, database, roles, default_role, key
    n.secret = None
    if managed:
        s = f"redshift!{name}-{user or 'admin'}"
        n.secret = region.secrets[s] = redshift.Secret(
            s, call.arn("secretsmanager", f"secret:{s}-{letters(6)}"),
            json.dumps({"username": user or "admin", "password": "Aa1" + letters(29)}))
    region.namespaces[name] = n
    return {"namespace": _namespace(n)}


def _namespace(n):
    return _without_none({
        "namespaceArn": n.arn, "namespaceId": n.id, "namespaceName": n.name, "status": n.status,
        "adminUsername": n.user, "dbName": n.database, "kmsKeyId": n.key, "logExports": [],
        "defaultIamRoleArn": n.default_role, "creationDate": n.made,
        "adminPasswordSecretArn": n.secret.arn if n.secret else None,
        "iamRoles": [f"IamRole(applyStatus=in-sync, iamRoleArn={r})" for r in n.roles]})


def get_namespace(call):
    return {"namespace": _namespace(_find(call, "namespace"))}


def list_namespaces(call):
    return _page(call, "namespaces",
                 sorted((n.name, _namespace(n)) for n in call.region.namespaces.values()))


def update_namespace(call):
    n = _find(call, "namespace")
    roles, default_role = call.args.list("iamRoles"), call.args.text("defaultIamRoleArn")
    if n.status != "AVAILABLE":
        raise conflict(f"There is an operation running on the namespace {n.name}. Try again later.")
    for arn in roles:
        identity.check_usable(call, arn, TRUSTED, "ValidationException")
    n.roles, n.default_role = roles or n.roles, default_role or n.default_role
    n.status = "MODIFYING"
    n.plan = [(call.world.now() + call.world.takes["namespace"], "AVAILABLE")]
    return {"namespace": _namespace(n)}


def delete_namespace(call):
    n = _find(call, "namespace")
    snapshot = call.args.text("finalSnapshotName")
    call.args.number("finalSnapshotRetentionPeriod")
    if any(w.namespace == n.name for w in call.region.workgroups.values()):
        raise conflict(f"The namespace {n.name} has a workgroup. Delete the workgroup first.")
    if n.status != "AVAILABLE":
        raise conflict(f"There is an operation running on the namespace {n.name}. Try again later.")
    if snapshot:
        s = call.region.snapshots[snapshot] = Thing(snapshot, "available", dict(n.tags))
        s.cluster = n.name
    n.status = "DELETING"
    n.plan = [(call.world.now() + call.world.takes["namespace-deleting"], None)]
    return {"namespace": _namespace(n)}


# ---- workgroups ----


def _check_capacity(call):
    base = call.args.number("baseCapacity")
    if base is not None and (not 8 <= base <= 1024 or base % 8):
        raise invalid("The base capacity must be between 8 and 1024 RPUs, in units of 8.")
    highest = call.args.number("maxCapacity")
    if highest is not None and highest < (base or 128):
        raise invalid("The maximum capacity must not be less than the base capacity.")
    return base, highest


def _check_network(call):
    """(subnets, groups): three subnets in three zones, in the default VPC where none are named."""
    region = call.region
    subnets = call.args.list("subnetIds") or list(region.subnets)
    groups = call.args.list("securityGroupIds") or [network.default_group(region).id]
    for s in subnets:
        if s not in region.subnets:
            raise invalid(f"The subnet ID '{s}' does not exist")
    need = 2 if region.name == "us-west-1" else 3
    if len({region.subnets[s][1] for s in subnets}) < need:
        raise invalid(f"A workgroup needs at least {need} subnets in {need} Availability Zones.")
    for g in groups:
        if g not in network.groups_of(region):
            raise invalid(f"The security group '{g}' does not exist")
    return subnets, groups


def create_workgroup(call):
    args, region = call.args, call.region
    name, namespace = _name(call, "workgroupName"), args.need("namespaceName")
    base, highest = _check_capacity(call)
    subnets, groups = _check_network(call)
    port = args.number("port", 5439)
    if not redshift.port_is_managed(port):
        raise invalid("The port must be within 5431-5455 or 8191-8215.")
    public, enhanced = args.flag("publiclyAccessible", False), args.flag("enhancedVpcRouting", False)
    parameters = args.structs("configParameters", "parameterKey", "parameterValue")
    args.text("ipAddressType")
    tags = _tags(call)
    if name in region.workgroups:
        raise conflict(f"The workgroup {name} already exists.")
    n = region.namespaces.get(namespace)
    if n is None:
        raise Refusal("ResourceNotFoundException", f"The namespace {namespace} was not found.")
    if any(w.namespace == namespace for w in region.workgroups.values()):
        raise conflict(f"The namespace {namespace} has a workgroup already.")
    if n.status != "AVAILABLE":
        raise conflict(f"There is an operation running on the namespace {namespace}. "
                       "Try again later.")

    w = Thing(name, "CREATING", tags)
    w.plan = [(call.world.now() + call.world.takes["workgroup"], "AVAILABLE")]
    w.id, w.made, w.namespace = str(uuid.uuid4()), iso(call.world.wall()), namespace
    w.arn = call.arn("redshift-serverless", f"workgroup/{w.id}")
    w.base, w.highest, w.port, w.public, w.enhanced = base or 128, highest, port, public, enhanced
    w.subnets, w.groups, w.parameters = subnets, groups, parameters
    region.workgroups[name] = w
    return {"workgroup": _workgroup(call, w)}


def _workgroup(call, w):
    endpoint = {"port": w.port}
    if w.status != "CREATING":
        host, _, port = call.world.options.warehouse.rpartition(":")
        endpoint = {"address": host, "port": int(port), "vpcEndpoints": [
            {"vpcEndpointId": "vpce-" + w.id[:8], "vpcId": call.region.vpc,
             "networkInterfaces": []}]}
    return _without_none({
        "workgroupArn": w.arn, "workgroupId": w.id, "workgroupName": w.name, "status": w.status,
        "namespaceName": w.namespace, "baseCapacity": w.base, "maxCapacity": w.highest,
        "publiclyAccessible": w.public, "enhancedVpcRouting": w.enhanced, "port": w.port,
        "securityGroupIds": w.groups, "subnetIds": w.subnets, "configParameters": w.parameters,
        "creationDate": w.made, "endpoint": endpoint, "patchVersion": "181",
        "workgroupVersion": "1.0"})


def get_workgroup(call):
    return {"workgroup": _workgroup(call, _find(call, "workgroup"))}


def list_workgroups(call):
    return _page(call, "workgroups",
                 sorted((w.name, _workgroup(call, w)) for w in call.region.workgroups.values()))


def update_workgroup(call):
    w = _find(call, "workgroup")
    base, highest = _check_capacity(call)
    public = call.args.flag("publiclyAccessible")
    groups = call.args.list("securityGroupIds")
    if w.status != "AVAILABLE":
        raise conflict(f"There is an operation running on the workgroup {w.name}. Try again later.")
    w.base, w.highest = base or w.base, highest or w.highest
    w.public, w.groups = w.public if public is None else public, groups or w.groups
    w.status = "MODIFYING"
    w.plan = [(call.world.now() + call.world.takes["namespace"], "AVAILABLE")]
    return {"workgroup": _workgroup(call, w)}


def delete_workgroup(call):
    w = _find(call, "workgroup")
    if w.status != "AVAILABLE":
        raise conflict(f"There is an operation running on the workgroup {w.name}. Try again later.")
    w.status = "DELETING"
    w.plan = [(call.world.now() + call.world.takes["workgroup-deleting"], None)]
    return {"workgroup": _workgroup(call, w)}


def get_credentials(call):
    seconds = call.args.number("durationSeconds", 900, 900, 3600)
    call.args.text("dbName")
    _find(call, "workgroup")
    expires = int(call.world.wall()) + seconds
    kind, name = call.key.arn.split(":")[5].split("/")[:2]
    return {"dbUser": ("IAMR:" if kind == "assumed-role" else "IAM:") + name,
            "dbPassword": redshift.temporary_password(call.world),
            "expiration": expires + 0.125, "nextRefreshTime": expires - seconds // 2}


# ---- tags ----


def _tagged(call):
    arn = call.args.need("resourceArn")
    for t in [*call.region.namespaces.values(), *call.region.workgroups.values()]:
        if t.arn == arn:
            return t
    raise Refusal("ResourceNotFoundException", f"The resource {arn} was not found.")


def tag_resource(call):
    tags = _tags(call)
    _tagged(call).tags.update(tags)
    return {}


def untag_resource(call):
    thing = _tagged(call)
    for key in call.args.list("tagKeys"):
        thing.tags.pop(key, None)
    return {}


def list_tags(call):
    return {"tags": [{"key": k, "value": v} for k, v in _tagged(call).tags.items()]}


def list_left(world):
    for region in world.regions.values():
        for kind, things in (("namespace", region.namespaces), ("workgroup", region.workgroups)):
            for t in things.values():
                yield kind, t.name, region.name, t.status, t.tags


# ---- Secrets Manager ----


def add_secret(world, region, name, value):
    r = world.region(region)
    r.secrets[name] = redshift.Secret(
        name, f"arn:{r.partition}:secretsmanager:{region}:123456789012:secret:{name}-"
        f"{letters(6)}", value)
    return r.secrets[name].arn


def get_secret_value(call):
    wanted = call.args.need("SecretId")
    call.args.text("VersionId")
    call.args.text("VersionStage")
    for s in call.region.secrets.values():
        if wanted in (s.name, s.arn, s.arn.rpartition("-")[0]):
            return {"ARN": s.arn, "Name": s.name, "VersionId": s.version,
                    "SecretString": s.value, "VersionStages": ["AWSCURRENT"],
                    "CreatedDate": 1700000000.123}
    raise Refusal("ResourceNotFoundException",
                  "Secrets Manager can't find the specified secret.")


SERVERLESS = {
    "CreateNamespace": create_namespace,
    "GetNamespace": get_namespace,
    "ListNamespaces": list_namespaces,
    "UpdateNamespace": update_namespace,
    "DeleteNamespace": delete_namespace,
    "CreateWorkgroup": create_workgroup,
    "GetWorkgroup": get_workgroup,
    "ListWorkgroups": list_workgroups,
    "UpdateWorkgroup": update_workgroup,
    "DeleteWorkgroup": delete_workgroup,
    "GetCredentials": get_credentials,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags,
}
SECRETS = {"GetSecretValue": get_secret_value}
