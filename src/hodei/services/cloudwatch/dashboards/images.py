"""GetMetricWidgetImage: a PNG of a graph, drawn by matplotlib (the extra `charts`) in a thread."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.cloudwatch.data import labels, queries
from hodei.services.cloudwatch.data.answering import answer
from hodei.services.cloudwatch.data.queries import Frame, bad
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import alarms

AGO = re.compile(r"-P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?)?")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
HOURS = 3
DOTS = 100  # an inch
SMALLEST, LARGEST = 25, 2000
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
ALARMING = "#d62728"
Wire = Mapping[str, Any]


@dataclass(frozen=True)
class Curve:
    label: str
    colour: str
    times: list[datetime]
    values: list[float]
    right: bool  # on the right axis


@dataclass(frozen=True)
class Picture:
    """All that there is to draw, as a thread may have it."""

    width: int
    height: int
    title: str
    start: datetime
    end: datetime
    curves: list[Curve]
    levels: list[tuple[float, str, str]]  # values of horizontal annotations, their labels and colours
    axes: dict[str, tuple[float | None, float | None, str]]  # side -> lowest, highest, label
    stacked: bool


@cloudwatch.operation("GetMetricWidgetImage")
async def get_metric_widget_image(ctx: Context, *, MetricWidget: str, OutputFormat: str = "png") -> dict[str, Any]:
    if OutputFormat != "png":
        raise NotImplementedByHodei("OutputFormat other than png is not implemented by Hodei.")
    picture = _picture(ctx, _read(MetricWidget))
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise NotImplementedByHodei(
            "GetMetricWidgetImage draws with matplotlib, which is not installed: pip install 'hodei[charts]'."
        ) from None
    return {"MetricWidgetImage": await ctx.offload(draw, picture)}


def _read(text: str) -> Wire:
    try:
        widget = json.loads(text)
    except (ValueError, RecursionError):
        raise bad("MetricWidget must be a valid JSON object.") from None
    if not isinstance(widget, dict):
        raise bad("MetricWidget must be a valid JSON object.")
    return widget


def _picture(ctx: Context, widget: Wire) -> Picture:
    width, height = (_size(widget, name, usual) for name, usual in (("width", 600), ("height", 400)))
    frame = Frame(
        _moment(ctx, widget.get("start", f"-PT{HOURS}H"), "start"), _moment(ctx, widget.get("end", "-PT0H"), "end")
    )
    if frame.start >= frame.end:
        raise bad("The start of the widget must be before its end.")
    wanted, options = _queries(widget)
    asked = queries.parse(ctx, wanted, "metrics")
    found = answer(ctx, asked, frame)
    curves = []
    for number, (line, default) in enumerate(zip(found, labels.defaults(found))):
        option = options.get(line.id, {})
        name = line.label or default
        times = [datetime.fromtimestamp(at, UTC) for at in line.values]
        colour = _colour(option, COLOURS[number % len(COLOURS)])
        label = labels.live(ctx, name, line, default)
        curves.append(Curve(label, colour, times, list(line.values.values()), option.get("yAxis") == "right"))
    return Picture(
        width=width,
        height=height,
        title=str(widget.get("title", "")),
        start=datetime.fromtimestamp(frame.start, UTC),
        end=datetime.fromtimestamp(frame.end, UTC),
        curves=curves,
        levels=_levels(ctx, widget),
        axes={side: _axis(widget, side) for side in ("left", "right")},
        stacked=bool(widget.get("stacked", False)),
    )


def _size(widget: Wire, name: str, usual: int) -> int:
    value = widget.get(name, usual)
    if not isinstance(value, int) or not SMALLEST <= value <= LARGEST:
        raise bad(f"The {name} of the widget must be from {SMALLEST} to {LARGEST}.")
    return value


def _moment(ctx: Context, text: Any, name: str) -> float:
    """Of a time, or of a duration that is subtracted from now."""
    if isinstance(text, str) and (found := AGO.fullmatch(text)):
        weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
        return ctx.now - (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise bad(f"The {name} of the widget must be a time or a duration as -PT3H.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _queries(widget: Wire) -> tuple[list[Wire], dict[str, Wire]]:
    """The metrics of a widget as queries, and their rendering options. "..." stands for what the one before has, "."
    for one part of it."""
    wanted: list[Wire] = []
    options: dict[str, Wire] = {}
    before: list[str] = []
    for number, given in enumerate(_list(widget, "metrics")):
        if not isinstance(given, list) or not given:
            raise bad(f"The metric {number} of the widget must be an array.")
        option = given[-1] if isinstance(given[-1], dict) else {}
        parts = _written_out(given[:-1] if isinstance(given[-1], dict) else given, before)
        id = str(option.get("id", f"m{number + 1}"))
        options[id] = option
        query: dict[str, Any] = {"Id": id, "ReturnData": option.get("visible", True)}
        if "label" in option:
            query["Label"] = str(option["label"])
        period = option.get("period", widget.get("period", 300))
        if not isinstance(period, int):
            raise bad(f"The period of the metric {number} of the widget must be a number of seconds.")
        if "expression" in option:
            wanted.append(query | {"Expression": str(option["expression"]), "Period": period})
            continue
        if len(parts) < 2 or len(parts) % 2:
            raise bad(f"The metric {number} of the widget must be a namespace, a name, and pairs of dimensions.")
        before = parts
        dimensions = [{"Name": name, "Value": value} for name, value in zip(parts[2::2], parts[3::2])]
        metric = {"Namespace": parts[0], "MetricName": parts[1], "Dimensions": dimensions}
        stat = str(option.get("stat", widget.get("stat", "Average")))
        wanted.append(query | {"MetricStat": {"Metric": metric, "Period": period, "Stat": stat}})
    return wanted, options


def _written_out(given: Sequence[Any], before: Sequence[str]) -> list[str]:
    if given and given[0] == "...":
        rest = list(map(str, given[1:]))
        return [*before[: len(before) - len(rest)], *rest]
    return [before[at] if part == "." and at < len(before) else str(part) for at, part in enumerate(given)]


def _levels(ctx: Context, widget: Wire) -> list[tuple[float, str, str]]:
    annotations = _part(widget, "annotations")
    given = [level for one in _list(annotations, "horizontal") for level in (one if isinstance(one, list) else [one])]
    found = [
        (float(level["value"]), str(level.get("label", "")), _colour(level, ALARMING))
        for level in given
        if isinstance(level, dict) and isinstance(level.get("value"), (int, float))
    ]
    for arn in _list(annotations, "alarms"):
        alarm = alarms.get(ctx, str(arn).rpartition(":alarm:")[2])
        if alarm and "Threshold" in alarm.given:
            found.append((float(alarm.given["Threshold"]), alarm.name, ALARMING))
    return found


def _axis(widget: Wire, side: str) -> tuple[float | None, float | None, str]:
    axis = _part(_part(widget, "yAxis"), side)
    low, high = (float(axis[end]) if isinstance(axis.get(end), (int, float)) else None for end in ("min", "max"))
    return low, high, str(axis.get("label", ""))


def _part(whole: Wire, name: str) -> Wire:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _list(whole: Wire, name: str) -> list[Any]:
    part = whole.get(name)
    return part if isinstance(part, list) else []


def _colour(option: Wire, usual: str) -> str:
    colour = option.get("color")
    return colour if isinstance(colour, str) and COLOUR.fullmatch(colour) else usual


def draw(picture: Picture) -> bytes:
    """The PNG. Nothing of matplotlib's global state is used: threads may draw at once."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(picture.width / DOTS, picture.height / DOTS), dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    left = figure.add_subplot()
    right = left.twinx() if any(curve.right for curve in picture.curves) else left
    _draw_curves(picture, left, right)
    for value, label, colour in picture.levels:
        left.axhline(value, color=colour, linestyle="--", linewidth=1, label=label or None)
    for axis, side in ((right, "right"), (left, "left")):
        low, high, label = picture.axes[side]
        axis.set_ylim(bottom=low, top=high)
        axis.set_ylabel(label)
    _draw_times(picture, left)
    left.grid(True, alpha=0.3)
    left.set_title(picture.title)
    if picture.curves:
        figure.legend(loc="outside lower center", ncols=3, fontsize="small", frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def _draw_curves(picture: Picture, left: Any, right: Any) -> None:
    below: dict[datetime, float] = {}
    for curve in picture.curves:
        axis = right if curve.right else left
        if picture.stacked:
            base = [below.get(at, 0.0) for at in curve.times]
            tops = [low + value for low, value in zip(base, curve.values)]
            axis.fill_between(curve.times, base, tops, color=curve.colour, alpha=0.5, label=curve.label)
            below |= dict(zip(curve.times, tops))
        else:
            marker = "o" if len(curve.times) == 1 else ""
            axis.plot(curve.times, curve.values, color=curve.colour, label=curve.label, marker=marker, linewidth=1.5)


def _draw_times(picture: Picture, axis: Any) -> None:
    from matplotlib import dates

    locate: Any = dates.AutoDateLocator
    write: Any = dates.ConciseDateFormatter
    locator = locate()
    axis.set_xlim(picture.start, picture.end)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(write(locator))
