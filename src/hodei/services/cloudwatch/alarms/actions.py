"""What alarms do when their state has changed: topics, functions and scaling policies are told, as services that are
here receive events.

Muted and suppressed alarms do nothing; their history says so. Whether a topic or a function exists shows when they
receive: "CloudWatch doesn't test or validate the actions that you specify" (guide).
"""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import receives
from hodei.services.cloudwatch.alarms import history, messages
from hodei.services.cloudwatch.alarms.windows import muted
from hodei.services.cloudwatch.state import Alarm, Contributor

NAMES = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
OF_CONTRIBUTORS = ("ec2", "lambda", "sns", "ssm")  # the others act for the alarm alone
SCALING = "autoscaling"  # of EC2 and of Application Auto Scaling
TOLD = {
    "sns": (messages.to_topic, "cloudwatch.amazonaws.com"),
    "lambda": (messages.to_function, "lambda.alarms.cloudwatch.amazonaws.com"),
    SCALING: (messages.to_policy, "cloudwatch.amazonaws.com"),
}


def run(ctx: Context, alarm: Alarm, contributor: Contributor | None = None) -> None:
    """Run the actions of the alarm's state, or of that of one of its time series."""
    if not alarm.enabled:
        return
    for arn in alarm.given[NAMES[alarm.state]]:
        if contributor is None or Arn.parse(arn).service in OF_CONTRIBUTORS:
            _run(ctx, alarm, arn, contributor)


def scale_again(ctx: Context, alarm: Alarm) -> None:
    """Scaling policies are told every minute for as long as the alarm remains in its state."""
    if alarm.enabled and not muted(ctx, alarm.name):
        for arn in alarm.given[NAMES[alarm.state]]:
            if Arn.parse(arn).service == SCALING:
                _tell(ctx, alarm, arn)


def _tell(ctx: Context, alarm: Alarm, arn: str, contributor: Contributor | None = None) -> bytes | None:
    """What was told; None: there is nobody to be told."""
    service = Arn.parse(arn).service
    if service not in TOLD or not receives(arn):
        return None
    message, source = TOLD[service]
    payload = message(ctx, alarm, contributor)
    ctx.deliver(arn, payload, source=source, source_arn=messages.arn(ctx, alarm.name))
    return payload


def _run(ctx: Context, alarm: Alarm, arn: str, contributor: Contributor | None) -> None:
    kind = "AlarmContributorAction" if contributor else "Action"
    data = {"actionState": "Succeeded", "stateUpdateTimestamp": int(alarm.state_updated * 1000)}
    data |= {"notificationResource": arn, "error": None}
    if (payload := _tell(ctx, alarm, arn, contributor)) is not None:
        data["publishedMessage"] = payload.decode()
        history.add(ctx, alarm, kind, f"Successfully executed action {arn}", data, contributor)
        return
    data |= {"actionState": "Failed", "error": f"{Arn.parse(arn).service} is not implemented by Hodei."}
    history.add(ctx, alarm, kind, f"Failed to execute action {arn}", data, contributor)
