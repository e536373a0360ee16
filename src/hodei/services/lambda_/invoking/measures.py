"""The metrics of functions: of each, of the version or alias that was invoked, and of all in the region.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
"""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.services.lambda_.concurrency import account
from hodei.services.lambda_.concurrency.load import load_of, place_of
from hodei.services.lambda_.state import LATEST, Function, Version

NAMESPACE = "AWS/Lambda"


def count(ctx: Context, version: Version, qualifier: str, name: str, value: float = 1, unit: str = "Count") -> None:
    """A value of a metric that AWS has by function, by version or alias, and for all together."""
    for dimensions in ({}, *_of(version, qualifier)):
        ctx.metric(NAMESPACE, name, value, unit, **dimensions)


def _of(version: Version, qualifier: str) -> Iterator[dict[str, str]]:
    function = {"FunctionName": version.function}
    yield function
    if qualifier:
        resource = function | {"Resource": f"{version.function}:{qualifier}"}
        yield resource
        if qualifier not in (version.version, LATEST):
            yield resource | {"ExecutedVersion": version.version}


def concurrency(
    ctx: Context, version: Version, qualifier: str, function: Function | None, *, provisioned: bool
) -> None:
    """How much runs, now that an invoke has begun."""
    load, place = load_of(ctx), place_of(ctx, version)
    ctx.metric(NAMESPACE, "ConcurrentExecutions", load.in_region(ctx))
    for dimensions in _of(version, qualifier):
        ctx.metric(NAMESPACE, "ConcurrentExecutions", load.of(place[:3]), **dimensions)
    unreserved = account.unreserved_running(ctx)
    if function is None or function.reserved is None:
        ctx.metric(NAMESPACE, "UnreservedConcurrentExecutions", unreserved)
    claimed = account.limit(ctx) - account.unreserved(ctx) + unreserved
    ctx.metric(NAMESPACE, "ClaimedAccountConcurrency", claimed)
    if allocated := load.allocated.get(place):
        used, kind = load.provisioned[place], "" if provisioned else "Spillover"
        count(ctx, version, qualifier, f"ProvisionedConcurrency{kind}Invocations")
        count(ctx, version, qualifier, "ProvisionedConcurrentExecutions", used)
        count(ctx, version, qualifier, "ProvisionedConcurrencyUtilization", used / allocated)
