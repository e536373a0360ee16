"""What Kinesis keeps of channels."""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.kinesis.service import kinesis


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """An S3StorageConfiguration."""

    bucket: str  # ARNs
    owner: str
    compression: str
    template: str
    storage_class: str


class DeadLetters(msgspec.Struct, frozen=True, kw_only=True):
    """A DeadLetterQueueS3Configuration."""

    bucket: str
    owner: str
    prefix: str


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """A ChannelLoggingConfiguration; without it, nothing is logged."""

    group: str
    stream: str


class Channel(Record):
    """A channel from a stream to a bucket. `stream_id` tells the stream from others that have had its name."""

    id: str
    name: str
    created: float
    status: str
    stream: str
    stream_id: str
    stream_created: float
    format: str
    role: str
    freshness: int  # seconds
    storage: Storage
    dead_letters: DeadLetters
    key: str = ""  # of KMS, as the request named it
    logging: Logging | None = None
    reason: str = ""  # why it has FAILED

    def arn(self, where: Context) -> str:
        return where.arn(f"channel/{self.id}")


class Position(Record):
    """The number before which all of a shard has been delivered by a channel."""

    channel: str
    shard: int
    number: int


channels = kinesis.table("channels", Channel, key="id", index={"names": ("name",)})
positions = kinesis.table("channel_positions", Position, key=("channel", "shard"))
