"""Alarms that nothing feeds: they sleep until their metrics get data, so that months pass without looking at them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from hodei.engines.metricmath import expressions
from hodei.engines.metricmath.insights import is_query
from hodei.kernel.context import Context
from hodei.kernel.manifest import all_manifests
from hodei.kernel.metrics import Metric
from hodei.services.cloudwatch.data import queries
from hodei.services.cloudwatch.data.queries import Query
from hodei.services.cloudwatch.math.functions import MOMENTS
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Alarm, Wire

MINUTE, SLOWEST = 60, 300  # seconds
ONLY = "alarm"  # the id of the query of an alarm on one metric
RESTLESS = {"ANOMALY_DETECTION_BAND", "FILL", "SEARCH", "TIME_SERIES", *MOMENTS}  # say something of no data


def asked_of(ctx: Context, given: Wire) -> list[Query]:
    """The queries of an alarm."""
    if "Metrics" in given:
        return queries.parse(ctx, given["Metrics"], "Metrics")
    metric = {name: given[name] for name in ("Namespace", "MetricName", "Dimensions")}
    stat = {"Metric": metric, "Period": given["Period"], "Stat": given.get("Statistic") or given["ExtendedStatistic"]}
    if "Unit" in given:
        stat["Unit"] = given["Unit"]
    return queries.parse(ctx, [{"Id": ONLY, "MetricStat": stat}])


def sleep(ctx: Context, alarm: Alarm, end: float) -> None:
    """There was no data before `end` and nothing has changed: look again when there is, if that is all that can change
    anything."""
    asked = asked_of(ctx, alarm.given)
    if any(map(_restless, asked)):
        return
    metrics = ctx.world.metrics
    found = list(_metrics(asked))
    if any((series := metrics.series.get(ctx, *metric)) and series.last >= end for metric in found):
        return  # data that is yet to be looked at
    ctx.timers.cancel(ctx, "evaluate", alarm.name)
    for metric in found:
        metrics.watch(ctx, metric, "evaluate", alarm.name)


def wake(ctx: Context, alarm: Alarm) -> None:
    for metric in _metrics(asked_of(ctx, alarm.given)):
        ctx.world.metrics.unwatch(ctx, metric, "evaluate", alarm.name)


@cloudwatch.timer("flush")
def flush(ctx: Context) -> None:
    """What services have recorded wakes alarms: see `Metrics.record`."""
    ctx.world.metrics.flush()


def _metrics(asked: list[Query]) -> Iterator[Metric]:
    return (query.metric for query in asked if query.metric)


def pace(ctx: Context, alarm: Alarm, period: int) -> int:
    """After how many seconds something new can be seen: of stocks that are looked at every five minutes, not before."""
    steps = [every_of(query.metric) if query.metric else MINUTE for query in asked_of(ctx, alarm.given)]
    return max(MINUTE, min(period, SLOWEST, *((step or MINUTE) for step in steps)))


@lru_cache(4096)
def every_of(metric: Metric) -> int | None:
    """The seconds between looks at the stock of a service that a metric shows; None: it is another one."""
    found = (gauges for one in all_manifests().values() if (gauges := one.gauges.get(metric.namespace)))
    return next((gauges.every for gauges in found if metric.name in gauges.metrics), None)


def _restless(query: Query) -> bool:
    """Whether it may have a value where there is no data: of stocks, of what depends on the time alone."""
    if query.metric:
        return every_of(query.metric) is not None
    if is_query(query.expression):
        return True
    return not RESTLESS.isdisjoint(expressions.calls(expressions.parse(query.expression)))
