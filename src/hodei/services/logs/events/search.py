"""Searching the events of a group, in slabs of chunks: what is much goes through a thread, so nobody waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TypeVar

from hodei.engines.filterpatterns import Pattern
from hodei.kernel.context import Context
from hodei.services.logs import sealing
from hodei.services.logs.events import chunks
from hodei.services.logs.events.chunks import Batch, Event, Masking, Span
from hodei.services.logs.state import Group

T = TypeVar("T")
SLAB_BYTES = 512 * 1024  # of compressed bodies
AT_ONCE = 64 * 1024  # as much is searched on the loop
Bodies = list[tuple[Span, bytes]]


async def slabs(
    ctx: Context, group: Group, spans: Iterable[Span], work: Callable[[Bodies], T]
) -> AsyncIterator[tuple[list[Span], T]]:
    """What `work` makes of the bodies of spans, slab by slab; it is called in a thread, and gets no state.

    Raises: AccessDeniedException where the group's key cannot be used.
    """
    bodies: Bodies = []
    size = 0
    for span in spans:
        if row := chunks.row_of(ctx, group, span):
            bodies.append((span, sealing.unseal(ctx, group, row.sealed, row.body)))
            size += len(row.body)
        if size >= SLAB_BYTES:
            yield [span for span, _ in bodies], await ctx.offload(work, bodies)
            bodies, size = [], 0
    if bodies:
        found = await ctx.offload(work, bodies) if size > AT_ONCE else work(bodies)
        yield [span for span, _ in bodies], found


class Search:
    """Finds the events of bodies that are of a time in [start, end] and match."""

    def __init__(self, start: int, end: int, pattern: Pattern, mask: Masking | None = None) -> None:
        self._start, self._end = start, end
        self._mask = mask
        self._pattern = pattern

    def __call__(self, bodies: Bodies) -> list[Event]:
        found: list[Event] = []
        for span, body in bodies:
            raw = chunks.inflated(body)
            if self._pattern.may_match(raw) or self._mask:
                batch = chunks.decoded(raw)
                batch = self._mask(batch) if self._mask else batch
                found += chunks.events_of(span, batch, self._matching(span, batch))
        return found

    def _matching(self, span: Span, batch: Batch) -> Sequence[int]:
        wanted = chunks.within(batch, span, self._start, self._end)
        if not self._pattern.text:
            return wanted
        found = self._pattern.among(batch.messages)
        return found if len(wanted) == len(batch.messages) else sorted({*wanted}.intersection(found))
