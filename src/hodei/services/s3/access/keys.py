"""Condition keys that are no plain parameter of a request; those that are stand in the manifest.

https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.facts import tags_in
from hodei.protocol.http import Request
from hodei.protocol.timestamps import parse_timestamp
from hodei.services.s3 import state
from hodei.services.s3.access.needs import subject
from hodei.services.s3.buckets import access_points, buckets, configurations
from hodei.services.s3.service import s3

Params = Mapping[str, Any]

DAY = 86400
# Whether a request makes an object: the steps of a multipart upload before the last do not.
CREATIONS = {"PutObject": True, "CopyObject": True, "CompleteMultipartUpload": True}
STEPS = {"CreateMultipartUpload": False, "UploadPart": False, "UploadPartCopy": False}
NO_TAGS: Mapping[str, str] = {}


# the signature


def _query(request: Request) -> Mapping[str, str]:
    return dict(request.query_pairs()) if "Signature=" in request.query else {}


def _of_request(name: str) -> Callable[[Callable[[Context, Request], Any]], None]:
    """Register a key that a call made inside the cloud does not have."""

    def register(read: Callable[[Context, Request], Any]) -> None:
        s3.condition_key(name)(lambda ctx, params: read(ctx, ctx.request) if ctx.request is not None else None)

    return register


@_of_request("s3:authType")
def auth_type(ctx: Context, request: Request) -> str | None:
    if request.headers.get("authorization"):
        return "REST-HEADER"
    if _query(request):
        return "REST-QUERY-STRING"
    return None if ctx.principal.anonymous else "POST"


@_of_request("s3:signatureversion")
def signature_version(ctx: Context, request: Request) -> str | None:
    """ "AWS" is version 2."""
    if authorization := request.headers.get("authorization"):
        return authorization.partition(" ")[0]
    if query := _query(request):
        return query.get("X-Amz-Algorithm", "AWS")
    return None


@_of_request("s3:signatureAge")
def signature_age(ctx: Context, request: Request) -> int | None:
    """Milliseconds since a presigned URL was made, in the cloud's time."""
    if (signed := _query(request).get("X-Amz-Date")) is None:
        return None
    return int((ctx.now - ctx.world.clock.virtual_at(parse_timestamp(signed).timestamp())) * 1000)


@_of_request("s3:x-amz-content-sha256")
def content_sha256(ctx: Context, request: Request) -> str | None:
    return request.headers.get("x-amz-content-sha256") or ("UNSIGNED-PAYLOAD" if _query(request) else None)


# the bucket and the object


@s3.condition_key("s3:ResourceAccount")
def resource_account(ctx: Context, params: Params) -> str | None:
    bucket = state.buckets.get(ctx, params.get("Bucket", ""))
    return bucket.account if bucket is not None else None


@s3.condition_key("s3:ExistingObjectTag/")
def existing_tags(ctx: Context, params: Params) -> Mapping[str, str]:
    if "Bucket" not in params or "Key" not in params:
        return NO_TAGS
    try:
        obj = subject(ctx, params).obj
    except AwsError:
        return NO_TAGS
    return obj.tags if obj is not None else NO_TAGS


@s3.condition_key("s3:RequestObjectTag/")
def requested_tags(ctx: Context, params: Params) -> Mapping[str, str]:
    return tags_in(params["Tagging"]) if "Key" in params and params.get("Tagging") else NO_TAGS


@s3.condition_key("s3:RequestObjectTagKeys")
def requested_tag_keys(ctx: Context, params: Params) -> list[str] | None:
    return list(requested_tags(ctx, params)) or None


@s3.condition_key("s3:object-lock-retain-until-date")
def retained_until(ctx: Context, params: Params) -> datetime | None:
    found: datetime | None = params.get("ObjectLockRetainUntilDate")
    return found or (params.get("Retention") or {}).get("RetainUntilDate")


@s3.condition_key("s3:object-lock-remaining-retention-days")
def remaining_days(ctx: Context, params: Params) -> int | None:
    until = retained_until(ctx, params)
    return int((until.timestamp() - ctx.now) / DAY) if until is not None else None


@s3.condition_key("s3:ObjectCreationOperation")
def creates(ctx: Context, params: Params) -> bool | None:
    return (CREATIONS | STEPS).get(ctx.operation)


# the access point


def _of_point(name: str) -> None:
    """Register a key that requests through an access point have."""

    @s3.condition_key(name)
    def read(ctx: Context, params: Params) -> str | None:
        point = access_points.through(ctx, params)
        return access_points.facts(point)[name] if point else None


for _name in ("s3:DataAccessPointArn", "s3:DataAccessPointAccount", "s3:AccessPointNetworkOrigin"):
    _of_point(_name)


# tags: of buckets they count where the bucket says so, of access points always


def resource_tags(ctx: Context, arn: str) -> Mapping[str, str]:
    """Those of the bucket or the access point, or of that which the object is in."""
    named = arn.partition("/object/")[0]
    if ":accesspoint/" in named:
        _, _, _, region, account, _ = named.split(":", 5)
        return ctx.tags.get(ctx.at(account=account, region=region), named)
    bucket = state.buckets.get(ctx, arn.rpartition(":::")[2].partition("/")[0])
    if bucket is None:
        return NO_TAGS
    home = buckets.home(ctx, bucket)
    abac = configurations.find(home, bucket, "abac") or {}
    return ctx.tags.get(home, buckets.arn(bucket)) if abac.get("Status") == "Enabled" else NO_TAGS


s3.resource_tags = resource_tags


@s3.condition_key("s3:BucketTag/")
def tags_of_bucket(ctx: Context, params: Params) -> Mapping[str, str]:
    return resource_tags(ctx, f":::{params.get('Bucket', '')}")


@s3.condition_key("s3:AccessPointTag/")
def tags_of_point(ctx: Context, params: Params) -> Mapping[str, str]:
    point = access_points.through(ctx, params)
    return resource_tags(ctx, access_points.arn(point)) if point else NO_TAGS
