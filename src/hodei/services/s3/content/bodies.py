"""Bodies at rest: sealed pieces, as rows of `data` up to 64 KiB and as blobs above. A body is never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.content import encryption
from hodei.services.s3.content.checksums import Digests
from hodei.services.s3.state import INLINE_LIMIT, Data, Piece, data

BLOCK = 2**20  # bytes that are digested and sealed at a time
AT_ONCE = 16  # pieces opened before the first byte goes out: they stay readable whatever happens to the object

Pieces = tuple[Piece, ...]


class Span(NamedTuple):
    """The bytes [start, end) of a piece."""

    piece: Piece
    start: int
    end: int


# writing


def write_now(home: Context, key: bytes, body: bytes) -> Pieces:
    """Keep a body of at most INLINE_LIMIT bytes, in this batch."""
    if not body:
        return ()
    piece = Piece(id=home.ids.hex(32), size=len(body))
    data.put(home, Data(id=piece.id, body=encryption.cipher(key, piece.id).update(body)))
    return (piece,)


async def write(
    home: Context, key: bytes, chunks: AsyncIterator[bytes], digests: Digests, verify: Callable[[int], None]
) -> Pieces:
    """Keep a body as it comes. When all has come, `verify(size)` may raise: then nothing of it stays.

    It is part of the batch that is open on return: do not wait before the row that refers to it is put.
    """
    blocks = _blocks(chunks)
    first = await anext(blocks, b"")
    if len(first) <= INLINE_LIMIT:
        digests.update(first)
        verify(len(first))
        return write_now(home, key, first)
    piece_id = home.ids.hex(32)
    async with home.blobs.writer() as writer:
        cipher, pending = encryption.cipher(key, piece_id), None
        try:
            block = first
            while block:
                pending = asyncio.ensure_future(home.offload(_digest_and_seal, digests, cipher, block))
                block = await anext(blocks, b"")
                await writer.write(await pending)
        finally:
            if pending is not None:
                await asyncio.wait([pending])
        blob = await writer.close()
    piece = Piece(id=piece_id, size=writer.size, blob=blob)
    try:
        verify(piece.size)
    except BaseException:
        home.blobs.discard(blob)
        raise
    home.blobs.keep(home, blob)
    return (piece,)


def clone(home: Context, target: Context, key: bytes, pieces: Pieces) -> Pieces:
    """The same body once more, for another object with the same base key; files share their space."""
    return tuple(_clone(home, target, key, piece) for piece in pieces)


def delete(home: Context, pieces: Pieces) -> None:
    """Drop a body with the open batch."""
    for piece in pieces:
        if piece.blob:
            home.blobs.delete(home, piece.blob)
        else:
            data.delete(home, piece.id)


# reading


def read(
    home: Context, key: bytes, pieces: Pieces, start: int = 0, end: int | None = None
) -> bytes | AsyncIterator[bytes]:
    """The bytes [start, end) of a body: at once where it is small, else as they are read from the disk."""
    spans = _spans(pieces, start, end)
    if not spans:
        return b""
    if len(spans) == 1 and not spans[0].piece.blob:
        return _row(home, key, spans[0])
    return _stream(home, key, spans, [_open(home, key, span) for span in spans[:AT_ONCE]])


def _spans(pieces: Pieces, start: int, end: int | None) -> list[Span]:
    spans, offset = [], 0
    for piece in pieces:
        low, high = max(start - offset, 0), piece.size if end is None else min(end - offset, piece.size)
        if low < high:
            spans.append(Span(piece, low, high))
        offset += piece.size
    return spans


def _row(home: Context, key: bytes, span: Span) -> bytes:
    row = data.get(home, span.piece.id)
    if row is None:
        raise errors.NoSuchKey()
    return encryption.cipher(key, span.piece.id, span.start).update(row.body[span.start : span.end])


def _open(home: Context, key: bytes, span: Span) -> bytes | AsyncIterator[bytes]:
    return home.blobs.read(span.piece.blob, span.start, span.end) if span.piece.blob else _row(home, key, span)


async def _stream(
    home: Context, key: bytes, spans: Sequence[Span], opened: list[bytes | AsyncIterator[bytes]]
) -> AsyncIterator[bytes]:
    for number, span in enumerate(spans):
        source = opened[number] if number < len(opened) else _open(home, key, span)
        if isinstance(source, bytes):
            yield source
            continue
        cipher = encryption.cipher(key, span.piece.id, span.start)
        async for chunk in source:
            yield cipher.update(chunk)


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in blocks of about BLOCK; none is empty."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(parts)
            parts, size = [], 0
    if size:
        yield b"".join(parts)


def _digest_and_seal(digests: Digests, cipher: encryption.Cipher, block: bytes) -> bytes:
    digests.update(block)
    return cipher.update(block)


def _clone(home: Context, target: Context, key: bytes, piece: Piece) -> Piece:
    if not piece.blob:
        (copy,) = write_now(target, key, _row(home, key, Span(piece, 0, piece.size)))
        return copy
    blob = home.blobs.clone(piece.blob)
    home.blobs.keep(target, blob)
    return replace(piece, blob=blob)
