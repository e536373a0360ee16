"""An execution while it changes: its operations, its history, and what of it is counted."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import msgspec
from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_.durable.records import Event, Execution, Operation, executions, history, operations

PREFIXES = {
    "EXECUTION": "Execution",
    "CONTEXT": "Context",
    "STEP": "Step",
    "WAIT": "Wait",
    "CALLBACK": "Callback",
    "CHAINED_INVOKE": "ChainedInvoke",
}
ENDINGS = {
    "STARTED": "Started",
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "CANCELLED": "Cancelled",
    "TIMED_OUT": "TimedOut",
    "STOPPED": "Stopped",
}


class Progress:
    """`with Progress(ctx, execution) as progress:` stores what has become of it at the end, in the open batch."""

    def __init__(self, ctx: Context, execution: Execution) -> None:
        self.ctx = ctx
        self.execution = execution
        self._before = execution

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None and self.execution != self._before:
            executions.put(self.ctx, self.execution)
            self._meter()

    def set(self, **changes: Any) -> None:
        self.execution = replace(self.execution, **changes)

    def put(self, operation: Operation, **changes: Any) -> Operation:
        """Store an operation that is new or has changed. Gives it as it is now."""
        number = self.execution.changes + 1
        self.set(changes=number)
        changed = replace(operation, changed=number, **changes)
        operations.put(self.ctx, changed)
        return changed

    def next_number(self) -> int:
        """Of an operation that starts: it counts as one."""
        number = self.execution.started_operations + 1
        self.set(started_operations=number)
        self.count()
        return number

    def count(self) -> None:
        self.set(operations=self.execution.operations + 1)

    def wrote(self, *payloads: Any) -> None:
        """Count what is kept: texts, and errors as JSON."""
        size = sum(size_of(payload) for payload in payloads)
        self.set(written=self.execution.written + size)

    def tell(self, type: str, details: dict[str, Any], operation: Operation | None = None) -> None:
        """Add an event to the history."""
        number = self.execution.events + 1
        self.set(events=number)
        named = {} if operation is None else named_in_history(operation)
        event = Event(
            execution=self.execution.id, number=number, at=self.ctx.now, type=type, operation=named, details=details
        )
        history.put(self.ctx, event)

    def tell_of(self, operation: Operation, ending: str, members: dict[str, Any]) -> None:
        """Add an event of an operation that has come to a status ("SUCCEEDED")."""
        type = f"{PREFIXES[operation.type]}{ENDINGS[ending]}"
        self.tell(type, {f"{type}Details": members}, operation)

    def _meter(self) -> None:
        before, now = self._before, self.execution
        arn = self.ctx.arn(f"function:{now.function}")
        if now.operations > before.operations:
            self.ctx.meter("durable-operations", now.operations - before.operations, arn)
        if now.written > before.written:
            self.ctx.meter("durable-written", now.written - before.written, arn)


def size_of(payload: Any) -> int:
    """Bytes of a text, or of an error as JSON."""
    if payload is None:
        return 0
    return len(payload.encode()) if isinstance(payload, str) else len(msgspec.json.encode(payload))


def named_in_history(operation: Operation) -> dict[str, str]:
    members = {
        "Id": operation.id,
        "Name": operation.name,
        "ParentId": operation.parent,
        "SubType": operation.subtype,
    }
    return {name: value for name, value in members.items() if value}


def result_of(payload: str | None) -> dict[str, Any]:
    """EventResult, and in the same form EventInput."""
    return {"Truncated": False} if payload is None else {"Payload": payload, "Truncated": False}


def error_of(error: dict[str, Any] | None) -> dict[str, Any]:
    """EventError."""
    return {"Payload": error or {}, "Truncated": False}
