"""The throughput of shards: 1 MiB and 1,000 records a second in, 2 MiB and 5 calls of GetRecords a second out.

Limits are enforced where the setting `throttling` or AWS's request rates are on. Each is a bucket that fills by the
cloud's clock. Bytes are given while there are any left, even if it takes more: the debt holds back what follows, as AWS
does after a GetRecords of 10 MiB for five seconds.
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kinesis import errors, metrics
from hodei.services.kinesis.memory import Bucket, memory
from hodei.services.kinesis.state import Shard, Stream

MIB = float(2**20)
RATES = {"in": MIB, "records": 1000.0, "out": 2 * MIB, "calls": 5.0, "iterators": 5.0}
FANOUT = 2 * MIB  # of each consumer and shard, a second


def enforced(where: Context) -> bool:
    return where.world.limits.mode == "aws" or bool(where.setting("throttling") == "aws")


def write(where: Context, stream: Stream, shard: Shard, size: int) -> None:
    """Spend a record of so many bytes. Raises: ProvisionedThroughputExceededException."""
    sizes, counts = _bucket(where, shard, "in"), _bucket(where, shard, "records")
    if sizes.level <= 0 or counts.level < 1:
        metrics.throttled(where, stream, shard, "Write")
        raise errors.ProvisionedThroughputExceededException(
            reason=f"Rate exceeded for shard {shard.id} in stream {stream.name} under account {where.account}."
        )
    sizes.level -= size
    counts.level -= 1


def read(where: Context, stream: Stream, shard: Shard) -> None:
    """Spend a call of GetRecords. Raises: ProvisionedThroughputExceededException."""
    sizes, calls = _bucket(where, shard, "out"), _bucket(where, shard, "calls")
    if sizes.level <= 0 or calls.level < 1:
        metrics.throttled(where, stream, shard, "Read")
        raise _exceeded(where, stream, shard)
    calls.level -= 1


def spend_read(where: Context, stream: Stream, shard: Shard, size: int) -> None:
    """What a call that was let in has read."""
    _bucket(where, shard, "out").level -= size


def place(where: Context, stream: Stream, shard: Shard) -> None:
    """Spend a call of GetShardIterator. Raises: ProvisionedThroughputExceededException."""
    calls = _bucket(where, shard, "iterators")
    if calls.level < 1:
        raise _exceeded(where, stream, shard)
    calls.level -= 1


def _exceeded(where: Context, stream: Stream, shard: Shard) -> AwsError:
    return errors.ProvisionedThroughputExceededException(
        reason=f"Rate exceeded for Shard - {where.account}/{stream.name}/{shard.id}"
    )


def _bucket(where: Context, shard: Shard, kind: str) -> Bucket:
    buckets, now, rate = memory(where).buckets, where.now, RATES[kind]
    key = (f"{shard.stream}/{shard.index}", kind)
    if (found := buckets.get(key)) is None:
        found = buckets[key] = Bucket(rate, now)
    found.left(now, rate)
    return found
