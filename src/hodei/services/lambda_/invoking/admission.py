"""How many invokes of a function, and of an account in a region, may run at a time.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.limits import Bucket
from hodei.services.lambda_ import errors
from hodei.services.lambda_.concurrency import account
from hodei.services.lambda_.concurrency.load import Load, load_of, place_of
from hodei.services.lambda_.invoking import measures
from hodei.services.lambda_.state import Function, Version, functions

REQUESTS = 10  # a second, for each concurrent execution that a function may have


@contextmanager
def admitted(ctx: Context, version: Version, qualifier: str) -> Iterator[bool]:
    """Room for an invoke while it runs; whether that is on provisioned concurrency, which comes first.

    Raises: TooManyRequestsException, if there is none.
    """
    load, place = load_of(ctx), place_of(ctx, version)
    function = functions.get(ctx, version.function)
    if ctx.world.limits.mode == "aws":
        _check_rate(ctx, version, qualifier, function)
    allocated = load.allocated.get(place, 0)
    provisioned = load.provisioned[place] < allocated
    if not provisioned and (reason := _full(ctx, load, version, function)):
        raise throttled(ctx, version, qualifier, reason)
    with load.invoke(place, provisioned=provisioned):
        measures.concurrency(ctx, version, qualifier, function, provisioned=provisioned)
        yield provisioned


def throttled(ctx: Context, version: Version, qualifier: str, reason: str) -> AwsError:
    """The error of an invoke that there is no room for, counted."""
    measures.count(ctx, version, qualifier, "Throttles")
    return errors.TooManyRequestsException("Rate Exceeded.", Reason=reason)


def _full(ctx: Context, load: Load, version: Version, function: Function | None) -> str:
    """Why there is no room for one more on demand. What is reserved for a function is taken from the others, and limits
    it; what is provisioned is taken from either."""
    if function is not None and function.reserved is not None:
        room = function.reserved - account.provisioned_of(ctx, function.name)
        full = load.on_demand[place_of(ctx, version)[:3]] >= room
        return "ReservedFunctionConcurrentInvocationLimitExceeded" if full else ""
    full = account.unreserved_running(ctx) >= account.unreserved(ctx)
    return "ConcurrentInvocationLimitExceeded" if full else ""


def _check_rate(ctx: Context, version: Version, qualifier: str, function: Function | None) -> None:
    """Raises: TooManyRequestsException.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#concurrency-vs-requests
    """
    reserved = function.reserved if function else None
    rate = float(REQUESTS * (account.limit(ctx) if reserved is None else reserved))
    buckets, place = load_of(ctx).requests, (ctx.account, ctx.region, version.function)
    if (bucket := buckets.get(place)) is None:
        bucket = buckets[place] = Bucket(rate, ctx.now)
    if rate and not bucket.fill(ctx.now, rate, rate):
        kind = "Function" if reserved is None else "ReservedFunction"
        error = throttled(ctx, version, qualifier, f"{kind}InvocationRateLimitExceeded")
        raise error.with_headers({"Retry-After": str(math.ceil((1 - bucket.tokens) / rate))})
    bucket.tokens -= 1
