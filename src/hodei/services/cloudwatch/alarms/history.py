"""What has happened to alarms, kept for 30 days, and DescribeAlarmHistory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Alarm, Contributor, HistoryItem, history

KEPT = 30 * 86400.0
PAGE = 100


def add(
    ctx: Context, alarm: Alarm, type: str, summary: str, data: dict[str, Any], contributor: Contributor | None = None
) -> None:
    last = next(history.keys(ctx, alarm.name, reverse=True), None)
    for old in list(islice(history.by("time", ctx, end=(ctx.now - KEPT,)), 10)):
        history.delete(ctx, old.alarm, old.number)
    history.put(
        ctx,
        HistoryItem(
            alarm=alarm.name,
            number=last[1] + 1 if last else 0,
            at=ctx.now,
            type=type,
            summary=summary,
            data=json.dumps({"version": "1.0"} | data, separators=(",", ":")),
            composite=alarm.composite,
            contributor=contributor.id if contributor else None,
            attributes=contributor.attributes if contributor else {},
        ),
    )


@cloudwatch.operation("DescribeAlarmHistory")
def describe_alarm_history(
    ctx: Context,
    *,
    AlarmName: str | None = None,
    AlarmContributorId: str | None = None,
    AlarmTypes: Sequence[str] = (),
    HistoryItemType: str | None = None,
    StartDate: datetime | None = None,
    EndDate: datetime | None = None,
    MaxRecords: int = PAGE,
    NextToken: str = "",
    ScanBy: str = "TimestampDescending",
) -> dict[str, Any]:
    start = max(ctx.now - KEPT, StartDate.timestamp() if StartDate else 0.0)
    end = EndDate.timestamp() if EndDate else float("inf")
    types = AlarmTypes or ("MetricAlarm", "CompositeAlarm")
    found = (
        item
        for item in _items(ctx, AlarmName, page_after(ctx, NextToken), ScanBy == "TimestampDescending")
        if start <= item.at <= end
        and HistoryItemType in (None, item.type)
        and AlarmContributorId in (None, item.contributor)
        and _type(item) in types
    )
    page, token = pages.cut(ctx, found, MaxRecords, lambda item: (item.at, item.alarm, item.number))
    answer: dict[str, Any] = {"AlarmHistoryItems": [_describe(item) for item in page]}
    return answer | ({"NextToken": token} if token else {})


def _items(ctx: Context, name: str | None, after: tuple[Any, ...] | None, newest: bool) -> Iterator[HistoryItem]:
    if name is None:
        return history.by("time", ctx, after=after, reverse=newest)
    return history.scan(ctx, name, after=after[2:] if after else None, reverse=newest)


def _type(item: HistoryItem) -> str:
    return "CompositeAlarm" if item.composite else "MetricAlarm"


def _describe(item: HistoryItem) -> dict[str, Any]:
    described = {
        "AlarmName": item.alarm,
        "AlarmType": _type(item),
        "Timestamp": datetime.fromtimestamp(item.at, UTC),
        "HistoryItemType": item.type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
    if item.contributor is not None:
        described |= {"AlarmContributorId": item.contributor, "AlarmContributorAttributes": item.attributes}
    return described
