"""GetDurableExecution, ListDurableExecutionsByFunction, StopDurableExecution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import pages, rules
from hodei.services.lambda_.durable import ends, tokens
from hodei.services.lambda_.durable.progress import Progress
from hodei.services.lambda_.durable.records import RUNNING, Execution, executions, operations
from hodei.services.lambda_.find import Name, function_of, published, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import NONE, Wire

DEFAULT_ITEMS = 100
MOST_ITEMS = 1000


@lambda_.operation("GetDurableExecution")
def get_durable_execution(
    ctx: Context, *, DurableExecutionArn: str, IncludeExecutionData: bool = True
) -> dict[str, Any]:
    there, execution = tokens.existing(ctx, DurableExecutionArn)
    answer = {
        **_summary(there, execution),
        "Version": execution.version,
        "ExecutionDataIncluded": IncludeExecutionData,
        "DurableConfig": {"ExecutionTimeout": execution.timeout, "RetentionPeriodInDays": execution.retention},
    }
    if not IncludeExecutionData:
        return answer
    started = operations.get(there, execution.id, 1)
    data = {
        "InputPayload": started.input if started else None,
        "Result": execution.result,
        "Error": execution.error,
    }
    return answer | {name: value for name, value in data.items() if value is not None}


@lambda_.operation("ListDurableExecutionsByFunction")
def list_durable_executions_by_function(
    ctx: Context,
    *,
    FunctionName: str,
    Qualifier: str = "",
    DurableExecutionName: str = "",
    Statuses: Sequence[str] = (),
    StartedAfter: datetime | None = None,
    StartedBefore: datetime | None = None,
    ReverseOrder: bool = False,
    Marker: str = "",
    MaxItems: int = 0,
) -> dict[str, Any]:
    """The last ones first, unless ReverseOrder says otherwise."""
    name = read(ctx, FunctionName, Qualifier)
    function_of(name._replace(qualifier=""))
    if name.qualifier:
        published(name)
    _check_range(StartedAfter, StartedBefore)
    found = (
        execution
        for execution in executions.by(
            "functions",
            name.ctx,
            name.function,
            start=_moment(StartedAfter),
            end=_moment(StartedBefore),
            after=pages.after(ctx, Marker),
            reverse=not ReverseOrder,
        )
        if DurableExecutionName in ("", execution.name) and (not Statuses or execution.status in Statuses)
    )
    page, rest = pages.cut(
        ctx, _of(name, found), MaxItems or DEFAULT_ITEMS, lambda one: (one.started, one.id), most=MOST_ITEMS
    )
    return {"DurableExecutions": [_summary(name.ctx, execution) for execution in page], **rest}


def _moment(at: datetime | None) -> tuple[float] | None:
    return (at.timestamp(),) if at else None


def _check_range(after: datetime | None, before: datetime | None) -> None:
    """Raises: InvalidParameterValueException."""
    if after is not None and before is not None and after > before:
        raise rules.invalid("StartedAfter must be before StartedBefore.")


def _of(name: Name, found: Iterator[Execution]) -> Iterator[Execution]:
    """Those of a version, or that were started by an alias."""
    return (one for one in found if name.qualifier in ("", one.version, one.qualifier))


@lambda_.operation("StopDurableExecution")
def stop_durable_execution(ctx: Context, *, DurableExecutionArn: str, Error: Wire = NONE) -> dict[str, Any]:
    """Of one that is over it is told when that was."""
    there, execution = tokens.existing(ctx, DurableExecutionArn)
    if execution.status != RUNNING:
        return {"StopTimestamp": execution.ended}
    with Progress(there, execution) as progress:
        ends.stop(progress, dict(Error))
    return {"StopTimestamp": progress.execution.ended}


def _summary(ctx: Context, execution: Execution) -> dict[str, Any]:
    ended = {} if execution.ended is None else {"EndTimestamp": execution.ended}
    return {
        "DurableExecutionArn": execution.arn(ctx),
        "DurableExecutionName": execution.name,
        "FunctionArn": execution.function_arn(ctx),
        "Status": execution.status,
        "StartTimestamp": execution.started,
        **ended,
    }
