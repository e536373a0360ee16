"""The queue or topic for events that a function could not handle."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.lambda_ import rules
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.state import Version

ACTIONS = {"sqs": ("SendMessage", "SQS"), "sns": ("Publish", "SNS")}


def check(ctx: Context, version: Version) -> None:
    """Raises: InvalidParameterValueException for what is neither, or what the function's role may not send to."""
    try:
        service = Arn.parse(version.dead_letters).service
    except ValueError:
        service = ""
    if service not in ACTIONS:
        raise rules.invalid("The provided dead letter queue resource type is not supported.")
    action, title = ACTIONS[service]
    if not roles.may(ctx, version.function, version.role, f"{service}:{action}", version.dead_letters):
        raise rules.invalid(f"The provided execution role does not have permissions to call {action} on {title}")
