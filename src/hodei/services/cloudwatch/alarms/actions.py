"""What alarms do when their state has changed: topics and functions are told, as services that are here receive events.

Muted and suppressed alarms do nothing; their history says so. Whether a topic or a function exists shows when they
receive: "CloudWatch doesn't test or validate the actions that you specify" (guide).
"""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import load_service
from hodei.services.cloudwatch.alarms import history, messages
from hodei.services.cloudwatch.state import Alarm

NAMES = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
TOLD = {
    "sns": (messages.to_topic, "cloudwatch.amazonaws.com"),
    "lambda": (messages.to_function, "lambda.alarms.cloudwatch.amazonaws.com"),
}


def run(ctx: Context, alarm: Alarm) -> None:
    """Run the actions of the alarm's state."""
    if not alarm.enabled:
        return
    for arn in alarm.given[NAMES[alarm.state]]:
        _run(ctx, alarm, arn)


def _run(ctx: Context, alarm: Alarm, arn: str) -> None:
    service = Arn.parse(arn).service
    data = {"actionState": "Succeeded", "stateUpdateTimestamp": int(alarm.state_updated * 1000)}
    data |= {"notificationResource": arn, "error": None}
    if service in TOLD and service in all_manifests() and load_service(service).target:
        message, source = TOLD[service]
        payload = message(ctx, alarm)
        ctx.deliver(arn, payload, source=source, source_arn=messages.arn(ctx, alarm.name))
        data["publishedMessage"] = payload.decode()
        history.add(ctx, alarm, "Action", f"Successfully executed action {arn}", data)
        return
    data |= {"actionState": "Failed", "error": f"{service} is not implemented by Hodei."}
    history.add(ctx, alarm, "Action", f"Failed to execute action {arn}", data)
