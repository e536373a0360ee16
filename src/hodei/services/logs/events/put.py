"""PutLogEvents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.services.logs import errors
from hodei.services.logs.events import accepting, chunks
from hodei.services.logs.find import group_named, stream_named
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group
from hodei.services.logs.streams import TOKEN

MOST_BYTES = 1_048_576  # of a batch; of an event too
OLDEST_MS = 14 * chunks.DAY_MS
NEWEST_MS = 2 * 3_600_000


class Rejected(NamedTuple):
    """How many events at the beginning of a batch are too old or expired, and where those begin that are too new."""

    old: int
    expired: int
    new: int


@logs.operation("PutLogEvents")
def put_log_events(
    ctx: Context,
    *,
    logGroupName: str,
    logStreamName: str,
    logEvents: Sequence[Mapping[str, Any]],
    sequenceToken: str = "",
) -> dict[str, Any]:
    """What is too old or too new is passed over. Sequence tokens are ignored, as AWS does since 2023."""
    times: list[int] = [event["timestamp"] for event in logEvents]
    messages: list[str] = [event["message"] for event in logEvents]
    _check(times, messages)
    group = group_named(ctx, logGroupName)
    stream = stream_named(ctx, group, logStreamName)
    rejected = _rejected(ctx, group, times)
    taken = slice(max(rejected.old, rejected.expired), rejected.new)
    times, messages = times[taken], messages[taken]
    if times and times[-1] - times[0] > chunks.DAY_MS:
        raise errors.InvalidParameterException(
            reason="The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    if times:
        accepting.accept(ctx, group, stream, times, messages)
    answer: dict[str, Any] = {"nextSequenceToken": TOKEN}
    if told := _told(rejected, len(logEvents)):
        answer["rejectedLogEventsInfo"] = told
    return answer


def _check(times: list[int], messages: list[str]) -> None:
    sizes = [len(message.encode()) + chunks.OVERHEAD for message in messages]
    if max(sizes) - chunks.OVERHEAD > MOST_BYTES:
        raise errors.InvalidParameterException(
            reason=f"Log event too large: {max(sizes)} bytes exceeds limit of {MOST_BYTES}"
        )
    if sum(sizes) > MOST_BYTES:
        raise errors.InvalidParameterException(
            reason=f"Upload too large: {sum(sizes)} bytes exceeds limit of {MOST_BYTES}"
        )
    if any(before > after for before, after in pairwise(times)):
        raise errors.InvalidParameterException(
            reason="Log events in a single PutLogEvents request must be in chronological order."
        )


def _rejected(ctx: Context, group: Group, times: list[int]) -> Rejected:
    now, kept = int(ctx.now * 1000), chunks.horizon(ctx, group)
    return Rejected(
        old=sum(time < now - OLDEST_MS for time in times),
        expired=sum(time < kept for time in times),
        new=sum(time <= now + NEWEST_MS for time in times),
    )


def _told(rejected: Rejected, count: int) -> dict[str, int]:
    told = {}
    if rejected.new < count:
        told["tooNewLogEventStartIndex"] = rejected.new
    if rejected.old:
        told["tooOldLogEventEndIndex"] = rejected.old
    if rejected.expired:
        told["expiredLogEventEndIndex"] = rejected.expired
    return told
