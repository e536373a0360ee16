"""The partitions that a table's or an index's items lie in: ranges of the hash of the partition key.

There are as many as the capacity needs; one that stays hot is split where its traffic has its middle. A single hot key
cannot be divided.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table
from hodei.services.dynamodb.throttling.limits import partitions_of

HASH_BYTES = 8
HASHES = 1 << 8 * HASH_BYTES
HOT_SECONDS = 60.0  # of being refused until a partition is split; AWS says no more than "sustained"
COOL_SECONDS = 10.0  # without a refusal after which a partition is not hot any more
SAMPLE = 128


class Split(Record):
    """A boundary that heat has made: `at` is the first hash of the upper part."""

    table: str  # the id
    index: str
    at: bytes


splits = dynamodb.table("splits", Split, key=("table", "index", "at"))


def start_of(ctx: Context, table: Table, index: str, partition: bytes) -> bytes:
    """The first hash of the range that a partition key's bytes lie in."""
    given = partition[:HASH_BYTES]
    count = partitions_of(table, index)
    number = int.from_bytes(given) * count // HASHES
    even = (-(-number * HASHES // count)).to_bytes(HASH_BYTES)
    below = splits.scan(ctx, table.id, index, end=(given + b"\0",), reverse=True)
    split = next(below, None)
    return max(even, split.at) if split else even


@dataclass(slots=True)
class Heat:
    """Since when a range has been hot, and where in it the traffic goes."""

    since: float = 0.0
    last: float = 0.0
    sample: deque[bytes] = field(default_factory=lambda: deque(maxlen=SAMPLE))

    def refused(self, now: float) -> None:
        if now - self.last > COOL_SECONDS or not self.since:
            self.since = now
        self.last = now

    def middle(self, now: float) -> bytes | None:
        """Where to split; None for a range that is not hot, not for long, or has one key only."""
        if not self.since or self.last - self.since < HOT_SECONDS or now - self.last > COOL_SECONDS:
            return None
        seen = sorted(set(self.sample))
        return seen[len(seen) // 2] if len(seen) > 1 else None


def split(ctx: Context, table: Table, index: str, at: bytes) -> None:
    splits.put(ctx, Split(table=table.id, index=index, at=at))
