"""The policies of access points. What they decide is S3's."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

import hodei.services.s3.api as s3
from hodei.kernel.context import Context
from hodei.services.s3control import errors
from hodei.services.s3control.access_points import find
from hodei.services.s3control.service import s3control

BLOCK = "BlockPublicPolicy"


@s3control.operation("PutAccessPointPolicy")
def put_access_point_policy(ctx: Context, *, AccountId: str, Name: str, Policy: str) -> None:
    """Kept to the letter, as it was sent."""
    point = find(ctx, Name)
    s3.check_policy(Policy, s3.arn(point))
    point = replace(point, policy=Policy)
    if is_public(point) and (point.block[BLOCK] or s3.blocked_in_account(ctx, AccountId, BLOCK)):
        raise errors.AccessDenied()
    s3.keep_access_point(ctx, point)


@s3control.operation("GetAccessPointPolicy")
def get_access_point_policy(ctx: Context, *, AccountId: str, Name: str) -> dict[str, str]:
    return {"Policy": _with_policy(ctx, Name).policy}


@s3control.operation("GetAccessPointPolicyStatus")
def get_access_point_policy_status(ctx: Context, *, AccountId: str, Name: str) -> dict[str, Any]:
    return {"PolicyStatus": {"IsPublic": is_public(_with_policy(ctx, Name))}}


@s3control.operation("DeleteAccessPointPolicy")
def delete_access_point_policy(ctx: Context, *, AccountId: str, Name: str) -> dict[str, int]:
    s3.keep_access_point(ctx, replace(find(ctx, Name), policy=""))
    return {"HTTPStatusCode": 204}


def is_public(point: s3.AccessPoint) -> bool:
    """Whether its policy lets everybody in: never where it is for a VPC.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    return not point.vpc and s3.is_public(point.policy)


def _with_policy(ctx: Context, name: str) -> s3.AccessPoint:
    point = find(ctx, name)
    if not point.policy:
        raise errors.NoSuchAccessPointPolicy(AccessPointName=name)
    return point
