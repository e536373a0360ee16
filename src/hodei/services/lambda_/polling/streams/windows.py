"""Tumbling windows: functions that carry a state from batch to batch, until the time of a window is over.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hodei.kernel.errors import AwsError
from hodei.services.lambda_.polling.batches import Invoked
from hodei.services.lambda_.polling.streams import attempts
from hodei.services.lambda_.polling.streams.checkpoints import Progress, Window
from hodei.services.lambda_.polling.streams.items import Item
from hodei.services.lambda_.polling.streams.lanes import FAILED, Lane

if TYPE_CHECKING:
    from hodei.services.lambda_.polling.streams.shards import ShardPoll

LARGEST_STATE = 2**20  # bytes


class _Answer(msgspec.Struct):
    state: msgspec.Raw


class WindowLane(Lane):
    """A record belongs to the window in which it was written. `window` is open; an empty one never is."""

    def __init__(self, shard: ShardPoll, number: int, progress: Progress, window: Window | None) -> None:
        super().__init__(shard, number, progress)
        self.window = window
        self._seconds = float(self.settings["TumblingWindowInSeconds"])

    async def run(self) -> None:
        while not self.shard.over:
            if self.window and self._is_over(self.window):
                await self._close(early=False)
            elif self.is_ready():
                await self._process_next()
            elif self.shard.ended and not self._queue:
                return
            else:
                await self.ctx.wait(self.channel, self.due())

    async def _process_next(self) -> None:
        start = self._queue[0].at // self._seconds * self._seconds
        self.window = self.window or Window(start=start)
        within = bisect.bisect_left(self._queue, self._end(self.window), key=lambda item: item.at)
        await self.process(self.take(within))
        if self.window and len(self.window.state) > LARGEST_STATE:
            await self._close(early=True)

    def _is_over(self, window: Window) -> bool:
        """Whether no more records can come into it: they do not once the shard is closed."""
        if self._queue:
            return self._queue[0].at >= self._end(window)
        return self.shard.ended or self.ctx.now >= self._end(window)

    def _end(self, window: Window) -> float:
        return window.start + self._seconds

    def due(self) -> float:
        return min(super().due(), self._end(self.window) if self.window else float("inf"))

    async def _close(self, *, early: bool) -> None:
        """Invoke the function for the last time in a window: until it succeeds, or may not be tried again."""
        tries = refused = 0
        while not self.shard.over:
            try:
                invoked = await self.send(self._event([], final=True, early=early))
                tries, refused = tries + 1, 0
            except AwsError as error:
                refused += 1
                self.shard.tell(f"PROBLEM: {error.message}")
                await self._pause(attempts.pause(refused))
                continue
            self.shard.tell(FAILED if invoked.outcome.error else "OK")
            if not invoked.outcome.error or 0 <= self.settings["MaximumRetryAttempts"] < tries:
                self.window = None
                self.shard.save()
                return
            await self._pause(attempts.pause(tries))

    def room(self) -> int:
        return super().room() - (len(self.window.state) if self.window else 0)

    async def invoke(self, items: Sequence[Item]) -> Invoked:
        return await self.send(self._event(items, final=False, early=False))

    def first_failed(self, items: Sequence[Item], invoked: Invoked) -> int | None:
        """An answer without a state is a failure; one with a state changes it, for what was done."""
        failed = super().first_failed(items, invoked)
        if invoked.outcome.error or failed == 0:
            return failed
        try:
            state = msgspec.json.decode(invoked.outcome.payload, type=_Answer).state
        except (msgspec.DecodeError, RecursionError):
            return 0
        assert self.window
        self.window = msgspec.structs.replace(self.window, state=bytes(state))
        return failed

    def _event(self, items: Sequence[Item], *, final: bool, early: bool) -> dict[str, Any]:
        assert self.window
        return {
            "Records": [item.json for item in items],
            "window": {"start": _moment(self.window.start), "end": _moment(self._end(self.window))},
            "state": msgspec.Raw(self.window.state),
            "shardId": self.shard.part.id,
            "eventSourceARN": self.shard.source.arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": early,
        }


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
