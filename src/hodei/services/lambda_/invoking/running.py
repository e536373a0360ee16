"""How a version of a function is run, and what its log and metrics say of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors
from hodei.services.lambda_.durable import starting
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.functions import roles, sealing
from hodei.services.lambda_.invoking import admission, logs, measures, tracing
from hodei.services.lambda_.runtime.deploying import deployment
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.host import CannotStart, NoInterpreter
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome, Report
from hodei.services.lambda_.runtime.pool import Kept, Making, TooFast, pool_of
from hodei.services.lambda_.state import Version

log = logging.getLogger("hodei.lambda")

INIT_FAILURE = "FUNCTION_ERROR_INIT_FAILURE"
FREE_STORAGE = 512  # MB of /tmp


async def run(ctx: Context, version: Version, invocation: Invocation) -> tuple[Outcome, list[str]]:
    """Run a version of a function; `ctx` is in its account. Gives what has come of it, and the lines of the log. A
    durable one begins an execution, if the invocation is not of one.

    Raises: TooManyRequestsException, RecursiveInvocationException; InvalidRuntimeException, if this machine lacks what
    the function runs on.
    """
    if version.durable and not invocation.execution:
        return await starting.run(Found(ctx, version, invocation.qualifier), invocation), []
    pool, qualifier = pool_of(ctx.world), invocation.qualifier
    trace = tracing.entered(ctx, version, qualifier, invocation.trace)
    invocation.trace = str(trace)
    with admission.admitted(ctx, version, qualifier) as provisioned:
        made = await deployment(ctx, version, pool.scratch)
        if provisioned:
            made = made.ahead()
        try:
            outcome, report, lines, stream = await pool.invoke(made, invocation, _making(ctx, version, made))
        except TooFast:
            raise admission.throttled(ctx, version, qualifier, "ConcurrentInvocationLimitExceeded") from None
        except (NoInterpreter, CannotStart) as error:
            raise errors.InvalidRuntimeException(reason=str(error)) from error
    measures.count(ctx, version, qualifier, "Invocations")
    measures.count(ctx, version, qualifier, "Errors", 1 if outcome.error else 0)
    measures.count(ctx, version, qualifier, "Duration", report.seconds * 1000, "Milliseconds")
    if report.after is not None:
        measures.count(ctx, version, qualifier, "PostRuntimeExtensionsDuration", report.after * 1000, "Milliseconds")
    _bill(ctx, version, report, provisioned=provisioned)
    if version.tracing == "Active" and trace.sampled == "1":
        lines.append((ctx.now, f"XRAY TraceId: {trace.root}\tSegmentId: {trace.parent}\tSampled: true\t"))
    logs.write(ctx, made, stream, lines)
    return outcome, [line for _, line in lines]


async def keep(ctx: Context, version: Version, count: int) -> str:
    """Have so many environments of a version there before anybody asks for them. Why they could not be had; "" if they
    were."""
    pool = pool_of(ctx.world)
    try:
        made = (await deployment(ctx, version, pool.scratch)).ahead()
        kept = Kept(count, _making(ctx, version, made))
        failed = await pool.keep(made, kept)
    except (AwsError, NoInterpreter, CannotStart) as error:
        log.warning("provisioned concurrency of %s: %s", version.arn(ctx), error)
        return INIT_FAILURE
    return INIT_FAILURE if failed else ""


def _bill(ctx: Context, version: Version, report: Report, *, provisioned: bool) -> None:
    """A request, and what ran with what started it, in GB-seconds; /tmp beyond its first 512 MB."""
    seconds, arn = report.billed, ctx.arn(f"function:{version.function}")
    suffix = "-arm" if "arm64" in version.architectures else ""
    ctx.meter(f"requests{suffix}", 1, arn)
    kind = "provisioned-duration" if provisioned else "duration"
    ctx.meter(f"{kind}{suffix}", seconds * version.memory / 1024, arn)
    if version.storage > FREE_STORAGE:
        ctx.meter("storage", seconds * (version.storage - FREE_STORAGE) / 1024, arn)


def _making(ctx: Context, version: Version, made: Deployment) -> Making:
    return Making(
        stream=lambda: _stream(ctx, version),
        credentials=lambda: _credentials(ctx, version, made),
        written=lambda stream, lines: logs.write(ctx, made, stream, lines),
    )


def _stream(ctx: Context, version: Version) -> str:
    """The name of an environment's log stream."""
    day = datetime.fromtimestamp(ctx.now, UTC)
    return f"{day:%Y/%m/%d}/[{version.version}]{ctx.ids.hex(32)}"


def _credentials(ctx: Context, version: Version, made: Deployment) -> Mapping[str, str]:
    """Of the function's role, as environment variables, and its own. Raises: KMSDisabledException and its like."""
    own = sealing.of_role(ctx, version)
    return {**roles.credentials(ctx, version.function, version.role, made.arn), **own}
