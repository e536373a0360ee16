"""What is billed otherwise than by the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.arns import GLOBAL_REGION, partition_of
from hodei.kernel.context import Context
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.services.cloudwatch.alarms.evaluating import period_of
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Alarm, alarms, dashboards


@cloudwatch.meters("GetMetricData", "GetMetricWidgetImage")
def billed(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    """By the metrics that are asked for: https://aws.amazon.com/cloudwatch/pricing/"""
    if error is not None:
        return
    if ctx.operation == "GetMetricData":
        ctx.meter("metrics-requested", sum("MetricStat" in query for query in params["MetricDataQueries"]) or 1)
    else:
        ctx.meter("images", 1)


@cloudwatch.stocks
def kept(store: Store) -> Iterator[Stock]:
    for account, region, alarm in alarms.all(store):
        arn = f"arn:{partition_of(region)}:cloudwatch:{region}:{account}:alarm:{alarm.name}"
        yield Stock(account, region, _usage(alarm), _amount(alarm), arn)
    for account, _, dashboard in dashboards.all(store):
        yield Stock(
            account, GLOBAL_REGION, "dashboards", 1, f"arn:aws:cloudwatch::{account}:dashboard/{dashboard.name}"
        )


def _usage(alarm: Alarm) -> str:
    if alarm.composite:
        return "composite-alarms"
    return "alarms" if period_of(alarm) >= 60 else "high-resolution-alarms"


def _amount(alarm: Alarm) -> float:
    """An alarm on an expression costs as one on each of its metrics, one on a band as three."""
    metrics = sum("MetricStat" in query for query in alarm.given.get("Metrics", ())) or 1
    return metrics * 3 if "ThresholdMetricId" in alarm.given else metrics
