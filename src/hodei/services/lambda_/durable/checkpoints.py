"""CheckpointDurableExecution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_.durable import ends, state, tokens, updates
from hodei.services.lambda_.durable.progress import Progress
from hodei.services.lambda_.durable.records import RUNNING, Execution
from hodei.services.lambda_.service import lambda_

REMEMBERED = 15 * 60.0  # seconds for which a client token is
MEGABYTE = 2**20


@lambda_.operation("CheckpointDurableExecution")
def checkpoint_durable_execution(
    ctx: Context,
    *,
    DurableExecutionArn: str,
    CheckpointToken: str,
    Updates: Sequence[Mapping[str, Any]] = (),
    ClientToken: str = "",
) -> dict[str, Any]:
    """A token is used but once. The same request again, by its client token, has the same answer."""
    found = tokens.find(ctx, DurableExecutionArn)
    if found is not None and _repeated(*found, CheckpointToken, ClientToken):
        return _answer(*found, since=found[1].told_before)
    there, execution = tokens.checked(ctx, DurableExecutionArn, CheckpointToken)
    with Progress(there, execution) as progress:
        for update in Updates:
            updates.apply(progress, update)
        _limit(progress)
        now = progress.execution
        progress.set(
            token=now.token + 1, client=ClientToken, client_at=ctx.now, told_before=execution.told, told=now.changes
        )
    return _answer(there, progress.execution, since=execution.told)


def _repeated(ctx: Context, execution: Execution, token: str, client: str) -> bool:
    return (
        client != ""
        and client == execution.client
        and ctx.now < execution.client_at + REMEMBERED
        and tokens.numbered(ctx, execution, token) == execution.token - 1
    )


def _limit(progress: Progress) -> None:
    """An execution that does or keeps too much fails."""
    ctx, execution = progress.ctx, progress.execution
    most, bytes = ctx.quota("durable-operations"), ctx.quota("durable-storage")
    if execution.operations > most:
        ends.fail(progress, ends.invalid(f"The execution has exceeded the limit of {most:.0f} durable operations."))
    elif execution.written > bytes * MEGABYTE:
        ends.fail(progress, ends.invalid(f"The execution has exceeded the limit of {bytes:.0f} MB of data written."))


def _answer(ctx: Context, execution: Execution, since: int) -> dict[str, Any]:
    """Without a token when the execution is over: nothing more can be checkpointed."""
    changed = state.updated(ctx, execution, since)
    page = state.page(ctx, execution, changed, tokens.CHANGES)
    if execution.status != RUNNING:
        return {"NewExecutionState": page}
    return {"CheckpointToken": tokens.checkpoint_token(ctx, execution), "NewExecutionState": page}
