"""Metric streams, as configurations: what they stream to, Amazon Data Firehose, is not here yet, so nothing flows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors, tagging
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Stream, streams

PAGE = 500
NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
ARN = re.compile(r"arn:[a-z-]+:(firehose|iam):[a-z0-9-]*:\d{12}:.+")
LISTED = ("FirehoseArn", "OutputFormat")


@cloudwatch.operation("PutMetricStream")
def put_metric_stream(
    ctx: Context,
    *,
    Name: str,
    FirehoseArn: str,
    RoleArn: str,
    OutputFormat: str,
    IncludeFilters: Sequence[Mapping[str, Any]] | None = None,
    ExcludeFilters: Sequence[Mapping[str, Any]] | None = None,
    Tags: Sequence[Mapping[str, str]] = (),
    StatisticsConfigurations: Sequence[Mapping[str, Any]] | None = None,
    IncludeLinkedAccountsMetrics: bool = False,
) -> dict[str, Any]:
    if not NAME.fullmatch(Name):
        raise invalid(f"The value {Name} for parameter Name is invalid.")
    if IncludeFilters and ExcludeFilters:
        raise errors.InvalidParameterCombination(
            reason="The parameters IncludeFilters and ExcludeFilters are mutually exclusive and you have specified "
            "both."
        )
    for name, arn, service in (("FirehoseArn", FirehoseArn, "firehose"), ("RoleArn", RoleArn, "iam")):
        found = ARN.fullmatch(arn)
        if found is None or found[1] != service:
            raise invalid(f"The value {arn} for parameter {name} is invalid.")
    given: dict[str, Any] = {"FirehoseArn": FirehoseArn, "RoleArn": RoleArn, "OutputFormat": OutputFormat}
    given["IncludeLinkedAccountsMetrics"] = IncludeLinkedAccountsMetrics
    lists = {
        "IncludeFilters": IncludeFilters,
        "ExcludeFilters": ExcludeFilters,
        "StatisticsConfigurations": StatisticsConfigurations,
    }
    given |= {name: list(value) for name, value in lists.items() if value}
    old = streams.get(ctx, Name)
    if old is None:
        if streams.count(ctx) >= ctx.quota("metric-streams"):
            raise errors.LimitExceededException(reason="The maximum number of metric streams was reached.")
        tagging.add(ctx, _arn(ctx, Name), Tags)
    created, running = (old.created, old.running) if old else (ctx.now, True)
    streams.put(ctx, Stream(name=Name, given=given, created=created, updated=ctx.now, running=running))
    return {"Arn": _arn(ctx, Name)}


@cloudwatch.operation("GetMetricStream")
def get_metric_stream(ctx: Context, *, Name: str) -> dict[str, Any]:
    if (stream := streams.get(ctx, Name)) is None:
        raise errors.ResourceNotFoundException(reason=f"Metric stream {Name} does not exist")
    return _describe(ctx, stream) | stream.given


@cloudwatch.operation("ListMetricStreams")
def list_metric_streams(ctx: Context, *, NextToken: str = "", MaxResults: int = PAGE) -> dict[str, Any]:
    found = streams.scan(ctx, after=page_after(ctx, NextToken))
    page, token = pages.cut(ctx, found, MaxResults, lambda stream: (stream.name,))
    entries = [_describe(ctx, one) | {name: one.given[name] for name in LISTED} for one in page]
    return {"Entries": entries} | ({"NextToken": token} if token else {})


@cloudwatch.operation("StartMetricStreams")
def start_metric_streams(ctx: Context, *, Names: Sequence[str]) -> dict[str, Any]:
    return _run(ctx, Names, True)


@cloudwatch.operation("StopMetricStreams")
def stop_metric_streams(ctx: Context, *, Names: Sequence[str]) -> dict[str, Any]:
    return _run(ctx, Names, False)


def _run(ctx: Context, names: Sequence[str], running: bool) -> dict[str, Any]:
    for name in names:
        if stream := streams.get(ctx, name):
            streams.put(ctx, replace(stream, running=running, updated=ctx.now))
    return {}


@cloudwatch.operation("DeleteMetricStream")
def delete_metric_stream(ctx: Context, *, Name: str) -> dict[str, Any]:
    if streams.delete(ctx, Name):
        ctx.tags.set(ctx, _arn(ctx, Name), {})
    return {}


def _describe(ctx: Context, stream: Stream) -> dict[str, Any]:
    return {
        "Arn": _arn(ctx, stream.name),
        "Name": stream.name,
        "State": "running" if stream.running else "stopped",
        "CreationDate": datetime.fromtimestamp(stream.created, UTC),
        "LastUpdateDate": datetime.fromtimestamp(stream.updated, UTC),
    }


def _arn(ctx: Context, name: str) -> str:
    return ctx.arn(f"metric-stream/{name}")
