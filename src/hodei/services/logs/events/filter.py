"""FilterLogEvents: the events of a group that match a pattern, of all streams in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hodei.engines.filterpatterns import InvalidPattern, Pattern, compile_pattern
from hodei.kernel.context import Context
from hodei.services.logs import errors, pages
from hodei.services.logs.events import chunks, search
from hodei.services.logs.events.chunks import FOR_EVER, Event, Masking, Place, Span
from hodei.services.logs.events.read import MOST, MOST_BYTES, infrequent
from hodei.services.logs.find import group_of, stream_named
from hodei.services.logs.protection import policies
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Stream, streams
from hodei.services.logs.streams import ID_DIGITS

BACKWARDS_SINCE = 1_704_067_200_000  # Jan 1, 2024
NOTHING: Sequence[str] = ()


class Page(NamedTuple):
    """Which events are asked for: of a time in [start, end], behind a place."""

    start: int
    end: int
    forwards: bool
    after: Place | None
    limit: int

    def passed(self, place: Place) -> bool:
        if self.after is None:
            return False
        return place <= self.after if self.forwards else place >= self.after


@logs.operation("FilterLogEvents")
async def filter_log_events(
    ctx: Context,
    *,
    logGroupName: str = "",
    logGroupIdentifier: str = "",
    logStreamNames: Sequence[str] = NOTHING,
    logStreamNamePrefix: str = "",
    startTime: int = 0,
    endTime: int = FOR_EVER,
    filterPattern: str = "",
    nextToken: str = "",
    limit: int = MOST,
    startFromHead: bool = True,
    interleaved: bool = True,
    unmask: bool = False,
) -> dict[str, Any]:
    """Both times are inclusive. Events of streams are always interleaved, whatever is asked for."""
    if logStreamNames and logStreamNamePrefix:
        raise errors.InvalidParameterException(
            reason="logStreamNames and logStreamNamePrefix are mutually exclusive parameters."
        )
    group = group_of(ctx, logGroupName, logGroupIdentifier)
    if group.kind == "INFREQUENT_ACCESS":
        raise infrequent()
    if not startFromHead and startTime < BACKWARDS_SINCE:
        raise errors.InvalidParameterException(
            reason="startFromHead can be false only with a startTime on or after Jan 1, 2024 00:00:00 UTC."
        )
    pattern, mask = compiled(filterPattern), policies.for_reader(ctx, group, unmask=unmask)
    forwards, after = _start(ctx, nextToken, startFromHead)
    page = Page(max(startTime, chunks.horizon(ctx, group)), endTime, forwards, after, limit)
    named = _streams(ctx, group, logStreamNames, logStreamNamePrefix)
    found = await _found(ctx, group, named, (pattern, mask), page)
    answer: dict[str, Any] = {"events": [], "searchedLogStreams": []}
    names: dict[int, str] = {}
    size = 0
    for event in found[:limit]:
        size += len(event.message) + chunks.OVERHEAD
        if answer["events"] and size > MOST_BYTES:
            break
        if (number := event.place[1]) not in names:
            names[number] = _name(ctx, number)
        answer["events"].append(_view(names[number], event))
    if len(answer["events"]) < len(found):
        answer["nextToken"] = ctx.token(int(forwards), chunks.id_of(found[len(answer["events"]) - 1].place))
    return answer


def compiled(text: str) -> Pattern:
    """Raises: InvalidParameterException."""
    try:
        return compile_pattern(text)
    except InvalidPattern as error:
        raise errors.InvalidParameterException(reason=str(error)) from None


def _start(ctx: Context, token: str, from_head: bool) -> tuple[bool, Place | None]:
    """Raises: InvalidParameterException."""
    if not token:
        return from_head, None
    try:
        forwards, place = ctx.read_token(token)
    except ValueError:
        raise pages.invalid_token() from None
    return bool(forwards), chunks.place_of(place)


def _streams(ctx: Context, group: Group, names: Sequence[str], prefix: str) -> list[Stream] | None:
    """The streams to search, None: all. Raises: ResourceNotFoundException."""
    if names:
        return [stream_named(ctx, group, name) for name in dict.fromkeys(names)]
    if prefix:
        return [stream for stream in streams.scan(ctx, group.id, start=(prefix,)) if stream.name.startswith(prefix)]
    return None


async def _found(
    ctx: Context, group: Group, named: list[Stream] | None, wanted: tuple[Pattern, Masking | None], page: Page
) -> list[Event]:
    """A page of events in the direction that is asked for, and at least one more if there are any."""
    start, end = page.start, page.end
    if page.after is not None:
        start, end = (max(start, page.after[0]), end) if page.forwards else (start, min(end, page.after[0]))
    spans: list[Span] = []
    for stream in [None] if named is None else named:
        spans += chunks.spans(ctx, group, stream, start, end)
    spans.sort(key=lambda span: span.first if page.forwards else -span.last)
    matching = search.Search(start, end, *wanted)
    found: list[Event] = []
    waiting: list[Event] = []
    async for slab, events in search.slabs(ctx, group, spans, matching):
        done = [one for one in waiting if (one.time < slab[0].first if page.forwards else one.time > slab[0].last)]
        found += done
        if len(found) > page.limit:
            return found
        waiting = waiting[len(done) :] + [event for event in events if not page.passed(event.place)]
        waiting.sort(reverse=not page.forwards)
    return found + waiting


def _name(ctx: Context, number: int) -> str:
    """The name of the stream with the number that is in places."""
    found = next(streams.by("ids", ctx, f"{number:0{ID_DIGITS}x}"), None)
    return found.name if found else ""


def _view(name: str, event: Event) -> dict[str, Any]:
    return {
        "logStreamName": name,
        "timestamp": event.time,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": event.id,
    }
