"""multipart/form-data read as a stream: the fields before the file, then the file, byte by byte as it comes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from hodei.services.s3 import errors

FIELDS_LIMIT = 20 * 1024  # bytes before the file
HEADERS_LIMIT = 8 * 1024  # bytes of the headers of one part
PARAMETER = re.compile(r';\s*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))')
BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', re.IGNORECASE)


class Field(NamedTuple):
    name: str
    filename: str | None  # None: not sent as a file


class Form:
    """Read `fields` first, then `file`; what follows the file does not count."""

    def __init__(self, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Raises: MalformedPOSTRequest if the type names no boundary."""
        match = BOUNDARY.search(content_type)
        if match is None:
            raise errors.MalformedPOSTRequest()
        self._chunks = chunks
        self._delimiter = b"\r\n--" + (match[1] or match[2]).encode("utf-8", "surrogateescape")
        self._buffer = bytearray(b"\r\n")  # so that the first delimiter looks like the others

    async def fields(self) -> tuple[list[tuple[str, str]], Field | None]:
        """The (name, value) pairs before the file, and the file, None if the form has none.

        Raises: MalformedPOSTRequest, MaxPostPreDataLengthExceeded.
        """
        fields: list[tuple[str, str]] = []
        size = 0
        await self._until(self._delimiter, FIELDS_LIMIT)  # what stands before the first part means nothing
        while await self._another():
            field = _field(await self._until(b"\r\n\r\n", HEADERS_LIMIT))
            if field.name.lower() == "file":
                return fields, field
            value = await self._until(self._delimiter, FIELDS_LIMIT - size)
            size += len(field.name) + len(value)
            fields.append((field.name, value.decode("utf-8", "replace")))
        return fields, None

    async def file(self) -> AsyncIterator[bytes]:
        """The content of the file. Raises: MalformedPOSTRequest if the form ends before the file does."""
        delimiter, buffer = self._delimiter, self._buffer
        while (end := buffer.find(delimiter)) < 0:
            if (safe := len(buffer) - len(delimiter) + 1) > 0:
                yield bytes(buffer[:safe])
                del buffer[:safe]
            await self._more()
        if end:
            yield bytes(buffer[:end])
        async for _ in self._chunks:  # the rest of the request, so that the connection can go on
            pass

    async def _another(self) -> bool:
        """Whether a part follows the delimiter just read."""
        while len(self._buffer) < 2:
            await self._more()
        mark = bytes(self._buffer[:2])
        del self._buffer[:2]
        if mark not in (b"\r\n", b"--"):
            raise errors.MalformedPOSTRequest()
        if mark == b"\r\n":
            self._buffer[:0] = b"\r\n"  # a part may have no headers: then its blank line follows at once
        return mark == b"\r\n"

    async def _until(self, mark: bytes, limit: int) -> bytes:
        """What stands before the next `mark`, which is taken too."""
        start = 0
        while (end := self._buffer.find(mark, start)) < 0:
            if len(self._buffer) > limit + len(mark):
                raise errors.MaxPostPreDataLengthExceeded()
            start = max(0, len(self._buffer) - len(mark) + 1)
            await self._more()
        if end > limit:
            raise errors.MaxPostPreDataLengthExceeded()
        found = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        return found

    async def _more(self) -> None:
        chunk = await anext(self._chunks, None)
        if chunk is None:
            raise errors.MalformedPOSTRequest()
        self._buffer += chunk


def _field(head: bytes) -> Field:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition" and value.strip().lower().startswith("form-data"):
            found = {key.lower(): quoted or plain for key, quoted, plain in PARAMETER.findall(value)}
            if "name" in found:
                return Field(found["name"], found.get("filename"))
    raise errors.MalformedPOSTRequest()
