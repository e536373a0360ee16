"""What is told of deliveries: to CloudWatch, and to CloudWatch Logs where the channel logs.

https://docs.aws.amazon.com/streams/latest/dev/data-delivery-monitoring.html
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kinesis.channels.state import Channel
from hodei.services.kinesis.metrics import NAMESPACE

log = logging.getLogger("hodei.kinesis")
ACTIONS = ("CreateLogStream", "PutLogEvents")


def metric(where: Context, channel: Channel, name: str, value: float, unit: str = "Count") -> None:
    of = {"ChannelName": channel.name, "ChannelId": channel.id, "StreamName": channel.stream}
    where.metric(NAMESPACE, f"DeliveryToS3.{name}", value, unit, **of)


def note(acting: Context, channel: Channel, code: str, message: str, **more: Any) -> None:
    """Log what happened, by the channel's role; nothing is logged where that may not."""
    if channel.logging is None:
        return
    import hodei.services.logs.api as logs  # loaded where a channel logs

    group, stream, at = channel.logging.group, channel.logging.stream, int(acting.now * 1000)
    told = {
        "timestamp": at,
        "channelARN": channel.arn(acting),
        "streamARN": acting.arn(f"stream/{channel.stream}"),
        "destinationARN": channel.storage.bucket,
        "code": code,
        "message": message,
        **more,
    }
    try:
        logs.allowed(acting, ACTIONS, group, stream)
        logs.write(acting, group, stream, [(at, msgspec.json.encode(told).decode())])
    except AwsError as error:
        log.warning("channel %s cannot log to %s: %s", channel.name, group, error)
