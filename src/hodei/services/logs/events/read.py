"""GetLogEvents: the events of a stream, forwards and backwards.

A token is a direction and a place: what it gives goes on behind that place, whatever has come since. At the end of a
stream a call gives back the token that it was given.
"""

from __future__ import annotations

import re
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.logs import errors, pages
from hodei.services.logs.events import chunks
from hodei.services.logs.events.chunks import FOR_EVER, START, Event, Masking, Place
from hodei.services.logs.find import group_of, stream_named
from hodei.services.logs.protection import policies
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Stream

TOKEN = re.compile(r"([fb])/(\d{56})/s")
MOST = 10_000
MOST_BYTES = 1 << 20


@logs.operation("GetLogEvents")
def get_log_events(
    ctx: Context,
    *,
    logStreamName: str,
    logGroupName: str = "",
    logGroupIdentifier: str = "",
    startTime: int = 0,
    endTime: int = FOR_EVER,
    nextToken: str = "",
    limit: int = MOST,
    startFromHead: bool = False,
    unmask: bool = False,
) -> dict[str, Any]:
    """`startTime` is inclusive, `endTime` exclusive."""
    group = group_of(ctx, logGroupName, logGroupIdentifier)
    if group.kind == "INFREQUENT_ACCESS":
        raise infrequent()
    stream = stream_named(ctx, group, logStreamName)
    forwards, place = _start(nextToken, startFromHead)
    mask = policies.for_reader(ctx, group, unmask=unmask)
    found = _page(ctx, group, stream, (startTime, endTime - 1), (forwards, place), limit, mask)
    first, last = (found[0].place, found[-1].place) if found else (place or START, place or START)
    return {
        "events": [{"timestamp": one.time, "message": one.message, "ingestionTime": one.ingested} for one in found],
        "nextForwardToken": f"f/{chunks.id_of(last)}/s",
        "nextBackwardToken": f"b/{chunks.id_of(first)}/s",
    }


def infrequent() -> AwsError:
    return errors.InvalidOperationException(
        reason="The specified operation is not supported for log groups of the INFREQUENT_ACCESS class."
    )


def _start(token: str, from_head: bool) -> tuple[bool, Place | None]:
    """Whether to go forwards, and from behind which place. Raises: InvalidParameterException."""
    if not token:
        return from_head, None
    found = TOKEN.fullmatch(token)
    if found is None:
        raise pages.invalid_token()
    return found[1] == "f", chunks.place_of(found[2])


def _page(
    ctx: Context,
    group: Group,
    stream: Stream,
    times: tuple[int, int],
    where: tuple[bool, Place | None],
    limit: int,
    mask: Masking | None,
) -> list[Event]:
    """The next events, in order of time whichever way they are read."""
    (forwards, place), end = where, times[1]
    start = max(times[0], chunks.horizon(ctx, group))
    if place is not None:
        start, end = (max(start, place[0]), end) if forwards else (start, min(end, place[0]))
    spans = chunks.spans(ctx, group, stream, start, end)
    found: list[Event] = []
    size = 0
    for event in chunks.ordered(ctx, group, spans, start, end, reverse=not forwards, mask=mask):
        if place is not None and (event.place <= place if forwards else event.place >= place):
            continue
        size += len(event.message) + chunks.OVERHEAD
        if len(found) == limit or (found and size > MOST_BYTES):
            break
        found.append(event)
    return found if forwards else found[::-1]
