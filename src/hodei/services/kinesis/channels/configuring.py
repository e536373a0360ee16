"""From requests to channels, and channels as answers show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kinesis import errors
from hodei.services.kinesis.channels import templates
from hodei.services.kinesis.channels.state import Channel, DeadLetters, Logging, Storage
from hodei.services.kinesis.find import find
from hodei.services.kinesis.state import Stream

FORMATS = ("JSON", "STRING", "BYTE_ARRAY")
FRESHNESS = 300  # seconds
SHORTEST, LONGEST = 300, 900
MANAGED = "alias/aws/kinesis"
Structure = Mapping[str, Any]


def read(ctx: Context, name: str, role: str, source: Structure, given: Structure, key: str, log: Structure) -> Channel:
    """The channel that a request asks for. Raises: InvalidArgumentException, ResourceNotFoundException, ..."""
    stream, format = _source(ctx, source), source["RecordConfiguration"]["RecordFormatType"]
    if format not in FORMATS or "GSRSchemaARN" in source["RecordConfiguration"]:
        raise _invalid(f"RecordFormatType {format} with a schema is not supported for an S3 destination.")
    if key.endswith(MANAGED):
        raise _invalid(f"{MANAGED} cannot be used to encrypt what is delivered: use a customer managed key.")
    id = ctx.ids.uuid()
    storage = _storage(given["StorageConfiguration"])
    channel = Channel(
        id=id,
        name=name,
        created=ctx.now,
        status="CREATING",
        stream=stream.name,
        stream_id=stream.id,
        stream_created=stream.created,
        format=format,
        role=role,
        freshness=freshness(given.get("DataFreshnessInSeconds", FRESHNESS)),
        storage=storage,
        dead_letters=_dead_letters(given.get("DeadLetterQueueS3Configuration", {}), storage, f"{name}/{id}"),
        key=key,
        logging=logging(log, name, id),
    )
    templates.check(channel)
    return channel


def _source(ctx: Context, given: Structure) -> Stream:
    """Of this place only: a channel and its stream share account and region."""
    where, stream = find(ctx, "", given["StreamARN"])
    if (where.account, where.region) != (ctx.account, ctx.region):
        raise _invalid("The channel and its stream must be in the same account and Region.")
    if stream.status != "ACTIVE":
        raise errors.StreamNotActive(name=stream.name, account=where.account, status=stream.status)
    if not stream.on_demand:
        raise errors.ValidationException(
            reason=f"Channels are not supported for streams in Provisioned mode: stream {stream.name} under account "
            f"{where.account}."
        )
    if stream.key.endswith(MANAGED):
        raise _invalid(f"Stream {stream.name} is encrypted with {MANAGED}, which is not supported for channels.")
    return stream


def freshness(seconds: int) -> int:
    if not SHORTEST <= seconds <= LONGEST:
        raise _invalid(f"DataFreshnessInSeconds must be between {SHORTEST} and {LONGEST}. Specified value: {seconds}")
    return seconds


def _storage(given: Structure) -> Storage:
    return Storage(
        bucket=given["BucketARN"],
        owner=given["ExpectedBucketOwner"],
        compression=given["CompressionType"],
        template=given.get("OutputKeyTemplate", templates.DEFAULT),
        storage_class=given.get("StorageClass", "STANDARD"),
    )


def _dead_letters(given: Structure, storage: Storage, of: str) -> DeadLetters:
    """Without any, they go to the bucket that is delivered to."""
    return DeadLetters(
        bucket=given.get("BucketARN", storage.bucket),
        owner=given.get("ExpectedBucketOwner", storage.owner),
        prefix=given.get("ErrorOutputPrefix", f"kinesis-channel/errors/{of}/"),
    )


def logging(given: Structure, name: str, id: str) -> Logging | None:
    settings = given.get("CloudWatchLogs", {})
    if not settings.get("Enabled"):
        return None
    group = settings.get("LogGroupName", f"/aws/kinesis/{name}/{id}")
    return Logging(group=group, stream=settings.get("LogStreamName") or "DestinationDelivery")


def failure(where: Context, acting: Context | AwsError, channel: Channel) -> str:
    """Why a channel can deliver nothing, as far as that can be known before; "" if it can."""
    import hodei.services.s3.api as s3  # loaded where a bucket is looked at

    if isinstance(acting, AwsError):
        return f"Unable to assume role {channel.role}: {acting.message}"
    storage, letters = channel.storage, channel.dead_letters
    for arn, owner in ((storage.bucket, storage.owner), (letters.bucket, letters.owner)):
        bucket = s3.bucket(where, Arn.parse(arn).resource)
        if bucket is None:
            return f"The bucket {arn} does not exist."
        if bucket.region != where.region:
            return f"The bucket {arn} is in {bucket.region}, not in the Region of the stream."
        if bucket.account != owner:
            return f"The owner of the bucket {arn} is not {owner}."
    return ""


def _invalid(reason: str) -> AwsError:
    return errors.InvalidArgumentException(reason=reason)


def described(where: Context, channel: Channel) -> dict[str, Any]:
    storage, letters = channel.storage, channel.dead_letters
    answer = {
        **_head(where, channel),
        "ServiceExecutionRoleARN": channel.role,
        "StreamConfigurationList": [
            {**_stream(where, channel), "RecordConfiguration": {"RecordFormatType": channel.format}}
        ],
        "S3DestinationConfiguration": {
            "DataFreshnessInSeconds": channel.freshness,
            "DeadLetterQueueS3Configuration": {
                "BucketARN": letters.bucket,
                "ExpectedBucketOwner": letters.owner,
                "ErrorOutputPrefix": letters.prefix,
            },
            "StorageConfiguration": {
                "BucketARN": storage.bucket,
                "ExpectedBucketOwner": storage.owner,
                "OutputKeyTemplate": storage.template,
                "StorageClass": storage.storage_class,
                "CompressionType": storage.compression,
            },
        },
        "LoggingConfiguration": {"CloudWatchLogs": _logging(channel.logging)},
    }
    if channel.key:
        answer["EncryptionConfiguration"] = {"EncryptionType": "KMS", "KeyId": channel.key}
    return answer


def summary(where: Context, channel: Channel) -> dict[str, Any]:
    return {**_head(where, channel), "ChannelDestinationType": "S3", "Streams": [_stream(where, channel)]}


def _head(where: Context, channel: Channel) -> dict[str, Any]:
    return {
        "ChannelName": channel.name,
        "ChannelARN": channel.arn(where),
        "ChannelId": channel.id,
        "ChannelStatus": channel.status,
        "ChannelCreationTimestamp": int(channel.created),
        **({"ChannelStatusReason": channel.reason} if channel.reason else {}),
    }


def _stream(where: Context, channel: Channel) -> dict[str, Any]:
    return {
        "StreamARN": where.arn(f"stream/{channel.stream}"),
        "StreamCreationTimestamp": int(channel.stream_created),
    }


def _logging(given: Logging | None) -> dict[str, Any]:
    return (
        {"Enabled": True, "LogGroupName": given.group, "LogStreamName": given.stream} if given else {"Enabled": False}
    )
