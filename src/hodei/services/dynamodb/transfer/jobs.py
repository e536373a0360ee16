"""Work in the background that waits for S3 in between, and goes on after a restart.

A durable timer takes a job up and at once sets itself again for later. Who works puts it off with every step, so it
fires only where the work has stopped: with the process, or by a failure. Then another takes over with a new `turn`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.tables import Table as Rows
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.transfer.state import Job

PATIENCE = 10.0  # seconds without a step until another takes over
TRIES = 3
PATIENT = 86400.0  # seconds for which S3 may be out of order
IDEMPOTENT = 8 * 3600.0  # AWS: how long after its end a job's ClientToken is good
KEPT = 90 * 86400.0

J = TypeVar("J", bound=Job)
Work = Callable[[Context, J], Coroutine[Any, Any, None]]

replace = msgspec.structs.replace


class Superseded(Exception):
    """Another has taken over, or the job is gone."""


def digest_of(request: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()


def requested(ctx: Context, jobs: Rows[J], token: str, digest: bytes, conflict: type[AwsError]) -> J | None:
    """The job that this very request has begun already. Raises: `conflict` if another request has used its token."""
    for job in jobs.by("token", ctx, token) if token else ():
        if not job.ended or job.ended + IDEMPOTENT > ctx.now:
            if job.digest != digest:
                raise conflict()
            return job
    return None


def take_up(
    ctx: Context, jobs: Rows[J], timer: str, arn: str, work: Work[J], fail: Callable[[Context, J], None]
) -> None:
    """What the timer does. `fail` ends a job that does not get on."""
    job = jobs.get(ctx, arn)
    if job is None or job.status != "IN_PROGRESS":
        return
    if job.tries >= TRIES:
        fail(ctx, job)
        return
    job = replace(job, turn=job.turn + 1, tries=job.tries + 1)
    jobs.put(ctx, job)
    ctx.timers.set(ctx, timer, ctx.now + PATIENCE, arn)
    own = ctx.world.context("dynamodb", account=ctx.account, region=ctx.region, principal=job.caller.principal())
    ctx.timers.spawn(_run(own, jobs, timer, job, work))


async def _run(ctx: Context, jobs: Rows[J], timer: str, job: J, work: Work[J]) -> None:
    try:
        await work(ctx, job)
    except Superseded:
        return


def still(ctx: Context, jobs: Rows[J], timer: str, job: J) -> J:
    """The job as it is, after a wait; its timer is put off. Raises: Superseded."""
    now = jobs.get(ctx, job.arn)
    if now is None or now.turn != job.turn or now.status != "IN_PROGRESS":
        raise Superseded
    ctx.timers.set(ctx, timer, ctx.now + PATIENCE, job.arn)
    return now


def put_off(ctx: Context, jobs: Rows[J], timer: str, job: J, error: AwsError) -> bool:
    """Whether an error of S3 may pass: then the job is taken up again, and it was no try. Raises: Superseded."""
    now = still(ctx, jobs, timer, job)
    if not error.is_transient or ctx.now >= job.started + PATIENT:
        return False
    jobs.put(ctx, replace(now, tries=now.tries - 1))
    return True


def ended(ctx: Context, jobs: Rows[J], timer: str, job: J, failure: tuple[str, str] | None = None) -> None:
    ctx.timers.cancel(ctx, timer, job.arn)
    status = "FAILED" if failure else "COMPLETED"
    jobs.put(ctx, replace(job, status=status, ended=ctx.now, failure=failure))
    ctx.timers.set(ctx, f"forget_{timer}", ctx.now + KEPT, job.arn)


def of_s3(ctx: Context, error: AwsError) -> tuple[str, str]:
    """FailureCode and FailureMessage of what S3 refused, as the Java SDK words it."""
    extended = ctx.ids.token(56)
    return f"S3{error.code}", (
        f"{error.message} (Service: Amazon S3; Status Code: {error.status or 400}; Error Code: {error.code}; "
        f"Request ID: {ctx.ids.upper(16)}; S3 Extended Request ID: {extended}; Proxy: null)"
    )


def described(job: Job, **more: Any) -> dict[str, Any]:
    """The members that descriptions of both kinds have."""
    found = {**job.told, "StartTime": job.started, "TableId": job.table_id, **more}
    if job.ended:
        found["EndTime"] = job.ended
    if job.failure:
        found["FailureCode"], found["FailureMessage"] = job.failure
    return found


class Listed(NamedTuple, Generic[J]):
    """A page of jobs; `more` has the NextToken, if there are any."""

    jobs: Sequence[J]
    more: dict[str, str]


def listed(ctx: Context, jobs: Rows[J], table_arn: str, kind: str, limit: int, token: str | None) -> Listed[J]:
    """The jobs of a table, or of all, the greatest ARN first. Raises: ValidationException."""
    before = _read_token(token) if token is not None else None
    bounds: dict[str, Any] = {"end": (before,)} if before else {}
    if table_arn:
        first = f"{table_arn}/{kind}/"
        bounds = {"start": (first,), "end": (before or f"{table_arn}/{kind}0",)}  # 0 comes after /
    page = list(islice(jobs.scan(ctx, reverse=True, **bounds), limit + 1))
    return Listed(page[:limit], {"NextToken": _token(page[limit - 1].arn)} if len(page) > limit else {})


def _token(arn: str) -> str:
    """As the model describes those of imports: hexadecimal digits, a multiple of 16."""
    digits = arn.encode().hex()
    return digits + "0" * (-len(digits) % 16)


def _read_token(token: str) -> str:
    try:
        return bytes.fromhex(token).rstrip(b"\0").decode()
    except ValueError:
        raise errors.ValidationException("Invalid NextToken") from None
