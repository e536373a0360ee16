"""The meter: what AWS would bill, by the hour, account, region, usage, operation and resource."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from hodei.kernel.iam.controls import table as controls
from hodei.kernel.ledger import prices
from hodei.kernel.tables import Place, Record, Table, places

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.world import World

log = logging.getLogger("hodei.billing")

HOUR = 3600
DAY = 24 * HOUR


class Metered(Record):
    """How much of a usage there was in the hour from `hour` (epoch seconds) on.

    Of what lies in store (see `Stock`) it is the amount times hours, and stands at the first hour that it was there on
    that day. `tags` are those that the resource (an ARN, or "") had then.
    """

    hour: int
    service: str
    usage: str
    operation: str
    resource: str
    amount: float
    tags: dict[str, str] = {}


class Stock(NamedTuple):
    """What is there now and is billed by time: so many bytes, keys, secrets. What `@svc.stocks` functions give."""

    account: str
    region: str
    usage: str
    amount: float
    resource: str = ""


class Sampled(Record):
    id: str
    at: float


class Line(NamedTuple):
    """A line of the bill: one record of the meter, priced."""

    account: str  # who has used it
    payer: str  # the management account of its organization, or itself
    region: str
    usage: prices.Usage
    metered: Metered
    quantity: float
    cost: float  # USD

    @property
    def service(self) -> str:
        """botocore's name of the service; AWS's own is `prices.product` of that."""
        return self.metered.service

    @property
    def usage_type(self) -> str:
        return self.usage.type_in(self.region)

    @property
    def operation(self) -> str:
        return self.metered.operation

    @property
    def resource(self) -> str:
        """Its ARN, or ""."""
        return self.metered.resource

    @property
    def tags(self) -> dict[str, str]:
        return self.metered.tags


class Meter:
    """Counts gather in memory (a crash may take those of the last moments) and go to the store with `flush`."""

    table = Table("kernel", "meter", Metered, key=("hour", "service", "usage", "operation", "resource"))
    sampled = Table("kernel", "meter_sampled", Sampled, key="id", scope="global")

    def __init__(self, world: World) -> None:
        self._world = world
        self._place = Place(world.store)
        self._counts: dict[tuple[str, str, str, str, str, str], float] = {}
        self._hour = 0
        world.store.on_switch(self.clear)

    def count(self, ctx: Context, usage: str, amount: float, resource: str = "") -> None:
        """`resource` is its ARN, or the value of the parameter that the manifest names; its owner is billed, in its
        region, as far as the ARN names them."""
        key = (ctx.account, ctx.region, ctx.service.name, usage, ctx.operation, resource)
        try:
            self._counts[key] += amount
        except KeyError:
            self._counts[key] = amount

    def clear(self) -> None:
        self._counts.clear()
        self._hour = 0

    def another_hour(self, now: float) -> bool:
        if not self._hour and (last := self.sampled.get(self._place, "")):  # after a start
            self._hour = int(last.at) // HOUR * HOUR
        return not self._hour <= now < self._hour + HOUR

    def turn(self, now: float) -> None:
        """Begin the hour of `now`: what was counted belongs to the one before. In the open batch."""
        self.flush()
        self._hour = int(now) // HOUR * HOUR
        self.sample(now)

    def flush(self) -> None:
        """Write what was counted, in the open batch."""
        counts, self._counts = self._counts, {}
        hour = self._hour or int(self._world.clock.now()) // HOUR * HOUR
        for (account, region, service, usage, operation, given), amount in counts.items():
            ctx = self._world.context(service, account=account, region=region, operation=operation)
            try:
                resource = _arn(ctx, usage, given)
                self._add(_payable(ctx, usage, resource), hour, usage, operation, resource, amount)
            except Exception:  # a bug, which must not take the rest with it
                log.exception("%s of %s is not billed", usage, service)

    def sample(self, now: float) -> None:
        """Count what has lain in store since the last time, in the open batch. It is as it was then: whatever changes
        it, a call or a timer, comes with a look at the clock, and the first one of an hour brings us here."""
        last = self.sampled.get(self._place, "")
        since = last.at if last else now
        if last is None or now > since:
            self.sampled.put(self._place, Sampled(id="", at=now))
        if now <= since:
            return
        for name in prices.billed_services():
            service = self._world.service_with_data(name)
            if service and service.stock:
                try:
                    self._lain(name, service.stock(self._world.store), since, now)
                except Exception:  # a bug, which must not fail whatever call comes first in an hour
                    log.exception("what %s has in store is not billed", name)

    def _lain(self, service: str, stocks: Iterable[Stock], since: float, now: float) -> None:
        for held in stocks:
            if held.amount:
                ctx = self._world.context(service, account=held.account, region=held.region)
                for start, end in _days(since, now):
                    amount = held.amount * (end - start) / HOUR
                    self._add(ctx, int(start) // HOUR * HOUR, held.usage, "", held.resource, amount)

    def _add(self, ctx: Context, hour: int, usage: str, operation: str, resource: str, amount: float) -> None:
        name = ctx.service.name
        before = self.table.get(ctx, hour, name, usage, operation, resource)
        tags = dict(ctx.tags.get(ctx, resource)) if resource else {}
        if before:
            amount, tags = amount + before.amount, tags or before.tags
        self.table.put(
            ctx,
            Metered(
                hour=hour,
                service=name,
                usage=usage,
                operation=operation,
                resource=resource,
                amount=amount,
                tags=tags,
            ),
        )

    # the bill

    def payer(self, account: str) -> str:
        """Who pays for an account: the management account of the organization that it is in now."""
        found = controls.get(self._place, account)
        return found.account if found else account

    def paid_by(self, payer: str) -> set[str]:
        """The accounts that it pays for, with itself."""
        return {payer, *(found.member for found in controls.by("of", self._place, payer))}

    def lines(self, start: float, end: float, accounts: Collection[str] | None = None) -> Iterator[Line]:
        """What was used from `start` to `end`, priced; of all accounts, or of those.

        Accounts that one account pays for use up free amounts and tiers together, in order of time.
        """
        payers = None if accounts is None else {self.payer(account) for account in accounts}
        spent: defaultdict[tuple[object, ...], float] = defaultdict(float)
        for account, payer, region, metered in self._metered(_month(start), end, payers):
            if (usage := prices.usages(metered.service).get(metered.usage)) is None:
                continue  # of a newer or an older manifest
            month = _month(metered.hour)
            pool = (payer, usage.pool or (metered.service, usage.key), month)
            tier = (payer, "" if usage.global_ else region, metered.service, usage.type, month)
            quantity = usage.quantity(metered.amount, metered.hour)
            paid = quantity - min(quantity, max(usage.free - spent[pool], 0.0))
            cost = usage.cost(spent[tier], paid)
            spent[pool] += quantity
            spent[tier] += paid
            if metered.hour + HOUR > start and (accounts is None or account in accounts):
                yield Line(account, payer, region, usage, metered, quantity, cost)

    def _metered(
        self, start: float, end: float, payers: Collection[str] | None
    ) -> Iterator[tuple[str, str, str, Metered]]:
        """In order of time, as tiers are used up."""
        store = self._world.store
        found = []
        for account, region in places(store):
            payer = self.payer(account)
            if account and (payers is None or payer in payers):
                rows = self.table.scan(Place(store, account, region), start=(int(start),), end=(math.ceil(end),))
                found += [(metered.hour, account, payer, region, metered) for metered in rows]
        found.sort(key=lambda one: one[0])
        return ((account, payer, region, metered) for _, account, payer, region, metered in found)


def _arn(ctx: Context, usage: str, given: str) -> str:
    """What a parameter names, as an ARN."""
    if not given or given.startswith("arn:"):
        return given
    params = {prices.usages(ctx.service.name)[usage].resource: given}
    try:
        needs = ctx.service.needs.of(ctx, ctx.operation, params)
        return next((need.resource for need in needs if need.resource.startswith("arn:")), "")
    except Exception:  # it is gone already
        return ""


def _payable(ctx: Context, usage: str, resource: str) -> Context:
    """The account and region that pay for a use of a resource: its own, if its ARN names them."""
    if not resource or prices.usages(ctx.service.name)[usage].caller:
        return ctx
    _, _, _, region, account, _ = resource.split(":", 5)
    return ctx.at(account=account or ctx.account, region=region or ctx.region)


def _days(start: float, end: float) -> Iterator[tuple[float, float]]:
    """The parts of a span that lie in one day each."""
    while start < end:
        until = min((start // DAY + 1) * DAY, end)
        yield start, until
        start = until


def _month(at: float) -> float:
    """When the month of a moment began."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
