"""Pending, Active; InProgress, Successful: at AWS's pace where the setting `lifecycle` says so, else at once."""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Version, versions

TIMER = "settle"
ACTIVE, PENDING = "Active", "Pending"
SUCCESSFUL, IN_PROGRESS = "Successful", "InProgress"
CREATING = "The function is being created."


def created(ctx: Context, version: Version) -> Version:
    """A new version, as it begins."""
    if not _lasts(ctx, version):
        return version
    return replace(version, state=PENDING, state_reason=CREATING, state_code="Creating")


def updated(ctx: Context, version: Version) -> Version:
    """$LATEST with something changed."""
    changed = replace(version, revision=ctx.ids.uuid(), modified=ctx.now)
    return replace(changed, update=IN_PROGRESS) if _lasts(ctx, version) else changed


def check_settled(ctx: Context, version: Version) -> None:
    """Raises: ResourceConflictException while it is being created or updated."""
    where = f"for resource: {version.arn(ctx)}"
    if version.state == PENDING:
        raise errors.ResourceConflictException(
            reason="The operation cannot be performed at this time. The function is currently in the following state: "
            f"{PENDING}"
        )
    if version.update == IN_PROGRESS:
        raise errors.ResourceConflictException(
            reason=f"The operation cannot be performed at this time. An update is in progress {where}"
        )


def _lasts(ctx: Context, version: Version) -> bool:
    seconds = float(ctx.setting("lifecycle"))
    if seconds > 0:
        ctx.timers.set(ctx, TIMER, ctx.now + seconds, version.function, version.version)
    return seconds > 0


@lambda_.timer(TIMER)
def settle(ctx: Context, function: str, version: str) -> None:
    if found := versions.get(ctx, function, version):
        done = replace(found, state=ACTIVE, state_reason="", state_code="", update=SUCCESSFUL)
        versions.put(ctx, replace(done, revision=ctx.ids.uuid()))
