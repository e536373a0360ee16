"""LookupEvents: the event history of the last 90 days, of management events alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.ledger.audit import KEPT, Event, source_of
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.records import resources
from hodei.services.cloudtrail.records.identity import user_name
from hodei.services.cloudtrail.records.record import event_id, event_name, read_only, record_of
from hodei.services.cloudtrail.service import cloudtrail

PAGE = 50
AT_ONCE = 4  # chunks that are looked through before others have their turn

Matches = Callable[[Event], bool]


@cloudtrail.operation("LookupEvents")
async def lookup_events(
    ctx: Context,
    *,
    LookupAttributes: Sequence[dict[str, str]] = (),
    StartTime: Any = None,
    EndTime: Any = None,
    EventCategory: str = "",
    MaxResults: int = PAGE,
    NextToken: str = "",
) -> dict[str, Any]:
    """The newest first. There are no Insights events: nothing makes any."""
    matches = _matcher(ctx, LookupAttributes)
    start, end = _range(ctx, StartTime, EndTime)
    if EventCategory:
        return {"Events": []}
    asked = [*(list(pair.values()) for pair in LookupAttributes), _seconds(StartTime), _seconds(EndTime)]
    at, after = _position(ctx, NextToken, asked)
    ctx.world.ledger.flush()
    found = await _found(ctx, matches, start, end if at is None else min(end, at + 1e-6), after, MaxResults + 1)
    answer: dict[str, Any] = {"Events": [_view(ctx, event) for event in found[:MaxResults]]}
    if len(found) > MaxResults:
        last = found[MaxResults - 1]
        answer["NextToken"] = ctx.token(ctx.operation, asked, last.at, last.id)
    return answer


async def _found(ctx: Context, matches: Matches, start: float, end: float, after: str, most: int) -> list[Event]:
    """Up to `most` events, those that come behind the event `after`."""
    found: list[Event] = []
    chunks = ctx.world.ledger.audit.events(ctx, start=start, end=end, reverse=True)
    while part := list(islice(chunks, AT_ONCE)):
        for event in (event for chunk in part for event in chunk):
            if after:
                after = "" if event.id == after else after
            elif matches(event):
                found.append(event)
                if len(found) == most:
                    return found
        await asyncio.sleep(0)
    return found


def _range(ctx: Context, start: Any, end: Any) -> tuple[float, float]:
    first = ctx.now - KEPT
    since = first if start is None else _seconds(start)
    until = ctx.now if end is None else _seconds(end)
    assert since is not None and until is not None
    if since > until:
        raise errors.InvalidTimeRange("Invalid time range. StartTime must be before EndTime.")
    return max(since, first), min(until, ctx.now) + 1.0  # times of records are whole seconds


def _seconds(given: Any) -> float | None:
    return None if given is None else float(given.timestamp())


def _position(ctx: Context, token: str, asked: list[Any]) -> tuple[float | None, str]:
    """Time and id of the last event of the page before. Raises: InvalidNextTokenException."""
    if not token:
        return None, ""
    try:
        operation, given, at, id = ctx.read_token(token)
    except ValueError:
        raise errors.InvalidNextToken() from None
    if (operation, given) != (ctx.operation, asked):
        raise errors.InvalidNextToken()
    return at, id


# attributes


def _matcher(ctx: Context, attributes: Sequence[dict[str, str]]) -> Matches:
    """AWS takes one attribute. Raises: InvalidLookupAttributesException."""
    if not attributes:
        return lambda event: True
    if len(attributes) > 1:
        raise errors.InvalidLookupAttributes("You can only specify one attribute key-value pair.")
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    if key == "ReadOnly" and value not in ("true", "false"):
        raise errors.InvalidLookupAttributes(f"Invalid value for ReadOnly: {value}. Valid values are true and false.")
    read = ATTRIBUTES[key]
    return lambda event: value in read(ctx, event)


def _types(ctx: Context, event: Event) -> list[str]:
    return [resources.type_of(arn) for arn in event.resources]


def _names(ctx: Context, event: Event) -> list[str]:
    return [name for arn in event.resources for name in (arn, resources.name_of(arn))]


ATTRIBUTES: dict[str, Callable[[Context, Event], Sequence[str]]] = {
    "EventId": lambda ctx, event: (event_id(event, ctx.account),),
    "EventName": lambda ctx, event: (event_name(event),),
    "ReadOnly": lambda ctx, event: (_word(read_only(event)),),
    "Username": lambda ctx, event: (user_name(event, ctx.account),),
    "ResourceType": _types,
    "ResourceName": _names,
    "EventSource": lambda ctx, event: (source_of(event.service),),
    "AccessKeyId": lambda ctx, event: (event.caller.access_key,),
}


def _view(ctx: Context, event: Event) -> dict[str, Any]:
    shown = {
        "EventId": event_id(event, ctx.account),
        "EventName": event_name(event),
        "ReadOnly": _word(read_only(event)),
        "AccessKeyId": event.caller.access_key,
        "EventTime": float(int(event.at)),
        "EventSource": source_of(event.service),
        "Username": user_name(event, ctx.account),
        "CloudTrailEvent": msgspec.json.encode(record_of(event, ctx.account), enc_hook=str).decode(),
    }
    named = [
        {"ResourceType": kind, "ResourceName": resources.name_of(arn)}
        for arn in event.resources
        if (kind := resources.type_of(arn))
    ]
    return {name: value for name, value in shown.items() if value != ""} | {"Resources": named}


def _word(truth: bool) -> str:
    return "true" if truth else "false"
