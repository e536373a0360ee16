"""Keys: tuples as bytes that sort as the tuples do.

A part is `None`, `bytes`, `str`, `int`, `float` or `bool`. Parts of one type sort as Python sorts them (text by code
point, which is also S3's order); parts of different types sort in the order just given. The encoding is that of
FoundationDB's tuple layer, but for the escape in text and bytes: there, 0 is written 01 01 and 1 is written 01 02, so
that the closing 0 occurs nowhere else. No part is then a prefix of another one, and the keys that begin with `pack(a)`
are exactly those of the tuples that begin with `a`.
"""

from __future__ import annotations

import struct
from typing import Any, Final

Part = str | bytes | int | float | bool | None

_NONE: Final = 0x00
_BYTES: Final = 0x01
_TEXT: Final = 0x02
_LONG_NEGATIVE: Final = 0x0B
_ZERO: Final = 0x14  # an integer of n bytes is 0x14 + n, a negative one 0x14 - n
_LONG_POSITIVE: Final = 0x1D
_FLOAT: Final = 0x21
_FALSE: Final = 0x26
_TRUE: Final = 0x27

_SIGN: Final = 1 << 63
_ALL: Final = (1 << 64) - 1


def pack(parts: tuple[Part, ...]) -> bytes:
    """The key of a tuple. Raises TypeError for a part of another type, ValueError for NaN."""
    out = []
    for part in parts:
        kind = type(part)
        if kind is str:
            if "\0" in part or "\1" in part:  # type: ignore[operator]
                out.append(b"\x02" + _escape(part.encode()) + b"\0")  # type: ignore[union-attr]
            else:
                out.append(b"\x02" + part.encode() + b"\0")  # type: ignore[union-attr]
        elif kind is int:
            out.append(_SMALL[part] if 0 <= part < 256 else _pack_int(part))  # type: ignore[operator,index,arg-type]
        else:
            out.append(_pack_other(part))
    return b"".join(out)


def unpack(key: bytes) -> tuple[Any, ...]:
    """The tuple of a key. Raises ValueError when the bytes are no key."""
    parts: list[Part] = []
    at, size = 0, len(key)
    while at < size:
        code = key[at]
        if code in (_TEXT, _BYTES):
            end = key.index(0, at + 1)
            raw = key[at + 1 : end]
            if 1 in raw:
                raw = raw.replace(b"\1\1", b"\0").replace(b"\1\2", b"\1")
            parts.append(raw.decode() if code == _TEXT else raw)
            at = end + 1
        else:
            part, at = _unpack_other(key, at, code)
            parts.append(part)
    return tuple(parts)


def prefix_end(prefix: bytes) -> bytes:
    """The smallest key greater than all keys that begin with the prefix."""
    if prefix and prefix[-1] == 0:
        return prefix[:-1] + b"\1"
    stem = prefix.rstrip(b"\xff")
    if not stem:
        return b"\xff"  # no packed key begins with 0xff
    return stem[:-1] + bytes((stem[-1] + 1,))


def text_end(prefix: str) -> str | None:
    """The smallest text greater than all texts that begin with the prefix; None when there is none.

    >>> text_end("photos/")
    'photos0'
    """
    stem = prefix.rstrip(chr(0x10FFFF))
    if not stem:
        return None
    last = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if last == 0xD800 else last)  # surrogates are no text


def _escape(raw: bytes) -> bytes:
    return raw.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1")


def _pack_int(value: int) -> bytes:
    size = (value.bit_length() + 7) >> 3
    if size > 255:
        raise ValueError("an integer in a key has at most 255 bytes")
    if value >= 0:
        head = bytes((_ZERO + size,)) if size <= 8 else bytes((_LONG_POSITIVE, size))
        return head + value.to_bytes(size, "big")
    head = bytes((_ZERO - size,)) if size <= 8 else bytes((_LONG_NEGATIVE, size ^ 0xFF))
    return head + (value + (1 << size * 8) - 1).to_bytes(size, "big")


def _pack_other(part: Part) -> bytes:
    if part is None:
        return b"\x00"
    if part is True:
        return b"\x27"
    if part is False:
        return b"\x26"
    if isinstance(part, float):
        if part != part:
            raise ValueError("NaN has no place in an order")
        bits: int = struct.unpack(">Q", struct.pack(">d", part + 0.0))[0]  # + 0.0 makes -0.0 the 0.0 it equals
        return b"\x21" + struct.pack(">Q", bits ^ (_ALL if bits & _SIGN else _SIGN))
    if isinstance(part, bytes):
        return b"\x01" + _escape(part) + b"\0"
    if isinstance(part, (str, int)):  # subclasses: enumerations
        return pack((str.__str__(part) if isinstance(part, str) else int(part),))
    raise TypeError(f"{type(part).__name__} cannot be part of a key")


def _unpack_other(key: bytes, at: int, code: int) -> tuple[Part, int]:
    if 0x0C <= code <= 0x1C:
        return _unpack_int(key, at + 1, code - _ZERO)
    if code == _FLOAT:
        bits = int.from_bytes(key[at + 1 : at + 9], "big")
        bits ^= _SIGN if bits & _SIGN else _ALL
        return struct.unpack(">d", struct.pack(">Q", bits))[0], at + 9
    if code == _NONE:
        return None, at + 1
    if code in (_TRUE, _FALSE):
        return code == _TRUE, at + 1
    if code == _LONG_POSITIVE:
        return _unpack_int(key, at + 2, key[at + 1])
    if code == _LONG_NEGATIVE:
        return _unpack_int(key, at + 2, -(key[at + 1] ^ 0xFF))
    raise ValueError(f"0x{code:02x} begins no part of a key")


def _unpack_int(key: bytes, at: int, size: int) -> tuple[int, int]:
    """The integer at an offset and the offset after it; a negative size means a negative integer."""
    if size >= 0:
        return int.from_bytes(key[at : at + size], "big"), at + size
    return int.from_bytes(key[at : at - size], "big") - (1 << -size * 8) + 1, at - size


_SMALL: Final = tuple(_pack_int(value) for value in range(256))
