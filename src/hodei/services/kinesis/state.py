"""What Kinesis keeps.

A record is one row below its shard, under a number that rises with time: so a moment is a place in a shard, and both
reading from somewhere and dropping what is too old are ranges.
"""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.kinesis.service import kinesis


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an UPDATING stream is on its way to; see `changing`."""

    kind: str
    shards: tuple[int, ...] = ()
    at: bytes = b""  # a hash key
    number: int = 0
    text: str = ""


class Stream(Record):
    """A stream. `id` is of this one, not of another that had the name before."""

    name: str
    id: str
    created: float
    status: str
    mode: str
    retention: int = 24  # hours
    trimmed: float = 0.0  # what was written before that time stays gone, however long the retention becomes
    shards: int = 0  # how many there have been: the index of the next one
    open: int = 0
    version: int = 0  # of the shards
    key: str = ""  # of KMS, as the request named it; "": no encryption
    largest: int = 1024  # KiB of a record
    distribution: str = "USER_PARTITION_KEY"
    monitored: tuple[str, ...] = ()  # shard-level metrics
    warm: int = 0  # MiB a second that an on-demand stream is kept ready for
    policy: str = ""
    change: Change | None = None
    switched: tuple[float, ...] = ()  # when the mode was changed, in the last day
    channel: str = ""  # the id of the one that delivers it to a bucket
    scaled: tuple[float, ...] = ()  # when UpdateShardCount was called, in the last day

    @property
    def on_demand(self) -> bool:
        return self.mode == "ON_DEMAND"

    def arn(self, where: Context) -> str:
        return where.arn(f"stream/{self.name}")


class Shard(Record):
    """A range of hash keys from `start` to `end`, both included, and the numbers of what is written to it."""

    stream: str  # the id
    index: int
    start: bytes  # hash keys, as 16 bytes
    end: bytes
    first: int
    last: int = 0  # 0: it is open
    parent: int = -1
    adjacent: int = -1
    children: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        return shard_id(self.index)


class DataRecord(Record):
    """A record of a stream. With `sealed`, the id of a data key, `data` is ciphertext of the partition key too."""

    stream: str  # the id
    shard: int
    number: int
    key: str
    data: bytes
    sealed: str = ""


class DataKey(Record):
    """A data key, wrapped by a KMS key."""

    stream: str  # the id
    id: str
    wrapped: bytes
    created: float


class Consumer(Record):
    """A registered consumer. It is CREATING until `ready`, and DELETING if `leaving`."""

    stream: str  # the id
    stream_name: str
    name: str
    created: float
    ready: float
    leaving: bool = False
    policy: str = ""

    def arn(self, where: Context) -> str:
        return where.arn(f"stream/{self.stream_name}/consumer/{self.name}:{int(self.created)}")


class Peak(Record):
    """The most that an on-demand stream was written in a minute of a day, in shards that it takes."""

    stream: str  # the id
    day: int
    shards: int


class Commitment(Record):
    """An account's MinimumThroughputBillingCommitment. `ended` may lie ahead."""

    id: str
    started: float
    ended: float = 0.0


def shard_id(index: int) -> str:
    return f"shardId-{index:012}"


def shard_index(id: str) -> int:
    """Raises: ValueError for what can be no shard's id."""
    prefix, _, number = id.partition("-")
    if prefix != "shardId" or not number.isdigit():
        raise ValueError(id)
    return int(number)


streams = kinesis.table("streams", Stream, key="name", cached=True)
shards = kinesis.table("shards", Shard, key=("stream", "index"), cached=True)
records = kinesis.table("records", DataRecord, key=("stream", "shard", "number"))
data_keys = kinesis.table("data_keys", DataKey, key=("stream", "id"))
consumers = kinesis.table("consumers", Consumer, key=("stream", "name"))
peaks = kinesis.table("peaks", Peak, key=("stream", "day"))
commitments = kinesis.table("commitments", Commitment, key="id")
