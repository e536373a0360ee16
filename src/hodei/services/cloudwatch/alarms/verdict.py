"""What an alarm makes of the datapoints of its evaluation range: a state, and in AWS's words why.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hodei.services.cloudwatch.state import ALARM, INSUFFICIENT, OK

MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"
EXTRA = 2  # periods before those to evaluate that are looked at: AWS's tables have 5 datapoints of 3 out of 3

WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
BANDS = {
    "LessThanLowerOrGreaterThanUpperThreshold": "less than the lower thresholds [{low}] or greater than the upper "
    "thresholds [{high}]",
    "LessThanLowerThreshold": "less than the lower thresholds [{low}]",
    "GreaterThanUpperThreshold": "greater than the upper thresholds [{high}]",
}


@dataclass(frozen=True)
class Point:
    """A datapoint: how old, in periods (1: the newest), and whether it breaches. `band` are the thresholds it has."""

    age: int
    at: int
    value: float
    breaching: bool
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Verdict:
    """`state` None: the present one is kept. `evaluated` are the datapoints that counted, the newest first."""

    state: str | None
    evaluated: tuple[Point, ...]
    filled: int  # missing datapoints that counted


def judge(points: Sequence[Point], *, periods: int, to_alarm: int, missing: str) -> Verdict:
    """`points` are the existing ones of the evaluation range, the newest first."""
    evaluated = tuple(points[:periods])
    breaching = sum(point.breaching for point in evaluated)
    filled = periods - len(evaluated)
    if not filled or breaching >= to_alarm:
        return Verdict(ALARM if breaching >= to_alarm else OK, evaluated, filled)
    if missing in (BREACHING, NOT_BREACHING):
        bad = breaching + (filled if missing == BREACHING else 0)
        return Verdict(ALARM if bad >= to_alarm else OK, evaluated, filled)
    if not evaluated:
        return Verdict(INSUFFICIENT if missing == MISSING else None, evaluated, filled)
    if breaching < len(evaluated):
        return Verdict(OK, evaluated, filled)
    if missing == IGNORE:
        return Verdict(None, evaluated, filled)
    # "if the oldest breaching data point ... is at least as old as Datapoints to Alarm, and all of the more recent data
    # points are breaching or missing, the alarm goes into ALARM"
    return Verdict(ALARM if evaluated[-1].age >= to_alarm else INSUFFICIENT, evaluated, filled)


def explain(
    verdict: Verdict, operator: str, threshold: float | None, *, periods: int, to_alarm: int, missing: str
) -> str:
    """The StateReason of a verdict that has a state."""
    if verdict.state == INSUFFICIENT:
        return f"Insufficient Data: {_count(periods, 'datapoint')} {_were(periods)} unknown."
    if not verdict.evaluated:
        treated = "Breaching" if missing == BREACHING else "NonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {_count(periods, 'period')} and "
            f"{_count(verdict.filled, 'missing datapoint')} {_were(verdict.filled)} treated as [{treated}]."
        )
    alarmed = verdict.state == ALARM
    named = [point for point in verdict.evaluated if point.breaching == alarmed] or list(verdict.evaluated)
    listed = ", ".join(f"{point.value} ({_date(point.at)})" for point in named)
    limit = _limit(named, operator, threshold)
    count, needed = len(named), to_alarm if alarmed else periods - to_alarm + 1
    change = "OK -> ALARM" if alarmed else "ALARM -> OK"
    return (
        f"Threshold Crossed: {count} out of the last {len(verdict.evaluated)} datapoints [{listed}] "
        f"{_were(count)} {'' if alarmed else 'not '}{limit} (minimum {_count(needed, 'datapoint')} for {change} "
        "transition)."
    )


def explain_briefly(verdict: Verdict, operator: str, threshold: float | None) -> str:
    """The StateReason of one of several time series: by the newest of the datapoints that made it."""
    alarmed = verdict.state == ALARM
    named = [point for point in verdict.evaluated if point.breaching == alarmed] or list(verdict.evaluated)
    count, newest = len(named), named[0]
    return (
        f"Threshold Crossed: {_count(count, 'datapoint')} {_were(count)} {'' if alarmed else 'not '}"
        f"{_limit(named, operator, threshold)}. The most recent {'datapoint' if count == 1 else 'datapoints'} which "
        f"crossed the threshold: [{newest.value} ({_date(newest.at)})]."
    )


def _limit(points: Sequence[Point], operator: str, threshold: float | None) -> str:
    if operator in WORDS:
        return f"{WORDS[operator]} the threshold ({threshold})"
    bands = [point.band for point in points if point.band]
    return BANDS[operator].format(
        low=", ".join(str(low) for low, _ in bands), high=", ".join(str(high) for _, high in bands)
    )


def breaches(operator: str, value: float, threshold: float | None, band: tuple[float, float] | None) -> bool:
    """`band` are the lower and the upper threshold of anomaly detection, which nothing breaches where there is none."""
    if operator in COMPARE:
        return threshold is not None and COMPARE[operator](value, threshold)
    if band is None:
        return False
    below, above = value < band[0], value > band[1]
    if operator == "LessThanLowerThreshold":
        return below
    return above if operator == "GreaterThanUpperThreshold" else below or above


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")
