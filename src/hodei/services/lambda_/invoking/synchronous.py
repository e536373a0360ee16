"""Invokes that somebody waits for. Who goes away meanwhile does not stop the function: it runs on, as on AWS."""

from __future__ import annotations

import asyncio

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, ServiceUnavailable
from hodei.services.lambda_.invoking import running
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome
from hodei.services.lambda_.state import Version

Done = tuple[Outcome, list[str]]


class Run:
    """A version of a function that runs, if there is room for it; `ctx` is in its account."""

    def __init__(self, ctx: Context, version: Version, invocation: Invocation) -> None:
        self._invocation = invocation
        self._task: asyncio.Task[Done | AwsError] = ctx.timers.spawn(_run(ctx, version, invocation), asked=True)

    async def result(self) -> Done:
        """What has come of it, and the lines of its log. Raises: TooManyRequestsException, InvalidRuntimeException;
        ServiceUnavailable, if the cloud has broken it off to stop."""
        await asyncio.wait((self._task,))
        if self._task.cancelled():
            raise ServiceUnavailable()
        done = self._task.result()
        if isinstance(done, AwsError):
            raise done
        return done

    async def outcome(self) -> Outcome:
        """What has come of it, as soon as the function is done, be its extensions or not. Raises as `result`."""
        await asyncio.wait((self._task, self._invocation.early), return_when=asyncio.FIRST_COMPLETED)
        return self._invocation.outcome.result() if self._invocation.early.done() else (await self.result())[0]

    async def begun(self) -> None:
        """See that it has not been refused. Raises as `result`."""
        if self._task.done():
            await self.result()


async def _run(ctx: Context, version: Version, invocation: Invocation) -> Done | AwsError:
    try:
        outcome, log = await running.run(ctx, version, invocation)
        if invocation.stream and not outcome.error:
            await invocation.stream.put(outcome.payload)  # nothing, but of a function that does not stream
        return outcome, log
    except AwsError as error:
        return error
    finally:
        if invocation.stream:
            invocation.stream.close()
