"""Access points: other addresses of a bucket, each with a policy and a public access block of its own.

Requests come to `name-account.s3-accesspoint.region.amazonaws.com` (with an endpoint of one's own, as SDKs make it of
the ARN, to `name-account.localhost`), or name the alias in place of the bucket. What they ask for is allowed if access
point and bucket both allow it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.services.s3 import errors, rules
from hodei.services.s3.state import AccessPoint, access_points, buckets

ALIAS = "-s3alias"
POINT = "AccessPoint"  # in the part of a request that permissions are asked for
HOST_MARK = ".s3-accesspoint"
HOST = re.compile(r"(.+)-(\d{12})(\.s3-accesspoint(?:-fips)?(?:\.dualstack)?(?:\.([a-z0-9-]+))?)?")
ARN = re.compile(r"arn:[^:]+:s3:([^:]+):(\d{12}):accesspoint/([^/]+)/object/(.+)", re.DOTALL)
# Of the operations on buckets only those on what is in them, and reading some of their settings.
OPERATIONS = frozenset(
    {"GetBucketAcl", "GetBucketCors", "GetBucketLocation", "GetBucketNotificationConfiguration", "GetBucketPolicy"}
    | {"HeadBucket", "ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2", "DeleteObjects"}
)


def arn(point: AccessPoint) -> str:
    return f"arn:{partition_of(point.region)}:s3:{point.region}:{point.account}:accesspoint/{point.name}"


def object_arn(point: AccessPoint, key: str) -> str:
    return f"{arn(point)}/object/{key}"


def named(ctx: Context, name: str) -> AccessPoint | None:
    """The access point of an address that stands in place of a bucket's name; None: that is a bucket's."""
    if name.endswith(ALIAS):
        return next(access_points.by("alias", ctx, name), None)
    if (match := HOST.fullmatch(name)) is None:
        return None
    stem, account, host, region = match.groups()
    found = access_points.get(ctx, account, region or ctx.region, stem)
    return found if host or buckets.get(ctx, name) is None else None


def used(ctx: Context) -> AccessPoint | None:
    """The access point whose address the request was sent to; of a bucket's website there is none."""
    point = named(ctx, _addressed(ctx))
    return None if point and ctx.request and ".s3-website" in ctx.request.host else point


def through(ctx: Context, params: Mapping[str, Any]) -> AccessPoint | None:
    """The access point by which a request, or the part of it in `params`, comes: a copy may read through another."""
    found: AccessPoint | None = params[POINT] if POINT in params else used(ctx)
    return found


def by_alias(ctx: Context) -> bool:
    """Whether the request names an alias in place of a bucket."""
    return _addressed(ctx).endswith(ALIAS)


def _addressed(ctx: Context) -> str:
    """What stands in the request where a bucket's name does; "" where a bucket is to get that name."""
    if ctx.request is None or ctx.operation == "CreateBucket":
        return ""
    return ctx.request.path[1:].partition("/")[0]


def of_object(ctx: Context, text: str) -> tuple[AccessPoint, str] | None:
    """The access point and the key that the ARN of an object names; None: it is no such ARN.

    Raises: NoSuchAccessPoint.
    """
    if (match := ARN.fullmatch(text)) is None:
        return None
    region, account, name, key = match.groups()
    if (point := access_points.get(ctx, account, region, name)) is None:
        raise errors.NoSuchAccessPoint(AccessPointName=name)
    return point, key


def amend(ctx: Context, params: dict[str, Any]) -> None:
    """Put the bucket in place of the access point's address.

    Raises: NoSuchAccessPoint; MethodNotAllowed for what access points cannot do; as `check_reachable`.
    """
    if "Bucket" not in params or ctx.request is None:
        return
    if (point := used(ctx)) is None:
        if (name := _addressed(ctx)).endswith(ALIAS) or HOST_MARK in name:
            raise errors.NoSuchAccessPoint(AccessPointName=name)
        return
    if "Key" not in params and ctx.operation not in OPERATIONS:
        raise errors.MethodNotAllowed(Method=ctx.request.method, ResourceType="ACCESSPOINT")
    check_reachable(ctx, point)
    params["Bucket"] = point.bucket


def check_reachable(ctx: Context, point: AccessPoint) -> None:
    """Raises: AccessDenied to who is not signed in, and to all if it is for a VPC: no request comes here from one;
    InvalidRequest for signatures of version 2.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html
    """
    if point.vpc or ctx.principal.anonymous:
        raise errors.AccessDenied()
    rules.check_signature_version(
        ctx.request, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    )


def attached(ctx: Context, bucket: str) -> bool:
    """Whether a bucket has access points."""
    return next(access_points.index_keys("bucket", ctx, bucket), None) is not None


def facts(point: AccessPoint) -> Mapping[str, str]:
    """The condition keys that tell of it."""
    return {
        "s3:DataAccessPointArn": arn(point),
        "s3:DataAccessPointAccount": point.account,
        "s3:AccessPointNetworkOrigin": "VPC" if point.vpc else "Internet",
    }
