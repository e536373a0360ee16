"""Metric alarms look at their metrics: every minute, those of shorter periods every ten seconds."""

from __future__ import annotations

import json
import math
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.cloudwatch.alarms import actions, contributors, messages, sleeping, transitions, verdict, wallclock
from hodei.services.cloudwatch.alarms.verdict import EXTRA, Point, Verdict
from hodei.services.cloudwatch.data.answering import answer
from hodei.services.cloudwatch.data.queries import Found, Frame
from hodei.services.cloudwatch.data.statistics import percentile_of
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Alarm, Wire, alarms

NEW = "Unchecked: Initial alarm creation"


def plan(ctx: Context, alarm: Alarm, pace: int = 60) -> None:
    """Look again when the next minute (or ten seconds, or whatever the pace is) is full."""
    step = 10 if period_of(alarm) < 60 else pace
    ctx.timers.set(ctx, "evaluate", (math.floor(ctx.now / step) + 1) * step, alarm.name)


@cloudwatch.timer("evaluate")
def evaluate(ctx: Context, name: str) -> None:
    if (alarm := alarms.get(ctx, name)) is None or alarm.composite:
        return
    sleeping.wake(ctx, alarm)
    plan(ctx, alarm, sleeping.pace(ctx, alarm, period_of(alarm)))
    try:
        if contributors.several(alarm.given):
            _evaluate_several(ctx, alarm)
            return
        found = _judge(ctx, alarm)
    except AwsError as error:
        alarms.put(ctx, replace(alarm, evaluation_state="EVALUATION_ERROR", reason=error.message))
        return
    if found is None:
        return
    judged, data = found
    alarm = _evaluated(ctx, alarm)
    if judged.state is None or (judged.state == alarm.state and alarm.reason != NEW):
        if not judged.evaluated:
            sleeping.sleep(ctx, alarm, _end(ctx, alarm))
        elif judged.state is not None:
            actions.scale_again(ctx, replace(alarm, reason_data=json.dumps(data)))
        return
    given = alarm.given
    reason = verdict.explain(
        judged,
        given["ComparisonOperator"],
        given.get("Threshold"),
        periods=given["EvaluationPeriods"],
        to_alarm=_to_alarm(alarm),
        missing=_treatment(alarm),
    )
    transitions.change(ctx, alarm, judged.state, reason, json.dumps(data))


def _evaluated(ctx: Context, alarm: Alarm) -> Alarm:
    """The alarm without the error of an evaluation before."""
    if alarm.evaluation_state:
        alarm = replace(alarm, evaluation_state=None)
        alarms.put(ctx, alarm)
    return alarm


def _evaluate_several(ctx: Context, alarm: Alarm) -> None:
    end = _end(ctx, alarm)
    lines = [line for line in _lines(ctx, alarm, end) if line.values]
    if any(_warming_up(ctx, alarm, line) for line in lines):
        return
    judged = [(line.attributes, _verdict(alarm, _points(alarm.given, line, [], end))) for line in lines]
    contributors.settle(ctx, _evaluated(ctx, alarm), judged, _verdict(alarm, []))


def period_of(alarm: Alarm) -> int:
    """Seconds."""
    given = alarm.given
    if "Period" in given:
        return int(given["Period"])
    periods: list[int] = [
        query.get("Period") or query.get("MetricStat", {}).get("Period", 0) for query in given["Metrics"]
    ]
    return max(periods)


def _to_alarm(alarm: Alarm) -> int:
    given = alarm.given
    return int(given["DatapointsToAlarm" if "DatapointsToAlarm" in given else "EvaluationPeriods"])


def _treatment(alarm: Alarm) -> str:
    """PutMetricAlarm: "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data"."""
    if alarm.given.get("Namespace") == "AWS/DynamoDB":
        return verdict.IGNORE
    return str(alarm.given.get("TreatMissingData", verdict.MISSING))


def _judge(ctx: Context, alarm: Alarm) -> tuple[Verdict, Wire] | None:
    """None: nothing is said, as of percentiles of too few values."""
    given, end = alarm.given, _end(ctx, alarm)
    lines = _lines(ctx, alarm, end)
    band = given.get("ThresholdMetricId")
    watched = next(line for line in lines if line.id != band)
    if _warming_up(ctx, alarm, watched):
        return None
    if given.get("EvaluateLowSampleCountPercentile") == "ignore" and _too_few(given, watched):
        return None
    points = _points(given, watched, [line for line in lines if line.id == band], end)
    judged = _verdict(alarm, points)
    return judged, _reason_data(ctx, given, watched, judged, end)


def _lines(ctx: Context, alarm: Alarm, end: int) -> list[Found]:
    count = alarm.given["EvaluationPeriods"] + EXTRA
    return answer(ctx, sleeping.asked_of(ctx, alarm.given), Frame(end - count * period_of(alarm), end))


def _verdict(alarm: Alarm, points: list[Point]) -> Verdict:
    periods = alarm.given["EvaluationPeriods"]
    return verdict.judge(points, periods=periods, to_alarm=_to_alarm(alarm), missing=_treatment(alarm))


def _end(ctx: Context, alarm: Alarm) -> int:
    return int(wallclock.end_of_window(alarm.given, period_of(alarm), ctx.now))


def _warming_up(ctx: Context, alarm: Alarm, line: Found) -> bool:
    """For some time after it was made, an alarm waits: for that time, or for enough data to fill its window."""
    given = alarm.given.get("WarmUpConfiguration")
    if given is None or ctx.now >= alarm.created + given["WarmUpPeriodDurationInMinutes"] * 60:
        return False
    whole = given.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds", False)
    return bool(whole or len(line.values) < alarm.given["EvaluationPeriods"])


def _points(given: Wire, line: Found, band: list[Found], end: int) -> list[Point]:
    operator, threshold = given["ComparisonOperator"], given.get("Threshold")
    points = []
    for at, value in sorted(line.values.items(), reverse=True):
        limits = None
        if len(band) == 2 and at in band[0].values and at in band[1].values:
            limits = (min(one.values[at] for one in band), max(one.values[at] for one in band))
        breaching = verdict.breaches(operator, value, threshold, limits)
        points.append(Point((end - at) // line.period, at, value, breaching, limits))
    return points


def _too_few(given: Wire, line: Found) -> bool:
    """Fewer than 10 / (1 - percentile) values: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
    percentiles-with-low-samples.html"""
    share = (percentile_of(given["ExtendedStatistic"]) or 0.0) / 100
    tail = 1 - share if share >= 0.5 else share
    newest = sorted(line.samples.items(), reverse=True)[: given["EvaluationPeriods"]]
    return sum(sample.count for _, sample in newest) < (10 / tail if tail else math.inf)


def _reason_data(ctx: Context, given: Wire, line: Found, judged: Verdict, end: int) -> Wire:
    period, count = line.period, given["EvaluationPeriods"]
    known = {point.at: point for point in judged.evaluated}
    slots = sorted({*known, *(end - period * age for age in range(1, judged.filled + 1))}, reverse=True)[:count]
    evaluated: list[dict[str, Any]] = []
    for at in slots:
        point: dict[str, Any] = {"timestamp": messages.stamp(at)}
        if at in known:
            if sample := line.samples.get(at):
                point["sampleCount"] = sample.count
            point["value"] = known[at].value
        evaluated.append(point)
    data: Wire = {"version": "1.0", "queryDate": messages.stamp(ctx.now)}
    if known:
        data["startDate"] = messages.stamp(min(known))
    if "Unit" in given:
        data["unit"] = given["Unit"]
    if line.stat:
        data["statistic"] = line.stat
    data |= {"period": period, "recentDatapoints": [known[at].value for at in sorted(known)]}
    if "Threshold" in given:
        data["threshold"] = given["Threshold"]
    return data | {"evaluatedDatapoints": evaluated}
