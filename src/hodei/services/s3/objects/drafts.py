"""A new object before its body has come: all else that PutObject, CopyObject, CreateMultipartUpload and POST say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.principals import NOBODYS
from hodei.services.s3 import errors, rules
from hodei.services.s3.buckets import configurations, grants, public_access
from hodei.services.s3.management import lock, storage
from hodei.services.s3.objects import metadata, tagging
from hodei.services.s3.state import Bucket, Encryption, Object

DEFAULT_TYPE = "binary/octet-stream"
STORED_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)

NO_LATIN_1 = re.compile("[^\x00-\xff]")
EVENT_HOLD = frozenset(("ObjectLockEventHold", "ObjectLockEventHoldDurationDays", "ObjectLockEventHoldDurationYears"))


def draft(ctx: Context, home: Context, bucket: Bucket, key: str, given: Mapping[str, Any]) -> Object:
    """The object that a request asks for, without body, ETag and encryption. Raises what S3 has against it."""
    rules.check_key(key)
    owner = owner_of_new(ctx, home, bucket, given)
    texts = metadata.received(given.get("Metadata") or {})
    rules.check_metadata(texts)
    rules.check_redirect(given.get("WebsiteRedirectLocation"))
    if given.keys() & EVENT_HOLD:
        raise errors.NotImplementedHeader(Header="x-amz-object-lock-event-hold")
    asked = (given.get(name) for name in ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"))
    return Object(
        bucket=bucket.name,
        key=key,
        sequence=0,
        modified=home.now,
        owner=owner,
        headers=stored_headers(given),
        metadata=texts,
        encryption=Encryption(),
        storage_class=storage.check_class(given.get("StorageClass") or "STANDARD"),
        tags=tagging.from_header(given.get("Tagging")),
        redirect=given.get("WebsiteRedirectLocation") or "",
        acl=acl_of(home, bucket, owner, given),
        **lock.for_new(home, bucket, *asked)._asdict(),
    )


def stored_headers(given: Mapping[str, Any]) -> dict[str, str]:
    """The headers that come back with the object: forms may have had characters in them that no header holds.

    "aws-chunked" was only the way it travelled.
    """
    headers = {name: NO_LATIN_1.sub(" ", given[name]) for name in STORED_HEADERS if given.get(name)}
    encoding = headers.pop("ContentEncoding", "")
    if "aws-chunked" in encoding:
        encoding = ",".join(part for part in encoding.split(",") if part.strip() != "aws-chunked").strip()
    if encoding:
        headers["ContentEncoding"] = encoding
    headers.setdefault("ContentType", DEFAULT_TYPE)
    return headers


def owner_of_new(ctx: Context, home: Context, bucket: Bucket, given: Mapping[str, Any]) -> str:
    """The account that a new object will belong to: that of who writes it, or the bucket's owner if it wants so."""
    writer = NOBODYS if ctx.request is not None and ctx.principal.anonymous else ctx.account
    ceded = given.get("ACL") == "bucket-owner-full-control"
    wanted = ownership(home, bucket)
    if wanted == "BucketOwnerEnforced" or (wanted == "BucketOwnerPreferred" and ceded):
        return bucket.account
    return writer


def acl_of(home: Context, bucket: Bucket, owner: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The ACL asked for. Raises: AccessControlListNotSupported where the bucket's owner owns everything; AccessDenied
    for a public one where these are blocked."""
    if not given.keys() & grants.HEADERS:
        return {}
    policy = grants.policy(given, owner, bucket.account)
    if policy and given.get("ACL") != "bucket-owner-full-control" and ownership(home, bucket) == "BucketOwnerEnforced":
        raise errors.AccessControlListNotSupported()
    if grants.is_public(policy) and public_access.blocked(home, bucket, "BlockPublicAcls"):
        raise errors.AccessDenied()
    return policy


def ownership(home: Context, bucket: Bucket) -> str:
    """The bucket's ObjectOwnership."""
    if "ownership" not in bucket.configured:
        return "ObjectWriter" if "ownership" in bucket.cleared else "BucketOwnerEnforced"
    document = configurations.find(home, bucket, "ownership")
    found: str = document["Rules"][0]["ObjectOwnership"]
    return found
