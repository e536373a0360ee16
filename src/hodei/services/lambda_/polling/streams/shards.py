"""A shard that is polled: one reads it, and lanes process what it has read."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_.mappings import matching, sealing
from hodei.services.lambda_.polling import batches
from hodei.services.lambda_.polling.streams.checkpoints import Checkpoint, Progress, checkpoints
from hodei.services.lambda_.polling.streams.items import Item
from hodei.services.lambda_.polling.streams.lanes import Lane
from hodei.services.lambda_.polling.streams.sources import Part, Source
from hodei.services.lambda_.polling.streams.windows import WindowLane
from hodei.services.lambda_.state import EventSource, mappings

log = logging.getLogger("hodei.lambda")

POLLED = 1.0  # seconds: the rate at which Lambda reads
AHEAD, AHEAD_BYTES = 10_000, 16 * 2**20  # of records that are read before those before them are done


class ShardPoll:
    """Polling of one shard for one event source mapping as it is now. `finished` is called when nothing of it runs."""

    def __init__(
        self, ctx: Context, mapping: EventSource, source: Source, part: Part, finished: Callable[[], None]
    ) -> None:
        self.ctx = ctx
        self.mapping = mapping
        self.source = source
        self.part = part
        self.over = False  # it is to stop
        self.lost = False  # the cloud is another one: nothing that happens now counts
        self.ended = False  # the shard is closed, and all of it has been read
        self._finished = finished
        self._patterns = matching.patterns(sealing.of_lambda(ctx, mapping))
        self._saved = checkpoints.get(ctx, mapping.uuid, part.id) or self._fresh()
        self._read = self._saved.position[0]
        self.lanes = self._made_lanes()
        self._running = 0
        self._troubled = False  # reading was refused

    def _fresh(self) -> Checkpoint:
        return Checkpoint(
            mapping=self.mapping.uuid, shard=self.part.id, lanes=(Progress(position=(self.part.first, 0)),)
        )

    def _made_lanes(self) -> list[Lane]:
        """As they were, if there are as many as then."""
        count, known = self.mapping.settings["ParallelizationFactor"], self._saved.lanes
        progress = known if len(known) == count else (Progress(position=self._saved.position),) * count
        if self.mapping.settings["TumblingWindowInSeconds"]:
            return [WindowLane(self, 0, progress[0], self._saved.window)]
        return [Lane(self, number, one) for number, one in enumerate(progress)]

    def begin(self) -> None:
        for work in (self._reading(), *(lane.run() for lane in self.lanes)):
            self._running += 1
            self.ctx.timers.spawn(self._guarded(work))

    def stop(self, *, lost: bool = False) -> None:
        """What is being invoked is still waited for."""
        self.over, self.lost = True, lost
        self.source.wake(self.part)
        self.wake()

    def wake(self) -> None:
        for channel in (self._own, *(lane.channel for lane in self.lanes)):
            self.ctx.signal(channel)

    @property
    def _own(self) -> tuple[str, str, str]:
        return ("lambda-shard", self.mapping.uuid, self.part.id)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """What breaks begins again, from the checkpoint."""
        try:
            await work
        except Exception:
            log.exception("event source mapping %s: polling of %s broke", self.mapping.uuid, self.part.id)
            self.stop()
            await self.ctx.wait("lambda-broken", self.ctx.now + batches.PAUSE)
        self._running -= 1
        if not self._running:
            if self.ended and not self.over:
                self._put(replace(self._saved, done=True, window=None))
            self._finished()

    # reading

    async def _reading(self) -> None:
        refused = 0
        while not self.over and not self.ended:
            if self._is_ahead():
                await self.ctx.wait(self._own, float("inf"))
                continue
            try:
                page = await self.source.read(self.part, self._read)
            except AwsError as error:
                refused += 1
                await self.ctx.wait(self._own, self.ctx.now + self._refused(error, refused))
                continue
            if self._troubled:
                self._troubled = False
                self.tell("No records processed")
            refused = 0
            self._read, self.ended = page.next, page.ended
            if page.items:
                self._hand_out(page.items)
            if page.items or page.ended:
                self.wake()
            else:
                await self.source.wait(self.part, self._read)

    def _refused(self, error: AwsError, times: int) -> float:
        """Seconds until the shard is read again. Others may have read it too often: that is no problem."""
        if error.code == "ProvisionedThroughputExceededException":
            return POLLED
        log.warning("event source mapping %s: %s", self.mapping.uuid, error)
        self._troubled = True
        self.tell(f"PROBLEM: {error.message}")
        return batches.pause(times)

    def _is_ahead(self) -> bool:
        return sum(map(len, self.lanes)) >= AHEAD or sum(lane.bytes for lane in self.lanes) >= AHEAD_BYTES

    def _hand_out(self, items: list[Item]) -> None:
        wanted = [item for item in items if matching.passes(self._patterns, item.facts, "data")]
        batches.count(self.ctx, self.mapping, "Polled", len(items))
        batches.count(self.ctx, self.mapping, "FilteredOut", len(items) - len(wanted))
        for item in wanted:
            self.lanes[zlib.crc32(item.key) % len(self.lanes)].add(item)
        self.save()

    # what is kept

    def save(self) -> None:
        """How far everything is."""
        progress = tuple(lane.progress((self._read, 0)) for lane in self.lanes)
        window = self.lanes[0].window if isinstance(self.lanes[0], WindowLane) else None
        self._put(replace(self._saved, lanes=progress, window=window))
        if not self._is_ahead():
            self.ctx.signal(self._own)

    def _put(self, checkpoint: Checkpoint) -> None:
        if checkpoint != self._saved and not self.lost and mappings.get(self.ctx, self.mapping.uuid):
            self._saved = checkpoint
            checkpoints.put(self.ctx, checkpoint)

    def tell(self, result: str) -> None:
        """What the mapping shows as its last result."""
        if not self.lost:
            batches.tell(self.ctx, self.mapping.uuid, result)
