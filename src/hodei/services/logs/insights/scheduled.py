"""Scheduled queries: run as a role, at the times of a cron expression; their results are those of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.logs import errors, pages, tagging
from hodei.services.logs.find import check_role, group_named, name_of
from hodei.services.logs.insights import delivering, running
from hodei.services.logs.insights import queries as asking
from hodei.services.logs.insights.schedules import next_time
from hodei.services.logs.service import logs
from hodei.services.logs.state import ScheduledQuery, Trigger, Wire, queries, scheduled_queries, triggers

TIMER = "scheduled-query"
SESSION = "CWLogs"
MOST_LISTED = 1000
NOTHING: Sequence[str] = ()
NO_TAGS: Mapping[str, str] = {}
STATUSES = {"Scheduled": "Running", "Cancelled": "Failed", "Unknown": "Failed"}  # of queries, where these differ


class Given(TypedDict, total=False):
    """What is said of a scheduled query, new or changed."""

    description: str
    queryLanguage: str
    queryString: str
    logGroupIdentifiers: Sequence[str]
    scheduleExpression: str
    timezone: str
    startTimeOffset: int
    endTimeOffset: int
    scheduleStartTime: int
    scheduleEndTime: int
    executionRoleArn: str
    state: str
    destinationConfiguration: Mapping[str, Any]


@logs.operation("CreateScheduledQuery")
def create_scheduled_query(
    ctx: Context, *, name: str, tags: Mapping[str, str] = NO_TAGS, **given: Unpack[Given]
) -> dict[str, Any]:
    if next(scheduled_queries.by("names", ctx, name), None):
        raise errors.ConflictException(reason=f"A scheduled query with the name {name} already exists.")
    new = ScheduledQuery(id=ctx.ids.uuid(), name=name, created=ctx.now, updated=ctx.now)
    one = _made(ctx, new, given)
    ctx.tags.set(ctx, _arn(ctx, one), tagging.checked(NO_TAGS, tags))
    return {"scheduledQueryArn": _arn(ctx, one), "state": one.state}


@logs.operation("UpdateScheduledQuery")
def update_scheduled_query(ctx: Context, *, identifier: str, **given: Unpack[Given]) -> dict[str, Any]:
    """What is not given is as in a new one."""
    old = _named(ctx, identifier)
    new = ScheduledQuery(id=old.id, name=old.name, created=old.created, updated=ctx.now)
    return _view(ctx, _made(ctx, new, given))


def _made(ctx: Context, new: ScheduledQuery, given: Given) -> ScheduledQuery:
    """Check a scheduled query, keep it, and set its timer. Raises: ValidationException and others."""
    if given["queryLanguage"] != "CWLI":
        raise NotImplementedByHodei(f"Queries in {given['queryLanguage']} are not implemented by Hodei.")
    try:
        check_role(given["executionRoleArn"])
        for configuration in given.get("destinationConfiguration", {}).values():
            check_role(configuration["roleArn"])
        source = running.compiled(given["queryString"], running.MOST_RESULTS).source
        names = [name_of(ctx, one) for one in given.get("logGroupIdentifiers", NOTHING)]
    except AwsError as error:
        if isinstance(error, NotImplementedByHodei):
            raise
        raise errors.ValidationException(reason=error.message) from None
    if not names and not source:
        raise errors.ValidationException(reason="logGroupIdentifiers must have at least one log group.")
    for group in names:
        group_named(ctx, group)
    one = replace(new, given=dict(given), state=given.get("state", "ENABLED"))
    scheduled_queries.put(ctx, one)
    _set(ctx, one)
    return one


def _set(ctx: Context, one: ScheduledQuery) -> None:
    after = max(ctx.now, one.given.get("scheduleStartTime", 0) - 1e-3)
    at = next_time(one.given["scheduleExpression"], one.given.get("timezone", "UTC"), after)
    end = one.given.get("scheduleEndTime")
    if one.state == "ENABLED" and at is not None and (end is None or at <= end):
        ctx.timers.set(ctx, TIMER, at, one.id)
    else:
        ctx.timers.cancel(ctx, TIMER, one.id)


@logs.timer(TIMER)
def run(ctx: Context, id: str) -> None:
    one = scheduled_queries.get(ctx, id)
    if one is None:
        return
    _set(ctx, one)
    for old in list(triggers.scan(ctx, id, end=(int((ctx.now - asking.KEPT) * 1000),))):
        triggers.delete(ctx, id, old.at)
    trigger = Trigger(id=id, at=int(ctx.now * 1000))
    try:
        given = one.given.get("destinationConfiguration", {})
        trigger = replace(trigger, query=_start(ctx, one), destinations=delivering.waiting(given))
    except AwsError as error:
        status = "InvalidQuery" if error.code == "MalformedQueryException" else "Failed"
        trigger = replace(trigger, status=status, message=error.message)
    triggers.put(ctx, trigger)


def _start(ctx: Context, one: ScheduledQuery) -> str:
    """The id of the query. Raises: errors of STS, IAM and StartQuery."""
    from hodei.services.sts.api import become

    role = one.given["executionRoleArn"]
    there = ctx.by(become(ctx, role, SESSION, service_principal("logs.amazonaws.com", ctx.account, _arn(ctx, one))))
    names = [name_of(ctx, group) for group in one.given.get("logGroupIdentifiers", NOTHING)]
    check(there, [Need("logs:StartQuery", f"{ctx.arn(f'log-group:{name}')}:log-stream:") for name in names], {})
    now = int(ctx.now)
    started = asking.start_query(
        there,
        startTime=now - one.given.get("startTimeOffset", 0),
        endTime=now - one.given.get("endTimeOffset", 0),
        queryString=one.given["queryString"],
        logGroupNames=names,
    )
    query = queries.get(ctx, started["queryId"])
    assert query
    given = one.given.get("destinationConfiguration", {})
    queries.put(ctx, replace(query, scheduled=one.id, destinations=given))
    return query.id


@logs.operation("GetScheduledQuery")
def get_scheduled_query(ctx: Context, *, identifier: str) -> dict[str, Any]:
    return _view(ctx, _named(ctx, identifier))


@logs.operation("ListScheduledQueries")
def list_scheduled_queries(
    ctx: Context, *, maxResults: int = MOST_LISTED, nextToken: str = "", state: str = "", scheduleType: str = ""
) -> dict[str, Any]:
    """All are CUSTOMER_MANAGED."""
    wanted = (
        one
        for one in scheduled_queries.scan(ctx, after=pages.after(ctx, nextToken))
        if (not state or one.state == state) and scheduleType in ("", "CUSTOMER_MANAGED")
    )
    page, rest = pages.cut(ctx, wanted, maxResults, lambda one: (one.id,))
    return {"scheduledQueries": [_summary(ctx, one) for one in page], **rest}


@logs.operation("DeleteScheduledQuery")
def delete_scheduled_query(ctx: Context, *, identifier: str) -> None:
    one = _named(ctx, identifier)
    ctx.timers.cancel(ctx, TIMER, one.id)
    triggers.delete_all(ctx, one.id)
    ctx.tags.set(ctx, _arn(ctx, one), NO_TAGS)
    scheduled_queries.delete(ctx, one.id)


@logs.operation("GetScheduledQueryHistory")
def get_scheduled_query_history(
    ctx: Context,
    *,
    identifier: str,
    startTime: int,
    endTime: int,
    executionStatuses: Sequence[str] = NOTHING,
    maxResults: int = MOST_LISTED,
    nextToken: str = "",
) -> dict[str, Any]:
    """The newest first. Times are in seconds; a run is known as long as its query is."""
    one, after = _named(ctx, identifier), pages.after(ctx, nextToken)
    wanted = (
        trigger
        for trigger in triggers.scan(ctx, one.id, reverse=True)
        if startTime * 1000 <= trigger.at <= endTime * 1000
        and (after is None or trigger.at < after[0])
        and (not executionStatuses or _status(ctx, trigger) in executionStatuses)
    )
    page, rest = pages.cut(ctx, wanted, maxResults, lambda trigger: (trigger.at,))
    history = [_run_view(ctx, trigger) for trigger in page]
    return {"name": one.name, "scheduledQueryArn": _arn(ctx, one), "triggerHistory": history, **rest}


def _run_view(ctx: Context, trigger: Trigger) -> Wire:
    view: Wire = {"executionStatus": _status(ctx, trigger), "triggeredTimestamp": trigger.at // 1000}
    view |= {"queryId": trigger.query} if trigger.query else {"errorMessage": trigger.message}
    return view | ({"destinations": trigger.destinations} if trigger.destinations else {})


def _status(ctx: Context, trigger: Trigger) -> str:
    found = queries.get(ctx, trigger.query) if trigger.query else None
    return STATUSES.get(found.status, found.status) if found else trigger.status


def _named(ctx: Context, identifier: str) -> ScheduledQuery:
    """By its name or its ARN. Raises: ResourceNotFoundException."""
    id = identifier.removeprefix(ctx.arn("scheduled-query:"))
    found = scheduled_queries.get(ctx, id) if id != identifier else None
    if found or (found := next(scheduled_queries.by("names", ctx, identifier), None)):
        return found
    raise errors.ResourceNotFoundException(reason=f"Scheduled query {identifier} does not exist.")


def _arn(ctx: Context, one: ScheduledQuery) -> str:
    return ctx.arn(f"scheduled-query:{one.id}")


def _summary(ctx: Context, one: ScheduledQuery) -> Wire:
    last = next(triggers.scan(ctx, one.id, reverse=True), None)
    view: Wire = {
        "scheduledQueryArn": _arn(ctx, one),
        "name": one.name,
        "state": one.state,
        "scheduleType": "CUSTOMER_MANAGED",
        "scheduleExpression": one.given["scheduleExpression"],
        "timezone": one.given.get("timezone", "UTC"),
        "creationTime": int(one.created),
        "lastUpdatedTime": int(one.updated),
    }
    ran = {"lastTriggeredTime": last.at // 1000, "lastExecutionStatus": _status(ctx, last)} if last else {}
    return view | ran


def _view(ctx: Context, one: ScheduledQuery) -> Wire:
    return one.given | _summary(ctx, one)
