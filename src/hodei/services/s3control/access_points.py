"""Access points: CreateAccessPoint, GetAccessPoint, ListAccessPoints, DeleteAccessPoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import hodei.services.s3.api as s3
from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.s3control import accounts, errors, tagging
from hodei.services.s3control.service import s3control

NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]")
ALIAS_STEM, ALIAS_CHANCE = 20, 34  # characters of an alias: what is left of the name, what is drawn
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
PAGE = 1000
ALL = dict.fromkeys(s3.SETTINGS, True)
ENDPOINTS = {"ipv4": "", "dualstack": ".dualstack", "fips": "-fips", "fips_dualstack": "-fips.dualstack"}
NO_BUCKET = "Amazon S3 AccessPoint can only be created for existing bucket"


@s3control.operation("CreateAccessPoint")
def create_access_point(
    ctx: Context,
    *,
    AccountId: str,
    Name: str,
    Bucket: str,
    VpcConfiguration: Mapping[str, str] | None = None,
    PublicAccessBlockConfiguration: Mapping[str, bool] | None = None,
    BucketAccountId: str | None = None,
    Tags: tagging.TagList = (),
) -> dict[str, Any]:
    """For a bucket of this region, of whichever account: that of another has to be named, and must let it in."""
    check_name(Name)
    if s3.access_point(ctx, Name) is not None:
        raise errors.AccessPointAlreadyOwnedByYou()
    bucket = s3.bucket(ctx, Bucket)
    if bucket is None or bucket.region != ctx.region:
        raise errors.InvalidRequest(NO_BUCKET)
    if bucket.account != (BucketAccountId or AccountId):
        raise errors.AccessDenied()
    if sum(1 for _ in s3.access_points_of(ctx)) >= ctx.quota("access-points"):
        raise errors.TooManyAccessPoints()
    block = PublicAccessBlockConfiguration
    point = s3.AccessPoint(
        account=AccountId,
        region=ctx.region,
        name=Name,
        alias=_new_alias(ctx, Name),
        bucket=Bucket,
        bucket_account=bucket.account,
        created=ctx.now,
        block=ALL if block is None else accounts.settings(block),
        vpc=VpcConfiguration["VpcId"] if VpcConfiguration else "",
    )
    s3.keep_access_point(ctx, point)
    ctx.tags.set(ctx, s3.arn(point), tagging.merged({}, Tags))
    return {"AccessPointArn": s3.arn(point), "Alias": point.alias}


@s3control.operation("GetAccessPoint")
def get_access_point(ctx: Context, *, AccountId: str, Name: str) -> dict[str, Any]:
    point = find(ctx, Name)
    endpoints = {kind: f"s3-accesspoint{infix}.{ctx.region}.amazonaws.com" for kind, infix in ENDPOINTS.items()}
    return _shown(point) | {
        "PublicAccessBlockConfiguration": point.block,
        "CreationDate": point.created,
        "Endpoints": endpoints,
    }


@s3control.operation("ListAccessPoints")
def list_access_points(
    ctx: Context, *, AccountId: str, Bucket: str = "", NextToken: str = "", MaxResults: int = PAGE
) -> dict[str, Any]:
    try:
        after = pages.after(ctx, NextToken)
    except ValueError:
        raise errors.InvalidArgument("The continuation token provided is incorrect") from None
    found = s3.access_points_of(ctx, Bucket, after)
    page, token = pages.cut(ctx, found, MaxResults or PAGE, lambda point: (point.name,))
    return {"AccessPointList": [_shown(point) for point in page]} | ({"NextToken": token} if token else {})


@s3control.operation("DeleteAccessPoint")
def delete_access_point(ctx: Context, *, AccountId: str, Name: str) -> dict[str, int]:
    point = find(ctx, Name)
    s3.drop_access_point(ctx, point)
    ctx.tags.set(ctx, s3.arn(point), {})
    return {"HTTPStatusCode": 204}


def find(ctx: Context, name: str) -> s3.AccessPoint:
    """Raises: NoSuchAccessPoint."""
    if (point := s3.access_point(ctx, name)) is None:
        raise errors.NoSuchAccessPoint(AccessPointName=name)
    return point


def check_name(name: str) -> None:
    """Raises: InvalidURI."""
    if not NAME.fullmatch(name) or name.startswith("xn--") or name.endswith(s3.ALIAS):
        raise errors.InvalidURI(URI=f"accesspoint/{name}")


def _new_alias(ctx: Context, name: str) -> str:
    drawn = "".join(ctx.ids.choices(ALPHABET, k=ALIAS_CHANCE))
    return f"{name[:ALIAS_STEM]}-{drawn}{s3.ALIAS}"


def _shown(point: s3.AccessPoint) -> dict[str, Any]:
    """As lists have it."""
    view = {
        "Name": point.name,
        "NetworkOrigin": "VPC" if point.vpc else "Internet",
        "Bucket": point.bucket,
        "AccessPointArn": s3.arn(point),
        "Alias": point.alias,
        "BucketAccountId": point.bucket_account,
    }
    return view | ({"VpcConfiguration": {"VpcId": point.vpc}} if point.vpc else {})
