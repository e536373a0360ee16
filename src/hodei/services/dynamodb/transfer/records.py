"""Items out of the lines of an import's objects.

An object that holds something else than items is not read on
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Validation.html).
"""

from __future__ import annotations

import binascii
import csv
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from hodei.services.dynamodb.state import Item
from hodei.services.dynamodb.transfer import ion
from hodei.services.dynamodb.transfer.compression import Malformed, Plain

ROWS = 50  # items at once, while others wait
BYTES = 2**18
PIECE = 64 * 1024  # bytes that are cut into lines at once
LONGEST_LINE = 8 * 2**20
QUOTE = b'"'


class Source(NamedTuple):
    """How an import's objects are to be read. `kinds` are the attributes that are keys: name -> type."""

    format: str
    compression: str
    delimiter: str
    headers: Sequence[str]
    kinds: Mapping[str, str]


class Reader:
    """One object. `size` counts its bytes, decompressed; `fault` says why the rest of it is not read."""

    def __init__(self, source: Source) -> None:
        self._plain = Plain(source.compression)
        self._source = source
        self._item: Callable[[bytes], Item | None] = {
            "CSV": Rows(source).item,
            "ION": ion.read,
            "DYNAMODB_JSON": from_json,
        }[source.format]
        self._open: list[bytes] = []  # the parts of a line that has not ended
        self._length = 0
        self._quoted = False
        self.size = 0
        self.fault = ""

    def batches(self, chunk: bytes | None) -> Iterator[list[Item]]:
        """The items that end in another chunk; None: the object is at its end. The values are still to be checked."""
        batch: list[Item] = []
        size = 0
        try:
            for line in self._lines(chunk):
                size += len(line) + 1
                if line.strip() and (item := self._item(line)) is not None:
                    batch.append(item)
                if len(batch) == ROWS or size >= BYTES:
                    yield batch
                    batch, size = [], 0
        except (ValueError, RecursionError, csv.Error) as error:
            self.fault = str(error)
        yield batch

    def _lines(self, chunk: bytes | None) -> Iterator[bytes]:
        if chunk is None:
            self._plain.close()
            if self._open:
                yield self._closed()
            return
        for plain in self._plain.feed(chunk):
            self.size += len(plain)
            for start in range(0, len(plain), PIECE):
                *ends, rest = plain[start : start + PIECE].split(b"\n")
                for end in ends:
                    self._add(end)
                    if not self._quoted:
                        yield self._closed()
                    else:
                        self._add(b"\n")
                self._add(rest)

    def _add(self, part: bytes) -> None:
        """To the line that is open. In CSV it goes on after a line end that is in quotes. Raises: Malformed."""
        self._open.append(part)
        self._length += len(part)
        if self._source.format == "CSV":
            self._quoted ^= part.count(QUOTE) % 2 == 1
        if self._length > LONGEST_LINE:
            raise Malformed("A line is too long")

    def _closed(self) -> bytes:
        line = b"".join(self._open)
        self._open.clear()
        self._length, self._quoted = 0, False
        return line


class Rows:
    """CSV: every value is a string, but for those of keys; an empty one is none."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._headers = list(source.headers)

    def item(self, line: bytes) -> Item | None:
        """None for the header. Raises: ValueError, csv.Error."""
        text = line.decode().removesuffix("\r").removeprefix("\ufeff")
        (row,) = csv.reader([text], delimiter=self._source.delimiter, strict=True)
        if not self._headers:
            self._headers = row
            return None
        if len(row) != len(self._headers):
            raise ValueError(f"A line has {len(row)} columns, the header {len(self._headers)}")
        return {name: self._value(name, text) for name, text in zip(self._headers, row) if text}

    def _value(self, name: str, text: str) -> dict[str, Any]:
        kind = self._source.kinds.get(name, "S")
        return {kind: _bytes(text) if kind == "B" else text}


def from_json(line: bytes) -> Item:
    """The Item of a line of DynamoDB JSON. Raises: ValueError for a line that holds none."""
    record = orjson.loads(line)
    item = record.get("Item") if isinstance(record, dict) else None
    if not isinstance(item, dict):
        raise ValueError("The line holds no Item")
    return {name: _value(value) for name, value in item.items()}


def _value(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError("A value is no AttributeValue")
    [(kind, content)] = value.items()
    expected, convert = _KINDS.get(kind, (None, None))
    if expected is None or not isinstance(content, expected):
        raise ValueError(f"A value of type {kind} is no AttributeValue")
    return {kind: convert(content) if convert else content}


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise ValueError("A set has a member that is no string")
    return content


def _bytes(content: Any) -> bytes:
    try:
        return b64decode(_text(content), validate=True)
    except binascii.Error as error:
        raise ValueError(f"A binary value is not base64: {error}") from None


_KINDS: dict[str, tuple[type, Callable[[Any], Any] | None]] = {
    "S": (str, None),
    "N": (str, None),
    "B": (str, _bytes),
    "BOOL": (bool, None),
    "NULL": (bool, None),
    "SS": (list, lambda content: [_text(one) for one in content]),
    "NS": (list, lambda content: [_text(one) for one in content]),
    "BS": (list, lambda content: [_bytes(one) for one in content]),
    "L": (list, lambda content: [_value(one) for one in content]),
    "M": (dict, lambda content: {name: _value(one) for name, one in content.items()}),
}
