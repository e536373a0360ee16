"""What objects hold: JSON and STRING a line a record, BYTE_ARRAY the bytes of one record after the other."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson
import zstandard


class Framed(NamedTuple):
    """Records as they lie in an object. `bad`: which of them are not of the format, and so are left out."""

    body: bytes
    bad: frozenset[int]


def framed(format: str, records: Sequence[bytes]) -> Framed:
    check, end = _FORMATS[format]
    good: list[bytes] = []
    bad: set[int] = set()
    for index, record in enumerate(records):
        try:
            check(record)
        except ValueError:
            bad.add(index)
        else:
            good += record, end
    return Framed(b"".join(good), frozenset(bad))


def _text(record: bytes) -> None:
    record.decode()


def _json(record: bytes) -> None:
    orjson.loads(record)


def _anything(record: bytes) -> None:
    """Is allowed."""


_FORMATS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "JSON": (_json, b"\n"),
    "STRING": (_text, b"\n"),
    "BYTE_ARRAY": (_anything, b""),
}


def packed(compression: str, bodies: Sequence[bytes]) -> bytes:
    """An object of what was framed."""
    whole = b"".join(bodies)
    if compression == "ZSTD":
        return zstandard.compress(whole)
    return gzip.compress(whole, mtime=0) if compression == "GZIP" else whole  # of the same records the same object
