"""How many invokes of a function, and of an account in a region, may run at a time."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.runtime.pool import pool_of
from hodei.services.lambda_.state import Version, functions


def admit(ctx: Context, version: Version) -> None:
    """Raises: TooManyRequestsException, if there is no room for one more."""
    if reason := _full(ctx, version):
        ctx.metric("AWS/Lambda", "Throttles", 1, "Count", FunctionName=version.function)
        raise errors.TooManyRequestsException("Rate Exceeded.", Reason=reason)


def _full(ctx: Context, version: Version) -> str:
    """What reserves room for a function takes it from the others, and limits it."""
    pool, function = pool_of(ctx.world), functions.get(ctx, version.function)
    if function is not None and function.reserved is not None:
        running = pool.busy[ctx.account, ctx.region, version.function]
        return "ReservedFunctionConcurrentInvocationLimitExceeded" if running >= function.reserved else ""
    reserving = [one for one in functions.by("reserved", ctx) if one.reserved is not None]
    room = ctx.quota("concurrent-executions") - sum(one.reserved or 0 for one in reserving)
    taken = sum(pool.busy[ctx.account, ctx.region, one.name] for one in reserving)
    running = pool.running(ctx.account, ctx.region) - taken
    return "ConcurrentInvocationLimitExceeded" if running >= room else ""
