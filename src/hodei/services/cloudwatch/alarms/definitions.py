"""What alarms may be: PutMetricAlarm, and what it has in common with PutCompositeAlarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.cloudwatch import errors, rules, tagging
from hodei.services.cloudwatch.alarms import contributors, evaluating, history, messages, wallclock
from hodei.services.cloudwatch.alarms.verdict import BANDS, COMPARE
from hodei.services.cloudwatch.data import connectors, queries
from hodei.services.cloudwatch.data.queries import bad
from hodei.services.cloudwatch.data.statistics import percentile_of, statistic
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Alarm, Wire, alarms

DAY, WEEK = 86400, 7 * 86400
WALL_CLOCK_PERIODS = (60, 300, 3600, DAY, WEEK)
TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
ACTIONS = ("aiops", "autoscaling", "automate", "ec2", "lambda", "sns", "ssm", "ssm-incidents", "swf")
COMPOSITE_ACTIONS = ("aiops", "lambda", "sns", "ssm", "ssm-incidents")
EXCLUSIVE = ("Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")


@cloudwatch.operation("PutMetricAlarm")
def put_metric_alarm(
    ctx: Context,
    *,
    AlarmName: str,
    EvaluationPeriods: int | None = None,
    ComparisonOperator: str | None = None,
    AlarmDescription: str | None = None,
    ActionsEnabled: bool = True,
    OKActions: Sequence[str] = (),
    AlarmActions: Sequence[str] = (),
    InsufficientDataActions: Sequence[str] = (),
    MetricName: str | None = None,
    Namespace: str | None = None,
    Statistic: str | None = None,
    ExtendedStatistic: str | None = None,
    Dimensions: Sequence[Mapping[str, str]] | None = None,
    Period: int | None = None,
    Unit: str | None = None,
    DatapointsToAlarm: int | None = None,
    Threshold: float | None = None,
    TreatMissingData: str | None = None,
    EvaluateLowSampleCountPercentile: str | None = None,
    Metrics: Sequence[Mapping[str, Any]] | None = None,
    Tags: Sequence[Mapping[str, str]] = (),
    ThresholdMetricId: str | None = None,
    EvaluationWindow: Mapping[str, Any] | None = None,
    WarmUpConfiguration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    own = {
        "EvaluationPeriods": EvaluationPeriods,
        "ComparisonOperator": ComparisonOperator,
        "MetricName": MetricName,
        "Namespace": Namespace,
        "Statistic": Statistic,
        "ExtendedStatistic": ExtendedStatistic,
        "Dimensions": Dimensions,
        "Period": Period,
        "Unit": Unit,
        "DatapointsToAlarm": DatapointsToAlarm,
        "Threshold": Threshold,
        "TreatMissingData": TreatMissingData,
        "EvaluateLowSampleCountPercentile": EvaluateLowSampleCountPercentile,
        "Metrics": Metrics,
        "ThresholdMetricId": ThresholdMetricId,
        "EvaluationWindow": EvaluationWindow,
        "WarmUpConfiguration": WarmUpConfiguration,
    }
    found = {name: value for name, value in own.items() if value is not None}
    _check(ctx, found)
    if MetricName is not None:
        found.setdefault("Dimensions", [])
    given = common(ctx, AlarmDescription, ActionsEnabled, OKActions, AlarmActions, InsufficientDataActions)
    alarm, _ = put(ctx, AlarmName, given | found, Tags)
    evaluating.plan(ctx, alarm)
    return {}


def common(
    ctx: Context,
    description: str | None,
    enabled: bool,
    ok: Sequence[str],
    alarm: Sequence[str],
    insufficient: Sequence[str],
    *,
    composite: bool = False,
) -> Wire:
    """What all alarms have, as the API has it. Raises: ValidationError."""
    for arn in (*ok, *alarm, *insufficient):
        _check_action(ctx, arn, COMPOSITE_ACTIONS if composite else ACTIONS)
    given: Wire = {"ActionsEnabled": enabled, "OKActions": [*ok], "AlarmActions": [*alarm]}
    given["InsufficientDataActions"] = [*insufficient]
    return given | ({"AlarmDescription": description} if description is not None else {})


def put(ctx: Context, name: str, given: Wire, tags: Sequence[Mapping[str, str]]) -> tuple[Alarm, bool]:
    """Store an alarm; whether it is new. Tags of one that is there do not change: for that is TagResource."""
    arn, now = messages.arn(ctx, name), ctx.now
    if (old := alarms.get(ctx, name)) is None:
        alarm = Alarm(name=name, given=given, created=now, updated=now, state_updated=now, transitioned=now)
        if not alarm.composite:
            _check_quota(ctx)
        tagging.add(ctx, arn, tags)
    elif old.composite != ("AlarmRule" in given):
        raise bad(f"An alarm of another type with the name {name} exists already.")
    else:
        alarm = replace(old, given=given, updated=now)
        if old.given.get("Metrics") != given.get("Metrics"):
            contributors.forget(ctx, name)
    alarms.put(ctx, alarm)
    made = "updated" if old else "created"
    history.add(
        ctx, alarm, "ConfigurationUpdate", f'Alarm "{name}" {made}', {"type": made.title(), f"{made}Alarm": given}
    )
    tell(ctx, alarm, made.removesuffix("d"))
    return alarm, old is None


def tell(ctx: Context, alarm: Alarm, operation: str) -> None:
    """EventBridge is told that an alarm was created, updated or deleted."""
    detail = {
        "alarmName": alarm.name,
        "operation": operation,
        "configuration": messages.configuration(ctx, alarm)
        | {"alarmName": alarm.name, "timestamp": messages.stamp(alarm.updated)}
        | {_lower(name): alarm.given[name] for name in ("ActionsEnabled", "OKActions", "AlarmActions")}
        | {"insufficientDataActions": alarm.given["InsufficientDataActions"]},
        "state": messages.state(alarm),
    }
    ctx.emit("CloudWatch Alarm Configuration Change", detail, (messages.arn(ctx, alarm.name),))


def _lower(name: str) -> str:
    return "okActions" if name == "OKActions" else name[0].lower() + name[1:]


def _check_quota(ctx: Context) -> None:
    most = ctx.quota("alarms")
    if alarms.count(ctx) >= most:
        raise errors.LimitExceeded(reason=f"The maximum limit of {most:.0f} alarms was reached.")


def _check_action(ctx: Context, arn: str, services: Sequence[str]) -> None:
    try:
        place = Arn.parse(arn)
    except ValueError:
        raise bad(f"Invalid arn syntax: {arn}") from None
    if place.service not in services:
        raise bad(f"Invalid arn syntax: {arn}")
    if place.service in ("automate", "ec2"):
        return  # arn:aws:automate:us-east-1:ec2:stop
    if place.region not in (ctx.region, ""):
        raise bad(f"Invalid region {place.region} specified. Only {ctx.region} is supported.")


def _check(ctx: Context, given: Wire) -> None:
    for name in ("EvaluationPeriods", "ComparisonOperator"):
        if name not in given:
            raise bad(f"The parameter {name} is required.")
    if given.get("TreatMissingData", "missing") not in TREATMENTS:
        raise bad(
            f"Option [{given['TreatMissingData']}] is not supported for parameter TreatMissingData. Supported values "
            f"are [{', '.join(TREATMENTS)}]."
        )
    if given.get("DatapointsToAlarm", 1) > given["EvaluationPeriods"]:
        raise bad("The parameter DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    _check_threshold(given)
    period = _check_metrics(ctx, given) if "Metrics" in given else _check_metric(given)
    _check_window(given.get("EvaluationWindow"), period)
    total = period * given["EvaluationPeriods"]
    if total > WEEK or (period < 3600 and total > DAY):
        what, most = ("a week", WEEK) if period >= 3600 else ("a day", DAY)
        raise bad(f"Metrics cannot be checked across more than {what} (EvaluationPeriods * Period must be <= {most}).")


def _check_window(window: Mapping[str, Any] | None, period: int) -> None:
    if window is None:
        return
    if len(window) != 1:
        raise bad("Exactly one of the members of EvaluationWindow must be specified.")
    if (wall := window.get("WallClockWindow")) is None:
        return
    if period not in WALL_CLOCK_PERIODS:
        raise bad(f"The period of a wall clock window must be one of {', '.join(map(str, WALL_CLOCK_PERIODS))}.")
    try:
        wallclock.zone(wall.get("Timezone", "UTC"))
    except ValueError as error:
        raise bad(str(error)) from None


def _check_threshold(given: Wire) -> None:
    operator = given["ComparisonOperator"]
    if operator in BANDS:
        if "Threshold" in given:
            raise bad(f"The parameter Threshold must not be specified with the comparison operator {operator}.")
        if "ThresholdMetricId" not in given:
            raise bad(f"The comparison operator {operator} requires the parameter ThresholdMetricId.")
        if "Metrics" not in given:
            raise bad("The parameter ThresholdMetricId requires the parameter Metrics.")
    elif operator in COMPARE and "ThresholdMetricId" in given:
        raise bad(f"The comparison operator {operator} cannot be used with the parameter ThresholdMetricId.")
    elif "Threshold" not in given:
        raise bad("The parameter Threshold is required.")


def _check_metric(given: Wire) -> int:
    for name in ("MetricName", "Namespace", "Period"):
        if name not in given:
            raise bad(f"The parameter {name} is required.")
    rules.metric_of(given["Namespace"], given["MetricName"], given.get("Dimensions", ()))
    simple, extended = given.get("Statistic"), given.get("ExtendedStatistic")
    if (simple is None) == (extended is None):
        raise bad("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.")
    if extended is not None:
        _check_extended(extended)
    low = given.get("EvaluateLowSampleCountPercentile")
    if low is not None and (low not in ("evaluate", "ignore") or percentile_of(extended or "") is None):
        raise bad(f"Option [{low}] is not supported for parameter EvaluateLowSampleCountPercentile.")
    return _check_period(given["Period"])


def _check_extended(text: str) -> None:
    try:
        statistic(text)
    except ValueError:
        raise bad(f"The value {text} for parameter ExtendedStatistic is not supported.") from None


def _check_period(period: int) -> int:
    if period not in (10, 20, 30) and period % 60:
        raise bad("Period must be 10, 20, 30 or a multiple of 60")
    return period


def _check_metrics(ctx: Context, given: Wire) -> int:
    """The period of an alarm on queries."""
    if clash := [name for name in EXCLUSIVE if name in given]:
        raise bad(f"The parameters Metrics and {clash[0]} are mutually exclusive and you have specified both.")
    asked = queries.parse(ctx, given["Metrics"], "Metrics")
    if sum(query.metric is not None for query in asked) > ctx.quota("expression-metrics"):
        raise bad(f"Metrics list contains more than {ctx.quota('expression-metrics'):.0f} metrics.")
    band = given.get("ThresholdMetricId")
    if band is not None and band not in {query.id for query in asked}:
        raise bad(f"The parameter ThresholdMetricId {band} is not the id of one of the parameter Metrics.")
    if sum(query.returned and query.id != band for query in asked) != 1:
        raise bad("Exactly one element of the metrics list should return data.")
    if any("SEARCH(" in query.expression.upper() for query in asked):
        raise bad("Invalid metrics list: SEARCH expressions cannot be used in alarms.")
    if connectors.needed(asked):
        raise NotImplementedByHodei("Alarms on the function LAMBDA of metric math are not implemented by Hodei.")
    periods = {_check_period(query.period) for query in asked if query.period}
    if len(periods) != 1:
        raise bad(
            "All metrics and expressions of the metrics list must have the same period."
            if periods
            else "Period must be specified."
        )
    return periods.pop()
