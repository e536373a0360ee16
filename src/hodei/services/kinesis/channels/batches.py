"""What a channel delivers at once: the records of all shards that are due, as far as they go into one object."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from hodei.kernel.context import Context
from hodei.services.kinesis import numbers
from hodei.services.kinesis.channels import framing
from hodei.services.kinesis.channels.state import Channel, Position, positions
from hodei.services.kinesis.records import reading
from hodei.services.kinesis.shards.listing import kept
from hodei.services.kinesis.state import DataRecord, Shard, Stream, records

LARGEST = 16 * 2**20  # bytes of the records of an object


@dataclass
class Batch:
    channel: Channel
    first: tuple[int, int] = (0, 0)  # (number, shard) of the oldest record
    ends: dict[int, int] = field(default_factory=dict)  # shard -> the number before which all is in here
    bodies: list[bytes] = field(default_factory=list)
    bad: list[DataRecord] = field(default_factory=list)
    count: int = 0
    bytes: int = 0

    @property
    def oldest(self) -> float:
        """When the first record was written."""
        return numbers.time_of(self.first[0])

    @property
    def suffix(self) -> str:
        """What makes its keys unique. It follows from the first record, so that a repeat, which begins with the same
        one, replaces what it repeats."""
        return f"-{hashlib.sha256(repr((self.channel.id, self.first)).encode()).hexdigest()[:32]}"

    async def add(self, acting: Context, shard: Shard, found: list[DataRecord]) -> None:
        """Records of a shard, those that follow what it has of it already."""
        first = (found[0].number, shard.index)
        self.first = min(self.first, first) if self.count else first
        self.ends[shard.index] = found[-1].number + 1
        self.count += len(found)
        data = [record.data for record in found]
        self.bytes += sum(map(len, data))
        framed = await acting.offload(framing.framed, self.channel.format, data)
        self.bodies.append(framed.body)
        self.bad += [found[index] for index in sorted(framed.bad)]


async def gather(acting: Context, channel: Channel, stream: Stream, until: float) -> Batch:
    """What was written up to a moment and is not delivered yet; empty at the end. Raises: KMS's errors."""
    batch, end = Batch(channel), numbers.of_time(until)
    for shard in list(kept(acting, stream)):
        number = begin(acting, channel, shard)
        while batch.bytes < LARGEST:
            page = reading.page(acting, stream, shard, number, most=min(reading.PAGE_BYTES, LARGEST - batch.bytes))
            due = [record for record in page.records if record.number <= end]
            if not due:
                break
            number = page.next
            await batch.add(acting, shard, due)
    return batch


def begin(where: Context, channel: Channel, shard: Shard) -> int:
    """Where a shard goes on. What was opened after the channel became ACTIVE has no position: all of it is new."""
    found = positions.get(where, channel.id, shard.index)
    return found.number if found else shard.first


def start(where: Context, channel: Channel, stream: Stream) -> None:
    """Nothing that is there already is delivered."""
    for shard in list(kept(where, stream)):
        number = reading.position(where, stream, shard, "LATEST", "", None)
        positions.put(where, Position(channel=channel.id, shard=shard.index, number=number))


def done(where: Context, batch: Batch) -> None:
    """All of it is delivered."""
    for shard, number in batch.ends.items():
        positions.put(where, Position(channel=batch.channel.id, shard=shard, number=number))


def waiting_since(where: Context, channel: Channel, stream: Stream) -> float | None:
    """When the oldest record that is not delivered yet was written."""
    return min(_oldest(where, channel, stream), default=None)


def _oldest(where: Context, channel: Channel, stream: Stream) -> Iterator[float]:
    horizon = numbers.horizon(where, stream)
    for shard in kept(where, stream):
        first = (max(horizon, begin(where, channel, shard)),)
        for *_, number in records.keys(where, stream.id, shard.index, start=first):
            yield numbers.time_of(number)
            break
