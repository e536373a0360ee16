"""Which trail a request means, where it is, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.controls import Controls
from hodei.kernel.iam.controls import table as controls
from hodei.services.cloudtrail import errors, rules
from hodei.services.cloudtrail.state import Trail, trails

SERVICE = "cloudtrail.amazonaws.com"
TRAIL_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:trail/(.+)")


class Found(NamedTuple):
    """A trail, and the context of its home: the account that has it, in the region in which it was made."""

    ctx: Context
    trail: Trail


def arn_of(ctx: Context, name: str) -> str:
    return str(Arn(partition_of(ctx.region), "cloudtrail", ctx.region, ctx.account, f"trail/{name}"))


def arn_by_name(ctx: Context, name: str) -> str:
    """A name means a trail of this region: the account's, or one of an organization for which it administers trails."""
    member = membership(ctx)
    if member and member.administers(SERVICE) and trails.get(ctx, ctx.region, name) is None:
        there = ctx.at(account=member.account)
        if trails.get(there, ctx.region, name):
            return arn_of(there, name)
    return arn_of(ctx, name)


def membership(ctx: Context) -> Controls | None:
    """The account of the call in its organization."""
    return controls.get(ctx, ctx.account)


def visible(ctx: Context) -> Iterator[Found]:
    """The trails of the account in all regions, and those of its organization."""
    for trail in trails.scan(ctx):
        yield Found(ctx.at(region=trail.region), trail)
    member = membership(ctx)
    if member and member.account != ctx.account:
        there = ctx.at(account=member.account)
        for trail in trails.scan(there):
            if trail.organization:
                yield Found(there.at(region=trail.region), trail)


def find(ctx: Context, given: str) -> Found:
    """The trail to be read: one of this region by its name, any by its ARN. Raises: TrailNotFoundException,
    InvalidTrailNameException, CloudTrailARNInvalidException."""
    arn = _arn(ctx, given)
    for found in visible(ctx):
        if found.trail.arn == arn and (found.trail.multi_region or found.trail.region == ctx.region):
            return found
    raise _unknown(ctx, arn)


def find_home(ctx: Context, given: str) -> Found:
    """The trail to be changed. Raises as `find` does, and InvalidHomeRegionException."""
    arn = _arn(ctx, given)
    name = arn.rpartition("/")[2]
    shadow: Trail | None = None
    for found in visible(ctx):
        trail = found.trail
        if trail.arn == arn and trail.region == ctx.region:
            return found
        if trail.multi_region and (trail.arn == arn or (":" not in given and trail.name == name)):
            shadow = trail
    if shadow is not None:
        raise errors.InvalidHomeRegion(arn=shadow.arn, region=shadow.region)
    raise _unknown(ctx, arn)


def _arn(ctx: Context, given: str) -> str:
    """Raises: InvalidTrailNameException, CloudTrailARNInvalidException."""
    if given.startswith("arn:"):
        if not (match := TRAIL_ARN.fullmatch(given)):
            raise errors.CloudTrailARNInvalid(arn=given)
        rules.check_name(match[1])
        return given
    rules.check_name(given)
    return arn_by_name(ctx, given)


def _unknown(ctx: Context, arn: str) -> AwsError:
    return errors.TrailNotFound(trail=arn, account=ctx.account)
