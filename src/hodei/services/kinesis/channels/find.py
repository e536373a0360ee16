"""From the ARN of a channel to it."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.kinesis import errors
from hodei.services.kinesis.channels.state import Channel, channels

PREFIX = "channel/"


def find(ctx: Context, arn: str) -> Channel:
    """Raises: ResourceNotFoundException, also for one of another account or region."""
    place = Arn.parse(arn)
    here = (place.account, place.region) == (ctx.account, ctx.region)
    channel = channels.get(ctx, place.resource.removeprefix(PREFIX)) if here else None
    if channel is None:
        raise errors.ResourceNotFoundException(reason=f"Channel {arn} under account {ctx.account} not found.")
    return channel


def is_channel(arn: str) -> bool:
    return f":{PREFIX}" in arn
