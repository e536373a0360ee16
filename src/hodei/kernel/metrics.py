"""Metrics: the services' own AWS/* ones and those that clients put, in one place, as CloudWatch has them.

What services record gathers in memory and goes to the store by the minute (a metric may miss its last seconds after a
crash); what clients put is written at once. Either is kept as samples at several resolutions side by side, each for as
long as CloudWatch keeps it, so rolling up is forgetting. Stocks (how many messages wait) are looked at when a minute is
over in which their service recorded something, and when somebody asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from hodei.kernel.manifest import all_manifests
from hodei.kernel.tables import Place, Record, Scope, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.world import World

MINUTE = 60
HOUR, DAY = 3600, 86400
KEPT = {1: 3 * HOUR, MINUTE: 15 * DAY, 300: 63 * DAY, HOUR: 455 * DAY}  # seconds, by the resolution
EXACT = 150  # different values that a sample tells apart
GROWTH = math.log(1.02)  # of more than that it keeps logarithmic buckets, 2 % wide
EXPIRED = 20  # old datapoints that are deleted where a new one begins

Values = Mapping[float, float]


class Sample(Record):
    """What happened to a metric in a stretch of time. `values` is how often there was each; None: nobody knows."""

    count: float
    total: float
    least: float
    most: float
    values: dict[float, float] | None = None

    @classmethod
    def of(cls, values: Values) -> Sample:
        """`values` are how often there was each, and not empty."""
        total = math.fsum(value * count for value, count in values.items())
        return cls(count=sum(values.values()), total=total, least=min(values), most=max(values), values=compact(values))

    def merged(self, other: Sample) -> Sample:
        """Both together."""
        values: dict[float, float] | None = None
        if self.values is not None and other.values is not None:
            values = self.values.copy()
            for value, count in other.values.items():
                values[value] = values.get(value, 0.0) + count
            values = compact(values)
        return Sample(
            count=self.count + other.count,
            total=self.total + other.total,
            least=min(self.least, other.least),
            most=max(self.most, other.most),
            values=values,
        )


def compact(values: Values) -> dict[float, float]:
    """The same values, put into buckets where they are too many to be told apart."""
    if len(values) <= EXACT:
        return dict(values)
    buckets: dict[float, float] = {}
    for value, count in values.items():
        middle = value and math.copysign(math.exp(round(math.log(abs(value)) / GROWTH) * GROWTH), value)
        buckets[middle] = buckets.get(middle, 0.0) + count
    return buckets


class Metric(NamedTuple):
    """Which metric. `dimensions` are lines of name, tab, value, sorted."""

    namespace: str
    name: str
    dimensions: str


class Gauge(NamedTuple):
    """What a stock of a service shows now: see `Service.gauges`."""

    name: str
    value: float
    unit: str
    dimensions: Mapping[str, str]


class Series(Record):
    """A metric that has got data, for the first and the last time."""

    namespace: str
    name: str
    dimensions: str
    first: float
    last: float

    @property
    def metric(self) -> Metric:
        return Metric(self.namespace, self.name, self.dimensions)


class Watch(Record):
    """A timer of a service that is to be set when a metric gets data."""

    namespace: str
    name: str
    dimensions: str
    service: str
    timer: str
    key: str


class Datapoint(Record):
    """A metric in the `resolution` seconds from `at` on, in one unit."""

    namespace: str
    name: str
    dimensions: str
    resolution: int
    at: int
    unit: str
    sample: Sample


def pack_dimensions(dimensions: Iterable[tuple[str, str]]) -> str:
    """Of names and values, neither of which may contain control characters."""
    return "\n".join(f"{name}\t{value}" for name, value in sorted(dimensions))


def unpack_dimensions(packed: str) -> dict[str, str]:
    pairs = (line.partition("\t") for line in packed.split("\n") if line)
    return {name: value for name, _, value in pairs}


class Metrics:
    """The metrics of a cloud."""

    series = Table("kernel", "series", Series, key=("namespace", "name", "dimensions"))
    datapoints = Table(
        "kernel", "datapoints", Datapoint, key=("namespace", "name", "dimensions", "resolution", "at", "unit")
    )
    watches = Table("kernel", "watches", Watch, key=("namespace", "name", "dimensions", "service", "timer", "key"))

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store
        self._open: dict[tuple[str, str, str, str, str, tuple[tuple[str, str], ...]], dict[float, float]] = {}
        self._minute = 0
        self._sampled: dict[tuple[str, str, str], int] = {}  # (account, region, namespace) -> the minute
        self._watching: bool | None = None  # whether there may be watches; None: not known
        self._store.on_switch(self._forget)

    def record(
        self, ctx: Context, namespace: str, name: str, value: float, unit: str, dimensions: dict[str, str]
    ) -> None:
        """One value of a service's own metric, now."""
        minute = int(ctx.now) // MINUTE * MINUTE
        if minute != self._minute:
            self.flush()
            self._minute = minute
            self._flush_in_time(minute + MINUTE)
        key = ctx.account, ctx.region, namespace, name, unit, tuple(dimensions.items())
        if (values := self._open.get(key)) is None:
            self._open[key] = {value: 1.0}
        else:
            values[value] = values.get(value, 0.0) + 1.0

    def add(self, place: Scope, metric: Metric, unit: str, at: float, sample: Sample, *, fine: bool = False) -> bool:
        """What was measured at a time, in the open batch; `fine`: to be kept by the second. Whether it is the first
        of its hour."""
        now = self._world.clock.now()
        old = None
        for resolution, kept in KEPT.items():
            start = int(at) // resolution * resolution
            if start <= now - kept or (resolution < MINUTE and not fine):
                continue
            key = (*metric, resolution, start, unit)
            if old := self.datapoints.get(place, *key):
                new = old.sample.merged(sample)
            else:
                new = sample
                self._expire(place, metric, resolution, now)
            self.datapoints.put(place, Datapoint(**dict(zip(self.datapoints.key, key)), sample=new))  # type: ignore[arg-type]
        known = self.series.get(place, *metric)
        if known is None or not known.first <= at <= known.last:
            first, last = (min(known.first, at), max(known.last, at)) if known else (at, at)
            self.series.put(place, Series(**metric._asdict(), first=first, last=last))
        if self._watched():
            step = 10 if fine else MINUTE
            self._wake(place, metric, max(now, (math.floor(at / step) + 1) * step))
        return old is None

    def watch(self, ctx: Context, metric: Metric, timer: str, key: str) -> None:
        """Set that timer of the calling service when the metric gets data: at the end of its minute, or if it is kept
        by the second of its ten seconds."""
        self.watches.put(ctx, Watch(**metric._asdict(), service=ctx.service.name, timer=timer, key=key))
        self._watching = True
        self.flush()
        self._minute = 0

    def unwatch(self, ctx: Context, metric: Metric, timer: str, key: str) -> None:
        self.watches.delete(ctx, *metric, ctx.service.name, timer, key)

    def _watched(self) -> bool:
        if self._watching is None:
            self._watching = next(self.watches.all(self._store), None) is not None
        return self._watching

    def _wake(self, place: Scope, metric: Metric, when: float) -> None:
        for watch in list(self.watches.scan(place, *metric)):
            ctx = self._world.context(watch.service, account=place.account, region=place.region)
            due = ctx.timers.due(ctx, watch.timer, watch.key)
            if due is None or when < due:
                ctx.timers.set(ctx, watch.timer, when, watch.key)

    def _flush_in_time(self, at: float) -> None:
        """What services record in this minute has to reach who watches, also if nobody records or asks anything later.
        CloudWatch's timer calls `flush`."""
        if self._watched():
            with self._store.apart():
                ctx = self._world.context("cloudwatch", account="", region="")
                ctx.timers.set(ctx, "flush", at)

    def _expire(self, place: Scope, metric: Metric, resolution: int, now: float) -> None:
        end = (int(now) - KEPT[resolution],)
        for key, _ in zip(self.datapoints.keys(place, *metric, resolution, end=end), range(EXPIRED)):
            self.datapoints.delete(place, *key)

    def scan(self, place: Scope, metric: Metric, resolution: int, start: float, end: float) -> Iterator[Datapoint]:
        """The datapoints of [start, end) that are still kept, in order of time. Call `refresh` before."""
        oldest = int(self._world.clock.now()) - KEPT[resolution] + 1
        low = max(math.ceil(start), oldest)
        if low >= end:
            return iter(())
        return self.datapoints.scan(place, *metric, resolution, start=(low,), end=(math.ceil(end),))

    def refresh(self, place: Scope, namespaces: Iterable[str]) -> None:
        """Let what has been measured be seen, and look at the stocks of services."""
        self.flush()
        for namespace in set(namespaces):
            self._look(place.account, place.region, namespace)

    def flush(self) -> None:
        """Write the open minute to the store, added to what that already has of it."""
        found, self._open = self._open, {}
        if not found:
            return
        minute = float(self._minute)
        with self._store.apart():
            for (account, region, namespace, name, unit, dimensions), values in found.items():
                metric = Metric(namespace, name, pack_dimensions(dimensions))
                self.add(Place(self._store, account, region), metric, unit, minute, Sample.of(values))
        for account, region, namespace in {key[:3] for key in found}:
            self._look(account, region, namespace)

    def _forget(self) -> None:
        """The store shows another state."""
        self._open.clear()
        self._sampled.clear()
        self._watching = None

    def _look(self, account: str, region: str, namespace: str) -> None:
        """Take the sample of a service's stocks of the last full minute (or day), once."""
        service = next((name for name, one in all_manifests().items() if namespace in one.gauges), None)
        if service is None:
            return
        ctx = self._world.context(service, account=account, region=region)
        every = ctx.service.manifest.gauges[namespace].every
        start = int(ctx.now) // every * every - every
        if ctx.service.gauge is None or self._sampled.get((account, region, namespace)) == start:
            return
        self._sampled[account, region, namespace] = start
        with self._store.apart():
            for gauge in ctx.service.gauge(ctx):
                metric = Metric(namespace, gauge.name, pack_dimensions(gauge.dimensions.items()))
                if self.datapoints.get(ctx, *metric, MINUTE, start, gauge.unit) is None:
                    self.add(ctx, metric, gauge.unit, start, Sample.of({gauge.value: 1.0}))
