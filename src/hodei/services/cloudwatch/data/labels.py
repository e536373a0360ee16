"""Labels: what lines are called that nobody has named, and the values that labels can show.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from hodei.kernel.context import Context
from hodei.services.cloudwatch.data.queries import Found
from hodei.services.cloudwatch.data.reading import Line

LIVE = re.compile(r"\$\{\s*(?:PROP\(\s*'([^']+)'\s*\)|([A-Z_]+))\s*\}")
OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")
MOST = 6  # live values that a label may have


def defaults(lines: Sequence[Found]) -> list[str]:
    """What tells each line from the others: "metric1 Sum 60"."""
    metrics = [line for line in lines if line.metric]
    several = {
        "namespace": len({line.metric.namespace for line in metrics if line.metric}) > 1,
        "name": len({line.metric.name for line in metrics if line.metric}) > 1,
        "stat": len({line.stat for line in metrics}) > 1,
        "period": len({line.period for line in metrics}) > 1,
    }
    differing = _differing([line.dimensions for line in metrics])
    return [_default(line, several, differing) for line in lines]


def _default(line: Found, several: dict[str, bool], differing: set[str]) -> str:
    if line.metric is None:
        return line.id
    parts = [line.metric.namespace] if several["namespace"] else []
    parts += [value for name, value in line.dimensions.items() if name in differing]
    if several["name"] or not parts:
        parts.append(line.metric.name)
    if several["stat"]:
        parts.append(line.stat)
    if several["period"]:
        parts.append(str(line.period))
    return " ".join(parts)


def _differing(dimensions: Sequence[dict[str, str]]) -> set[str]:
    names = {name for one in dimensions for name in one}
    return {name for name in names if len({one.get(name) for one in dimensions}) > 1}


def live(ctx: Context, label: str, line: Found, default: str, timezone: str | None = None) -> str:
    """The label with its live values. What is no live value stays as it is; so does all after the sixth."""
    zone = _zone(timezone)

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return _property(ctx, found[1], line) or found[0]
        if found[2] == "LABEL":
            return default
        function = _VALUES.get(found[2])
        return function(line.values, ctx.now, zone) if function and line.values else "" if function else found[0]

    return LIVE.sub(value, label, count=MOST)


def _zone(offset: str | None) -> timezone:
    found = OFFSET.fullmatch(offset or "+0000")
    if found is None:
        return UTC
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def _property(ctx: Context, name: str, line: Found) -> str | None:
    if name.startswith("Dim."):
        return line.dimensions.get(name.removeprefix("Dim."))
    known = {"AccountId": ctx.account, "AccountLabel": ctx.account, "Region": ctx.region, "Period": str(line.period)}
    if line.metric:
        known |= {"MetricName": line.metric.name, "Namespace": line.metric.namespace, "Stat": line.stat}
    return known.get(name)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _time(at: float, zone: timezone) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def _span(seconds: float) -> str:
    """1d2h3m"""
    left, parts = int(abs(seconds)), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if count := left // size:
            parts.append(f"{count}{unit}")
        left %= size
    return "".join(parts) or "0s"


def _first(line: Line) -> int:
    return next(iter(line))


def _last(line: Line) -> int:
    return next(reversed(line))


def _lowest(line: Line) -> int:
    return min(line, key=line.__getitem__)


def _highest(line: Line) -> int:
    return max(line, key=line.__getitem__)


_VALUES: dict[str, Callable[[Line, float, timezone], str]] = {
    "AVG": lambda line, now, zone: _number(sum(line.values()) / len(line)),
    "SUM": lambda line, now, zone: _number(sum(line.values())),
    "DATAPOINT_COUNT": lambda line, now, zone: str(len(line)),
    "FIRST_LAST_RANGE": lambda line, now, zone: _number(line[_last(line)] - line[_first(line)]),
    "FIRST_LAST_TIME_RANGE": lambda line, now, zone: _span(_last(line) - _first(line)),
    "MIN_MAX_RANGE": lambda line, now, zone: _number(line[_highest(line)] - line[_lowest(line)]),
    "MIN_MAX_TIME_RANGE": lambda line, now, zone: _span(_highest(line) - _lowest(line)),
}
for _name, _which in (("FIRST", _first), ("LAST", _last), ("MIN", _lowest), ("MAX", _highest)):
    _VALUES[_name] = lambda line, now, zone, which=_which: _number(line[which(line)])  # type: ignore[misc]
    _VALUES[f"{_name}_TIME"] = lambda line, now, zone, which=_which: _time(which(line), zone)  # type: ignore[misc]
    _VALUES[f"{_name}_TIME_RELATIVE"] = lambda line, now, zone, which=_which: _span(now - which(line))  # type: ignore[misc]
