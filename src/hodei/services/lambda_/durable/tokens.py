"""The tokens by which a function checkpoints, pages, and others call back: opaque, in base64 as the model wants it."""

from __future__ import annotations

import re
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.durable.records import RUNNING, Execution, executions

ARN = re.compile(
    r"arn:[^:]+:lambda:(?P<region>[^:]+):(?P<account>\d{12}):function:(?P<function>[\w-]+):(?P<version>[^/]+)"
    r"/durable-execution/(?P<name>[\w-]+)/(?P<id>[\w-]+)"
)
REPLAY, CHANGES = "replay", "changes"  # what a marker goes through
CHECKPOINT, CALLBACK = "checkpoint", "callback"


def find(ctx: Context, arn: str) -> tuple[Context, Execution] | None:
    """An execution with a context in its account."""
    parts = ARN.fullmatch(arn)
    if parts is None or parts["region"] != ctx.region:
        return None
    there = ctx if parts["account"] == ctx.account else ctx.at(account=parts["account"])
    execution = executions.get(there, parts["id"])
    return (there, execution) if execution is not None and execution.arn(there) == arn else None


def existing(ctx: Context, arn: str) -> tuple[Context, Execution]:
    """Raises: ResourceNotFoundException."""
    if (found := find(ctx, arn)) is None:
        raise errors.ResourceNotFoundException(reason=f"Durable execution not found: {arn}")
    return found


def checkpoint_token(ctx: Context, execution: Execution) -> str:
    """The one that holds now."""
    return _made(ctx, CHECKPOINT, execution.id, execution.token)


def checked(ctx: Context, arn: str, token: str) -> tuple[Context, Execution]:
    """The execution of a checkpoint token that holds. Raises: InvalidParameterValueException."""
    found = find(ctx, arn)
    if found is None or found[1].status != RUNNING or numbered(ctx, found[1], token) != found[1].token:
        raise invalid_token()
    return found


def numbered(ctx: Context, execution: Execution, token: str) -> int:
    """The number of a checkpoint token of an execution; -1: it is none."""
    match _read(ctx, token):
        case (kind, id, int(number)) if kind == CHECKPOINT and id == execution.id:
            return number
    return -1


def invalid_token() -> AwsError:
    """In words that SDKs know: the function is invoked again."""
    return rules.invalid("Invalid checkpoint token")


def marker(ctx: Context, execution: Execution, kind: str, after: int) -> str:
    return _made(ctx, kind, execution.id, after)


def read_marker(ctx: Context, execution: Execution, given: str) -> tuple[str, int]:
    """What it goes through, and the number behind which it goes on. Raises: InvalidParameterValueException."""
    if not given:
        return REPLAY, 0
    match _read(ctx, given):
        case (str(kind), id, int(after)) if kind in (REPLAY, CHANGES) and id == execution.id:
            return kind, after
    raise rules.invalid("Invalid pagination token")


def callback_id(ctx: Context, execution: Execution, number: int) -> str:
    """It names the account too: who calls back need not be in it."""
    return _made(ctx, CALLBACK, ctx.account, execution.id, number)


def read_callback(ctx: Context, id: str) -> tuple[Context, str, int] | None:
    """A context in the account of a callback, the execution and the number of the operation; None: it is none."""
    match _read(ctx, id):
        case (kind, str(account), str(execution), int(number)) if kind == CALLBACK:
            return (ctx if account == ctx.account else ctx.at(account=account)), execution, number
    return None


def _made(ctx: Context, *parts: Any) -> str:
    return ctx.token(*parts).replace("-", "+").replace("_", "/")


def _read(ctx: Context, token: str) -> tuple[Any, ...]:
    try:
        return ctx.read_token(token.replace("+", "-").replace("/", "_"))
    except ValueError:
        return ()
