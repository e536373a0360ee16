"""Where units are spent: a request goes through while its table, its indexes and their partitions have capacity left.

Capacity is a bucket that fills with time. What is asked for when there is some left is done, even if it needs more; the
debt holds back what follows. Buckets are forgotten with the process: nobody is promised what was not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.dynamodb.capacity import TABLE, Units, add
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table
from hodei.services.dynamodb.throttling import limits, partitions
from hodei.services.dynamodb.throttling.limits import PARTITION, Kind, Limit
from hodei.services.dynamodb.throttling.partitions import Heat

SETTLED_SECONDS = 1800.0  # after which on-demand capacity counts on a peak


class Charge(NamedTuple):
    """`units` that a table (`name` TABLE) or global index is to spend on the partition of a partition key's bytes."""

    name: str
    partition: bytes
    units: float


class Peak(Record):
    """The most units in a second: `settled` long enough ago to be counted on, `rising` since a time."""

    table: str  # the id
    index: str
    kind: str
    settled: float = 0.0
    rising: float = 0.0
    since: float = 0.0


peaks = dynamodb.table("peaks", Peak, key=("table", "index", "kind"))


@dataclass(slots=True)
class Bucket:
    """Units that are left, as of `at`; below 0 is debt. `second` and `spent`: what one second has consumed."""

    level: float
    at: float
    second: int = 0
    spent: float = 0.0
    heat: Heat = field(default_factory=Heat)

    def left(self, now: float, rate: float, burst: float) -> float:
        self.level = min(self.level + max(0.0, now - self.at) * rate, rate * burst)
        self.at = now
        return self.level

    def spend(self, now: float, units: float) -> None:
        self.level -= units
        if int(now) != self.second:
            self.second, self.spent = int(now), 0.0
        self.spent += units


Buckets = dict[tuple[str, str, Kind, bytes], Bucket]  # table id, index, kind, start of the partition (or b"": all)

WHOLE = b""


class Memory:
    def __init__(self) -> None:
        self.buckets: Buckets = {}

    def forget(self) -> None:
        self.buckets.clear()


def enforced(ctx: Context) -> bool:
    return bool(ctx.setting("throttling") == "aws")


def spend(ctx: Context, table: Table, kind: Kind, charges: Sequence[Charge]) -> None:
    """Spends all the charges or, where one of them cannot be had, none.

    Raises: ProvisionedThroughputExceededException, ThrottlingException, RequestLimitExceeded.
    """
    now = ctx.now
    buckets = ctx.world.memory(Memory).buckets
    admitted = []
    for charge in charges:
        start = partitions.start_of(ctx, table, charge.name, charge.partition)
        whole = _whole(ctx, buckets, table, charge.name, kind)
        part = _part(ctx, buckets, table, charge, kind, start)
        admitted.append((charge, whole, part))
    for charge, whole, part in admitted:
        whole.spend(now, charge.units)
        part.spend(now, charge.units)
        _remember(ctx, table, charge.name, kind, whole)
        part.heat.sample.append(charge.partition[: partitions.HASH_BYTES])
        if (middle := part.heat.middle(now)) is not None:
            partitions.split(ctx, table, charge.name, middle)
            part.heat = Heat()


def spend_units(ctx: Context, table: Table, kind: Kind, partition: bytes, units: Units, times: float = 1.0) -> None:
    """Spends, where limits are enforced, what one place consumes; `partition` is that of the table or index read."""
    if not enforced(ctx):
        return
    charges: Units = {}
    for name, some in units.items():
        index = table.index(name)
        add(charges, {TABLE if index is None or index.local else name: some}, times)
    spend(ctx, table, kind, [Charge(name, partition, some) for name, some in charges.items() if some])


def _whole(ctx: Context, buckets: Buckets, table: Table, index: str, kind: Kind) -> Bucket:
    peak = peaks.get(ctx, table.id, index, kind)
    limit = limits.limit_of(ctx, table, index, kind, _counted(peak, ctx.now))
    bucket = _bucket(buckets, (table.id, index, kind, WHOLE), ctx.now, limit)
    if bucket.left(ctx.now, limit.rate, limit.burst) <= 0:
        raise limits.throttled(ctx, table, index, kind, limit.type)
    return bucket


def _part(ctx: Context, buckets: Buckets, table: Table, charge: Charge, kind: Kind, start: bytes) -> Bucket:
    limit = Limit(PARTITION[kind], 1.0, "KeyRangeThroughputExceeded", table.created)
    bucket = _bucket(buckets, (table.id, charge.name, kind, start), ctx.now, limit)
    if bucket.left(ctx.now, limit.rate, limit.burst) <= 0:
        bucket.heat.refused(ctx.now)
        raise limits.throttled(ctx, table, charge.name, kind, limit.type)
    return bucket


def _bucket(buckets: Buckets, key: tuple[str, str, Kind, bytes], now: float, limit: Limit) -> Bucket:
    """A bucket not seen before has saved up since its limit was set."""
    if (found := buckets.get(key)) is None:
        saved = limit.rate * min(limit.burst, 1.0 + max(0.0, now - limit.since))
        found = buckets[key] = Bucket(saved, now)
    return found


def _counted(peak: Peak | None, now: float) -> float:
    if peak is None:
        return 0.0
    return max(peak.settled, peak.rising) if peak.since and now - peak.since >= SETTLED_SECONDS else peak.settled


def _remember(ctx: Context, table: Table, index: str, kind: Kind, bucket: Bucket) -> None:
    """Keep an on-demand table's peaks, where they are such that its capacity will follow them."""
    if table.billing == "PROVISIONED" or 2 * bucket.spent <= limits.ON_DEMAND[kind]:
        return
    old = peaks.get(ctx, table.id, index, kind) or Peak(table=table.id, index=index, kind=kind)
    new = old
    if old.since and ctx.now - old.since >= SETTLED_SECONDS:
        new = msgspec.structs.replace(old, settled=_counted(old, ctx.now), rising=0.0, since=0.0)
    if bucket.spent > max(new.rising, new.settled):
        new = msgspec.structs.replace(new, rising=bucket.spent, since=new.since or ctx.now)
    if new != old:
        peaks.put(ctx, new)
