"""What is kept of durable executions: themselves, their operations, their history."""

from __future__ import annotations

from typing import Any, Final

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.lambda_.service import lambda_

RUNNING: Final = "RUNNING"
Error = dict[str, Any]  # ErrorObject


class Execution(Record):
    """A durable execution of a version of a function.

    What changes of its operations is numbered: of `changes` the function knows `told`, which it learns when it is
    invoked and by each checkpoint.
    """

    id: str
    name: str
    function: str
    version: str  # that runs: "$LATEST" or a number
    qualifier: str  # as it was invoked
    started: float
    timeout: int  # seconds, for all of it
    retention: int  # days for which it is kept when it is over
    digest: str  # of the input
    asynchronous: bool
    status: str = RUNNING
    ended: float | None = None
    result: str | None = None
    error: Error | None = None
    parent: str = ""  # id of the execution that waits for it,
    parent_operation: int = 0  # and the number of the operation that does
    invocation: str = ""  # the request id of the one that runs now
    invoked: float = 0.0  # since when
    failures: int = 0  # invocations that failed, one after the other
    idle: int = 0  # invocations that said, one after the other, that they wait, and did for nothing
    token: int = 0  # the number of the checkpoint token that holds
    client: str = ""  # the client token of the last checkpoint
    client_at: float = 0.0
    changes: int = 0
    told: int = 0
    told_before: int = 0  # the last checkpoint
    started_operations: int = 0
    operations: int = 0  # with retries, as they are limited and billed
    written: int = 0  # bytes
    events: int = 0

    def arn(self, ctx: Context) -> str:
        return ctx.arn(f"function:{self.function}:{self.version}/durable-execution/{self.name}/{self.id}")

    def function_arn(self, ctx: Context) -> str:
        """As it was invoked."""
        return ctx.arn(f"function:{self.function}:{self.qualifier}")


class Operation(Record):
    """One of an execution. The first is the execution itself, with its input."""

    execution: str
    number: int  # in the order in which they have started
    id: str
    type: str
    status: str
    started: float
    changed: int = 0  # the number of its last change
    parent: str = ""
    name: str = ""
    subtype: str = ""
    ended: float | None = None
    pending: int | None = None  # 1: something has to come from outside, a moment or an answer; None: nothing any more
    attempt: int = 0  # that have been made of a step
    due: float | None = None  # when a wait ends, a step is tried again
    seconds: int = 0  # of a wait; of a callback until it times out
    heartbeat: int = 0  # seconds until a callback times out that nothing is heard of
    heard: float = 0.0
    callback: str = ""  # its id
    target: str = ""  # the function that is invoked
    child: str = ""  # the name of its execution, if it is durable
    input: str | None = None
    result: str | None = None
    error: Error | None = None
    replay_children: bool = False


class Event(Record):
    """Of the history. `details` are its members, with payloads."""

    execution: str
    number: int
    at: float
    type: str
    operation: dict[str, str] = {}  # Id, Name, ParentId, SubType
    details: dict[str, Any] = {}


executions = lambda_.table(
    "durable_executions",
    Execution,
    key="id",
    index={"functions": ("function", "started"), "names": ("function", "name"), "statuses": ("status",)},
)
operations = lambda_.table(
    "durable_operations",
    Operation,
    key=("execution", "number"),
    index={
        "ids": ("execution", "id"),
        "changes": ("execution", "changed"),
        "pending": ("execution", "pending"),
    },
)
history = lambda_.table("durable_history", Event, key=("execution", "number"))


def operation_of(ctx: Context, execution: str, id: str) -> Operation | None:
    return next(operations.by("ids", ctx, execution, id), None)
