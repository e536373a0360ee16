"""How a record gets into its shard."""

from __future__ import annotations

from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.kinesis import encryption, errors, numbers, scaling, throttling
from hodei.services.kinesis.channels import delivering
from hodei.services.kinesis.encryption import Sealer
from hodei.services.kinesis.records import trimming
from hodei.services.kinesis.shards import ranges
from hodei.services.kinesis.state import DataRecord, Shard, Stream, records

LARGEST_HASH_KEY = ranges.KEYS - 1


class Draft(NamedTuple):
    """A record to be written. `hash_key` is the explicit one, if there is any."""

    key: str
    data: bytes
    hash_key: bytes | None = None

    @property
    def size(self) -> int:
        return len(self.data) + len(self.key.encode())


class Written(NamedTuple):
    shard: Shard
    number: int


def drafted(stream: Stream, member: str, data: bytes, key: str, explicit: str = "") -> Draft:
    """What a request has for a record; `member` is what it calls the data.

    Raises: ValidationException, InvalidArgumentException.
    """
    automatic = stream.distribution == "AUTO"
    if not key and not automatic:
        raise errors.ValidationException(
            reason="1 validation error detected: Value null at "
            f"'{member.replace('data', 'partitionKey')}' failed to satisfy constraint: Member must not be null"
        )
    hash_key = None
    if explicit and not automatic:
        if int(explicit) > LARGEST_HASH_KEY:
            raise errors.InvalidArgumentException(
                reason="Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value "
                f"was {explicit}"
            )
        hash_key = ranges.to_bytes(int(explicit))
    draft = Draft(key, data, hash_key)
    if draft.size > stream.largest * 1024:
        raise errors.ValidationException(
            reason=f"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have "
            f"length less than or equal to {stream.largest * 1024}"
        )
    return draft


def sealer(where: Context, stream: Stream) -> Sealer | None:
    """What seals the records of one call. Raises: KMS's errors, as Kinesis has them."""
    return encryption.sealer(where, stream) if stream.key else None


def append(where: Context, stream: Stream, draft: Draft, seal: Sealer | None, *, above: int = 0) -> Written:
    """Write a record, with a number greater than `above`. Raises: ProvisionedThroughputExceededException."""
    shard = ranges.holding(where, stream, _hash_key(where, stream, draft))
    if throttling.enforced(where):
        throttling.write(where, stream, shard, draft.size)
    number = numbers.following(where, shard, above)
    record = DataRecord(stream=stream.id, shard=shard.index, number=number, key=draft.key, data=draft.data)
    records.put(where, seal(record) if seal else record)
    trimming.plan(where, stream)
    if stream.on_demand:
        scaling.count(where, stream, draft.size)
    if stream.channel:
        delivering.plan(where, stream)
    where.signal((stream.id, shard.index))
    return Written(shard, number)


def _hash_key(where: Context, stream: Stream, draft: Draft) -> bytes:
    if stream.distribution == "AUTO":
        return where.ids.randbytes(ranges.KEY_BYTES)
    return draft.hash_key or ranges.hash_of(draft.key)
