"""Records that the Kinesis Producer Library has aggregated: many in one, as a protocol buffer between magic and MD5.

    F3 89 9A C2 | AggregatedRecord | MD5 of that
    AggregatedRecord: 1 partition_key_table (string, repeated), 2 explicit_hash_key_table (string, repeated),
                      3 records: 1 partition_key_index, 2 explicit_hash_key_index, 3 data, 4 tags

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES = 16


class UserRecord(NamedTuple):
    """One of the records in an aggregated one. `explicit_hash_key` is "" if it has none."""

    partition_key: str
    data: bytes
    explicit_hash_key: str = ""


def deaggregated(data: bytes) -> list[UserRecord] | None:
    """The records in what is aggregated, in order; None of any other data, and of what is only made to look like it."""
    if not is_aggregated(data):
        return None
    try:
        return _records(data[len(MAGIC) : -DIGEST_BYTES])
    except (ValueError, IndexError):
        return None


def is_aggregated(data: bytes) -> bool:
    if len(data) <= len(MAGIC) + DIGEST_BYTES or not data.startswith(MAGIC):
        return False
    message = data[len(MAGIC) : -DIGEST_BYTES]
    return hashlib.md5(message, usedforsecurity=False).digest() == data[-DIGEST_BYTES:]


def aggregated(records: Sequence[UserRecord]) -> bytes:
    """The one record that is made of many."""
    keys = list(dict.fromkeys(record.partition_key for record in records))
    hashes = list(dict.fromkeys(record.explicit_hash_key for record in records if record.explicit_hash_key))
    parts = [_field(1, key.encode()) for key in keys] + [_field(2, one.encode()) for one in hashes]
    for record in records:
        inner = b"\x08" + _varint(keys.index(record.partition_key))
        if record.explicit_hash_key:
            inner += b"\x10" + _varint(hashes.index(record.explicit_hash_key))
        parts.append(_field(3, inner + _field(3, record.data)))
    message = b"".join(parts)
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def _records(message: bytes) -> list[UserRecord]:
    keys: list[str] = []
    hashes: list[str] = []
    found: list[bytes] = []
    for number, value in _fields(message):
        if not isinstance(value, bytes):
            continue
        match number:
            case 1:
                keys.append(value.decode())
            case 2:
                hashes.append(value.decode())
            case 3:
                found.append(value)
    return [_record(one, keys, hashes) for one in found]


def _record(message: bytes, keys: list[str], hashes: list[str]) -> UserRecord:
    """Raises: IndexError for an index of no key, ValueError for a record without a key or data."""
    fields = dict(_fields(message))
    key, hash_key, data = fields.get(1), fields.get(2), fields.get(3)
    if not isinstance(key, int) or not isinstance(data, bytes):
        raise ValueError("no record")
    return UserRecord(keys[key], data, hashes[hash_key] if isinstance(hash_key, int) else "")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field. Raises: ValueError, IndexError for what is no protocol buffer."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        match tag & 7:
            case 0:
                number, at = _read_varint(message, at)
                yield tag >> 3, number
                continue
            case 2:
                size, at = _read_varint(message, at)
            case 1:
                size = 8
            case 5:
                size = 4
            case _:
                raise ValueError("no field")
        if at + size > len(message):
            raise ValueError("truncated")
        yield tag >> 3, message[at : at + size]
        at += size


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("no number")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(value)) + value
