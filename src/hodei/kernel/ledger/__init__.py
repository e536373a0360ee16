"""What happened, and what it costs: told of every call when it is over, read by CloudTrail, Cost Explorer and IAM."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from hodei.kernel.ledger.audit import Audit, Call
from hodei.kernel.ledger.meter import Line, Meter
from hodei.kernel.ledger.uses import LASTING, Uses

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.service import Operation
    from hodei.kernel.world import World

__all__ = ["Call", "Ledger", "Line"]

log = logging.getLogger("hodei.billing")

PAUSE = 0.25  # real seconds after which what was noted is written at the latest


class Ledger:
    """The books of a cloud: `audit` (who called what), `meter` (what is billed), `uses` (who used what last).

    What is noted waits in memory, and is written with the changes of the same tick of the loop, or after `PAUSE`.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store
        self.audit = Audit(world.store, world.ids)
        self.meter = Meter(world)
        self.uses = Uses(world.store)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: asyncio.TimerHandle | None = None
        world.store.before_flush(self._write_audit)
        world.store.on_switch(self.uses.clear)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def stop(self) -> None:
        self.flush()
        if self._due:
            self._due.cancel()
        self._loop = None

    def note(
        self,
        ctx: Context,
        operation: Operation,
        params: Mapping[str, Any],
        result: Mapping[str, Any],
        error: Exception | None = None,
    ) -> None:
        """A call is over. To be told in the tick of the loop in which its changes were committed."""
        if not operation.data_event or operation.data_event in self.audit.wanted:
            self.record(Call(ctx, operation, ctx.now, params, result, error))
        if ctx.principal.kind in LASTING:
            self.uses.note(ctx)
            if self._due is None:
                self._soon()
        if operation.meter is not None:
            try:
                operation.meter(ctx, params, result, error)
            except Exception:  # a bug, which must not fail a call that is over
                log.exception("%s.%s is not billed", ctx.service.name, operation.name)
        elif error is None and operation.usage is not None:
            usage = operation.usage
            self.count(ctx, usage.key, 1.0, params.get(usage.resource, ""))

    def record(self, call: Call) -> None:
        """Write a call down, and nothing else of it; also what a service asks another without a call."""
        if self.audit.full(call.at):
            self._write_audit()
        self.audit.note(call)
        self._soon()

    def count(self, ctx: Context, usage: str, amount: float, resource: str = "") -> None:
        """So much was used; see `Context.meter`."""
        self.meter.count(ctx, usage, amount, resource)
        if self._due is None:
            self._soon()

    def tick(self, now: float) -> None:
        """Look at the clock, before anything happens then: with a new hour, what has lain in store is counted."""
        if self.meter.another_hour(now):
            with self._store.apart():
                self.meter.turn(now)

    def bill(self, start: float = 0, end: float = math.inf, accounts: Collection[str] | None = None) -> list[Line]:
        """What was used from `start` to `end` (epoch seconds), and until now, priced; of all accounts, or of those."""
        now = self._world.clock.now()
        with self._store.apart():
            self.meter.turn(now)
        return list(self.meter.lines(start, min(end, now + 1), accounts))

    def flush(self) -> None:
        """Write what was noted, so that it can be read."""
        if self._due:
            self._due.cancel()
            self._due = None
        with self._store.apart():
            self.audit.flush()
            self.meter.flush()
            self.uses.flush()

    def _write_audit(self) -> None:
        if self.audit.waiting:
            with self._store.apart():
                self.audit.flush()

    def _soon(self) -> None:
        if self._due is None and self._loop is not None:
            self._due = self._loop.call_later(PAUSE, self._flush_late)

    def _flush_late(self) -> None:
        self._due = None
        self.flush()
