"""Event source mappings: which queues and streams feed which functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.tags import EMPTY
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.durable import starting
from hodei.services.lambda_.find import Found, describe, read
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.mappings import sealing, settings, sources, states
from hodei.services.lambda_.mappings.settings import Settings
from hodei.services.lambda_.mappings.sources import Kind
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import NONE, EventSource, Wire, mappings

ACTIONS = {"sqs": ("sqs:SendMessage", "SQS"), "sns": ("sns:Publish", "SNS"), "s3": ("s3:PutObject", "S3")}


@lambda_.operation("CreateEventSourceMapping")
async def create_event_source_mapping(
    ctx: Context,
    *,
    FunctionName: str,
    EventSourceArn: str = "",
    Enabled: bool = True,
    StartingPosition: str = "",
    StartingPositionTimestamp: datetime | None = None,
    Tags: Mapping[str, str] = NONE,
    SelfManagedEventSource: Wire | None = None,
    Topics: Sequence[str] = (),
    Queues: Sequence[str] = (),
    **given: Unpack[Settings],
) -> dict[str, Any]:
    if SelfManagedEventSource:
        raise errors.NotImplementedException(what="A self-managed event source")
    if not EventSourceArn:
        raise rules.invalid("Unrecognized event source.")
    kind = sources.kind_of(EventSourceArn)
    rules.refuse(Topics=Topics, Queues=Queues)
    rules.check_tags(Tags)
    position = _position(kind, EventSourceArn, StartingPosition, StartingPositionTimestamp)
    set_to = settings.applied(kind, EventSourceArn, settings.defaults(kind) | position, given)
    found = _function(ctx, FunctionName)
    _check_destination(found, set_to)
    await sources.check(found.ctx, kind, EventSourceArn, found.version)
    _check_new(ctx, EventSourceArn, found)
    mapping = EventSource(
        uuid=ctx.ids.uuid(),
        source=EventSourceArn,
        function=found.arn,
        name=found.version.function,
        state="",
        modified=ctx.now,
        reason="User action" if kind.stream else "USER_INITIATED",
        result="No records processed" if kind.stream else "",
        settings=set_to,
    )
    mapping = states.begin(ctx, sealing.sealed(ctx, mapping), "Creating", "Enabled" if Enabled else "Disabled")
    ctx.tags.set(ctx, _arn(ctx, mapping), Tags)
    return _told(ctx, mapping)


@lambda_.operation("UpdateEventSourceMapping")
async def update_event_source_mapping(
    ctx: Context, *, UUID: str, FunctionName: str = "", Enabled: bool | None = None, **given: Unpack[Settings]
) -> dict[str, Any]:
    mapping = _existing(ctx, UUID)
    states.check_settled(mapping, "update")
    kind = sources.kind_of(mapping.source)
    set_to = settings.applied(kind, mapping.source, sealing.opened(ctx, mapping).settings, given)
    found = _function(ctx, FunctionName or mapping.function)
    _check_destination(found, set_to)
    if FunctionName:
        await sources.check(found.ctx, kind, mapping.source, found.version)
    mapping = _existing(ctx, UUID)
    enabled = mapping.state == "Enabled"
    wanted = enabled if Enabled is None else Enabled
    changed = replace(mapping, function=found.arn, name=found.version.function, settings=set_to, modified=ctx.now)
    changed = sealing.sealed(ctx, changed)
    passing = "Updating" if wanted == enabled else "Enabling" if wanted else "Disabling"
    return _told(ctx, states.begin(ctx, changed, passing, "Enabled" if wanted else "Disabled"))


@lambda_.operation("GetEventSourceMapping")
def get_event_source_mapping(ctx: Context, *, UUID: str) -> dict[str, Any]:
    return _told(ctx, _existing(ctx, UUID))


@lambda_.operation("DeleteEventSourceMapping")
def delete_event_source_mapping(ctx: Context, *, UUID: str) -> dict[str, Any]:
    mapping = _existing(ctx, UUID)
    states.check_settled(mapping, "delete")
    ctx.tags.set(ctx, _arn(ctx, mapping), EMPTY)
    return _told(ctx, states.begin(ctx, replace(mapping, modified=ctx.now), "Deleting", states.GONE))


@lambda_.operation("ListEventSourceMappings")
def list_event_source_mappings(
    ctx: Context, *, EventSourceArn: str = "", FunctionName: str = "", Marker: str = "", MaxItems: int = 100
) -> dict[str, Any]:
    function = read(ctx, FunctionName).arn if FunctionName else ""
    page, rest = pages.cut(
        ctx,
        _found(ctx, EventSourceArn, function, pages.after(ctx, Marker)),
        MaxItems,
        lambda mapping: (mapping.uuid,),
        most=100,
    )
    return {"EventSourceMappings": [_shown(ctx, mapping) for mapping in page], **rest}


def _found(ctx: Context, source: str, function: str, after: tuple[Any, ...] | None) -> Iterator[EventSource]:
    every = mappings.by("sources", ctx, source, after=after) if source else mappings.scan(ctx, after=after)
    return (mapping for mapping in every if function in ("", mapping.function))


def _function(ctx: Context, name: str) -> Found:
    """Of a durable one the execution is waited for. Raises: ResourceNotFoundException,
    InvalidParameterValueException."""
    found = describe(ctx, name)
    if found.version.durable:
        starting.check(found, asynchronous=False)
    return found


def _position(kind: Kind, source: str, position: str, at: datetime | None) -> dict[str, Any]:
    """Raises: InvalidParameterValueException."""
    if kind.stream and not position:
        raise rules.invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must "
            "not be null."
        )
    if (position and not kind.stream) or (position == "AT_TIMESTAMP" and kind.service == "dynamodb"):
        raise rules.invalid(f"Unsupported starting position for arn type: {source}")
    if (position == "AT_TIMESTAMP") != (at is not None):
        raise rules.invalid("StartingPositionTimestamp is needed with StartingPosition AT_TIMESTAMP, and only then.")
    told = {"StartingPosition": position} if position else {}
    return told if at is None else {**told, "StartingPositionTimestamp": at.timestamp()}


def _check_destination(found: Found, set_to: Mapping[str, Any]) -> None:
    """Raises: InvalidParameterValueException if the function's role may not send there."""
    arn = set_to.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    service = arn.split(":")[2] if arn else ""
    if service in ACTIONS:
        action, title = ACTIONS[service]
        resource = f"{arn}/*" if service == "s3" else arn
        if not roles.may(found.ctx, found.version.function, found.version.role, action, resource):
            call = action.partition(":")[2]
            raise rules.invalid(f"The provided execution role does not have permissions to call {call} on {title}")


def _check_new(ctx: Context, source: str, found: Found) -> None:
    """Raises: ResourceConflictException."""
    for other in mappings.by("sources", ctx, source):
        if other.name == found.version.function and other.function == found.arn and other.state != "Deleting":
            name = found.version.function
            raise errors.ResourceConflictException(
                reason=f'The event source arn (" {source} ") and function (" {name} ") provided mapping already '
                f"exists. Please update or delete the existing mapping with UUID {other.uuid}"
            )


def _existing(ctx: Context, uuid: str) -> EventSource:
    """Raises: ResourceNotFoundException."""
    if (mapping := mappings.get(ctx, uuid)) is None:
        raise errors.ResourceNotFoundException(reason="The resource you requested does not exist.")
    return mapping


def _arn(ctx: Context, mapping: EventSource) -> str:
    return ctx.arn(f"event-source-mapping:{mapping.uuid}")


def _told(ctx: Context, mapping: EventSource) -> dict[str, Any]:
    """Also what lists do not show."""
    return _shown(ctx, mapping) | sealing.told(ctx, mapping)


def _shown(ctx: Context, mapping: EventSource) -> dict[str, Any]:
    return {
        "UUID": mapping.uuid,
        "EventSourceArn": mapping.source,
        "EventSourceMappingArn": _arn(ctx, mapping),
        "FunctionArn": mapping.function,
        "LastModified": mapping.modified,
        "State": mapping.state,
        "StateTransitionReason": mapping.reason,
        **({"LastProcessingResult": mapping.result} if mapping.result else {}),
        **mapping.settings,
    }
