"""Bytes of compressed objects, as they come."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

GZIP = 31  # zlib's number for its window with gzip's header
SLICE = 8 * 1024  # compressed bytes at once: what they may hold is bounded by it
LARGEST_WINDOW = 2**27  # bytes that a Zstandard frame may look back: what its command line tool allows


class Decompressor(Protocol):
    """zlib's and zstandard's `decompressobj`: one gzip member, one Zstandard frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class Malformed(ValueError):
    """The object is not compressed as was said."""


def opener(compression: str) -> Callable[[], Decompressor] | None:
    """What makes decompressors for NONE, GZIP or ZSTD."""
    if compression == "GZIP":
        return lambda: zlib.decompressobj(GZIP)
    if compression == "ZSTD":
        import zstandard

        return lambda: zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).decompressobj()
    return None


class Plain:
    """An object's bytes out of what comes. Members and frames may follow one another."""

    def __init__(self, compression: str) -> None:
        self._open = opener(compression)
        self._current: Decompressor | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Piece by piece. Raises: Malformed."""
        if self._open is None:
            yield chunk
            return
        for start in range(0, len(chunk), SLICE):
            rest = chunk[start : start + SLICE]
            while rest:
                if self._current is None:
                    self._current = self._open()
                yield self._decompressed(self._current, rest)
                rest = b""
                if self._current.eof:
                    rest, self._current = self._current.unused_data, None

    def _decompressed(self, current: Decompressor, data: bytes) -> bytes:
        try:
            return current.decompress(data)
        except Exception as error:  # zlib.error, ZstdError
            raise Malformed(str(error)) from None

    def close(self) -> None:
        """Raises: Malformed for an object that is not whole."""
        if self._current is not None:
            raise Malformed("The object ends before its compressed data does")
