"""What goes over the wire: arguments of the query and the JSON protocol, answers, error documents.

The shapes are those of AWS, service by service; what a service does stands in its own module.
"""
import html
import json
import urllib.parse
import uuid

JSON_TYPE = "application/x-amz-json-1.1"
S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Refusal(Exception):
    """An error of AWS's own: code, message, HTTP status, and what more its document holds."""

    def __init__(self, code, message, status=400, **more):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.more = code, message, status, more


class Service:
    """One service of AWS: how it is told apart, spoken to and answered."""

    def __init__(self, name, protocol, version=None, namespace=None, target=None):
        self.name, self.protocol = name, protocol
        self.version, self.namespace, self.target = version, namespace, target


SERVICES = {
    s.name: s
    for s in (
        Service("sts", "query", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
        Service("iam", "query", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"),
        Service("redshift", "query", "2012-12-01", "http://redshift.amazonaws.com/doc/2012-12-01/"),
        Service("ec2", "ec2", "2016-11-15", "http://ec2.amazonaws.com/doc/2016-11-15/"),
        Service("redshift-serverless", "json", target="RedshiftServerless"),
        Service("secretsmanager", "json", target="secretsmanager"),
        Service("s3", "s3", namespace=S3_NAMESPACE),
    )
}

# What every service can say, each in its own words: kind -> protocol -> (status, code, message).
_COMMON = {
    "throttle": {
        "query": (400, "Throttling", "Rate exceeded"),
        "ec2": (503, "RequestLimitExceeded", "Request limit exceeded."),
        "json": (400, "ThrottlingException", "Rate exceeded"),
        "s3": (503, "SlowDown", "Please reduce your request rate."),
    },
    "deny": {
        "query": (403, "AccessDenied", "User: {who} is not authorized to perform: {action} because "
                  "no identity-based policy allows the {action} action"),
        "ec2": (403, "UnauthorizedOperation", "You are not authorized to perform this operation. "
                "User: {who} is not authorized to perform: {action} because no identity-based "
                "policy allows the {action} action"),
        "json": (400, "AccessDeniedException", "User: {who} is not authorized to perform: {action} "
                 "because no identity-based policy allows the {action} action"),
        "s3": (403, "AccessDenied", "Access Denied"),
    },
    "500": {
        "query": (500, "InternalFailure", "The request processing has failed because of an "
                  "unknown error, exception or failure."),
        "ec2": (500, "InternalError", "An internal error has occurred"),
        "json": (500, "InternalServerException", "The request processing has failed because of "
                 "an unknown error, exception or failure."),
        "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
    },
    "503": {
        "query": (503, "ServiceUnavailable", "Service is unable to handle request."),
        "ec2": (503, "Unavailable", "The service is unavailable. Please try again shortly."),
        "json": (503, "ServiceUnavailableException", "Service is unable to handle request."),
        "s3": (503, "ServiceUnavailable", "Please reduce your request rate."),
    },
    "expired": {
        "query": (403, "ExpiredToken", "The security token included in the request is expired"),
        "ec2": (400, "RequestExpired", "Request has expired."),
        "json": (400, "ExpiredTokenException",
                 "The security token included in the request is expired"),
        "s3": (400, "ExpiredToken", "The provided token has expired."),
    },
    "unsigned": {
        "query": (403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        "ec2": (401, "AuthFailure",
                "AWS was not able to validate the provided access credentials"),
        "json": (400, "MissingAuthenticationTokenException",
                 "Request is missing Authentication Token"),
        "s3": (403, "AccessDenied", "Access Denied"),
    },
    "unknown key": {
        "query": (403, "InvalidClientTokenId",
                  "The security token included in the request is invalid."),
        "ec2": (401, "AuthFailure",
                "AWS was not able to validate the provided access credentials"),
        "json": (400, "UnrecognizedClientException",
                 "The security token included in the request is invalid."),
        "s3": (403, "InvalidAccessKeyId",
               "The AWS Access Key Id you provided does not exist in our records."),
    },
    "bad token": {
        "query": (403, "InvalidClientTokenId",
                  "The security token included in the request is invalid"),
        "ec2": (401, "AuthFailure",
                "AWS was not able to validate the provided access credentials"),
        "json": (400, "UnrecognizedClientException",
                 "The security token included in the request is invalid."),
        "s3": (400, "InvalidToken",
               "The provided token is malformed or otherwise invalid."),
    },
    "signature": {
        "query": (403, "SignatureDoesNotMatch", "{detail}"),
        "ec2": (401, "AuthFailure",
                "AWS was not able to validate the provided access credentials"),
        "json": (400, "InvalidSignatureException", "{detail}"),
        "s3": (403, "SignatureDoesNotMatch", "The request signature we calculated does not match "
               "the signature you provided. Check your key and signing method."),
    },
    "clock": {
        "query": (403, "SignatureDoesNotMatch", "{detail}"),
        "ec2": (400, "RequestExpired", "Request has expired."),
        "json": (400, "InvalidSignatureException", "{detail}"),
        "s3": (403, "RequestTimeTooSkewed",
               "The difference between the request time and the current time is too large."),
    },
    "malformed": {
        "query": (400, "IncompleteSignature", "{detail}"),
        "ec2": (401, "AuthFailure",
                "AWS was not able to validate the provided access credentials"),
        "json": (400, "IncompleteSignatureException", "{detail}"),
        "s3": (400, "AuthorizationHeaderMalformed", "The authorization header is malformed; "
               "{detail}"),
    },
    "no action": {
        "query": (400, "InvalidAction", "Could not find operation {action} for version {version}"),
        "ec2": (400, "InvalidAction", "The action {action} is not valid for this web service."),
        "json": (400, "UnknownOperationException", ""),
        "s3": (501, "NotImplemented",
               "A header you provided implies functionality that is not implemented"),
    },
}


def common(service, kind, **words):
    """The Refusal by which this service says what all services can say."""
    status, code, message = _COMMON[kind][service.protocol]
    return Refusal(code, message.format_map(_Words(words)), status)


class _Words(dict):
    def __missing__(self, key):
        return ""


# ---- arguments ----


class Args:
    """The arguments of a call of the query protocol, by their paths ("Tags.Tag.1.Key").

    What no handler asked for is in unread(): AWS ignores it, a test should know.
    """

    def __init__(self, pairs, missing, invalid):
        self.values = dict(pairs)
        self.missing, self.invalid = missing, invalid
        self._read = {"Action", "Version"}

    def text(self, name, default=None):
        self._read.add(name)
        return self.values.get(name, default)

    def need(self, name):
        value = self.text(name)
        if value is None or value == "":
            raise Refusal(self.missing, f"The request must contain the parameter {name}")
        return value

    def number(self, name, default=None, low=None, high=None):
        value = self.text(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            raise Refusal(self.invalid, f"{name} must be a number") from None
        if (low is not None and number < low) or (high is not None and number > high):
            raise Refusal(self.invalid,
                          f"{name} {number} is out of range: it must be between {low} and {high}")
        return number

    def flag(self, name, default=None):
        value = self.text(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise Refusal(self.invalid, f"Invalid boolean value for {name}: {value}")
        return value == "true"

    def list(self, name):
        """name.1, name.2, ... as they are numbered."""
        return [self.text(f"{name}.{n}") for n in self._numbers(name, whole=True)]

    def structs(self, name, *fields):
        """[{field: text or None}] of name.1.field, name.2.field, ..."""
        return [{f: self.text(f"{name}.{n}.{f}") for f in fields} for n in self._numbers(name)]

    def prefixes(self, name):
        """"name.1", "name.2", ...: where a list holds structures with lists."""
        return [f"{name}.{n}" for n in self._numbers(name)]

    def _numbers(self, name, whole=False):
        found = set()
        for key in self.values:
            if key.startswith(name + "."):
                number, _, rest = key[len(name) + 1:].partition(".")
                if number.isdigit() and whole == (rest == ""):
                    found.add(int(number))
        return sorted(found)

    def unread(self):
        return sorted(set(self.values) - self._read)

    def shown(self):
        """For the log: without secrets."""
        return {k: "***" if secret(k) else v for k, v in self.values.items()
                if k not in ("Action", "Version")}


class JsonArgs(Args):
    """The same of a JSON call, whose top level is what is asked for."""

    def __init__(self, values):
        super().__init__(values, "ValidationException", "ValidationException")

    def _typed(self, name, types, default=None):
        self._read.add(name)
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise Refusal("SerializationException", f"{name} has the wrong type")
        return value

    def text(self, name, default=None):
        return self._typed(name, str, default)

    def need(self, name):
        value = self.text(name)
        if value is None:
            raise Refusal("ValidationException", f"1 validation error detected: Value null at "
                          f"'{name}' failed to satisfy constraint: Member must not be null")
        return value

    def number(self, name, default=None, low=None, high=None):
        value = self._typed(name, int)
        if value is None:
            return default
        if (low is not None and value < low) or (high is not None and value > high):
            raise Refusal("ValidationException", f"{name} must be between {low} and {high}")
        return value

    def flag(self, name, default=None):
        return self._typed(name, bool, default)

    def list(self, name):
        values = self._typed(name, list, [])
        if not all(isinstance(v, str) for v in values):
            raise Refusal("SerializationException", f"{name} has the wrong type")
        return values

    def structs(self, name, *fields):
        values = self._typed(name, list, [])
        if not all(isinstance(v, dict) and set(v) <= set(fields) for v in values):
            raise Refusal("SerializationException", f"{name} has the wrong type")
        return [{f: v.get(f) for f in fields} for v in values]


def secret(name):
    return name.lower().endswith(("password", "token", "secretstring"))


def query_args(service, body):
    try:
        pairs = urllib.parse.parse_qsl(body.decode("utf-8"), keep_blank_values=True,
                                       strict_parsing=bool(body))
    except (ValueError, UnicodeDecodeError):
        raise Refusal("MalformedQueryString", "The query string is malformed", 404) from None
    if len(dict(pairs)) != len(pairs):
        raise Refusal("MalformedQueryString", "A parameter stands in it twice", 400)
    if service.name in ("iam", "sts"):
        return Args(pairs, "ValidationError", "ValidationError")
    return Args(pairs, "MissingParameter", "InvalidParameterValue")


def json_args(body):
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise Refusal("SerializationException", "The body is no JSON object")
    return JsonArgs(values)


# ---- answers ----


def xml(value):
    """XML of a value: a dict's members, {"Tags": ("Tag", [..])} for a list; None is left out."""
    if isinstance(value, dict):
        return "".join(f"<{k}>{xml(v)}</{k}>" for k, v in value.items() if v is not None)
    if isinstance(value, tuple):
        name, items = value
        return "".join(f"<{name}>{xml(v)}</{name}>" for v in items)
    if isinstance(value, bool):
        return "true" if value else "false"
    return html.escape(str(value), quote=False)


def request_id():
    return str(uuid.uuid4())


def answer(service, action, result, rid):
    """(status, headers, body) of a call that was carried out."""
    if service.protocol == "json":
        return 200, {"Content-Type": JSON_TYPE, "x-amzn-RequestId": rid}, json.dumps(result)
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": rid}
    if service.protocol == "ec2":
        headers["Content-Type"] = "text/xml;charset=UTF-8"
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response '
                f'xmlns="{service.namespace}"><requestId>{rid}</requestId>{xml(result)}'
                f"</{action}Response>")
    else:
        inner = f"<{action}Result>{xml(result)}</{action}Result>" if result is not None else ""
        body = (f'<{action}Response xmlns="{service.namespace}">{inner}<ResponseMetadata>'
                f"<RequestId>{rid}</RequestId></ResponseMetadata></{action}Response>")
    return 200, headers, body


def refusal(service, r, rid, resource=""):
    """(status, headers, body) of a call that was refused."""
    if service.protocol == "json":
        # AccessDeniedException writes its message large; so it is with AWS.
        key = "Message" if r.code == "AccessDeniedException" else "message"
        body = json.dumps({"__type": f"com.amazonaws.{service.target.lower()}#{r.code}",
                           key: r.message, **r.more})
        return r.status, {"Content-Type": JSON_TYPE, "x-amzn-RequestId": rid}, body
    error = {"Code": r.code, "Message": r.message, **r.more}
    if service.protocol == "s3":
        head = {"Content-Type": "application/xml", "x-amz-request-id": rid, "x-amz-id-2": rid}
        if "Region" in r.more:
            head["x-amz-bucket-region"] = r.more["Region"]
        error.update(Resource=resource, RequestId=rid, HostId=rid)
        return r.status, head, f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{xml(error)}</Error>'
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": rid}
    if service.protocol == "ec2":
        return r.status, headers, (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
            f"{xml(error)}</Error></Errors><RequestID>{rid}</RequestID></Response>")
    error = {"Type": "Receiver" if r.status >= 500 else "Sender", **error}
    return r.status, headers, (
        f'<ErrorResponse xmlns="{service.namespace}"><Error>{xml(error)}</Error>'
        f"<RequestId>{rid}</RequestId></ErrorResponse>")
