"""From datapoints to lines: the values of a statistic of a metric over time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.metrics import DAY, HOUR, KEPT, MINUTE, Datapoint, Metric, Sample
from hodei.services.cloudwatch.data.statistics import Statistic
from hodei.services.cloudwatch.rules import UNITS

Line = dict[int, float]  # values by the time at which their period begins, in order
FINE = 3 * HOUR  # for how long periods of less than a minute can be read


def valid_period(period: int) -> bool:
    return period in (1, 5, 10, 20, 30) or (period > 0 and period % MINUTE == 0)


def rounded(start: float, period: int, now: float) -> int:
    """Where the first period begins: "CloudWatch rounds the specified time stamp" (StartTime of GetMetricData)."""
    age = now - start
    step = period if period < MINUTE else MINUTE if age < 15 * DAY else 300 if age < 63 * DAY else HOUR
    return int(start) // step * step


def samples(ctx: Context, metric: Metric, period: int, start: int, end: float) -> dict[str, dict[int, Sample]]:
    """The samples of periods, the first of which begins at `start`, by unit.

    More units come in the order in which AWS has them in recorded answers: backwards in the model's enum.
    """
    found: dict[str, dict[int, Sample]] = {}
    for point in _points(ctx, metric, period, start, end):
        at = start + (point.at - start) // period * period
        line = found.setdefault(point.unit, {})
        line[at] = line[at].merged(point.sample) if at in line else point.sample
    return {unit: found[unit] for unit in reversed(UNITS) if unit in found}


def line_of(found: dict[int, Sample], statistic: Statistic) -> Line:
    values = ((at, statistic(sample)) for at, sample in found.items())
    return {at: value for at, value in values if value is not None}


def first_of(by_unit: dict[str, dict[int, Sample]]) -> dict[int, Sample]:
    """Where no unit is asked for, the first one that there is at each time."""
    merged: dict[int, Sample] = {}
    for found in reversed(by_unit.values()):
        merged |= found
    return dict(sorted(merged.items()))


def _points(ctx: Context, metric: Metric, period: int, start: int, end: float) -> Iterator[Datapoint]:
    metrics = ctx.world.metrics
    if period >= MINUTE:
        resolution = max(one for one in KEPT if period % one == 0 and start % one == 0)
        yield from metrics.scan(ctx, metric, resolution, start, _whole(start, end, period))
        return
    start = max(start, math.ceil(ctx.now - FINE))
    fine = list(metrics.scan(ctx, metric, 1, start, end))
    seen = {point.at // MINUTE for point in fine}
    coarse = metrics.scan(ctx, metric, MINUTE, start, end)  # data of the usual resolution is there at its minute
    yield from sorted((*fine, *(p for p in coarse if p.at // MINUTE not in seen)), key=lambda point: point.at)


def _whole(start: int, end: float, period: int) -> float:
    """Periods that begin before the end are whole."""
    return start + math.ceil((end - start) / period) * period
