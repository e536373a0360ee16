"""The logs of functions in CloudWatch Logs, as far as the function's role may write them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.journal import Line

KNOWN_FOR = 60.0  # seconds for which it is remembered whether a role may write
ACTIONS = ("CreateLogStream", "PutLogEvents")


class Known:
    """Whether a role may write to a log group, and until when that is remembered."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, str], tuple[bool, float]] = {}

    def forget(self) -> None:
        self.of.clear()


def write(ctx: Context, made: Deployment, stream: str, lines: Sequence[Line]) -> None:
    """In the open batch. What a role may not write is nowhere, as on AWS."""
    import hodei.services.logs.api as logs

    if not _may(ctx, made):
        return
    with suppress(AwsError):  # of the group's KMS key
        logs.write(ctx, made.log_group, stream, [(int(at * 1000), f"{line}\n") for at, line in lines])


def _may(ctx: Context, made: Deployment) -> bool:
    known = ctx.world.memory(Known).of
    about = (made.role, made.log_group)
    if about in known and known[about][1] > ctx.now:
        return known[about][0]
    allowed = _allowed(ctx, made)
    known[about] = (allowed, ctx.now + KNOWN_FOR)
    return allowed


def _allowed(ctx: Context, made: Deployment) -> bool:
    import hodei.services.logs.api as logs

    group = Arn(partition_of(ctx.region), "logs", ctx.region, ctx.account, f"log-group:{made.log_group}")
    actions = ACTIONS if logs.exists(ctx, str(group)) else ("CreateLogGroup", *ACTIONS)
    try:
        logs.allowed(ctx.by(roles.become(ctx, made.name, made.role, made.arn)), actions, made.log_group)
    except AwsError:
        return False
    return True
