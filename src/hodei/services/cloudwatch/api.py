"""What other services ask of CloudWatch."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.cloudwatch.state import alarms


def state_of(ctx: Context, arn: str) -> str | None:
    """The state of an alarm, in whichever account and region it is; None if it is not there."""
    place = Arn.parse(arn)
    found = alarms.get(ctx.at(account=place.account, region=place.region), place.resource.removeprefix("alarm:"))
    return found.state if found else None
