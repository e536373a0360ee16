"""Lanes: the parts of a shard that are processed side by side, each in order. All records of a key are in one.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-polling-and-batching.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hodei.kernel.errors import AwsError
from hodei.services.lambda_.polling import batches
from hodei.services.lambda_.polling.batches import Invoked
from hodei.services.lambda_.polling.streams import attempts, discarded
from hodei.services.lambda_.polling.streams.attempts import Piece
from hodei.services.lambda_.polling.streams.checkpoints import Position, Progress
from hodei.services.lambda_.polling.streams.items import Item

if TYPE_CHECKING:
    from hodei.services.lambda_.polling.streams.shards import ShardPoll

NOTHING: dict[str, Any] = {}
FAILED = "PROBLEM: Function call failed"


class Lane:
    def __init__(self, shard: ShardPoll, number: int, progress: Progress) -> None:
        self.shard = shard
        self.ctx = shard.ctx
        self.settings = shard.mapping.settings
        self.channel = ("lambda-lane", shard.mapping.uuid, shard.part.id, number)
        self.begins = progress.position  # what comes before was done already
        self.pieces: list[Piece] = []  # of the batch that is being processed
        self.bytes = 0  # of what waits
        self._queue: deque[Item] = deque()
        self._since = 0.0  # when the first one of the queue came
        self._again: Progress | None = progress if progress.failed else None

    # what is to be done

    def add(self, item: Item) -> None:
        if item.position < self.begins:
            return
        if not self._queue:
            self._since = self.ctx.now
        self._queue.append(item._replace(facts=NOTHING))  # which are not needed any more
        self.bytes += len(item.json) + 1

    def __len__(self) -> int:
        return len(self._queue)

    def progress(self, read: Position) -> Progress:
        """`read`: the place up to which the shard has been read."""
        if self.pieces:
            items, retries, invokes = self.pieces[0]
            failed = len(items) if invokes else 0
            return Progress(position=items[0].position, failed=failed, retries=retries, invokes=invokes)
        if self._queue:
            return Progress(position=self._queue[0].position)
        return Progress(position=max(read, self.begins))

    async def run(self) -> None:
        while not self.shard.over:
            if self.is_ready():
                await self.process(self.take(len(self._queue)))
            elif self.shard.ended and not self._queue:
                return
            else:
                await self.ctx.wait(self.channel, self.due())

    def is_ready(self) -> bool:
        """Whether there is a batch: one that is full, or for which nothing more is waited."""
        if not self._queue:
            return False
        full = len(self._queue) >= self.settings["BatchSize"] or self._again or self.shard.ended
        return bool(full or self.ctx.now >= self.due() or self.bytes >= batches.LARGEST)

    def due(self) -> float:
        """Until when records are gathered."""
        window: int = self.settings["MaximumBatchingWindowInSeconds"]
        return self._since + window if self._queue else float("inf")

    def take(self, most: int) -> Piece:
        """A batch of at most so many records; after a restart the same that had failed before."""
        again, self._again = self._again, None
        most = min(most, again.failed if again else self.settings["BatchSize"])
        taken: list[Item] = []
        size = 0
        while self._queue and len(taken) < most:
            size += len(self._queue[0].json) + 1
            if taken and size > self.room():
                break
            taken.append(self._queue.popleft())
        self.bytes -= sum(len(item.json) + 1 for item in taken)
        return Piece(taken, again.retries, again.invokes) if again else Piece(taken)

    # doing it

    async def process(self, batch: Piece) -> None:
        """Until all of it is done or given up, or polling is to stop."""
        self.pieces = [batch]
        refused = 0
        while self.pieces and not self.shard.over:
            piece = self.pieces[0]
            try:
                if not self._shed(piece):
                    invoked = await self.invoke(piece.items)
                    refused = 0
                    if not self.shard.lost:
                        await self._settle(piece, invoked)
            except AwsError as error:  # the function was not reached: that is no retry
                refused += 1
                self.shard.tell(f"PROBLEM: {error.message}")
                await self._pause(attempts.pause(refused))

    def _shed(self, piece: Piece) -> bool:
        """Drop what is too old, if anything is."""
        old = attempts.stale(piece, self.ctx.now, self.shard.source.kept(), self.settings)
        if not old:
            return False
        self._give_up(piece.items[:old], piece.invokes + 1, None)
        self._go_on([piece._replace(items=piece.items[old:])] if piece.items[old:] else [])
        return True

    async def _settle(self, piece: Piece, invoked: Invoked) -> None:
        failed = self.first_failed(piece.items, invoked)
        mapping = self.shard.mapping
        batches.count(self.ctx, mapping, "Invoked", len(piece.items))
        self._measure_age(piece.items[-1])
        if failed is None:
            self.shard.tell("OK")
            self._go_on([])
            return
        batches.count(self.ctx, mapping, "FailedInvoke", len(piece.items) - failed)
        self.shard.tell(FAILED)
        rest = attempts.remaining(piece, failed, self.settings)
        if attempts.exhausted(rest[0], self.settings):
            self._give_up(rest[0].items, rest[0].invokes, invoked)
            rest = rest[1:]
        self._go_on(rest)
        if rest and rest[0].retries > piece.retries:
            await self._pause(attempts.pause(rest[0].retries))

    def _go_on(self, rest: Sequence[Piece]) -> None:
        """With the pieces of this batch that are left."""
        self.pieces[:1] = rest
        self.shard.save()

    def _give_up(self, items: Sequence[Item], invokes: int, invoked: Invoked | None) -> None:
        shard = self.shard
        discarded.give_up(self.ctx, shard.mapping, shard.source, shard.part.id, items, invokes, invoked)

    async def _pause(self, seconds: float) -> None:
        """Longer only if the clock is turned: new records do not end it."""
        until = self.ctx.now + seconds
        while not self.shard.over and self.ctx.now < until:
            await self.ctx.wait(self.channel, until)

    def _measure_age(self, last: Item) -> None:
        name = self.shard.mapping.name
        self.ctx.metric("AWS/Lambda", "IteratorAge", (self.ctx.now - last.at) * 1000, "Milliseconds", FunctionName=name)

    # what differs with tumbling windows

    def room(self) -> int:
        """Bytes that the records of an event may have."""
        return batches.LARGEST

    async def invoke(self, items: Sequence[Item]) -> Invoked:
        """Raises: AwsError."""
        return await self.send({"Records": [item.json for item in items]})

    async def send(self, event: dict[str, Any]) -> Invoked:
        return await batches.invoke(self.ctx, self.shard.mapping, msgspec.json.encode(event))

    def first_failed(self, items: Sequence[Item], invoked: Invoked) -> int | None:
        """Which of the records is the first that the function has failed of; None: it has done all."""
        if invoked.outcome.error:
            return 0
        if not batches.reports(self.shard.mapping):
            return None
        failed = batches.reported(invoked.outcome, {item.sequence for item in items})
        if failed is None:
            return 0
        return next((number for number, item in enumerate(items) if item.sequence in failed), None)
