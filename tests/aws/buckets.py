"""S3, path style: buckets with tags, and small objects.

With --s3 URL objects are another server's (an s3d of the test): what comes in is verified here,
signed anew with --s3-key and passed on. Buckets are made and removed there, too, after they were
judged by AWS's rules; who they belong to and their tags and settings stay here.
"""
import base64
import hashlib
import http.client
import re
import time
import urllib.parse
import xml.etree.ElementTree as ET
import zlib

import signature
from wire import S3_NAMESPACE, Refusal, common, xml
from world import iso, tags_of

# Sub-resources of a bucket that are kept as they were put: name -> the code where there is none.
SETTINGS = {
    "publicAccessBlock": ("PublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    "encryption": ("BucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
    "lifecycle": ("BucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    "policy": ("BucketPolicy", "NoSuchBucketPolicy"),
    "ownershipControls": ("BucketOwnershipControls", "OwnershipControlsNotFoundError"),
}


class Bucket:
    def __init__(self, name, region, when):
        self.name, self.region, self.made = name, region, when
        self.tags, self.settings, self.objects = {}, {}, {}


class S3Call:
    """One request: what it is, before it is carried out."""

    def __init__(self, world, service, region, method, target, headers, body, entry):
        self.world, self.service, self.key, self.region = world, service, None, region
        self.entry = entry  # of the log
        self.method, self.target, self.headers, self.body = method, target, headers, body
        path, _, query = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        bucket, _, rest = path[1:].partition("/")
        self.bucket, self.object = urllib.parse.unquote(bucket), urllib.parse.unquote(rest)
        self.action, self.run = self._find()

    def shown(self):
        shown = {"Bucket": self.bucket, "Key": self.object}
        return {k: v for k, v in {**shown, **self.query}.items() if v}

    def _find(self):
        """(AWS's name of the operation, the function for it)"""
        method, query = self.method, self.query
        if not self.bucket:
            return ("ListBuckets", list_buckets) if method == "GET" else ("?", no_operation)
        if self.object:
            verbs = {"GET": ("GetObject", get_object), "HEAD": ("HeadObject", get_object),
                     "PUT": ("PutObject", put_object), "DELETE": ("DeleteObject", delete_object)}
            if "uploads" in query or "uploadId" in query:
                return "MultipartUpload", no_operation
            return verbs.get(method, ("?", no_operation))
        verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method, "?")
        if "tagging" in query:
            return verb + "BucketTagging", tagging
        for name, (words, _) in SETTINGS.items():
            if name in query:
                return verb + words, settings
        if "location" in query:
            return "GetBucketLocation", get_location
        if "uploads" in query:
            return "ListMultipartUploads", list_uploads
        if "delete" in query and method == "POST":
            return "DeleteObjects", delete_objects
        return {"GET": ("ListObjectsV2", list_objects), "HEAD": ("HeadBucket", head_bucket),
                "PUT": ("CreateBucket", create_bucket),
                "DELETE": ("DeleteBucket", delete_bucket)}.get(method, ("?", no_operation))


# Operations that the other server never sees.
OURS = ("ListBuckets", "GetBucketTagging", "PutBucketTagging",
        "DeleteBucketTagging", *(v + w for w, _ in SETTINGS.values()
                                 for v in ("Get", "Put", "Delete")))


def carry_out(call):
    """(status, headers, body). Locks for itself: another server may be slow."""
    world = call.world
    if call.action in OURS or not world.options.s3:
        with world.lock:
            return call.run(call)
    with world.lock:
        if call.action == "CreateBucket":
            check_new_bucket(call)
        else:
            check_region(call, world.buckets.get(call.bucket))
        check_archived(call)
    status, headers, body = forward(call)
    with world.lock:
        if call.action == "ListObjectsV2" and status == 200:
            body = show_archived(call, body)
            headers.pop("Content-Length", None)
        if call.action == "CreateBucket" and status == 200:
            remember(call)
        if call.action == "DeleteBucket" and status == 204:
            world.buckets.pop(call.bucket, None)
    return status, headers, body


def forward(call):
    """The same request at the other server, signed with its key."""
    url = urllib.parse.urlsplit(call.world.options.s3)
    key_id, _, secret = call.world.options.s3_key.partition(":")
    stamp = signature.stamp_of(time.time())
    drop = ("authorization", "x-amz-security-token", "connection", "expect", "x-amz-date", "host",
            "content-length", "transfer-encoding")
    headers = {k: v for k, v in call.headers.items() if k not in drop}
    headers.update({"host": url.netloc, "x-amz-date": stamp})
    headers.setdefault("x-amz-content-sha256", hashlib.sha256(call.body).hexdigest())
    signed = sorted(k for k in headers if k == "host" or k.startswith("x-amz-"))
    canonical = signature.canonical_request(call.method, call.target, headers, signed, "s3",
                                            headers["x-amz-content-sha256"])
    _, mark = signature.sign(canonical, secret, stamp, call.world.options.region, "s3")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{stamp[:8]}/{call.world.options.region}/s3/"
        f"aws4_request, SignedHeaders={';'.join(signed)}, Signature={mark}")
    conn = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    try:
        conn.request(call.method, call.target, call.body, headers)
        r = conn.getresponse()
        body = r.read()
        kept = {k: v for k, v in r.getheaders()
                if k.lower() not in ("connection", "date", "server", "transfer-encoding")}
        return r.status, kept, body
    except (OSError, http.client.HTTPException):
        raise common(call.service, "503") from None
    finally:
        conn.close()


# ---- buckets ----


def document(root, value):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{S3_NAMESPACE}">{xml(value)}'
            f"</{root}>").encode()


def good(root=None, value=None, status=200, **headers):
    body = document(root, value) if root else b""
    return status, {"Content-Type": "application/xml", **headers}, body


def parsed(body):
    """The body's XML without name spaces; MalformedXML otherwise."""
    try:
        root = ET.fromstring(body)
    except ET.ParseError:
        raise Refusal("MalformedXML", "The XML you provided was not well-formed or did not "
                      "validate against our published schema") from None
    for e in root.iter():
        e.tag = e.tag.rpartition("}")[2]
    return root


def find(call):
    b = call.world.buckets.get(call.bucket)
    if b is None and call.world.options.s3:
        # One of the other server's own.
        call.world.buckets[call.bucket] = b = Bucket(call.bucket, call.world.options.region, None)
    if b is None:
        raise Refusal("NoSuchBucket", "The specified bucket does not exist", 404,
                      BucketName=call.bucket)
    check_region(call, b)
    return b


def check_region(call, bucket):
    """Refuses a signature for another region than the bucket's; what is not ours is in --region."""
    home = bucket.region if bucket else call.world.options.region
    if home != call.region.name:
        raise Refusal("AuthorizationHeaderMalformed", "The authorization header is malformed; the "
                      f"region '{call.region.name}' is wrong; expecting '{home}'", 400, Region=home)


def no_operation(call):
    raise common(call.service, "no action")


def list_buckets(call):
    query = call.query
    prefix, after = query.get("prefix", ""), query.get("continuation-token", "after+/")
    if not after.startswith("after+/"):
        raise Refusal("InvalidArgument", "The continuation token provided is incorrect",
                      ArgumentName="continuation-token")
    rows = [{"Name": b.name, "CreationDate": iso(b.made), "BucketRegion": b.region}
            for b in sorted(call.world.buckets.values(), key=lambda b: b.name)
            if b.made and b.name.startswith(prefix) and b.name > after[len("after+/"):]]
    size = min(int(query.get("max-buckets", 10000)), call.world.options.page)
    more = len(rows) > size and "max-buckets" in query
    rows = rows[:size] if "max-buckets" in query else rows
    return good("ListAllMyBucketsResult", {
        "Owner": {"ID": "0123456789abcdef", "DisplayName": "loader"},
        "Buckets": ("Bucket", rows), "Prefix": prefix or None,
        "ContinuationToken": "after+/" + rows[-1]["Name"] if more else None})


def check_new_bucket(call):
    name = call.bucket
    if (not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]", name) or ".." in name
            or re.fullmatch(r"[0-9.]+", name) or name.startswith("xn--")):
        raise Refusal("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
    root = parsed(call.body) if call.body else None
    place = root.findtext("LocationConstraint") if root is not None else None
    home = call.region.name
    if place == "us-east-1":
        raise Refusal("InvalidLocationConstraint",
                      "The specified location-constraint is not valid",
                      LocationConstraint=place)
    if (place or "us-east-1") != home:
        raise Refusal("IllegalLocationConstraintException", f"The {place or 'unspecified'} location "
                      "constraint is incompatible for the region specific endpoint this request "
                      "was sent to.")
    old = call.world.buckets.get(name)
    if old and old.made and not (home == "us-east-1" == old.region):
        raise Refusal("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket "
                      "succeeded and you already own it.", 409, BucketName=name)
    if name in call.world.options.taken_bucket:
        raise Refusal("BucketAlreadyExists", "The requested bucket name is not available. The "
                      "bucket namespace is shared by all users of the system. Please select a "
                      "different name and try again.", 409, BucketName=name)


def remember(call):
    b = Bucket(call.bucket, call.region.name, call.world.wall())
    tags = parsed(call.body).find("Tags") if call.body else None
    if tags is not None:
        b.tags = _tags(tags)
    call.world.buckets.setdefault(b.name, b)


def check_archived(call):
    kept = call.world.archived.get((call.bucket, call.object))
    if call.action == "GetObject" and kept:
        raise Refusal("InvalidObjectState", "The operation is not valid for the object's storage "
                      "class", 403, StorageClass=kept)


def show_archived(call, body):
    """The other server's list, with our storage classes."""
    shown = urllib.parse.quote if call.query.get("encoding-type") == "url" else str
    kept = {shown(k): c for (b, k), c in call.world.archived.items() if b == call.bucket}

    def mark(m):
        key = re.search("<Key>(.*?)</Key>", m[0])[1]
        if key not in kept:
            return m[0]
        return re.sub("<StorageClass>.*?</StorageClass>", "", m[0]).replace(
            "</Contents>", f"<StorageClass>{kept[key]}</StorageClass></Contents>")
    return re.sub("<Contents>.*?</Contents>", mark, body.decode(), flags=re.S).encode()


def create_bucket(call):
    check_new_bucket(call)
    remember(call)
    return good(Location="/" + call.bucket)


def head_bucket(call):
    return good(**{"x-amz-bucket-region": find(call).region})


def get_location(call):
    region = find(call).region
    body = document("LocationConstraint", "" if region == "us-east-1" else region)
    return 200, {"Content-Type": "application/xml"}, body


def delete_bucket(call):
    if find(call).objects:
        raise Refusal("BucketNotEmpty", "The bucket you tried to delete is not empty", 409,
                      BucketName=call.bucket)
    del call.world.buckets[call.bucket]
    return good(status=204)


def check_digest(call):
    """What a body must come with where a wrong one would do harm."""
    md5, crc = call.headers.get("content-md5"), call.headers.get("x-amz-checksum-crc32")
    sha = call.headers.get("x-amz-checksum-sha256")
    others = [k for k in call.headers if k.startswith("x-amz-checksum-")]
    if not md5 and not others:
        raise Refusal("InvalidRequest", "Missing required header for this request: Content-MD5 OR "
                      "x-amz-checksum-*")
    right = [not md5 or md5 == base64.b64encode(hashlib.md5(call.body).digest()).decode(),
             not crc or crc == base64.b64encode(zlib.crc32(call.body).to_bytes(4, "big")).decode(),
             not sha or sha == base64.b64encode(hashlib.sha256(call.body).digest()).decode()]
    if not all(right):
        raise Refusal("BadDigest", "The Content-MD5 or checksum value that you specified did not "
                      "match what the server received.")


def _tags(element):
    return tags_of([{"Key": t.findtext("Key"), "Value": t.findtext("Value")}
                    for t in element.iter("Tag")], "InvalidTag")


def tagging(call):
    b = find(call)
    if call.method == "PUT":
        check_digest(call)
        b.tags = _tags(parsed(call.body))
        return good(status=204)
    if call.method == "DELETE":
        b.tags = {}
        return good(status=204)
    if not b.tags:
        raise Refusal("NoSuchTagSet", "The TagSet does not exist", 404, BucketName=b.name)
    return good("Tagging", {"TagSet": ("Tag", [{"Key": k, "Value": v} for k, v in b.tags.items()])})


def settings(call):
    b = find(call)
    name = next(n for n in SETTINGS if n in call.query)
    if call.method == "PUT":
        if name != "policy":
            parsed(call.body)
        if name in ("lifecycle", "publicAccessBlock", "policy", "encryption"):
            check_digest(call)
        b.settings[name] = call.body
        return good(status=204 if name == "policy" else 200)
    if call.method == "DELETE":
        b.settings.pop(name, None)
        return good(status=204)
    if name not in b.settings:
        raise Refusal(SETTINGS[name][1], "The configuration was not found", 404, BucketName=b.name)
    return 200, {"Content-Type": "application/xml"}, b.settings[name]


# ---- objects ----


def etag(body):
    return '"' + hashlib.md5(body).hexdigest() + '"'


def _found(call):
    b = find(call)
    if call.object not in b.objects:
        raise Refusal("NoSuchKey", "The specified key does not exist.", 404, Key=call.object)
    return b.objects[call.object]


def get_object(call):
    body, when = _found(call)
    check_archived(call)
    headers = {"ETag": etag(body), "Content-Type": "binary/octet-stream", "Accept-Ranges": "bytes",
               "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(when))}
    match = call.headers.get("if-match")
    if match and match.strip('"') != etag(body).strip('"'):
        raise Refusal("PreconditionFailed", "At least one of the pre-conditions you specified did "
                      "not hold", 412, Condition="If-Match")
    m = re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("range", ""))
    if not m:
        return 200, headers, body
    first, last = int(m[1]), min(int(m[2] or len(body)), len(body) - 1)
    if first > last:
        raise Refusal("InvalidRange", "The requested range is not satisfiable", 416)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
    return 206, headers, body[first:last + 1]


def put_object(call):
    b = find(call)
    if call.headers.get("content-md5") or call.headers.get("x-amz-checksum-crc32"):
        check_digest(call)
    if call.headers.get("if-none-match") == "*" and call.object in b.objects:
        raise Refusal("PreconditionFailed", "At least one of the pre-conditions you specified did "
                      "not hold", 412, Condition="If-None-Match")
    b.objects[call.object] = (call.body, call.world.wall())
    return 200, {"ETag": etag(call.body)}, b""


def delete_object(call):
    find(call).objects.pop(call.object, None)
    return good(status=204)


def delete_objects(call):
    b = find(call)
    check_digest(call)
    root = parsed(call.body)
    keys = [o.findtext("Key") for o in root.iter("Object")]
    if not 1 <= len(keys) <= 1000:
        raise Refusal("MalformedXML", "The XML you provided was not well-formed or did not "
                      "validate against our published schema")
    for k in keys:
        b.objects.pop(k, None)
    quiet = root.findtext("Quiet") == "true"
    return 200, {"Content-Type": "application/xml"}, (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="{S3_NAMESPACE}">'
        + "".join(f"<Deleted>{xml({'Key': k})}</Deleted>" for k in keys if not quiet)
        + "</DeleteResult>").encode()


def list_uploads(call):
    return good("ListMultipartUploadsResult",
                {"Bucket": find(call).name, "IsTruncated": False, "MaxUploads": 1000})


def list_objects(call):
    b, query = find(call), call.query
    if query.get("list-type") != "2":
        raise common(call.service, "no action")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    token, start = query.get("continuation-token"), query.get("start-after", "")
    size = min(int(query.get("max-keys", 1000)), 1000, call.world.options.page)
    shown = urllib.parse.quote if query.get("encoding-type") == "url" else str
    if token is not None and not token.startswith("after+/"):
        raise Refusal("InvalidArgument", "The continuation token provided is incorrect",
                      ArgumentName="continuation-token")
    after = token[len("after+/"):] if token is not None else start
    contents, folders, last, more = [], [], "", False
    for key in sorted(b.objects, key=lambda k: k.encode()):
        if not key.startswith(prefix) or key <= after:
            continue
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        folder = key[:end + len(delimiter)] if end >= 0 else None
        if folder is not None and (folder in folders or folder <= after and after.startswith(folder)):
            last = key
            continue
        if len(contents) + len(folders) == size:
            more = True
            break
        last = key
        if folder is not None:
            folders.append(folder)
        else:
            contents.append(key)
    rows = [{"Key": shown(k), "LastModified": iso(b.objects[k][1])[:-1] + ".000Z",
             "ETag": etag(b.objects[k][0]), "Size": len(b.objects[k][0]),
             "StorageClass": call.world.archived.get((b.name, k), "STANDARD")} for k in contents]
    inner = xml({"Name": b.name, "Prefix": shown(prefix), "KeyCount": len(rows) + len(folders),
                 "MaxKeys": size, "Delimiter": shown(delimiter) if delimiter else None,
                 "EncodingType": query.get("encoding-type"), "IsTruncated": more,
                 "ContinuationToken": token, "StartAfter": shown(start) if start else None,
                 "NextContinuationToken": "after+/" + last if more else None})
    inner += "".join(f"<Contents>{xml(r)}</Contents>" for r in rows)
    inner += "".join(f"<CommonPrefixes>{xml({'Prefix': shown(f)})}</CommonPrefixes>"
                     for f in folders)
    return 200, {"Content-Type": "application/xml"}, (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{S3_NAMESPACE}">'
        f"{inner}</ListBucketResult>").encode()


def list_left(world):
    for b in world.buckets.values():
        if b.made:
            yield "bucket", b.name, b.region, "", b.tags
            for key in b.objects:
                yield "object", f"{b.name}/{key}", b.region, "", {}
