"""How many executions run in an account and a region: there may be so many, and metrics tell of it."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.lambda_ import errors
from hodei.services.lambda_.service import lambda_

ONE = "running"


class Running(Record):
    id: str
    count: int


running = lambda_.table("durable_running", Running, key="id")


def begin(ctx: Context) -> None:
    """One more runs. Raises: TooManyRequestsException."""
    most, count = ctx.quota("durable-executions"), _count(ctx)
    if count >= most:
        raise errors.TooManyRequestsException("Maximum number of running durable executions exceeded.")
    _set(ctx, count + 1, most)


def end(ctx: Context) -> None:
    _set(ctx, max(_count(ctx) - 1, 0), ctx.quota("durable-executions"))


def _count(ctx: Context) -> int:
    found = running.get(ctx, ONE)
    return found.count if found else 0


def _set(ctx: Context, count: int, most: float) -> None:
    running.put(ctx, Running(id=ONE, count=count))
    ctx.metric("AWS/Lambda", "ApproximateRunningDurableExecutions", count, "Count")
    ctx.metric("AWS/Lambda", "ApproximateRunningDurableExecutionsUtilization", 100 * count / most, "Percent")
