"""What functions can be fed from: queues and streams, that they are there, and that a function's role may read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hodei.kernel.arns import Arn
from hodei.kernel.context import ANONYMOUS, Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.state import Version

STREAM_ACTIONS = ("GetRecords", "GetShardIterator", "DescribeStream")


class Kind(NamedTuple):
    """A service that functions can be fed from."""

    service: str
    stream: bool
    batch: int  # BatchSize, if nothing is said
    most: int


SQS = Kind("sqs", False, 10, 10000)
KINDS: Mapping[str, Kind] = {
    "sqs": SQS,
    "kinesis": Kind("kinesis", True, 100, 10000),
    "dynamodb": Kind("dynamodb", True, 100, 10000),
}
WITHOUT_ENGINE = ("kafka", "mq", "rds")


def kind_of(arn: str) -> Kind:
    """Raises: InvalidParameterValueException, NotImplemented for what has no engine here."""
    place = Arn.parse(arn)
    if place.service in WITHOUT_ENGINE:
        raise errors.NotImplementedException(what=f"An event source of {place.service}")
    is_stream = "/stream/" in place.resource or place.service != "dynamodb"
    if place.service not in KINDS or not is_stream:
        raise rules.invalid(
            f"Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn {arn}"
        )
    return KINDS[place.service]


def stream_of(arn: str) -> str:
    """The ARN of the stream that an event source is, or is a consumer of."""
    return arn.partition("/consumer/")[0]


async def check(ctx: Context, kind: Kind, arn: str, version: Version) -> None:
    """That a source is there and fits the function, whose role may read it. Raises: InvalidParameterValueException."""
    if kind.stream:
        _check_stream_role(ctx, kind, arn, version)
        await _describe_stream(ctx, kind, arn)
        return
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        if not roles.may(ctx, version.function, version.role, f"sqs:{action}", arn):
            raise rules.invalid(f"The provided execution role does not have permissions to call {action} on SQS")
    await _check_queue(ctx, arn, version)


def _check_stream_role(ctx: Context, kind: Kind, arn: str, version: Version) -> None:
    shards = "" if kind.service == "dynamodb" else "ListShards, "
    needed = [(action, stream_of(arn)) for action in (*STREAM_ACTIONS, *(("ListShards",) if shards else ()))]
    if stream_of(arn) != arn:
        needed.append(("SubscribeToShard", arn))
    for action, resource in needed:
        if not roles.may(ctx, version.function, version.role, f"{kind.service}:{action}", resource):
            raise rules.invalid(
                f"Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                f"DescribeStream, {shards}and ListStreams Actions on your stream in IAM."
            )


async def _check_queue(ctx: Context, arn: str, version: Version) -> None:
    place = Arn.parse(arn)
    url = f"{ctx.world.url}/queue/{place.region}/{place.account}/{place.resource}"
    answer = await _asked(
        ctx,
        "sqs",
        "GetQueueAttributes",
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
        "Message: The specified queue does not exist.",
        QueueUrl=url,
        AttributeNames=["VisibilityTimeout"],
    )
    visibility = int(answer["Attributes"]["VisibilityTimeout"])
    if visibility < version.timeout:
        raise rules.invalid(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {version.timeout} seconds"
        )


async def _describe_stream(ctx: Context, kind: Kind, arn: str) -> None:
    service, operation, member = {
        "dynamodb": ("dynamodbstreams", "DescribeStream", "StreamArn"),
        "kinesis": ("kinesis", "DescribeStreamSummary", "StreamARN"),
    }[kind.service]
    if stream_of(arn) != arn:
        operation, member = "DescribeStreamConsumer", "ConsumerARN"
    await _asked(ctx, service, operation, f"Stream not found: {arn}", **{member: arn})


async def _asked(ctx: Context, service: str, operation: str, missing: str, **params: Any) -> dict[str, Any]:
    """What the cloud itself asks of a source; its role was asked for already."""
    try:
        return await ctx.by(ANONYMOUS).call(service, operation, **params)
    except AwsError as error:
        if error.is_transient:
            raise
        raise rules.invalid(missing) from None
