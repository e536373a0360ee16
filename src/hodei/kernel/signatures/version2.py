"""Version 2 of the signature, HMAC-SHA1, as S3 still takes it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping

from hodei.kernel.signatures import errors
from hodei.kernel.signatures.signature import VERSION_2, Dialect, Signature
from hodei.protocol.http import Request
from hodei.protocol.timestamps import parse_timestamp

SECONDS = re.compile("[0-9]{1,11}").fullmatch  # into the year 5138
QUERY_PARAMETERS = ("Signature", "Expires", "AWSAccessKeyId")
SUBRESOURCES = {
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
    "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
    "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
}  # fmt: skip
# In a query that is signed these stand for headers; that is where boto3 puts them.
OTHER_HEADERS = ("content-md5", "content-type")


def from_header(dialect: Dialect, request: Request, authorization: str) -> Signature:
    """Raises: AccessDenied, InvalidArgument."""
    parts = authorization.split(" ")
    if len(parts) != 2:
        raise errors.InvalidArgument(
            "Authorization header is invalid -- one and only one ' ' (space) required",
            ArgumentName="Authorization",
            ArgumentValue=authorization,
        )
    access_key, colon, value = parts[1].rpartition(":")
    if not (colon and access_key and value):
        raise errors.InvalidArgument(
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            ArgumentName="Authorization",
            ArgumentValue=authorization,
        )
    given = request.headers.get("x-amz-date") or request.headers.get("date")
    try:
        begins = parse_timestamp(given).timestamp()
    except (ValueError, IndexError, OverflowError):
        raise errors.AccessDenied("AWS authentication requires a valid Date or x-amz-date header") from None
    date = "" if "x-amz-date" in request.headers else request.headers.get("date")
    return Signature(dialect, VERSION_2, access_key, "", "", "", (), value, date, begins)


def from_query(dialect: Dialect, query: Mapping[str, str]) -> Signature:
    """Raises: AccessDenied."""
    if not all(query.get(name) for name in QUERY_PARAMETERS):
        raise errors.AccessDenied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
    value, expires, access_key = (query[name] for name in QUERY_PARAMETERS)
    if not SECONDS(expires):
        raise errors.AccessDenied(f"Invalid date (should be seconds since epoch): {expires}")
    return Signature(dialect, VERSION_2, access_key, "", "", "", (), value, expires, None, int(expires), presigned=True)


def request_holds(secret: str, signature: Signature, request: Request) -> bool:
    """Of a bucket named in the path without a slash behind it, boto3 signs the path with one."""
    paths = [request.path, f"{request.path}/"] if request.path.count("/") == 1 else [request.path]
    return any(holds(secret, string_to_sign(signature, request, path), signature.value) for path in paths)


def holds(secret: str, string_to_sign: str, value: str) -> bool:
    digest = hmac.digest(secret.encode(), string_to_sign.encode(), "sha1")
    return hmac.compare_digest(base64.b64encode(digest), value.encode())


def string_to_sign(signature: Signature, request: Request, path: str) -> str:
    """`path` names the bucket, also where the host did."""
    headers = {name: value.strip() for name, value in request.headers.joined().items()}
    if signature.presigned:
        for name, value in request.query_pairs():
            if name.lower().startswith("x-amz-") or name.lower() in OTHER_HEADERS:
                headers.setdefault(name.lower(), value.strip())
    md5, kind = (headers.get(name, "") for name in OTHER_HEADERS)
    amazon = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith("x-amz-"))
    return f"{request.method}\n{md5}\n{kind}\n{signature.timestamp}\n{amazon}{_resource(request, path)}"


def _resource(request: Request, path: str) -> str:
    bare = {part for part in request.query.split("&") if "=" not in part}
    subresources = sorted(pair for pair in request.query_pairs() if pair[0] in SUBRESOURCES)
    query = "&".join(name if name in bare else f"{name}={value}" for name, value in subresources)
    return f"{path}?{query}" if query else path
