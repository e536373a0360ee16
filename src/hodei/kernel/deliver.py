"""Asynchronous fan-out to anything that can receive: one retry and dead-letter implementation for all services.

A delivery is a record, written in the batch of the operation that caused it, so it is as durable as its cause. A target
whose handler does not wait receives in the same batch that removes the record: such an event arrives exactly once.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import TYPE_CHECKING, Any

import msgspec

from hodei.kernel.arns import Arn
from hodei.kernel.atomic import in_batches
from hodei.kernel.context import service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import load_service
from hodei.kernel.tables import Place, Record, Table

if TYPE_CHECKING:
    import asyncio

    from hodei.kernel.context import Context
    from hodei.kernel.world import World

log = logging.getLogger("hodei.deliver")

CHANNEL = "deliveries"
AT_ONCE = 100


class Retry(msgspec.Struct, frozen=True):
    """How often and how long to try again: the wait doubles from `first` to at most `longest` seconds."""

    attempts: int = 185  # EventBridge's default, with its day of maximum age
    max_age: float = 86400.0
    first: float = 1.0
    longest: float = 600.0

    def wait(self, attempts: int) -> float:
        """Seconds to wait after the `attempts`-th failure."""
        return min(self.first * 2.0 ** min(attempts - 1, 30), self.longest)


AS_SDKS = Retry(attempts=4, first=0.5)  # for a call that somebody waits for


async def insist(
    ctx: Context, service: str, operation: str, retry: Retry = AS_SDKS, /, **params: Any
) -> dict[str, Any]:
    """`ctx.call` for work in the background: what throttles and failures of the other service hinder is tried again.

    The waits are on the cloud's clock and end with the process: who calls has a durable timer to begin anew.
    Raises: AwsError, at once if it is the call that is wrong.
    """
    began, failures = ctx.now, 0
    while True:
        try:
            return await ctx.call(service, operation, **params)
        except AwsError as error:
            failures += 1
            again = ctx.now + retry.wait(failures)
            if not error.is_transient or failures > retry.attempts or again > began + retry.max_age:
                raise
        await ctx.wait("insist", again)


class Delivery(Record):
    """An event on its way. `source` is the service principal that sends ("s3.amazonaws.com")."""

    id: str
    arn: str
    payload: bytes
    source: str
    account: str
    region: str
    created: float
    next_at: float
    attempts: int = 0
    retry: Retry = Retry()
    dlq: str = ""
    source_arn: str = ""
    trace: str = ""  # the tracing header of its cause


@functools.lru_cache(1024)
def receiver(arn: str) -> str:
    """The service that receives what is sent to a resource: the one of its ARN, unless another's manifest claims it."""
    claims = (name for name, one in all_manifests().items() if any(re.fullmatch(of, arn) for of in one.receives))
    return next(claims, Arn.parse(arn).service)


def receives(arn: str) -> bool:
    """Whether anybody does."""
    name = receiver(arn)
    return name in all_manifests() and load_service(name).target is not None


class Deliveries:
    table = Table("kernel", "deliveries", Delivery, key="id", index={"due": ("next_at",)}, scope="global")

    def __init__(self, world: World) -> None:
        self._world = world
        self._place = Place(world.store, "", "")
        self._flying: set[str] = set()
        self._pump: asyncio.Task[None] | None = None

    def add(
        self,
        ctx: Context,
        arn: str,
        payload: bytes,
        *,
        source: str,
        source_arn: str = "",
        retry: Retry | None = None,
        dlq: str = "",
    ) -> None:
        now = ctx.now
        delivery = Delivery(
            id=ctx.ids.uuid(),
            arn=arn,
            payload=payload,
            source=source,
            source_arn=source_arn,
            account=ctx.account,
            region=ctx.region,
            created=now,
            next_at=now,
            retry=retry or Retry(),
            dlq=dlq,
            trace=ctx.trace,
        )
        self.table.put(self._place, delivery)
        ctx.store.when_durable(self.resume)

    def resume(self) -> None:
        """See to whatever is due: after a delivery was added, and at start."""
        if self._pump is None or self._pump.done():
            self._pump = self._world.agenda.spawn(self._run())
        else:
            self._world.agenda.signal(CHANNEL)

    async def _run(self) -> None:
        agenda, clock = self._world.agenda, self._world.clock
        while True:
            later = self._launch(clock.now())
            if later is None and not self._flying:
                return
            await agenda.wait(CHANNEL, later if later is not None else float("inf"))

    def _launch(self, now: float) -> float | None:
        """Start all that is due and not yet under way; the time at which the next one is due."""
        for at, id in self.table.index_keys("due", self._place):
            if id in self._flying:
                continue
            if at > now:
                return float(at)
            if len(self._flying) >= AT_ONCE:
                return None
            self._flying.add(id)
            self._world.agenda.spawn(self._attempt(id))
        return None

    async def _attempt(self, id: str) -> None:
        try:
            if (delivery := self.table.get(self._place, id)) is None:
                return
            try:
                await in_batches(self._world.store, self._send(delivery))
            except Exception as error:
                if not isinstance(error, AwsError):
                    log.error("the delivery to %s broke", delivery.arn, exc_info=error)
                self._failed(delivery, error)
            else:
                self.table.delete(self._place, id)
        finally:
            self._flying.discard(id)
            self._world.agenda.signal(CHANNEL)

    async def _send(self, delivery: Delivery) -> None:
        arn, name = Arn.parse(delivery.arn), receiver(delivery.arn)
        service = load_service(name)
        assert service.target, f"{name} receives nothing"
        principal = service_principal(delivery.source, delivery.account, delivery.source_arn)
        ctx = self._world.context(
            name, account=arn.account, region=arn.region, principal=principal, trace=delivery.trace
        )
        await service.target(ctx, arn, delivery)

    def _failed(self, delivery: Delivery, error: Exception) -> None:
        now, attempts, retry = self._world.clock.now(), delivery.attempts + 1, delivery.retry
        again = now + retry.wait(attempts)
        if attempts <= retry.attempts and again <= delivery.created + retry.max_age:
            self.table.put(self._place, msgspec.structs.replace(delivery, attempts=attempts, next_at=again))
            return
        if delivery.dlq:
            ctx = self._world.context(Arn.parse(delivery.arn).service, account=delivery.account, region=delivery.region)
            self.add(ctx, delivery.dlq, delivery.payload, source=delivery.source, source_arn=delivery.source_arn)
        else:
            log.warning("given up: an event of %s for %s: %s", delivery.source, delivery.arn, error)
        self.table.delete(self._place, delivery.id)
