"""SigV4, verified: who sent a request, by the rules of AWS's own documentation.

Written apart from the program under test, so that the two can disagree.
"""
import calendar
import hashlib
import hmac
import re
import time
import urllib.parse

from wire import Refusal, common

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request\s*,"
    r"\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{64})$")


def scope_of(headers):
    """(region, service) that a request says it is signed for, or None."""
    m = AUTHORIZATION.match(headers.get("authorization", ""))
    return (m[3], m[4]) if m else None


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encode(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def canonical_path(path, service):
    if service == "s3":
        return path or "/"
    parts = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    clean = "/" + "/".join(parts)
    if parts and path.endswith("/"):
        clean += "/"
    return _encode(clean, "/")


def canonical_query(query):
    pairs = []
    for field in query.split("&") if query else []:
        key, _, value = field.partition("=")
        pairs.append((_encode(urllib.parse.unquote(key)), _encode(urllib.parse.unquote(value))))
    return "&".join(f"{k}={v}" for k, v in sorted(pairs))


def canonical_request(method, target, headers, signed, service, payload_hash):
    """headers: lower-case names; repeated ones joined by a comma."""
    path, _, query = target.partition("?")
    lines = [f"{n}:{' '.join(headers.get(n, '').split())}\n" for n in signed]
    return "\n".join([method, canonical_path(path, service), canonical_query(query),
                      "".join(lines), ";".join(signed), payload_hash])


def sign(canonical, secret, stamp, region, service):
    """(string to sign, signature)"""
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return to_sign, _hmac(key, to_sign).hex()


def stamp_of(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def _check_clock(service, stamp, wall):
    allowed = 900 if service.protocol == "s3" else 300
    try:
        then = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise common(service, "malformed", detail="Date must be in ISO-8601 'basic format'. Got "
                     f"'{stamp}'.") from None
    edge, minutes = stamp_of(wall), allowed // 60
    if then < wall - allowed:
        detail = (f"Signature expired: {stamp} is now earlier than {stamp_of(wall - allowed)} "
                  f"({edge} - {minutes} min.)")
    elif then > wall + allowed:
        detail = (f"Signature not yet current: {stamp} is still later than "
                  f"{stamp_of(wall + allowed)} ({edge} + {minutes} min.)")
    else:
        return
    r = common(service, "clock", detail=detail)
    if service.protocol == "s3":
        r.more = {"RequestTime": stamp, "ServerTime": edge, "MaxAllowedSkewMilliseconds": "900000"}
    raise r


def verify(service, method, target, headers, body, find_key, wall):
    """The key that signed the request; Refusal otherwise.

    find_key(id) is an object with secret, token (or None) and expires (or None), or None.
    """
    m = AUTHORIZATION.match(headers.get("authorization", ""))
    if not m:
        if "authorization" in headers:
            raise common(service, "malformed", detail="Authorization header requires 'Credential', "
                         "'SignedHeaders' and 'Signature' parameters.")
        raise common(service, "unsigned")
    key_id, day, region, name, signed, signature = m.groups()
    signed = signed.split(";")
    if name != service.name:
        raise common(service, "signature",
                     detail=f"Credential should be scoped to correct service: '{service.name}'.")
    stamp = headers.get("x-amz-date", "")
    _check_clock(service, stamp, wall)
    if stamp[:8] != day:
        raise common(service, "signature", detail="Date in Credential scope does not match "
                     f"YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != '{stamp[:8]}'")
    key = find_key(key_id)
    if key is None:
        raise common(service, "unknown key")
    if (key.token or "") != headers.get("x-amz-security-token", ""):
        raise common(service, "bad token")
    if signed != sorted(signed):
        raise common(service, "malformed", detail="SignedHeaders are not sorted")
    need = {"host"} | {n for n in headers if n.startswith("x-amz-")}
    if not need <= set(signed):
        if service.protocol == "s3":
            raise Refusal("AccessDenied", "There were headers present in the request which were "
                          "not signed", 403, HeadersNotSigned=", ".join(sorted(need - set(signed))))
        raise common(service, "signature", detail=f"{sorted(need - set(signed))} must be signed")
    payload = hashlib.sha256(body).hexdigest()
    if service.protocol == "s3":
        claimed = headers.get("x-amz-content-sha256")
        if claimed is None:
            raise Refusal("InvalidRequest",
                          "Missing required header for this request: x-amz-content-sha256")
        if re.fullmatch("[0-9a-f]{64}", claimed) and claimed != payload:
            raise Refusal("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header "
                          "does not match what was computed.")
        payload = claimed
    canonical = canonical_request(method, target, headers, signed, name, payload)
    to_sign, wanted = sign(canonical, key.secret, stamp, region, name)
    if not hmac.compare_digest(wanted, signature):
        raise common(
            service, "signature",
            detail="The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation for details.\n\nThe Canonical String for this request should have been\n"
            f"'{canonical}'\n\nThe String-to-Sign should have been\n'{to_sign}'\n")
    if key.expires is not None and key.expires <= wall:
        raise common(service, "expired")
    return key
