"""What a function is told of its operations, when it is invoked and when it asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.lambda_.durable import tokens
from hodei.services.lambda_.durable.progress import size_of
from hodei.services.lambda_.durable.records import Execution, Operation, operations
from hodei.services.lambda_.service import lambda_

DEFAULT_ITEMS = 100
MOST_ITEMS = 1000
LARGEST = 5 * 2**20  # bytes of payloads on a page, so that an event or an answer stays below 6 MB
OVER = ("SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED")


@lambda_.operation("GetDurableExecutionState")
def get_durable_execution_state(
    ctx: Context, *, DurableExecutionArn: str, CheckpointToken: str, Marker: str = "", MaxItems: int = 0
) -> dict[str, Any]:
    there, execution = tokens.checked(ctx, DurableExecutionArn, CheckpointToken)
    kind, after = tokens.read_marker(there, execution, Marker)
    found = updated(there, execution, after) if kind == tokens.CHANGES else replayed(there, execution, after)
    return page(there, execution, found, kind, MaxItems or DEFAULT_ITEMS)


def replayed(ctx: Context, execution: Execution, after: int = 0) -> Iterator[Operation]:
    """All in the order of their start, without those inside contexts that are over, which are not replayed."""
    hidden: set[str] = set()
    for operation in operations.scan(ctx, execution.id):
        if operation.parent in hidden:
            hidden.add(operation.id)
            continue
        if operation.type == "CONTEXT" and operation.status in OVER and not operation.replay_children:
            hidden.add(operation.id)
        if operation.number > after:
            yield operation


def updated(ctx: Context, execution: Execution, after: int) -> Iterator[Operation]:
    """Those that have changed since the change of that number, in the order of their last change."""
    return operations.by("changes", ctx, execution.id, start=(after + 1,))


def page(
    ctx: Context, execution: Execution, found: Iterable[Operation], kind: str, most: int = MOST_ITEMS
) -> dict[str, Any]:
    """Operations, and the marker of where the next page begins."""
    shown: list[dict[str, Any]] = []
    size, last = 0, 0
    for operation in found:
        payloads = sum(size_of(one) for one in (operation.input, operation.result, operation.error))
        if shown and (len(shown) == most or size + payloads > LARGEST):
            return {"Operations": shown, "NextMarker": tokens.marker(ctx, execution, kind, last)}
        shown.append(view(operation))
        size, last = size + payloads, operation.changed if kind == tokens.CHANGES else operation.number
    return {"Operations": shown}


def event(ctx: Context, execution: Execution, token: str) -> bytes:
    """What the function is invoked with."""
    ids = [operation.id for operation in updated(ctx, execution, execution.told)]
    initial = page(ctx, execution, replayed(ctx, execution), tokens.REPLAY)
    for operation in initial["Operations"]:
        _in_milliseconds(operation)
    return msgspec.json.encode(
        {
            "DurableExecutionArn": execution.arn(ctx),
            "CheckpointToken": token,
            "InitialExecutionState": initial,
            "UpdatedOperationIds": ids,
        }
    )


def _in_milliseconds(members: dict[str, Any]) -> None:
    for name, value in members.items():
        if isinstance(value, dict):
            _in_milliseconds(value)
        elif name.endswith("Timestamp"):
            members[name] = int(value * 1000)


def view(operation: Operation) -> dict[str, Any]:
    """As the API has an operation."""
    members: dict[str, Any] = {
        "Id": operation.id,
        "Type": operation.type,
        "Status": operation.status,
        "StartTimestamp": operation.started,
    }
    optional = {
        "ParentId": operation.parent,
        "Name": operation.name,
        "SubType": operation.subtype,
        "EndTimestamp": operation.ended,
    }
    details = _details(operation)
    return members | _given(optional) | ({details[0]: details[1]} if details else {})


def _details(operation: Operation) -> tuple[str, dict[str, Any]] | None:
    outcome: dict[str, Any] = {"Error": operation.error}
    if operation.result is not None:
        outcome["Result"] = operation.result
    match operation.type:
        case "EXECUTION":
            return "ExecutionDetails", {} if operation.input is None else {"InputPayload": operation.input}
        case "CONTEXT":
            return "ContextDetails", _given({**outcome, "ReplayChildren": operation.replay_children})
        case "STEP":
            due = operation.due if operation.status == "PENDING" else None
            return "StepDetails", {"Attempt": operation.attempt, **_given({"NextAttemptTimestamp": due, **outcome})}
        case "WAIT":
            return "WaitDetails", _given({"ScheduledEndTimestamp": operation.due})
        case "CALLBACK":
            return "CallbackDetails", {"CallbackId": operation.callback, **_given(outcome)}
        case _:
            return "ChainedInvokeDetails", _given(outcome)


def _given(members: dict[str, Any]) -> dict[str, Any]:
    """An empty text is a result all the same."""
    return {name: value for name, value in members.items() if value or (name == "Result" and value is not None)}
