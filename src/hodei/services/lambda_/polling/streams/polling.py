"""Polling of a stream: its shards, each as soon as those before it are done."""

from __future__ import annotations

import logging
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_.polling import batches
from hodei.services.lambda_.polling.loops import Loop
from hodei.services.lambda_.polling.streams.checkpoints import Checkpoint, Progress, checkpoints
from hodei.services.lambda_.polling.streams.shards import ShardPoll
from hodei.services.lambda_.polling.streams.sources import Part, Source, source_of
from hodei.services.lambda_.state import EventSource, mappings

log = logging.getLogger("hodei.lambda")


async def poll(ctx: Context, uuid: str, loop: Loop) -> None:
    """As long as the mapping is enabled. What is set anew holds once what is being invoked has ended."""
    refused = 0
    while not loop.over and (mapping := mappings.get(ctx, uuid)) and mapping.state == "Enabled":
        polls = Shards(ctx, mapping, loop)
        try:
            await polls.run()
            refused = 0
        except AwsError as error:  # the stream is gone, or what filters are read with
            log.warning("the stream of event source mapping %s: %s", uuid, error)
            batches.tell(ctx, uuid, f"PROBLEM: {error.message}")
            await polls.stop()
            refused += 1
            await ctx.wait(batches.channel(uuid), ctx.now + batches.pause(refused))


class Shards:
    """Those of an event source mapping as it is now."""

    def __init__(self, ctx: Context, mapping: EventSource, loop: Loop) -> None:
        self._ctx = ctx
        self._mapping = mapping
        self._loop = loop
        self._source: Source = source_of(ctx, mapping)
        self._open: dict[str, ShardPoll] = {}
        loop.on_over = self._end

    async def run(self) -> None:
        """Until the mapping is another one. Raises: AwsError."""
        while self._is_current():
            self._look()
            await self._ctx.wait(batches.channel(self._mapping.uuid), float("inf"))
        await self.stop()

    async def stop(self) -> None:
        self._end(lost=False)
        while self._open:
            await self._ctx.wait(batches.channel(self._mapping.uuid), float("inf"))

    def _end(self, *, lost: bool) -> None:
        for poll in list(self._open.values()):
            poll.stop(lost=lost)
        if lost:
            self._ctx.signal(batches.channel(self._mapping.uuid))

    def _is_current(self) -> bool:
        """Whether the mapping is as it was, but for what it tells of its last result."""
        mapping = mappings.get(self._ctx, self._mapping.uuid)
        return not self._loop.over and mapping is not None and _essence(mapping) == _essence(self._mapping)

    def _look(self) -> None:
        """Begin with the shards whose turn it is. Raises: AwsError."""
        parts = {part.id: part for part in self._source.parts()}
        known = {one.shard: one for one in checkpoints.scan(self._ctx, self._mapping.uuid)}
        if not known:
            known = self._started(list(parts.values()))
        for shard in known.keys() - parts.keys():
            if shard not in self._open:
                checkpoints.delete(self._ctx, self._mapping.uuid, shard)
        done = {shard for shard, one in known.items() if one.done}
        for id, part in parts.items():
            waits = any(parent in parts and parent not in done for parent in part.parents)
            if not waits and id not in done and id not in self._open:
                self._begin(part)

    def _started(self, parts: list[Part]) -> dict[str, Checkpoint]:
        """The checkpoints at the starting position."""
        settings = self._mapping.settings
        kind, at = settings["StartingPosition"], settings.get("StartingPositionTimestamp")
        for part in parts:
            progress = Progress(position=(self._source.start(part, kind, at), 0))
            checkpoints.put(self._ctx, Checkpoint(mapping=self._mapping.uuid, shard=part.id, lanes=(progress,)))
        return {one.shard: one for one in checkpoints.scan(self._ctx, self._mapping.uuid)}

    def _begin(self, part: Part) -> None:
        def finished() -> None:
            del self._open[part.id]
            self._ctx.signal(batches.channel(self._mapping.uuid))

        poll = ShardPoll(self._ctx, self._mapping, self._source, part, finished)
        self._open[part.id] = poll
        poll.begin()


def _essence(mapping: EventSource) -> tuple[Any, ...]:
    """What polling follows."""
    return mapping.state, mapping.function, mapping.settings, mapping.filters
