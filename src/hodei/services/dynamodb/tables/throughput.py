"""Provisioned capacity: what changes of it AWS allows, and how it is described."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.schemas import Definition
from hodei.services.dynamodb.state import Throughput

FREE_DECREASES = 4  # a UTC day; more only an hour apart
HOUR = 3600.0


def describe_throughput(ctx: Context, given: Throughput) -> dict[str, Any]:
    """ProvisionedThroughputDescription."""
    found: dict[str, Any] = {
        "NumberOfDecreasesToday": decreases_today(ctx, given),
        "ReadCapacityUnits": given.read,
        "WriteCapacityUnits": given.write,
    }
    if given.increased:
        found["LastIncreaseDateTime"] = given.increased
    if given.decreased:
        found["LastDecreaseDateTime"] = given.decreased
    return found


def decreases_today(ctx: Context, given: Throughput) -> int:
    same_day = _day(given.decreased) == _day(ctx.now)
    return given.decreases if same_day else 0


def changed(ctx: Context, old: Throughput, given: Definition, index: str = "") -> Throughput:
    """The capacity after an update of a table or, with its name, an index.

    Raises: ValidationException if it stays as it is, LimitExceededException for one decrease too many.
    """
    read, write = given["ReadCapacityUnits"], given["WriteCapacityUnits"]
    if (read, write) == (old.read, old.write):
        raise errors.ValidationException(_unchanged(read, write, index))
    decreases = decreases_today(ctx, old)
    down = read < old.read or write < old.write
    if down and decreases >= FREE_DECREASES and ctx.now - old.decreased < HOUR:
        raise errors.LimitExceededException(_too_often(decreases, old.decreased))
    return Throughput(
        read=read,
        write=write,
        increased=ctx.now if read > old.read or write > old.write else old.increased,
        decreased=ctx.now if down else old.decreased,
        decreases=decreases + down,
    )


def _unchanged(read: int, write: int, index: str) -> str:
    subject, short = (f"index {index}", "index") if index else ("table", "table")
    return (
        f"The provisioned throughput for the {subject} will not change. The requested value equals the current value. "
        f"Current ReadCapacityUnits provisioned for the {short}: {read}. Requested ReadCapacityUnits: {read}. "
        f"Current WriteCapacityUnits provisioned for the {short}: {write}. Requested WriteCapacityUnits: {write}. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )


def _too_often(decreases: int, last: float) -> str:
    when = datetime.fromtimestamp(last, UTC).strftime("%A, %B %-d, %Y at %-I:%M:%S %p UTC")
    return (
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the "
        "first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 "
        f"seconds. Number of decreases today: {decreases}. Last decrease at {when}. Next decrease can be made at "
        f"{datetime.fromtimestamp(last + HOUR, UTC).strftime('%A, %B %-d, %Y at %-I:%M:%S %p UTC')}"
    )


def _day(at: float) -> int:
    return int(at // 86400)
