"""Queries: started, stopped, listed; their results; single events by pointer; the fields of groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from msgspec.structs import replace

from hodei.engines.insights import text
from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.logs import errors, pages
from hodei.services.logs.events import chunks
from hodei.services.logs.find import group_named, group_of
from hodei.services.logs.insights import running, selection
from hodei.services.logs.insights.source import fields_of
from hodei.services.logs.protection import policies
from hodei.services.logs.service import logs
from hodei.services.logs.state import QueryRun, Wire, groups, queries, results, streams

NOTHING: Sequence[str] = ()
MOST_LISTED = 1000
KEPT = 7 * 86400.0  # seconds for which results are there
FORGET = "forget-query"
MOST_SAMPLED = 10_000  # events of which GetLogGroupFields looks at the fields
AROUND_MS = 8 * 60_000
RECENT_MS = 15 * 60_000


@logs.operation("StartQuery")
def start_query(
    ctx: Context,
    *,
    startTime: int,
    endTime: int,
    queryString: str,
    logGroupName: str = "",
    logGroupNames: Sequence[str] = NOTHING,
    logGroupIdentifiers: Sequence[str] = NOTHING,
    limit: int = running.MOST_RESULTS,
    queryLanguage: str = "CWLI",
) -> dict[str, Any]:
    """Both times are inclusive, in seconds (or milliseconds, as AWS takes them too)."""
    if queryLanguage != "CWLI":
        raise NotImplementedByHodei(f"Queries in {queryLanguage} are not implemented by Hodei.")
    query = running.compiled(queryString, limit)
    names = selection.told(ctx, logGroupName, logGroupNames, logGroupIdentifiers, query)
    nested = selection.within(ctx, query, names)
    running.check_tables(ctx, query)
    start, end = _seconds(startTime), _seconds(endTime)
    if start > end:
        raise errors.MalformedQueryException(reason="Query's end date and time is before its start date and time.")
    if query.unmasked:
        for name in names:
            policies.for_reader(ctx, group_named(ctx, name), unmask=True)  # whether the caller may
    active = sum(one.status in ("Scheduled", "Running") for one in queries.scan(ctx))
    if active >= ctx.quota("queries"):
        raise errors.LimitExceededException()
    run = QueryRun(
        id=ctx.ids.uuid(),
        query=queryString,
        groups=names,
        start=start,
        end=end,
        limit=limit,
        created=ctx.now,
        selected=query.source is not None,
        nested=nested,
    )
    queries.put(ctx, run)
    ctx.timers.set(ctx, running.TIMER, ctx.now, run.id)
    ctx.timers.set(ctx, FORGET, ctx.now + KEPT, run.id)
    return {"queryId": run.id}


def _seconds(time: int) -> int:
    return time // 1000 if time > 1 << 35 else time


@logs.timer(FORGET)
def forget(ctx: Context, id: str) -> None:
    queries.delete(ctx, id)
    results.delete(ctx, id)


@logs.operation("GetQueryResults")
def get_query_results(ctx: Context, *, queryId: str, nextToken: str = "", maxItems: int = 10_000) -> dict[str, Any]:
    run = _named(ctx, queryId)
    found = results.get(ctx, queryId)
    after = pages.after(ctx, nextToken)
    first = after[0] if after else 0
    rows = found.rows if found else []
    answer: Wire = {
        "queryLanguage": "CWLI",
        "results": [[{"field": name, "value": value} for name, value in row] for row in rows[first : first + maxItems]],
        "statistics": run.statistics,
        "status": run.status,
    }
    if first + maxItems < len(rows):
        answer["nextToken"] = ctx.token(ctx.operation, first + maxItems)
    return answer


def _named(ctx: Context, id: str) -> QueryRun:
    if (run := queries.get(ctx, id)) is None:
        raise errors.ResourceNotFoundException(reason=f"Query [{id}] does not exist.")
    return run


@logs.operation("StopQuery")
def stop_query(ctx: Context, *, queryId: str) -> dict[str, Any]:
    run = _named(ctx, queryId)
    if run.status not in ("Scheduled", "Running"):
        raise errors.InvalidParameterException(reason="The query has ended already.")
    queries.put(ctx, replace(run, status="Cancelled"))
    return {"success": True}


@logs.operation("DescribeQueries")
def describe_queries(
    ctx: Context,
    *,
    logGroupName: str = "",
    status: str = "",
    maxResults: int = MOST_LISTED,
    nextToken: str = "",
    queryLanguage: str = "CWLI",
) -> dict[str, Any]:
    """The newest first."""
    after = pages.after(ctx, nextToken)
    every = sorted(queries.scan(ctx), key=lambda one: (-one.created, one.id))
    wanted = (
        one
        for one in every
        if (after is None or (-one.created, one.id) > after)
        and (not status or one.status == status)
        and (not logGroupName or logGroupName in one.groups)
        and queryLanguage == "CWLI"
    )
    page, rest = pages.cut(ctx, wanted, maxResults, lambda one: (-one.created, one.id))
    return {"queries": [_view(one) for one in page], **rest}


def _view(one: QueryRun) -> Wire:
    sources = " ".join(f'SOURCE "{name}"' for name in one.groups)
    answer: Wire = {
        "queryLanguage": "CWLI",
        "queryId": one.id,
        "queryString": one.query if one.selected else f"{sources} START={one.start}000 END={one.end}999 | {one.query}",
        "status": one.status,
        "createTime": int(one.created * 1000),
    }
    return answer | ({"logGroupName": one.groups[0]} if len(one.groups) == 1 else {})


@logs.operation("ListLogGroupsForQuery")
def list_log_groups_for_query(
    ctx: Context, *, queryId: str, nextToken: str = "", maxResults: int = 500
) -> dict[str, Any]:
    run, after = _named(ctx, queryId), pages.after(ctx, nextToken)
    names = [name for name in sorted(run.groups) if after is None or name > after[0]]
    page, rest = pages.cut(ctx, names, maxResults, lambda name: (name,))
    return {"logGroupIdentifiers": page, **rest}


@logs.operation("GetLogRecord")
def get_log_record(ctx: Context, *, logRecordPointer: str, unmask: bool = False) -> dict[str, Any]:
    """All fields of one event, by the @ptr of a query's result."""
    name, _, id = logRecordPointer.rpartition(":")
    group = groups.get(ctx, name)
    if group is None or len(id) != chunks.ID_DIGITS or not id.isdigit():
        raise errors.InvalidParameterException(reason="The specified logRecordPointer is invalid.")
    place = chunks.place_of(id)
    stream = next((one for one in streams.scan(ctx, group.id) if int(one.id, 16) == place[1]), None)
    at = place[0]
    if stream and at >= chunks.horizon(ctx, group):
        mask = policies.for_reader(ctx, group, unmask=unmask)
        for event in chunks.ordered(ctx, group, chunks.spans(ctx, group, stream, at, at), at, at, mask=mask):
            if event.place == place:
                record = {
                    "@timestamp": str(at),
                    "@message": event.message,
                    "@logStream": stream.name,
                    "@log": f"{ctx.account}:{name}",
                    "@ingestionTime": str(event.ingested),
                    "@ptr": logRecordPointer,
                }
                return {"logRecord": record | {key: text(value) for key, value in fields_of(event.message).items()}}
    raise errors.ResourceNotFoundException(reason="The specified log record does not exist.")


@logs.operation("GetLogGroupFields")
async def get_log_group_fields(
    ctx: Context, *, logGroupName: str = "", logGroupIdentifier: str = "", time: int = 0
) -> dict[str, Any]:
    """Of the events of 8 minutes around a time (in seconds), or of the last 15 minutes."""
    group = group_of(ctx, logGroupName, logGroupIdentifier)
    now = int(ctx.now * 1000)
    at = _seconds(time) * 1000
    start, end = (at - AROUND_MS, at + AROUND_MS) if time else (now - RECENT_MS, now)
    start = max(start, chunks.horizon(ctx, group))
    newest = chunks.ordered(ctx, group, chunks.spans(ctx, group, None, start, end), start, end, reverse=True)
    messages = [event.message for event in islice(newest, MOST_SAMPLED)]
    counts, total = await ctx.offload(_counted, messages), len(messages)
    counts.update(dict.fromkeys(("@timestamp", "@message", "@logStream", "@log", "@ingestionTime"), total))
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if total else []
    return {"logGroupFields": [{"name": name, "percent": 100 * count // total} for name, count in ranked]}


def _counted(messages: list[str]) -> Counter[str]:
    """How many messages have each field."""
    return Counter(name for message in messages for name in fields_of(message))
