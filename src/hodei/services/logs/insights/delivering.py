"""Results of scheduled queries on their way: to a bucket as JSON, and to a lookup table; as the roles for that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context, service_principal
from hodei.kernel.deliver import insist
from hodei.kernel.errors import AwsError
from hodei.services.logs.memory import memory
from hodei.services.logs.service import logs
from hodei.services.logs.state import QueryRun, Trigger, Wire, lookup_tables, queries, results, triggers

TIMER = "deliver-results"
AGAIN = 3600.0  # seconds after which a delivery is taken for cut off
SESSION = "CWLogs"


def waiting(given: Mapping[str, Any]) -> list[Wire]:
    """The destinations of a run that begins, as GetScheduledQueryHistory has them."""
    found = []
    if s3 := given.get("s3Configuration"):
        found.append({"destinationType": "S3", "destinationIdentifier": s3["destinationIdentifier"]})
    if table := given.get("lookupTableConfiguration"):
        found.append({"destinationType": "LOOKUP_TABLE", "destinationIdentifier": table["tableName"]})
    return [{**one, "status": "IN_PROGRESS"} for one in found]


@logs.timer(TIMER)
def begin(ctx: Context, id: str) -> None:
    """The timer is set again for the case that nothing comes of it: the process may be killed meanwhile."""
    run = queries.get(ctx, id)
    if run and f"{TIMER} {id}" not in memory(ctx).running:
        ctx.timers.set(ctx, TIMER, ctx.now + AGAIN, id)
        memory(ctx).running.add(f"{TIMER} {id}")
        ctx.timers.spawn(_deliver(ctx, run))


async def _deliver(ctx: Context, run: QueryRun) -> None:
    try:
        trigger = _trigger(ctx, run)
        for number, one in enumerate(trigger.destinations if trigger else ()):
            if one["status"] != "IN_PROGRESS":
                continue
            done = await _delivered(ctx, run, one)
            if trigger := _trigger(ctx, run):
                others = trigger.destinations
                triggers.put(ctx, replace(trigger, destinations=[*others[:number], done, *others[number + 1 :]]))
    finally:
        memory(ctx).running.discard(f"{TIMER} {run.id}")
        ctx.timers.cancel(ctx, TIMER, run.id)


def _trigger(ctx: Context, run: QueryRun) -> Trigger | None:
    """The run of the scheduled query, which may be deleted."""
    return next((one for one in triggers.scan(ctx, run.scheduled, reverse=True) if one.query == run.id), None)


async def _delivered(ctx: Context, run: QueryRun, one: Wire) -> Wire:
    """A destination, with what has come of it."""
    send = _to_bucket if one["destinationType"] == "S3" else _to_table
    try:
        return {**one, "status": "COMPLETE", "processedIdentifier": await send(ctx, run)}
    except AwsError as error:
        status = "FAILED" if (error.status or 400) >= 500 else "CLIENT_ERROR"
        return {**one, "status": status, "errorMessage": error.message}


def _as(ctx: Context, run: QueryRun, role: str) -> Context:
    """Raises: AccessDenied."""
    from hodei.services.sts.api import become

    arn = ctx.arn(f"scheduled-query:{run.scheduled}")
    return ctx.by(become(ctx, role, SESSION, service_principal("logs.amazonaws.com", ctx.account, arn)))


async def _to_bucket(ctx: Context, run: QueryRun) -> str:
    """Put an object with what GetQueryResults says; returns its URI."""
    given = run.destinations["s3Configuration"]
    bucket, _, prefix = given["destinationIdentifier"].removeprefix("s3://").partition("/")
    key = f"{prefix.rstrip('/')}/{run.id}.json".lstrip("/")
    more = {"ExpectedBucketOwner": given["ownerAccountId"]} if "ownerAccountId" in given else {}
    if "kmsKeyId" in given:
        more |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": given["kmsKeyId"]}
    body = await ctx.offload(_json, run, _rows(ctx, run))
    there = _as(ctx, run, given["roleArn"])
    await insist(there, "s3", "PutObject", Bucket=bucket, Key=key, Body=body, ContentType="application/json", **more)
    return f"s3://{bucket}/{key}"


def _rows(ctx: Context, run: QueryRun) -> list[list[tuple[str, str]]]:
    found = results.get(ctx, run.id)
    return found.rows if found else []


def _json(run: QueryRun, rows: list[list[tuple[str, str]]]) -> bytes:
    shown = [[{"field": name, "value": value} for name, value in row] for row in rows]
    return json.dumps(
        {"queryLanguage": "CWLI", "results": shown, "statistics": run.statistics, "status": run.status}
    ).encode()


async def _to_table(ctx: Context, run: QueryRun) -> str:
    """Make a lookup table of the results, or give it them; returns its ARN."""
    given = run.destinations["lookupTableConfiguration"]
    there, name = _as(ctx, run, given["roleArn"]), given["tableName"]
    more = {name: given[name] for name in ("description", "kmsKeyId") if name in given}
    if old := lookup_tables.get(ctx, name):
        arn = old.arn(ctx)
        await insist(there, "logs", "UpdateLookupTable", lookupTableArn=arn, queryId=run.id, **more)
        return arn
    more |= {"tags": given["tags"]} if "tags" in given else {}
    made = await insist(there, "logs", "CreateLookupTable", lookupTableName=name, queryId=run.id, **more)
    return str(made["lookupTableArn"])
