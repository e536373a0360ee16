"""Subscription filters: events that match are sent on as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from hodei.engines.filterpatterns import compile_pattern
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.kernel.keys import text_end
from hodei.services.logs import errors, pages
from hodei.services.logs.events.filter import compiled
from hodei.services.logs.filters import account_policies, destinations, sending
from hodei.services.logs.filters.sending import Filter, Target
from hodei.services.logs.find import check_role, group_named
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Subscription, Wire, groups, subscriptions

MOST = 2
CHECK = [{"id": "", "timestamp": 0, "message": "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]
CROSS_ACCOUNT = (
    "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross account "
    "lambda triggers."
)


@logs.operation("PutSubscriptionFilter")
async def put_subscription_filter(
    ctx: Context,
    *,
    logGroupName: str,
    filterName: str,
    filterPattern: str,
    destinationArn: str,
    roleArn: str = "",
    distribution: str = "ByLogStream",
    applyOnTransformedLogs: bool = False,
) -> None:
    """The destination is asked whether it takes what CloudWatch Logs sends."""
    await checked(ctx, destinationArn, roleArn, logGroupName)
    group = group_named(ctx, logGroupName)
    if group.kind != "STANDARD":
        raise errors.InvalidOperationException(
            reason="Subscription filters are supported for log groups of the STANDARD class only."
        )
    pattern = compiled(filterPattern)
    old = subscriptions.get(ctx, group.id, filterName)
    others = [one for one in subscriptions.scan(ctx, group.id) if one.name != filterName]
    if len(others) >= MOST or (pattern.regexes and _regexes(others) >= 5):
        raise errors.LimitExceededException()
    one = Subscription(
        group=group.id,
        name=filterName,
        pattern=filterPattern,
        created=old.created if old else ctx.now,
        destination=destinationArn,
        role=roleArn,
        distribution=distribution,
        transformed=applyOnTransformedLogs,
    )
    subscriptions.put(ctx, one)
    groups.put(ctx, replace(group, subscriptions=len(others) + 1))


def _regexes(filters: list[Subscription]) -> int:
    return sum(compile_pattern(one.pattern).regexes > 0 for one in filters)


async def checked(ctx: Context, arn: str, role: str, group: str) -> None:
    """Let a destination take a test message.

    Raises: InvalidParameterException, AccessDeniedException, NotImplemented for services that Hodei lacks.
    """
    try:
        place = Arn.parse(arn)
    except ValueError:
        raise errors.InvalidParameterException(reason="Invalid destinationArn.") from None
    source = f"{ctx.arn(f'log-group:{group}')}:*"
    match place.service:
        case "lambda":
            if place.account != ctx.account:
                raise errors.AccessDeniedException(reason=CROSS_ACCOUNT)
            await _check_function(ctx, arn, source)
        case "kinesis":
            if not role:
                raise errors.InvalidParameterException(
                    reason="destinationArn for vendor kinesis cannot be used without roleArn"
                )
            check_role(role)
            await _check_stream(ctx, Target(arn, role), source)
        case "logs":
            destinations.check_subscribable(ctx, place)
        case _:
            raise NotImplementedByHodei(f"Subscriptions that send to {place.service} are not implemented by Hodei.")


async def _check_function(ctx: Context, arn: str, source: str) -> None:
    try:
        await sending.invoke(ctx, arn, b"{}", source, "DryRun")
    except AwsError as error:
        if error.is_transient:
            raise
        raise errors.InvalidParameterException(
            reason="Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
            "execute your function."
        ) from error


async def _check_stream(ctx: Context, target: Target, source: str) -> None:
    """Raises: InvalidParameterException where a stream does not take a test message."""
    body = sending.packed("CloudwatchLogs", "", "", [], CHECK, "CONTROL")
    try:
        await sending.transmit(ctx, target, body, ctx.ids.hex(32), source)
    except AwsError as error:
        if error.is_transient:
            raise
        raise errors.InvalidParameterException(
            reason="Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is "
            "in ACTIVE state."
        ) from error


@logs.operation("DescribeSubscriptionFilters")
def describe_subscription_filters(
    ctx: Context, *, logGroupName: str, filterNamePrefix: str = "", nextToken: str = "", limit: int = pages.MOST
) -> dict[str, Any]:
    group, stop = group_named(ctx, logGroupName), text_end(filterNamePrefix)
    found = subscriptions.scan(
        ctx,
        group.id,
        start=(filterNamePrefix,),
        end=(stop,) if stop else None,
        after=pages.after(ctx, nextToken),
    )
    page, rest = pages.cut(ctx, found, limit, lambda one: (one.name,))
    return {"subscriptionFilters": [_view(group, one) for one in page], **rest}


def _view(group: Group, one: Subscription) -> Wire:
    answer: Wire = {
        "filterName": one.name,
        "logGroupName": group.name,
        "filterPattern": one.pattern,
        "destinationArn": one.destination,
        "distribution": one.distribution,
        "creationTime": int(one.created * 1000),
        "applyOnTransformedLogs": one.transformed,
    }
    return answer | ({"roleArn": one.role} if one.role else {})


@logs.operation("DeleteSubscriptionFilter")
def delete_subscription_filter(ctx: Context, *, logGroupName: str, filterName: str) -> None:
    group = group_named(ctx, logGroupName)
    if not subscriptions.delete(ctx, group.id, filterName):
        raise errors.ResourceNotFoundException(reason="The specified subscription filter does not exist.")
    groups.put(ctx, replace(group, subscriptions=group.subscriptions - 1))


def filters_of(ctx: Context, group: Group) -> Iterator[Filter]:
    """Who has subscribed to a group."""
    if group.subscriptions:
        for one in subscriptions.scan(ctx, group.id):
            target = _target(ctx, one)
            if target:
                yield Filter(one.name, one.pattern, target, one.transformed)
    yield from account_policies.filters_for(ctx, group)


def _target(ctx: Context, one: Subscription) -> Target | None:
    place = Arn.parse(one.destination)
    if place.service == "logs":
        found = destinations.reached(ctx, place)
        return found._replace(random=one.distribution == "Random") if found else None
    return Target(one.destination, one.role, one.distribution == "Random")
