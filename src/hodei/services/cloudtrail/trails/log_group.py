"""Events of trails in CloudWatch Logs, as the role of the trail writes them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
"""

from __future__ import annotations

import gzip
from typing import Any

import msgspec

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.state import Trail

SESSION = "CloudTrail"
LARGEST = 256 * 1024  # bytes of an event; larger ones are in the files alone
ACTIONS = ("CreateLogStream", "PutLogEvents")


def check(home: Context, trail: Trail) -> None:
    """Raises: InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException."""
    import hodei.services.logs.api as logs

    if not trail.log_group and not trail.log_role:
        return
    try:
        there = bool(trail.log_group) and logs.exists(home, trail.log_group)
    except ValueError:
        there = False
    if not there:
        raise errors.InvalidCloudWatchLogsLogGroupArn()
    try:
        _writer(home, trail, stream_of(home.account, trail.region))
    except (AwsError, ValueError):
        raise errors.InvalidCloudWatchLogsRoleArn() from None


def stream_of(account: str, region: str) -> str:
    return f"{account}_CloudTrail_{region}"


def lines(body: bytes) -> list[str]:
    """The records of a log file, one by one; call it in a thread."""
    records: list[Any] = msgspec.json.decode(gzip.decompress(body))["Records"]
    return [msgspec.json.encode(record).decode() for record in records]


def write(home: Context, trail: Trail, account: str, region: str, records: list[str]) -> None:
    """In the open batch. Raises: AwsError where the role may not, or the group is gone."""
    import hodei.services.logs.api as logs

    if not logs.exists(home, trail.log_group):
        raise errors.InvalidCloudWatchLogsLogGroupArn()
    stream = stream_of(account, region)
    at = int(home.now * 1000)
    events = [(at, record) for record in records if len(record) <= LARGEST]
    logs.write(_writer(home, trail, stream), _name(trail), stream, events)


def _name(trail: Trail) -> str:
    return Arn.parse(trail.log_group).resource.removeprefix("log-group:").removesuffix(":*")


def _writer(home: Context, trail: Trail, stream: str) -> Context:
    """The role of a trail, if it may write to a stream of the log group. Raises: AwsError."""
    import hodei.services.logs.api as logs
    import hodei.services.sts.api as sts

    place = Arn.parse(trail.log_group)
    by = service_principal("cloudtrail.amazonaws.com", home.account, trail.arn)
    there = home.at(account=place.account, region=place.region).by(sts.become(home, trail.log_role, SESSION, by))
    logs.allowed(there, ACTIONS, _name(trail), stream)
    return there
