"""Receipt handles: which message of a queue, and by which of its receives. Opaque to clients."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from hodei.services.sqs import errors
from hodei.services.sqs.state import Message, Queue

BODY = struct.Struct(">QI")
CHECK_BYTES = 18
PREFIX = b"\x01\x01\x01"  # AWS's handles begin with AQEB


def make(queue: Queue, message: Message) -> str:
    body = BODY.pack(message.sequence, message.receives)
    return base64.b64encode(PREFIX + body + _check(queue, body)).decode()


def read(queue: Queue, handle: str) -> tuple[int, int]:
    """(sequence, receives). Raises: ReceiptHandleIsInvalid for what was not made for this queue."""
    try:
        raw = base64.b64decode(handle, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, check = raw[len(PREFIX) : -CHECK_BYTES], raw[-CHECK_BYTES:]
    if len(body) != BODY.size or check != _check(queue, body):
        raise errors.ReceiptHandleIsInvalid(handle=handle)
    sequence, receives = BODY.unpack(body)
    return sequence, receives


def _check(queue: Queue, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECK_BYTES, key=queue.id.encode()).digest()
