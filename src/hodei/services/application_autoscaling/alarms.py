"""The CloudWatch alarms of target tracking policies: they tell when there is too little capacity, and when too much.

Of DynamoDB two more tell when somebody else has changed the capacity, from which the thresholds are worked out.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.application_autoscaling import find, roles, tracking
from hodei.services.application_autoscaling.scalables import Scalable, TrackedMetric
from hodei.services.application_autoscaling.state import Policy, Target, Wire, policies

HIGH, LOW = "AlarmHigh", "AlarmLow"
OF_CAPACITY = RAISED, LOWERED = "ProvisionedCapacityHigh", "ProvisionedCapacityLow"
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
MINUTES_HIGH, MINUTES_LOW = 3, 15
LOWER = 0.9  # of the target: where scaling in begins
LOWER_POINTS = 20  # percentage points below the target, of DynamoDB
CAPACITY_PERIOD, CAPACITY_PERIODS = 300, 3
ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")


async def put(ctx: Context, policy: Policy, scaled: Scalable, capacity: int) -> Policy:
    """Make or change the alarms of a policy; the policy with their names. Raises: AwsError."""
    watching = roles.watching(ctx, policy.namespace)
    wanted = {kind: alarm for kind, alarm in _alarms(policy, scaled, capacity) if _needed(policy, kind)}
    prefix = f"TargetTracking-{policy.resource}"
    names = {kind: policy.alarms.get(kind) or f"{prefix}-{kind}-{ctx.ids.uuid()}" for kind in wanted}
    arn = find.policy_arn(ctx, policy)
    for kind, alarm in wanted.items():
        await watching.call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName=names[kind],
            AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
            AlarmActions=[arn],
            **alarm,
        )
    await _delete(watching, [name for kind, name in policy.alarms.items() if kind not in wanted])
    return replace(policy, alarms=names)


def _needed(policy: Policy, kind: str) -> bool:
    return kind != LOW or not policy.configuration.get("DisableScaleIn", False)


async def delete(ctx: Context, policy: Policy) -> None:
    await _delete(roles.watching(ctx, policy.namespace), list(policy.alarms.values()))


async def _delete(watching: Context, names: list[str]) -> None:
    if names:
        await watching.call("cloudwatch", "DeleteAlarms", AlarmNames=names)


async def follow(ctx: Context, target: Target, scaled: Scalable, capacity: int) -> None:
    """Work the thresholds out anew that depend on the capacity."""
    for policy in list(policies.scan(ctx, *target.of)):
        metric = tracking.predefined(policy, scaled)
        if metric and metric.units:
            policies.put(ctx, await put(ctx, policy, scaled, capacity))


def _alarms(policy: Policy, scaled: Scalable, capacity: int) -> Iterator[tuple[str, Wire]]:
    aim = float(policy.configuration["TargetValue"])
    metric = tracking.predefined(policy, scaled)
    if metric is None:
        what = _customized(policy.configuration[tracking.CUSTOMIZED])
        yield HIGH, what | _limit(ABOVE, aim, MINUTES_HIGH)
        yield LOW, what | _limit(BELOW, aim * LOWER, MINUTES_LOW)
        return
    what = _metric(metric, metric.name, metric.statistic, tracking.MINUTE)
    if not metric.units:
        yield HIGH, what | _limit(ABOVE, aim, metric.minutes)
        yield LOW, what | _limit(BELOW, aim * LOWER, MINUTES_LOW)
        return
    percent = capacity * tracking.MINUTE / 100  # of what the capacity lets be consumed in a minute
    yield HIGH, what | _limit(ABOVE, aim * percent, metric.minutes)
    yield LOW, what | _limit(BELOW, max(0.0, aim - LOWER_POINTS) * percent, MINUTES_LOW)
    provisioned = _metric(metric, metric.provisioned, "Average", CAPACITY_PERIOD)
    yield RAISED, provisioned | _limit(ABOVE, float(capacity), CAPACITY_PERIODS)
    yield LOWERED, provisioned | _limit(BELOW, float(capacity), CAPACITY_PERIODS)


def _limit(operator: str, threshold: float, periods: int) -> Wire:
    return {"ComparisonOperator": operator, "Threshold": threshold, "EvaluationPeriods": periods}


def _metric(metric: TrackedMetric, name: str, statistic: str, period: int) -> Wire:
    dimensions = [{"Name": key, "Value": value} for key, value in metric.dimensions.items()]
    return {
        "Namespace": metric.namespace,
        "MetricName": name,
        "Dimensions": dimensions,
        "Statistic": statistic,
        "Period": period,
    }


def _customized(given: Mapping[str, Any]) -> Wire:
    if "Metrics" not in given:
        return {name: given[name] for name in ONE_METRIC if name in given} | {"Period": tracking.MINUTE}
    metrics = []
    for one in given["Metrics"]:
        stat = {"MetricStat": {**one["MetricStat"], "Period": tracking.MINUTE}} if "MetricStat" in one else {}
        metrics.append({**one, **stat})
    return {"Metrics": metrics}


def named(ctx: Context, policy: Policy) -> list[dict[str, str]]:
    """As the API has them."""
    return [{"AlarmName": name, "AlarmARN": find.alarm_arn(ctx, name)} for name in policy.alarms.values()]
