"""GetMetricStatistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors, rules
from hodei.services.cloudwatch.data import reading
from hodei.services.cloudwatch.data.statistics import SIMPLE, Statistic, statistic
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch

MOST = 1440


@cloudwatch.operation("GetMetricStatistics")
def get_metric_statistics(
    ctx: Context,
    *,
    Namespace: str,
    MetricName: str,
    StartTime: datetime,
    EndTime: datetime,
    Period: int,
    Dimensions: Sequence[Mapping[str, str]] = (),
    Statistics: Sequence[str] = (),
    ExtendedStatistics: Sequence[str] = (),
    Unit: str | None = None,
) -> dict[str, Any]:
    metric = rules.metric_of(Namespace, MetricName, Dimensions)
    functions = _functions(Statistics, ExtendedStatistics)
    start, end = StartTime.timestamp(), EndTime.timestamp()
    check_range(start, end)
    if not reading.valid_period(Period):
        raise invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    if (count := int((end - start) // Period)) > MOST:
        raise errors.InvalidParameterCombination(
            reason=f"You have requested up to {count:.0f} datapoints, which exceeds the limit of {MOST}. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    ctx.world.metrics.refresh(ctx, [Namespace])
    first = reading.rounded(start, Period, ctx.now)
    points = []
    for unit, found in reading.samples(ctx, metric, Period, first, end).items():
        if Unit in (None, unit):
            points += [_point(at, unit, sample, functions) for at, sample in found.items()]
    return {"Label": MetricName, "Datapoints": [point for point in points if point]}


def check_range(start: float, end: float) -> None:
    if start >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")


def _functions(simple: Sequence[str], extended: Sequence[str]) -> dict[str, Statistic]:
    if not simple and not extended:
        raise errors.MissingParameter("Must specify either Statistics or ExtendedStatistics")
    if simple and extended:
        raise errors.InvalidParameterCombination(
            reason="The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified "
            "both."
        )
    functions: dict[str, Statistic] = {name: SIMPLE[name] for name in simple}
    for name in extended:
        try:
            functions[name] = statistic(name)
        except ValueError:
            raise invalid(f"The value {name} for parameter ExtendedStatistics is not supported.") from None
    return functions


def _point(at: int, unit: str, sample: Any, functions: Mapping[str, Callable[[Any], float | None]]) -> dict[str, Any]:
    """Empty if none of the statistics is known of the sample."""
    values = {name: value for name, function in functions.items() if (value := function(sample)) is not None}
    if not values:
        return {}
    extended = {name: value for name, value in values.items() if name not in SIMPLE}
    point: dict[str, Any] = {name: value for name, value in values.items() if name in SIMPLE}
    if extended:
        point["ExtendedStatistics"] = extended
    return point | {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit}
