"""How a version of a function is run, and what its log and metrics say of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hodei.kernel.context import Context, service_principal
from hodei.services.lambda_ import errors
from hodei.services.lambda_.functions import sealing
from hodei.services.lambda_.functions.roles import SERVICE
from hodei.services.lambda_.invoking import logs
from hodei.services.lambda_.runtime.deploying import deployment
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.environment import Invocation, Outcome, Report
from hodei.services.lambda_.runtime.host import CannotStart, NoInterpreter
from hodei.services.lambda_.runtime.pool import pool_of
from hodei.services.lambda_.state import Version

FREE_STORAGE = 512  # MB of /tmp
SESSION_SECONDS = 12 * 3600  # of the credentials of an environment


async def run(ctx: Context, version: Version, invocation: Invocation) -> tuple[Outcome, list[str]]:
    """Run a version of a function; `ctx` is in its account. Gives what has come of it, and the lines of the log.

    Raises: InvalidRuntimeException, if this machine lacks what the function runs on.
    """
    pool = pool_of(ctx.world)
    made = await deployment(ctx, version, pool.scratch)
    try:
        outcome, report, lines, stream = await pool.invoke(
            made, invocation, lambda: _stream(ctx, version), lambda: _credentials(ctx, version, made)
        )
    except (NoInterpreter, CannotStart) as error:
        raise errors.InvalidRuntimeException(reason=str(error)) from error
    _measure(ctx, version, outcome, report)
    _bill(ctx, version, report)
    log = [line for line in lines if line.startswith("INIT_START")]
    log.append(f"START RequestId: {invocation.id} Version: {version.version}")
    log += [line for line in lines if not line.startswith("INIT_START")]
    if report.status == "timeout":
        at = datetime.fromtimestamp(ctx.now, UTC)
        moment = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
        log.append(f"{moment} {invocation.id} Task timed out after {version.timeout:.2f} seconds")
    log += [f"END RequestId: {invocation.id}", _report(made, invocation, report)]
    logs.write(ctx, made, stream, log)
    return outcome, log


def _measure(ctx: Context, version: Version, outcome: Outcome, report: Report) -> None:
    name = version.function
    ctx.metric("AWS/Lambda", "Invocations", 1, "Count", FunctionName=name)
    ctx.metric("AWS/Lambda", "Errors", 1 if outcome.error else 0, "Count", FunctionName=name)
    ctx.metric("AWS/Lambda", "Duration", report.seconds * 1000, "Milliseconds", FunctionName=name)


def _bill(ctx: Context, version: Version, report: Report) -> None:
    """A request, and what ran with what started it, in GB-seconds; /tmp beyond its first 512 MB."""
    seconds, arn = report.seconds + (report.init_seconds or 0.0), ctx.arn(f"function:{version.function}")
    suffix = "-arm" if "arm64" in version.architectures else ""
    ctx.meter(f"requests{suffix}", 1, arn)
    ctx.meter(f"duration{suffix}", seconds * version.memory / 1024, arn)
    if version.storage > FREE_STORAGE:
        ctx.meter("storage", seconds * (version.storage - FREE_STORAGE) / 1024, arn)


def _report(made: Deployment, invocation: Invocation, report: Report) -> str:
    """Billed is what runs, with what starts it."""
    duration = report.seconds * 1000
    init = (report.init_seconds or 0.0) * 1000
    billed = -int(-(duration + init) // 1)
    parts = [
        f"REPORT RequestId: {invocation.id}",
        f"Duration: {duration:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {made.memory} MB",
        f"Max Memory Used: {max(-(-report.peak // 2**20), 1)} MB",
    ]
    if report.init_seconds is not None:
        parts.append(f"Init Duration: {init:.2f} ms")
    return "\t".join([*parts, *([f"Status: {report.status}"] if report.status else []), ""])


def _stream(ctx: Context, version: Version) -> str:
    """The name of an environment's log stream."""
    day = datetime.fromtimestamp(ctx.now, UTC)
    return f"{day:%Y/%m/%d}/[{version.version}]{ctx.ids.hex(32)}"


def _credentials(ctx: Context, version: Version, made: Deployment) -> Mapping[str, str]:
    """Of the function's role, as environment variables, and its own. Raises: KMSDisabledException and its like."""
    import hodei.services.sts.api as sts

    by = service_principal(SERVICE, ctx.account, made.arn)
    given = sts.issue(ctx, version.role, made.name, by, SESSION_SECONDS)
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        **sealing.of_role(ctx, version),
    }
