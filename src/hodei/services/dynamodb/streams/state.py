"""What DynamoDB keeps of its streams.

A record's number is the microsecond in which it was written, or one more than the last one's: so a moment is a place in
a shard.
"""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.dynamodb.encryption.rows import Sealable, sealed_table
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, Key


class Stream(Record):
    """A stream, which outlives its table by a day. Between `created` and `ready` it is ENABLING, from `disabled` to
    `settled` DISABLING."""

    table: str  # the name
    label: str
    key: Key
    view: str
    created: float
    ready: float
    disabled: float = 0.0  # 0: it is on
    settled: float = 0.0
    opened: int = 0  # the number from which the open shards hold what is written
    shards: tuple[str, ...] = ()  # ids of the open ones; each has as large a part of the range of hashes


class Shard(Record):
    """A part of a stream: what is written to some of the keys, for some hours."""

    table: str
    label: str
    id: str
    parent: str
    first: int  # the number with which it begins
    last: int = 0  # and ends; 0: it is open


class StreamRecord(Sealable):
    """A change of an item. `old` and `new` are there as the view type of the stream has them."""

    secret = ("keys", "old", "new")
    shard: str
    number: int
    name: str  # INSERT, MODIFY, REMOVE
    keys: Item
    size: int
    old: Item | None = None
    new: Item | None = None
    expired: bool = False  # deleted by time to live


streams = dynamodb.table("streams", Stream, key=("table", "label"), cached=True)
shards = dynamodb.table("shards", Shard, key=("table", "label", "id"))
stream_records = sealed_table("stream_records", StreamRecord, ("shard", "number"))
