"""When the function of an execution is invoked again."""

from __future__ import annotations

from hodei.services.lambda_.durable.progress import Progress

TIMER = "durable-run"
LONGEST_PAUSE = 300.0  # seconds between invocations that fail


def wake(progress: Progress) -> None:
    """Now, unless it runs, which is looked at when it is done, or is to be tried again anyway."""
    ctx, execution = progress.ctx, progress.execution
    if not execution.invocation and ctx.timers.due(ctx, TIMER, execution.id) is None:
        ctx.timers.set(ctx, TIMER, ctx.now, execution.id)


def wake_later(progress: Progress) -> None:
    """After one more failure, exponentially later; it counts as an operation."""
    ctx, failures = progress.ctx, progress.execution.failures + 1
    progress.set(failures=failures)
    progress.count()
    ctx.timers.set(ctx, TIMER, ctx.now + min(2.0 ** (failures - 1), LONGEST_PAUSE), progress.execution.id)
