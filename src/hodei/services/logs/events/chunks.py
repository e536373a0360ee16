"""How events lie in the store: added in batches, folded into chunks, found by time.

An event is told by its place: its time, the number of its stream and its own number in that. Places sort as AWS gives
events out, and make its ids: 56 digits that begin with the time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import zstandard
from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.logs import sealing
from hodei.services.logs.state import Chunk, Group, Stream, chunks, recent, streams

OVERHEAD = 26  # bytes that an event counts beside its message
FOLD_ROWS = 128
FOLD_BYTES = 256 * 1024
SMALL = 8 * 1024  # bytes of a batch
DAY_MS = 86_400_000
FOR_EVER = 1 << 62  # ms
STREAM_BITS, NUMBER_BITS = 80, 64
ID_DIGITS = 56

Place = tuple[int, int, int]  # time, stream, number
START: Place = (0, 0, 0)


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Events in the order in which they came. `ingested` are (how many, when in ms).

    `made` are the messages as a transformer has made them, "" where it has not; empty, where it has made none.
    """

    times: list[int]
    ingested: list[tuple[int, int]]
    messages: list[str]
    made: list[str] = []

    @property
    def read(self) -> list[str]:
        """The messages whose fields count: as they were transformed, where they were."""
        return [new or old for new, old in zip(self.made, self.messages)] if self.made else self.messages


class Times(msgspec.Struct, frozen=True, array_like=True):
    """What a batch begins with."""

    times: list[int]
    ingested: list[tuple[int, int]]


_BATCH = msgspec.msgpack.Decoder(Batch)
_TIMES = msgspec.msgpack.Decoder(Times)
Masking = Callable[[Batch], Batch]  # hides what is sensitive


class Event(NamedTuple):
    place: Place
    message: str
    ingested: int

    @property
    def time(self) -> int:
        return self.place[0]

    @property
    def id(self) -> str:
        return id_of(self.place)


class Span(NamedTuple):
    """Where a chunk lies, and when."""

    stream: str
    number: int
    first: int
    last: int
    row: Chunk | None = None  # of what has not been folded yet, and may be at any moment


def id_of(place: Place) -> str:
    time, stream, number = place
    return f"{(time << STREAM_BITS + NUMBER_BITS | stream << NUMBER_BITS | number):0{ID_DIGITS}d}"


def place_of(id: str) -> Place:
    """The place that an id of 56 digits tells."""
    value = int(id)
    return (
        value >> STREAM_BITS + NUMBER_BITS,
        value >> NUMBER_BITS & (1 << STREAM_BITS) - 1,
        value & (1 << NUMBER_BITS) - 1,
    )


# writing


def add(ctx: Context, group: Group, stream: Stream, times: list[int], messages: list[str], made: list[str]) -> Stream:
    """Put events into a stream; returns the stream as it is then."""
    now = int(ctx.now * 1000)
    size = sum(len(message.encode()) for message in messages) + OVERHEAD * len(messages)
    batch = Batch(times, [(len(times), now)], messages, made if any(made) else [])
    first, last = min(times), max(times)
    number, whole = stream.next, size >= FOLD_BYTES
    if whole and stream.loose:
        stream = fold(ctx, group, stream)
    table = chunks if whole else recent
    table.put(ctx, _chunk(ctx, group, stream.id, number, (first, last), batch))
    stream = replace(
        stream,
        next=number + len(times),
        first=first if stream.first is None else min(first, stream.first),
        last=last if stream.last is None else max(last, stream.last),
        ingested=now,
        bytes=stream.bytes + size,
        loose=stream.loose + (not whole),
        loose_bytes=stream.loose_bytes + (0 if whole else size),
    )
    if stream.loose >= FOLD_ROWS or stream.loose_bytes >= FOLD_BYTES:
        stream = fold(ctx, group, stream)
    streams.put(ctx, stream)
    return stream


def fold(ctx: Context, group: Group, stream: Stream) -> Stream:
    """Make one chunk of the recent rows of a stream. The stream that is returned is yet to be put."""
    rows = list(recent.scan(ctx, group.id, stream.id))
    batches = [opened(ctx, group, row) for row in rows]
    whole = Batch(
        [time for batch in batches for time in batch.times],
        [run for batch in batches for run in batch.ingested],
        [message for batch in batches for message in batch.messages],
        [message for batch in batches for message in batch.made or [""] * len(batch.times)]
        if any(batch.made for batch in batches)
        else [],
    )
    span = min(row.first for row in rows), max(row.last for row in rows)
    chunks.put(ctx, _chunk(ctx, group, stream.id, rows[0].number, span, whole))
    recent.delete_all(ctx, group.id, stream.id)
    return replace(stream, loose=0, loose_bytes=0)


def _chunk(ctx: Context, group: Group, stream: str, number: int, span: tuple[int, int], batch: Batch) -> Chunk:
    body = deflated(msgspec.msgpack.encode(batch))
    key, body = sealing.seal(ctx, group, body)
    return Chunk(group=group.id, stream=stream, number=number, first=span[0], last=span[1], body=body, sealed=key)


# reading


def spans(ctx: Context, group: Group, stream: Stream | None, start: int, end: int) -> list[Span]:
    """Where the events lie of a stream, or of all of a group, that are of a time in [start, end], in ms."""
    prefix = (group.id, stream.id) if stream else (group.id,)
    found = [Span(*key[1:]) for key in chunks.keys(ctx, *prefix)]
    found += [Span(row.stream, row.number, row.first, row.last, row) for row in recent.scan(ctx, *prefix)]
    return [span for span in found if span.first <= end and span.last >= start]


def row_of(ctx: Context, group: Group, span: Span) -> Chunk | None:
    """None if it has been deleted since its span was found."""
    return span.row or chunks.get(ctx, group.id, span.stream, span.number, span.first, span.last)


def opened(ctx: Context, group: Group, row: Chunk) -> Batch:
    """Raises: AccessDeniedException where the group's key cannot be used."""
    return decoded(inflated(sealing.unseal(ctx, group, row.sealed, row.body)))


def inflated(body: bytes) -> bytes:
    """The bytes of a batch, messages among them, from the body of its row, deciphered."""
    return zstandard.decompress(body) if body.startswith(zstandard.FRAME_HEADER) else zlib.decompress(body)


def deflated(raw: bytes) -> bytes:
    """Zstandard takes a quarter of the time of zlib, but for what is small more, to begin with."""
    return zlib.compress(raw, 1) if len(raw) < SMALL else zstandard.compress(raw, 1)


def decoded(raw: bytes) -> Batch:
    return _BATCH.decode(raw)


def without_messages(raw: bytes) -> Batch:
    """A batch of which but the times are wanted: it takes half as long."""
    found = _TIMES.decode(raw)
    return Batch(found.times, found.ingested, [])


def events_of(span: Span, batch: Batch, wanted: Iterable[int]) -> list[Event]:
    """The events of a batch at those positions, in the order of their places."""
    stream, came = int(span.stream, 16), ingested(batch)
    found = [Event((batch.times[at], stream, span.number + at), batch.messages[at], came[at]) for at in wanted]
    found.sort()
    return found


def ingested(batch: Batch) -> list[int]:
    """When (ms) each event came."""
    return [when for count, when in batch.ingested for _ in range(count)]


def horizon(ctx: Context, group: Group) -> int:
    """The time (ms) before which the group's events are no longer kept."""
    return int(ctx.now * 1000) - group.retention * DAY_MS if group.retention else 0


def within(batch: Batch, span: Span, start: int, end: int) -> Sequence[int]:
    """The positions of a batch that are of a time in [start, end]."""
    if start <= span.first and span.last <= end:
        return range(len(batch.times))
    return [at for at, time in enumerate(batch.times) if start <= time <= end]


def ordered(
    ctx: Context,
    group: Group,
    found: list[Span],
    start: int,
    end: int,
    *,
    reverse: bool = False,
    mask: Masking | None = None,
) -> Iterator[Event]:
    """The events of spans that are of a time in [start, end], by their places; what is not asked for stays unread."""

    def edge(span: Span) -> int:
        return -span.last if reverse else span.first

    sign = -1 if reverse else 1
    waiting: list[Event] = []
    for span in sorted(found, key=edge):
        while waiting and sign * waiting[-1].time < edge(span):
            yield waiting.pop()
        if row := row_of(ctx, group, span):
            batch = opened(ctx, group, row)
            batch = mask(batch) if mask else batch
            waiting += events_of(span, batch, within(batch, span, start, end))
            waiting.sort(reverse=not reverse)
    while waiting:
        yield waiting.pop()


def delete(ctx: Context, group: Group, stream: Stream) -> None:
    """Delete the events of a stream."""
    for table in (chunks, recent):
        table.delete_all(ctx, group.id, stream.id)


def expire(ctx: Context, group: Group, before: int) -> int:
    """Delete the chunks that end before a time (ms); returns how many there were."""
    count = 0
    for table in (chunks, recent):
        for key in [key for key in table.keys(ctx, group.id) if key[4] < before]:
            table.delete(ctx, *key)
            count += 1
    return count
