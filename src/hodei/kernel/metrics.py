"""The services' own AWS/* metrics, kept until CloudWatch reads them: one statistic set a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hodei.kernel.tables import Place, Record, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.store import Store

PERIOD = 60


class Datapoint(Record):
    """What happened to a metric in the minute from `minute` (epoch seconds) on."""

    namespace: str
    name: str
    dimensions: str  # "Name=Value,..." sorted by name
    minute: int
    unit: str
    count: float
    total: float
    least: float
    most: float


class Metrics:
    """Values gather in memory (a metric may miss its last seconds after a crash) and go to the store by the minute."""

    table = Table("kernel", "metrics", Datapoint, key=("namespace", "name", "dimensions", "minute"))

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[tuple[str, str, str, str, str, tuple[tuple[str, str], ...]], list[float]] = {}
        self._minute = 0

    def record(
        self, ctx: Context, namespace: str, name: str, value: float, unit: str, dimensions: dict[str, str]
    ) -> None:
        minute = int(ctx.now) // PERIOD * PERIOD
        if minute != self._minute:
            self.flush()
            self._minute = minute
        key = ctx.account, ctx.region, namespace, name, unit, tuple(dimensions.items())
        if (point := self._open.get(key)) is None:
            self._open[key] = [1, value, value, value]
            return
        point[0] += 1
        point[1] += value
        if value < point[2]:
            point[2] = value
        if value > point[3]:
            point[3] = value

    def flush(self) -> None:
        """Write the open minute to the store, added to what it already has of it."""
        points, self._open = self._open, {}
        if not points:
            return
        with self._store.batch():
            for (account, region, namespace, name, unit, given), (count, total, least, most) in points.items():
                place = Place(self._store, account, region)
                dimensions = ",".join(f"{k}={v}" for k, v in sorted(given))
                if old := self.table.get(place, namespace, name, dimensions, self._minute):
                    count, total = count + old.count, total + old.total
                    least, most = min(least, old.least), max(most, old.most)
                self.table.put(
                    place,
                    Datapoint(
                        namespace=namespace,
                        name=name,
                        dimensions=dimensions,
                        minute=self._minute,
                        unit=unit,
                        count=count,
                        total=total,
                        least=least,
                        most=most,
                    ),
                )
