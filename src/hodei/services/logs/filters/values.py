"""What events say of metrics, gathered and put where CloudWatch has it, at the times of the events."""

from __future__ import annotations

from collections.abc import Iterable

from hodei.kernel.context import Context
from hodei.kernel.metrics import MINUTE, Metric, Sample, pack_dimensions


class Values:
    """Values of metrics, by the minute or, where they are `fine`, the second."""

    def __init__(self) -> None:
        self._found: dict[tuple[Metric, str, int, bool], dict[float, float]] = {}

    def add(
        self,
        namespace: str,
        name: str,
        value: float,
        *,
        unit: str,
        at: int,
        dimensions: Iterable[tuple[str, str]] = (),
        fine: bool = False,
    ) -> None:
        """A value at a time in ms."""
        seconds = at // 1000
        key = (
            Metric(namespace, name, pack_dimensions(dimensions)),
            unit,
            seconds if fine else seconds // MINUTE * MINUTE,
            fine,
        )
        values = self._found.setdefault(key, {})
        values[value] = values.get(value, 0.0) + 1.0

    def publish(self, ctx: Context) -> None:
        """In the open batch."""
        for (metric, unit, at, fine), values in self._found.items():
            ctx.world.metrics.add(ctx, metric, unit, at, Sample.of(values), fine=fine)
