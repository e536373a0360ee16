"""GetInsightRuleReport: who contributed most to log groups, worked out from their events when it is asked for.

A rule sees the events of the time in which it was enabled.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hodei.engines.contributions.rules import Rule
from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.cloudwatch import errors
from hodei.services.cloudwatch.insight_rules import parsed
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import InsightRule, insight_rules

MOST, USUAL = 100, 10  # contributors
LONGEST = 24 * 3600  # seconds that a report covers
AT_ONCE = 2000  # events between which others have their turn
Keys = tuple[str, ...]


@dataclass
class Slot:
    """What happened in one period: the sum of each contributor, and of single events their number and extremes."""

    sums: dict[Keys, float] = field(default_factory=lambda: defaultdict(float))
    count: int = 0
    least: float = 0.0
    most: float = 0.0

    def add(self, keys: Keys, value: float) -> None:
        self.least = min(self.least, value) if self.count else value
        self.most = max(self.most, value) if self.count else value
        self.count += 1
        self.sums[keys] += value


METRICS: dict[str, Callable[[Slot], float | None]] = {
    "UniqueContributors": lambda slot: float(len(slot.sums)),
    "MaxContributorValue": lambda slot: max(slot.sums.values(), default=0.0),
    "SampleCount": lambda slot: float(slot.count),
    "Sum": lambda slot: sum(slot.sums.values()),
    "Minimum": lambda slot: slot.least if slot.count else None,
    "Maximum": lambda slot: slot.most if slot.count else None,
    "Average": lambda slot: sum(slot.sums.values()) / slot.count if slot.count else None,
}


@cloudwatch.operation("GetInsightRuleReport")
async def get_insight_rule_report(
    ctx: Context,
    *,
    RuleName: str,
    StartTime: datetime,
    EndTime: datetime,
    Period: int,
    MaxContributorCount: int = USUAL,
    Metrics: Sequence[str] = (),
    OrderBy: str = "Sum",
) -> dict[str, Any]:
    if (stored := insight_rules.get(ctx, RuleName)) is None:
        raise errors.ResourceNotFoundException(reason=f"The rule {RuleName} does not exist.")
    if stored.transformed:
        raise NotImplementedByHodei("Reports on transformed log events are not implemented by Hodei.")
    start, end = StartTime.timestamp(), EndTime.timestamp()
    _check(start, end, Period, MaxContributorCount, Metrics, OrderBy)
    rule = parsed(stored.definition)
    slots = {at: Slot() for at in range(int(start // Period) * Period, math.ceil(end), Period)}
    for number, (at, message) in enumerate(_events(ctx, stored, rule, start, end), 1):
        if found := rule.contribution(message):
            slots[int(at // Period) * Period].add(*found)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
    return _report(rule, slots, MaxContributorCount, Metrics, OrderBy)


def _check(start: float, end: float, period: int, most: int, metrics: Sequence[str], order: str) -> None:
    if not start < end <= start + LONGEST:
        raise invalid("The parameter StartTime must be less than the parameter EndTime, by 24 hours at most.")
    if period % 60:
        raise invalid("The parameter Period must be a multiple of 60.")
    if not 1 <= most <= MOST:
        raise invalid(f"The parameter MaxContributorCount must be from 1 to {MOST}.")
    if unknown := [name for name in metrics if name not in METRICS]:
        raise invalid(f"The value {unknown[0]} for parameter Metrics is invalid.")
    if order not in ("Sum", "Maximum"):
        raise invalid(f"The value {order} for parameter OrderBy is invalid.")


def _events(ctx: Context, stored: InsightRule, rule: Rule, start: float, end: float) -> Iterator[tuple[float, str]]:
    """The times (s) and messages of what the rule has seen."""
    import hodei.services.logs.api as logs

    for since, until in [*stored.enabled_in, *([(stored.since, end)] if stored.enabled else [])]:
        first, last = max(start, since), min(end, until)
        for group in filter(rule.among, list(logs.group_names(ctx))) if first < last else ():
            for time, message in logs.read(ctx, group, start=int(first * 1000), end=int(last * 1000) - 1, masked=True):
                yield time / 1000, message


def _report(rule: Rule, slots: dict[int, Slot], most: int, metrics: Sequence[str], order: str) -> dict[str, Any]:
    datapoints: dict[Keys, dict[int, float]] = defaultdict(dict)
    for at, slot in slots.items():
        for keys, value in slot.sums.items():
            datapoints[keys][at] = value
    rank = max if order == "Maximum" else sum
    ranked = sorted(datapoints, key=lambda keys: (-rank(datapoints[keys].values()), keys))
    return {
        "KeyLabels": list(rule.labels),
        "AggregationStatistic": "Sum" if rule.summed else "SampleCount",
        "AggregateValue": sum(sum(points.values()) for points in datapoints.values()),
        "ApproximateUniqueCount": len(datapoints),
        "Contributors": [_contributor(keys, datapoints[keys]) for keys in ranked[:most]],
        "MetricDatapoints": [_datapoint(at, slot, metrics) for at, slot in slots.items()] if metrics else [],
    }


def _contributor(keys: Keys, points: dict[int, float]) -> dict[str, Any]:
    return {
        "Keys": list(keys),
        "ApproximateAggregateValue": sum(points.values()),
        "Datapoints": [{"Timestamp": _moment(at), "ApproximateValue": value} for at, value in points.items()],
    }


def _datapoint(at: int, slot: Slot, metrics: Sequence[str]) -> dict[str, Any]:
    values = {name: METRICS[name](slot) for name in metrics}
    return {"Timestamp": _moment(at)} | {name: value for name, value in values.items() if value is not None}


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
