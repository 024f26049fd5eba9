"""STS and IAM: who one is, and roles."""
import base64
import json
import re
import urllib.parse

from wire import Refusal
from world import ACCOUNT, iso, letters, paged, tags_of

MANAGED = {"AmazonS3ReadOnlyAccess", "AmazonS3FullAccess", "AmazonRedshiftFullAccess",
           "AmazonRedshiftReadOnlyAccess", "AmazonRedshiftAllCommandsFullAccess"}


class Role:
    def __init__(self, name, path, arn, trust, document):
        self.name, self.path, self.arn, self.trust, self.document = name, path, arn, trust, document
        self.id = "AROA" + letters(17)
        self.attached, self.inline, self.tags = [], {}, {}
        self.description, self.longest = None, 3600
        self.made_at, self.made_wall, self.made_here = 0, 0, True

    def trusts(self, kind, who):
        """Whether a statement lets who (of Service, AWS, Federated) assume it; the statement."""
        for s in self.trust["Statement"]:
            principal = s.get("Principal", {})
            names = principal if isinstance(principal, str) else principal.get(kind, [])
            names = [names] if isinstance(names, str) else names
            if s.get("Effect") == "Allow" and ("*" in names or any(w in names for w in who)):
                return s
        return None


# ---- STS ----


def get_caller_identity(call):
    return {"Arn": call.key.arn, "UserId": call.key.user_id, "Account": ACCOUNT}


def _session(call, role, seconds):
    name = call.args.need("RoleSessionName")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII):
        raise Refusal("ValidationError", f"1 validation error detected: Value '{name}' at "
                      "'roleSessionName' failed to satisfy constraint: Member must satisfy regular "
                      r"expression pattern: [\w+=,.@-]*")
    if seconds > role.longest:
        raise Refusal("ValidationError", "The requested DurationSeconds exceeds the "
                      "MaxSessionDuration set for this role.")
    arn = (f"{role.arn.rpartition(':role/')[0].replace(':iam:', ':sts:')}:assumed-role/"
           f"{role.name}/{name}")
    user_id = f"{role.id}:{name}"
    key = call.world.session(arn, user_id, seconds)
    return {
        "Credentials": {"AccessKeyId": key.id, "SecretAccessKey": key.secret,
                        "SessionToken": key.token, "Expiration": iso(key.expires)},
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
    }


def assume_role(call):
    arn, external = call.args.need("RoleArn"), call.args.text("ExternalId")
    seconds = call.args.number("DurationSeconds", 3600, 900, 43200)
    role = next((r for r in call.world.roles.values() if r.arn == arn), None)
    who = [call.key.arn, ACCOUNT, f"arn:{call.region.partition}:iam::{ACCOUNT}:root"]
    statement = role and role.trusts("AWS", who)
    condition = (statement or {}).get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
    if not statement or (condition is not None and condition != external):
        raise Refusal("AccessDenied", f"User: {call.key.arn} is not authorized to perform: "
                      f"sts:AssumeRole on resource: {arn}", 403)
    if ":assumed-role/" in call.key.arn and seconds > 3600:
        raise Refusal("ValidationError", "The requested DurationSeconds exceeds the 1 hour session "
                      "limit for roles assumed by role chaining")
    return _session(call, role, seconds)


def assume_role_with_web_identity(call):
    arn, token = call.args.need("RoleArn"), call.args.need("WebIdentityToken")
    seconds = call.args.number("DurationSeconds", 3600, 900, 43200)
    parts = token.split(".")
    if len(parts) != 3 or not parts[0].startswith("eyJ"):
        raise Refusal("InvalidIdentityToken",
                      "The ID Token provided is not a valid JWT. (You may see this error if you "
                      "sent an Access Token)")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        claims = {}
    if claims.get("exp", call.world.wall() + 1) <= call.world.wall():
        raise Refusal("ExpiredTokenException", f"Token expired: current date/time must be before "
                      f"the expiration date/time {claims['exp']}")
    role = next((r for r in call.world.roles.values() if r.arn == arn), None)
    if not role or not role.trusts("Federated", ["accounts.example"]):
        raise Refusal("AccessDenied",
                      "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
    return {**_session(call, role, seconds), "SubjectFromWebIdentityToken": claims.get("sub", "me"),
            "Provider": "accounts.example"}


# ---- IAM ----


def _no_entity(what):
    return Refusal("NoSuchEntity", f"{what} cannot be found.", 404)


def find_role(call, parameter="RoleName"):
    name = call.args.need(parameter)
    role = call.world.roles.get(name.lower())
    if role is None:
        raise _no_entity(f"The role with name {name}")
    return role


def _policy(text, trust):
    """A policy document, parsed; refused as IAM refuses it."""
    def bad(why):
        return Refusal("MalformedPolicyDocument", why)
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise bad("Syntax errors in policy.") from None
    if document.get("Version") not in ("2012-10-17", "2008-10-17"):
        raise bad("The policy must contain a valid version string")
    statements = statements if isinstance(statements, list) else [statements]
    for s in statements:
        if s.get("Effect") not in ("Allow", "Deny") or "Action" not in s:
            raise bad("Syntax errors in policy.")
        if trust and "Resource" in s:
            raise bad("Has prohibited field Resource")
        if trust and "Principal" not in s:
            raise bad("Policy must contain a principal.")
        if not trust and "Principal" in s:
            raise bad("Policy document should not specify a principal.")
        if not trust and "Resource" not in s:
            raise bad("Policy statement must contain resources.")
    document["Statement"] = statements
    return document


def make_role(world, name, trust_text, partition="aws", path="/"):
    role = Role(name, path, f"arn:{partition}:iam::{ACCOUNT}:role{path}{name}",
                _policy(trust_text, True), trust_text)
    role.made_at, role.made_wall = world.now(), world.wall()
    world.roles[name.lower()] = role
    return role


def _shown(role):
    return {
        "Path": role.path, "RoleName": role.name, "RoleId": role.id, "Arn": role.arn,
        "CreateDate": iso(role.made_wall),
        "AssumeRolePolicyDocument": urllib.parse.quote(role.document, safe=""),
        "Description": role.description, "MaxSessionDuration": role.longest,
        "Tags": _tags(role) if role.tags else None,
    }


def _tags(role):
    return ("member", [{"Key": k, "Value": v} for k, v in role.tags.items()])


def create_role(call):
    args = call.args
    name, trust = args.need("RoleName"), args.need("AssumeRolePolicyDocument")
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", name, re.ASCII):
        raise Refusal("ValidationError", "The specified value for roleName is invalid. It must "
                      "contain only alphanumeric characters and/or the following: +=,.@_-")
    path = args.text("Path", "/")
    if not re.fullmatch(r"/([!-~]+/)?", path):
        raise Refusal("ValidationError", "The specified value for path is invalid. It must begin "
                      "and end with / and contain only alphanumeric characters and/or / characters.")
    longest = args.number("MaxSessionDuration", 3600, 3600, 43200)
    tags = tags_of(args.structs("Tags.member", "Key", "Value"), "InvalidInput")
    description = args.text("Description")
    if name.lower() in call.world.roles:
        raise Refusal("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    role = make_role(call.world, name, trust, call.region.partition, path)
    role.description, role.longest, role.tags = description, longest, tags
    return {"Role": _shown(role)}


def get_role(call):
    return {"Role": _shown(find_role(call))}


def list_roles(call):
    prefix = call.args.text("PathPrefix", "/")
    rows = [(r.name, {**_shown(r), "Tags": None}) for r in call.world.roles.values() if r.path.startswith(prefix)]
    return _page(call, "Roles", sorted(rows, key=lambda r: r[0]))


def update_trust(call):
    role, text = find_role(call), call.args.need("PolicyDocument")
    role.trust, role.document = _policy(text, True), text


def delete_role(call):
    role = find_role(call)
    if role.attached:
        raise Refusal("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409)
    if role.inline:
        raise Refusal("DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
    del call.world.roles[role.name.lower()]


def _page(call, name, items):
    """items: [(key, what)] in order."""
    def refuse():
        raise Refusal("ValidationError", "Invalid Marker.")
    size = min(call.args.number("MaxItems", 100, 1, 1000), call.world.options.page)
    page, marker = paged(items, size, call.args.text("Marker"), refuse)
    return {name: ("member", page), "IsTruncated": marker is not None, "Marker": marker}


def _is_policy(call, arn):
    managed = f"arn:{call.region.partition}:iam::aws:policy/"
    return arn.startswith(managed) and arn[len(managed):].split("/")[-1] in MANAGED


def get_policy(call):
    arn = call.args.need("PolicyArn")
    if not re.fullmatch(r"arn:[\w-]+:iam::(\d{12}|aws):policy/[!-~]+", arn):
        raise Refusal("InvalidInput", f"ARN {arn} is not valid.")
    if not _is_policy(call, arn):
        raise Refusal("NoSuchEntity", f"Policy {arn} was not found.", 404)
    return {"Policy": {"PolicyName": arn.rpartition("/")[2], "Arn": arn, "Path": "/",
                       "DefaultVersionId": "v1", "IsAttachable": True}}


def attach_role_policy(call):
    role, arn = find_role(call), call.args.need("PolicyArn")
    if not _is_policy(call, arn):
        raise Refusal("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    if arn not in role.attached:
        role.attached.append(arn)


def detach_role_policy(call):
    role, arn = find_role(call), call.args.need("PolicyArn")
    if arn not in role.attached:
        raise Refusal("NoSuchEntity", f"Policy {arn} was not found.", 404)
    role.attached.remove(arn)


def list_attached_role_policies(call):
    return _page(call, "AttachedPolicies", sorted(
        (a, {"PolicyName": a.rpartition("/")[2], "PolicyArn": a}) for a in find_role(call).attached))


def put_role_policy(call):
    role, name = find_role(call), call.args.need("PolicyName")
    text = call.args.need("PolicyDocument")
    _policy(text, False)
    role.inline[name] = text


def get_role_policy(call):
    role, name = find_role(call), call.args.need("PolicyName")
    if name not in role.inline:
        raise _no_entity(f"The role policy with name {name}")
    return {"RoleName": role.name, "PolicyName": name,
            "PolicyDocument": urllib.parse.quote(role.inline[name], safe="")}


def delete_role_policy(call):
    role, name = find_role(call), call.args.need("PolicyName")
    if name not in role.inline:
        raise _no_entity(f"The role policy with name {name}")
    del role.inline[name]


def list_role_policies(call):
    return _page(call, "PolicyNames", sorted((n, n) for n in find_role(call).inline))


def tag_role(call):
    find_role(call).tags.update(
        tags_of(call.args.structs("Tags.member", "Key", "Value"), "InvalidInput"))


def untag_role(call):
    role = find_role(call)
    for key in call.args.list("TagKeys.member"):
        role.tags.pop(key, None)


def list_role_tags(call):
    role = find_role(call)
    return _page(call, "Tags", sorted((k, {"Key": k, "Value": v}) for k, v in role.tags.items()))


def list_left(world):
    for role in world.roles.values():
        if role.made_here:
            yield "role", role.name, "", "", role.tags
            for arn in role.attached:
                yield "attached policy", f"{role.name} {arn}", "", "", {}
            for name in role.inline:
                yield "role policy", f"{role.name} {name}", "", "", {}


def check_usable(call, arn, services, code):
    """Refuses a role that Redshift can't assume: not there, not trusting it, or seconds old."""
    role = next((r for r in call.world.roles.values() if r.arn == arn), None)
    if (role is None or not role.trusts("Service", services)
            or call.world.now() < role.made_at + call.world.takes["role"]):
        raise Refusal(code, f"The IAM role {arn} is not valid. The IAM role must delegate access to "
                      "an Amazon Redshift account.")


STS = {
    "GetCallerIdentity": get_caller_identity,
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
}
IAM = {
    "CreateRole": create_role,
    "GetRole": get_role,
    "ListRoles": list_roles,
    "UpdateAssumeRolePolicy": update_trust,
    "DeleteRole": delete_role,
    "AttachRolePolicy": attach_role_policy,
    "DetachRolePolicy": detach_role_policy,
    "ListAttachedRolePolicies": list_attached_role_policies,
    "PutRolePolicy": put_role_policy,
    "GetPolicy": get_policy,
    "GetRolePolicy": get_role_policy,
    "DeleteRolePolicy": delete_role_policy,
    "ListRolePolicies": list_role_policies,
    "TagRole": tag_role,
    "UntagRole": untag_role,
    "ListRoleTags": list_role_tags,
}
