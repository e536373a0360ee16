"""PutMetricData."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.metrics import DAY, HOUR, Sample
from hodei.services.cloudwatch import errors, rules
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch

MOST_DATA = 1000
MOST_VALUES = 150
OLDEST, NEWEST = 14 * DAY, 2 * HOUR
LARGEST = 2.0**360
MEASURES = ("Value", "Values", "StatisticValues")


@cloudwatch.operation("PutMetricData")
def put_metric_data(
    ctx: Context,
    *,
    Namespace: str,
    MetricData: Sequence[Mapping[str, Any]] = (),
    EntityMetricData: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Entities only relate metrics to resources in consoles: their data counts as all data does."""
    data = [(f"MetricData.member.{number}", datum) for number, datum in enumerate(MetricData, 1)]
    for number, one in enumerate(EntityMetricData, 1):
        at = f"EntityMetricData.member.{number}.MetricData.member"
        data += [(f"{at}.{inner}", datum) for inner, datum in enumerate(one.get("MetricData", ()), 1)]
    if not data:
        raise errors.MissingParameter(name="MetricData")
    if Namespace.startswith("AWS/"):
        raise invalid("The value AWS/ for parameter Namespace is invalid.")
    if len(data) > MOST_DATA:
        raise invalid(f"The collection MetricData must not have a size greater than {MOST_DATA}.")
    for at, datum in data:
        _put(ctx, Namespace, at, datum)
    return {}


def _put(ctx: Context, namespace: str, at: str, datum: Mapping[str, Any]) -> None:
    metric = rules.metric_of(namespace, datum["MetricName"], datum.get("Dimensions", ()), f"{at}.Dimensions")
    if (resolution := datum.get("StorageResolution", 60)) not in (1, 60):
        raise invalid(f"The value {resolution} for parameter {at}.StorageResolution is invalid.")
    moment = rules.seconds(datum["Timestamp"]) if "Timestamp" in datum else ctx.now
    if not ctx.now - OLDEST <= moment <= ctx.now + NEWEST:
        raise invalid(
            f"The parameter {at}.Timestamp must specify a time no more than two weeks in the past, and no more than "
            "two hours in the future."
        )
    sample = _sample(at, datum)
    if ctx.world.metrics.add(ctx, metric, datum.get("Unit", "None"), moment, sample, fine=resolution == 1):
        ctx.meter("custom-metrics", 1)  # "prorated by the hour and metered only when you send metrics" (pricing)


def _sample(at: str, datum: Mapping[str, Any]) -> Sample:
    given = [name for name in MEASURES if name in datum]
    if not given:
        raise errors.MissingParameter(
            f"At least one of the parameters {', '.join(f'{at}.{name}' for name in MEASURES)} must be specified."
        )
    if len(given) > 1:
        raise errors.InvalidParameterCombination(
            reason=f"The parameters {at}.{given[0]} and {at}.{given[1]} are mutually exclusive and you have specified "
            "both."
        )
    if given[0] == "Value":
        return Sample.of({_number(f"{at}.Value", datum["Value"]): 1.0})
    if given[0] == "Values":
        return Sample.of(_values(at, datum["Values"], datum.get("Counts")))
    return _statistics(f"{at}.StatisticValues", datum["StatisticValues"])


def _values(at: str, values: Sequence[float], counts: Sequence[float] | None) -> dict[float, float]:
    if counts is not None and len(values) != len(counts):
        raise invalid(f"The parameters {at}.Values and {at}.Counts must be of the same size.")
    if not values:
        raise errors.MissingParameter(name=f"{at}.Values")
    if len(values) > MOST_VALUES:
        raise invalid(f"The collection {at}.Values must not have a size greater than {MOST_VALUES}.")
    found: dict[float, float] = {}
    for number, (value, count) in enumerate(zip(values, counts or [1.0] * len(values)), 1):
        times = _number(f"{at}.Counts.member.{number}", count)
        if times <= 0:
            raise invalid(f"The value {count} for parameter {at}.Counts.member.{number} must be greater than 0.")
        number_of = _number(f"{at}.Values.member.{number}", value)
        found[number_of] = found.get(number_of, 0.0) + times
    return found


def _statistics(at: str, given: Mapping[str, float]) -> Sample:
    """Its values are known only where they are all the same: elsewhere there are no percentiles of it."""
    count, total, least, most = (
        _number(f"{at}.{name}", given[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")
    )
    if count <= 0:
        raise invalid(f"The value {count} for parameter {at}.SampleCount must be greater than 0.")
    if least > most:
        raise errors.InvalidParameterCombination(
            reason=f"The parameter {at}.Maximum must be greater than {at}.Minimum."
        )
    same = least == most and math.isclose(total, least * count)
    return Sample(count=count, total=total, least=least, most=most, values={least: count} if same else None)


def _number(at: str, value: float) -> float:
    if not math.isfinite(value):
        raise _bad(at, value)
    if abs(value) > LARGEST:
        raise invalid(f"The value {value} for parameter {at} must be between -2^360 and 2^360.")
    return float(value) + 0.0  # no -0.0


def _bad(at: str, value: float) -> AwsError:
    return invalid(f"The value {'NaN' if math.isnan(value) else value} for parameter {at} is invalid.")
