"""GetMetricData."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors
from hodei.services.cloudwatch.data import connectors, labels, queries
from hodei.services.cloudwatch.data.answering import answer, answer_connected
from hodei.services.cloudwatch.data.get_statistics import check_range
from hodei.services.cloudwatch.data.queries import Found, Frame, bad
from hodei.services.cloudwatch.service import cloudwatch

MOST_QUERIES = 500
MOST_POINTS = 100_800


@cloudwatch.operation("GetMetricData")
def get_metric_data(
    ctx: Context,
    *,
    MetricDataQueries: Sequence[Mapping[str, Any]],
    StartTime: datetime,
    EndTime: datetime,
    NextToken: str = "",
    ScanBy: str = "TimestampDescending",
    MaxDatapoints: int | None = None,
    LabelOptions: Mapping[str, str] | None = None,
) -> dict[str, Any] | Coroutine[Any, Any, dict[str, Any]]:
    frame = Frame(StartTime.timestamp(), EndTime.timestamp())
    check_range(frame.start, frame.end)
    if not 1 <= len(MetricDataQueries) <= MOST_QUERIES:
        raise bad(f"The collection MetricDataQueries must have a size from 1 to {MOST_QUERIES}.")
    if MaxDatapoints is not None and not 1 <= MaxDatapoints <= MOST_POINTS:
        raise bad(f"The parameter MaxDatapoints must be from 1 to {MOST_POINTS}.")
    asked = queries.parse(ctx, MetricDataQueries)
    if not any(query.returned for query in asked):
        raise bad("At least one of the metric data queries must return data.")

    def told(found: Sequence[Found]) -> dict[str, Any]:
        _label(ctx, found, (LabelOptions or {}).get("Timezone"))
        return _page(ctx, found, ScanBy == "TimestampDescending", MaxDatapoints or MOST_POINTS, NextToken)

    async def later() -> dict[str, Any]:
        return told(await answer_connected(ctx, asked, frame))

    return later() if connectors.needed(asked) else told(answer(ctx, asked, frame))


def _label(ctx: Context, found: Sequence[Found], timezone: str | None) -> None:
    for line, default in zip(found, labels.defaults(found)):
        name = line.label or default
        line.label = labels.live(ctx, name, line, default, timezone) if "${" in name else name


def _page(ctx: Context, found: Sequence[Found], descending: bool, most: int, token: str) -> dict[str, Any]:
    """As many points as may be together, of one line after the other. A token tells how many came before."""
    skip = _skipped(ctx, token)
    results, room, seen = [], most, 0
    for line in found:
        points = sorted(line.values.items(), reverse=descending)
        start = max(skip - seen, 0)
        seen += len(points)
        if seen <= skip and (points or skip):
            continue
        if room <= 0 and points:
            break
        page = points[start : start + room]
        room -= len(page)
        results.append(_result(line, page, start + len(page) < len(points)))
    total, done = sum(len(line.values) for line in found), skip + most - room
    answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
    if done < total:
        answer["NextToken"] = ctx.token(ctx.operation, done)
    return answer


def _skipped(ctx: Context, token: str) -> int:
    if not token:
        return 0
    try:
        operation, done = ctx.read_token(token)
        if operation != ctx.operation:
            raise ValueError(token)
        return int(done)
    except ValueError:
        raise errors.InvalidNextToken() from None


def _result(line: Found, page: Sequence[tuple[int, float]], partial: bool) -> dict[str, Any]:
    result: dict[str, Any] = {
        "Id": line.id,
        "Label": line.label,
        "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in page],
        "Values": [value for _, value in page],
        "StatusCode": "PartialData" if partial else line.status,
    }
    if line.messages:
        result["Messages"] = [{"Code": code, "Value": value} for code, value in line.messages]
    if len(line.units) > 1:
        units = ", ".join(line.units)
        result["Messages"] = [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{units}]'"}]
    return result
