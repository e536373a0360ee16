"""Data files of exports: items and changes as lines, compressed."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from hodei.services.dynamodb.state import Item
from hodei.services.dynamodb.transfer import ion
from hodei.services.dynamodb.transfer.compression import GZIP

EXTENSIONS = {"DYNAMODB_JSON": "json.gz", "ION": "ion.gz"}
LEVEL = 6


class Change(NamedTuple):
    """A line of an incremental export; None for an image that there is not, or that is not asked for."""

    at: float
    keys: Item
    old: Item | None
    new: Item | None


Row = Item | Change


class Packer:
    """A data file as it grows. `size` is that of its compressed bytes so far.

    What takes its time is zlib's, which leaves the interpreter to others: made to run in a thread beside the loop.
    """

    def __init__(self) -> None:
        self._zipped = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, text: bytes) -> None:
        self._keep(self._zipped.compress(text))

    def close(self) -> bytes:
        """The whole file."""
        self._keep(self._zipped.flush())
        return b"".join(self._parts)

    def _keep(self, part: bytes) -> None:
        self._parts.append(part)
        self.size += len(part)


def lines(format: str, rows: Sequence[Row]) -> bytes:
    """The rows as DYNAMODB_JSON or ION."""
    return b"".join(map(_json_line if format == "DYNAMODB_JSON" else _ion_line, rows))


def _json_line(row: Row) -> bytes:
    record = {"Item": row} if isinstance(row, dict) else _fields(row, {"WriteTimestampMicros": {"N": _micros(row)}})
    return orjson.dumps(record, default=_base64, option=orjson.OPT_APPEND_NEWLINE)


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _ion_line(row: Row) -> bytes:
    if isinstance(row, dict):
        record = ion.struct({"Item": ion.written(row)})
    else:
        metadata = ion.struct({"WriteTimestampMicros": ion.decimal(_micros(row))})
        images = {name: ion.written(image) for name, image in _fields(row, {}).items() if name != "Metadata"}
        record = ion.struct({"Record": ion.struct({"Metadata": metadata, **images})})
    return f"{ion.line(record)}\n".encode()


def _fields(change: Change, metadata: Mapping[str, Any]) -> dict[str, Any]:
    images = {"NewImage": change.new, "OldImage": change.old}
    there = {name: image for name, image in images.items() if image is not None}
    return {"Metadata": metadata, "Keys": change.keys, **there}


def _micros(change: Change) -> str:
    return str(round(change.at * 1_000_000))
