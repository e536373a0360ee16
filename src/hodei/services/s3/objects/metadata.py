"""User metadata in headers: text beyond ASCII travels as RFC 2047 encoded words, as S3 has it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

ENCODED_WORD = re.compile(r"=\?(utf-8)\?([bq])\?([^?]*)\?=", re.IGNORECASE)
PLAIN_IN_Q = frozenset(range(0x21, 0x7F)) - frozenset(b"=_?")


def received(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata as headers brought it (their bytes as Latin-1) -> text."""
    return {name: _received(value) for name, value in metadata.items()}


def sent(metadata: Mapping[str, str]) -> dict[str, str]:
    """Text -> metadata as headers carry it."""
    return {name: value if _plain(value) else _word(value) for name, value in metadata.items()}


def _received(value: str) -> str:
    if not value.isascii():
        try:
            value = value.encode("latin-1").decode("utf-8", "replace")
        except UnicodeEncodeError:  # it did not come over HTTP
            return value
    match = ENCODED_WORD.fullmatch(value)
    if match is None:
        return value
    _, kind, text = match.groups()
    try:
        raw = base64.b64decode(text) if kind in "Bb" else binascii.a2b_qp(text.encode(), header=True)
    except binascii.Error:
        return value
    return raw.decode("utf-8", "replace")


def _plain(value: str) -> bool:
    return value.isascii() and value.replace("\t", " ").isprintable()


def _word(value: str) -> str:
    """Mostly ASCII text is written in Q encoding, other text in base64."""
    raw = value.encode("utf-8", "replace")
    ascii_ = sum(1 for char in value if " " <= char < "\x7f")
    if ascii_ <= len(value) - ascii_:
        return f"=?UTF-8?B?{base64.b64encode(raw).decode()}?="
    text = "".join("_" if byte == 0x20 else chr(byte) if byte in PLAIN_IN_Q else f"={byte:02X}" for byte in raw)
    return f"=?UTF-8?Q?{text}?="
