"""MetricDataQueries: what GetMetricData, alarms, anomaly detectors and widgets ask for, checked and answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.metrics import Metric, Sample, unpack_dimensions
from hodei.services.cloudwatch import errors, rules
from hodei.services.cloudwatch.data import reading
from hodei.services.cloudwatch.data.reading import Line
from hodei.services.cloudwatch.data.statistics import statistic

ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
Wire = Mapping[str, Any]


@dataclass(frozen=True)
class Query:
    """A metric's statistic, or an expression."""

    id: str
    label: str | None
    returned: bool
    period: int  # of an expression 0, if it does not say
    expression: str = ""
    metric: Metric | None = None
    stat: str = ""
    unit: str | None = None
    account: str = ""


@dataclass
class Found:
    """A line of an answer. Lines of searches and insights have no query of their own; `metric` None: of an expression.

    `samples` are what the values were made of, and how many units there were; `attributes` what sets one of the groups
    of an insight apart; `status` and `messages` what a data source says of its line.
    """

    id: str
    label: str
    values: Line
    period: int
    metric: Metric | None = None
    stat: str = ""
    samples: dict[int, Sample] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    status: str = "Complete"
    messages: list[tuple[str, str]] = field(default_factory=list)  # codes, what they say

    @property
    def dimensions(self) -> dict[str, str]:
        return unpack_dimensions(self.metric.dimensions) if self.metric else {}


@dataclass(frozen=True)
class Frame:
    """The times that are asked for, in epoch seconds; the end is exclusive."""

    start: float
    end: float


def bad(reason: str) -> AwsError:
    return errors.ValidationError(reason=reason)


def parse(ctx: Context, queries: Sequence[Wire], at: str = "MetricDataQueries") -> list[Query]:
    """Raises: ValidationError, InvalidParameterValue."""
    parsed = [_parse(ctx, query, f"{at}.member.{number}") for number, query in enumerate(queries, 1)]
    ids = [query.id for query in parsed]
    if len(set(ids)) < len(ids):
        raise bad(f"The values for parameter id in {at} are not unique.")
    return parsed


def _parse(ctx: Context, query: Wire, at: str) -> Query:
    id, expression, stat = query["Id"], query.get("Expression"), query.get("MetricStat")
    if not ID.fullmatch(id):
        raise bad(
            f"The value {id} for parameter {at}.Id is invalid: it must begin with a lowercase letter and contain only "
            "letters, numbers and underscores."
        )
    if (expression is None) == (stat is None):
        raise bad(f"Exactly one of the parameters {at}.MetricStat and {at}.Expression must be specified.")
    label, returned = query.get("Label"), query.get("ReturnData", True)
    period = query.get("Period", 0)
    if period and not reading.valid_period(period):
        raise bad(f"The value {period} for parameter {at}.Period is invalid.")
    if expression is not None:
        return Query(id, label, returned, period, expression=expression)
    return _metric_query(ctx, query, at, Query(id, label, returned, period))


def _metric_query(ctx: Context, query: Wire, at: str, bare: Query) -> Query:
    stat = query["MetricStat"]
    named = stat["Metric"]
    for name in ("Namespace", "MetricName"):
        if name not in named:
            raise bad(f"The parameter {at}.MetricStat.Metric.{name} is required.")
    where = f"{at}.MetricStat.Metric.Dimensions"
    metric = rules.metric_of(named["Namespace"], named["MetricName"], named.get("Dimensions", ()), where)
    if not reading.valid_period(stat["Period"]):
        raise bad(f"The value {stat['Period']} for parameter {at}.MetricStat.Period is invalid.")
    try:
        statistic(stat["Stat"])
    except ValueError:
        raise bad(f"The value {stat['Stat']} for parameter {at}.MetricStat.Stat is not supported.") from None
    return Query(
        bare.id,
        bare.label,
        bare.returned,
        stat["Period"],
        metric=metric,
        stat=stat["Stat"],
        unit=stat.get("Unit"),
        account=query.get("AccountId", ctx.account),
    )


def namespaces(queries: Sequence[Query]) -> Iterator[str]:
    return (query.metric.namespace for query in queries if query.metric)


def read(ctx: Context, query: Query, frame: Frame) -> Found:
    """The line of a metric. Data of other accounts is only seen by observability links, which are not there."""
    assert query.metric
    first = reading.rounded(frame.start, query.period, ctx.now)
    there = query.account == ctx.account
    by_unit = reading.samples(ctx, query.metric, query.period, first, frame.end) if there else {}
    if query.unit is not None:
        by_unit = {unit: found for unit, found in by_unit.items() if unit == query.unit}
    samples = reading.first_of(by_unit)
    line = reading.line_of(samples, statistic(query.stat))
    units = tuple(by_unit)
    return Found(query.id, query.label or "", line, query.period, query.metric, query.stat, samples, units)
