"""Destinations: streams that subscription filters of other accounts may send to, as a policy says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.kernel.keys import text_end
from hodei.services.logs import errors, pages, tagging
from hodei.services.logs.filters.sending import Target
from hodei.services.logs.find import check_role
from hodei.services.logs.service import logs
from hodei.services.logs.state import Destination, Wire, destinations

NO_TAGS: Mapping[str, str] = {}
KIND = "destination:"


@logs.operation("PutDestination")
def put_destination(
    ctx: Context, *, destinationName: str, targetArn: str, roleArn: str, tags: Mapping[str, str] = NO_TAGS
) -> dict[str, Any]:
    _check_target(targetArn)
    check_role(roleArn)
    old = destinations.get(ctx, destinationName)
    one = Destination(
        name=destinationName,
        target=targetArn,
        role=roleArn,
        created=old.created if old else ctx.now,
        policy=old.policy if old else "",
    )
    destinations.put(ctx, one)
    if tags:
        ctx.tags.set(ctx, _arn(ctx, one), tagging.checked(NO_TAGS, tags))
    return {"destination": _view(ctx, one)}


def _check_target(arn: str) -> None:
    try:
        service = Arn.parse(arn).service
    except ValueError:
        raise errors.InvalidParameterException(reason="Invalid targetArn.") from None
    if service == "firehose":
        raise NotImplementedByHodei("Destinations of Firehose are not implemented by Hodei.")
    if service != "kinesis":
        raise errors.InvalidParameterException(reason="Only Kinesis streams and Firehose can be targets.")


@logs.operation("PutDestinationPolicy")
def put_destination_policy(ctx: Context, *, destinationName: str, accessPolicy: str, forceUpdate: bool = False) -> None:
    """`forceUpdate` is only asked for where a policy changes for single accounts; here none is ever refused."""
    try:
        json.loads(accessPolicy)
    except ValueError:
        raise errors.InvalidParameterException(reason="The access policy is not valid JSON.") from None
    destinations.put(ctx, replace(_named(ctx, destinationName), policy=accessPolicy))


@logs.operation("DescribeDestinations")
def describe_destinations(
    ctx: Context, *, DestinationNamePrefix: str = "", nextToken: str = "", limit: int = pages.MOST
) -> dict[str, Any]:
    stop = text_end(DestinationNamePrefix)
    found = destinations.scan(
        ctx, start=(DestinationNamePrefix,), end=(stop,) if stop else None, after=pages.after(ctx, nextToken)
    )
    page, rest = pages.cut(ctx, found, limit, lambda one: (one.name,))
    return {"destinations": [_view(ctx, one) for one in page], **rest}


@logs.operation("DeleteDestination")
def delete_destination(ctx: Context, *, destinationName: str) -> None:
    one = _named(ctx, destinationName)
    ctx.tags.set(ctx, _arn(ctx, one), NO_TAGS)
    destinations.delete(ctx, one.name)


def _named(ctx: Context, name: str) -> Destination:
    if (one := destinations.get(ctx, name)) is None:
        raise errors.ResourceNotFoundException(reason="The specified destination does not exist.")
    return one


def _arn(ctx: Context, one: Destination) -> str:
    return ctx.arn(f"{KIND}{one.name}")


def _view(ctx: Context, one: Destination) -> Wire:
    answer: Wire = {
        "destinationName": one.name,
        "targetArn": one.target,
        "roleArn": one.role,
        "arn": _arn(ctx, one),
        "creationTime": int(one.created * 1000),
    }
    return answer | ({"accessPolicy": one.policy} if one.policy else {})


def _found(ctx: Context, place: Arn) -> Destination | None:
    if not place.resource.startswith(KIND) or place.region != ctx.region:
        return None
    return destinations.get(ctx.at(account=place.account), place.resource.removeprefix(KIND))


def reached(ctx: Context, place: Arn) -> Target | None:
    """Where a destination leads, while it is there."""
    one = _found(ctx, place)
    return Target(one.target, one.role) if one else None


def check_subscribable(ctx: Context, place: Arn) -> None:
    """Raises: InvalidParameterException, AccessDeniedException where a destination's policy does not let the caller."""
    one = _found(ctx, place)
    if one is None:
        raise errors.InvalidParameterException(reason="The specified destination does not exist.")
    owned = ResourcePolicy(place.account, one.policy)
    try:
        check(ctx, [Need("logs:PutSubscriptionFilter", str(place), {}, owned)], {})
    except AwsError as error:
        raise errors.AccessDeniedException(reason=error.message) from error
