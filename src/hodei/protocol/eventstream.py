"""application/vnd.amazon.eventstream: frames of headers and payload, both ways."""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any

from hodei.protocol import timestamps, tree
from hodei.protocol.errors import InvalidResult, SerializationError, UnknownMember
from hodei.protocol.http import Body
from hodei.protocol.model import OperationModel, Shape

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_PRELUDE = struct.Struct("!II")
_CRC = struct.Struct("!I")
_MAX_FRAME = 24 << 20
_INTEGERS = {"integer": (4, struct.Struct("!i")), "long": (5, struct.Struct("!q"))}

Headers = dict[str, Any]
Encoder = Callable[[Shape, Any], bytes]
Decoder = Callable[[Shape, bytes], Any]


def frame(headers: list[tuple[str, bytes]], payload: bytes) -> bytes:
    """One message; `headers` are names with their encoded, typed values."""
    block = b"".join(_name(name) + value for name, value in headers)
    prelude = _PRELUDE.pack(len(block) + len(payload) + 16, len(block))
    message = b"".join((prelude, _CRC.pack(zlib.crc32(prelude)), block, payload))
    return message + _CRC.pack(zlib.crc32(message))


def _name(name: str) -> bytes:
    data = name.encode()
    return bytes([len(data)]) + data


def string(value: str) -> bytes:
    """A header value of type string."""
    data = value.encode()
    return b"\x07" + struct.pack("!H", len(data)) + data


def _header(shape: Shape, value: Any) -> bytes:
    match shape.type:
        case "boolean":
            return b"\x00" if tree.boolean(shape, value) else b"\x01"
        case "integer" | "long":
            kind, layout = _INTEGERS[shape.type]
            return bytes([kind]) + layout.pack(tree.integer(shape, value))
        case "blob":
            data = tree.octets(shape, value)
            return b"\x06" + struct.pack("!H", len(data)) + data
        case "timestamp":
            return b"\x08" + struct.pack("!q", int(timestamps.unix_timestamp(value) * 1000))
        case _:
            return string(tree.text(shape, value))


async def encode(
    operation: OperationModel,
    result: Mapping[str, Any],
    document: Encoder,
    *,
    initial: bool,
    media: str = "application/json",
) -> AsyncIterator[bytes]:
    """The frames of an operation's output. `document` writes a structure in the protocol, whose type is `media`;
    `initial` sends the members beside the stream in a first frame, as the RPC protocols do."""
    shape, name = operation.output, operation.event_output
    assert shape is not None and name is not None
    if initial:
        others = {key: value for key, value in result.items() if key != name}
        yield frame(_event_headers("initial-response", media), document(shape, others))
    async for event in result.get(name) or _no_events():
        yield encode_event(shape.members[name], event, document, media)


async def _no_events() -> AsyncIterator[Any]:
    return
    yield


def _event_headers(name: str, media: str | None) -> list[tuple[str, bytes]]:
    headers = [(":message-type", string("event")), (":event-type", string(name))]
    if media:
        headers.append((":content-type", string(media)))
    return headers


def encode_event(stream: Shape, event: Mapping[str, Any], document: Encoder, media: str) -> bytes:
    """One event, {its name: its members}. A modelled error ends a stream."""
    if len(event) != 1:
        raise InvalidResult(f"an event has exactly one member, not {sorted(event)}")
    ((name, value),) = event.items()
    if (shape := stream.members.get(name)) is None:
        raise UnknownMember(stream.name, name)
    if shape.raw.get("exception"):
        headers = [(":message-type", string("exception")), (":exception-type", string(name))]
        return frame([*headers, (":content-type", string(media))], document(shape, value))
    extra, body, kind = _event_parts(shape, value, document, media)
    return frame(_event_headers(name, kind) + extra, body)


def _event_parts(
    shape: Shape, value: Mapping[str, Any], document: Encoder, media: str
) -> tuple[list[tuple[str, bytes]], bytes, str | None]:
    """Headers, payload and content type of an event."""
    headers = []
    payload = None
    for name, item in value.items():
        if (member := shape.members.get(name)) is None:
            raise UnknownMember(shape.name, name)
        if item is not None and member.raw.get("eventheader"):
            headers.append((name, _header(member, item)))
        elif item is not None and member.raw.get("eventpayload"):
            payload = (member, item)
    if payload is not None:
        member, item = payload
        if member.type == "blob":
            return headers, tree.octets(member, item), "application/octet-stream"
        if member.type == "string":
            return headers, tree.text(member, item).encode(), "text/plain"
        return headers, document(member, item), media
    body = {name for name, member in shape.members.items() if not _bound(member)}
    if not body:
        return headers, b"", None
    return headers, document(shape, {name: item for name, item in value.items() if name in body}), media


def _bound(member: Shape) -> bool:
    return bool(member.raw.get("eventheader") or member.raw.get("eventpayload"))


def nothing(operation: OperationModel, result: Mapping[str, Any] | None) -> bytes:
    """The body of an operation that has no output."""
    if result:
        raise UnknownMember(operation.name, next(iter(result)))
    return b""


async def messages(body: Body) -> AsyncIterator[tuple[Headers, bytes]]:
    """The messages of a request body, out of their signed envelopes. Raises SerializationError."""
    buffer = bytearray()
    async for chunk in body:
        buffer += chunk
        while (size := _complete(buffer)) is not None:
            headers, payload = parse_frame(bytes(buffer[:size]))
            del buffer[:size]
            if ":chunk-signature" not in headers:
                yield headers, payload
            elif payload:  # an empty envelope ends the stream
                yield parse_frame(payload)
    if buffer:
        raise SerializationError("The event stream is truncated")


def _complete(buffer: bytearray) -> int | None:
    """The size of the first frame if it has arrived whole."""
    if len(buffer) < 12:
        return None
    size, _ = _PRELUDE.unpack_from(buffer)
    if size < 16 or size > _MAX_FRAME:
        raise SerializationError("Invalid event stream frame length")
    return size if len(buffer) >= size else None


def parse_frame(data: bytes) -> tuple[Headers, bytes]:
    """Headers and payload of one message. Raises SerializationError."""
    if len(data) < 16:
        raise SerializationError("Invalid event stream frame length")
    size, header_size = _PRELUDE.unpack_from(data)
    if size != len(data) or header_size > size - 16:
        raise SerializationError("Invalid event stream frame length")
    if _CRC.unpack_from(data, 8)[0] != zlib.crc32(data[:8]) or _CRC.unpack_from(data, size - 4)[0] != zlib.crc32(
        data[:-4]
    ):
        raise SerializationError("Event stream checksum mismatch")
    return _parse_headers(data[12 : 12 + header_size]), data[12 + header_size : -4]


def _parse_headers(data: bytes) -> Headers:
    headers: Headers = {}
    at = 0
    try:
        while at < len(data):
            end = at + 1 + data[at]
            name = data[at + 1 : end].decode()
            headers[name], at = _parse_value(data, end + 1, data[end])
    except (IndexError, struct.error, ValueError, OverflowError) as error:
        raise SerializationError("Invalid event stream headers") from error
    return headers


def _parse_value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    """The value of type `kind` at `at`, and where it ends."""
    if kind in (0, 1):
        return kind == 0, at
    if kind in (6, 7):
        (length,) = struct.unpack_from("!H", data, at)
        raw = data[at + 2 : at + 2 + length]
        return raw.decode() if kind == 7 else raw, at + 2 + length
    if kind == 9:
        return str(uuid.UUID(bytes=data[at : at + 16])), at + 16
    layout = {2: "!b", 3: "!h", 4: "!i", 5: "!q", 8: "!q"}.get(kind)
    if layout is None:
        raise ValueError(f"header type {kind}")
    (number,) = struct.unpack_from(layout, data, at)
    value: int | datetime = timestamps.from_epoch(number / 1000) if kind == 8 else number
    return value, at + struct.calcsize(layout)


async def decode(body: Body, stream: Shape, document: Decoder) -> AsyncIterator[dict[str, Any]]:
    """The events of a request as {event name: members}. Unknown events are skipped. Raises SerializationError."""
    async for headers, payload in messages(body):
        name = headers.get(":event-type", "")
        if (shape := stream.members.get(name)) is not None:
            yield {name: _decode_event(shape, headers, payload, document)}


def _decode_event(shape: Shape, headers: Headers, payload: bytes, document: Decoder) -> dict[str, Any]:
    value: dict[str, Any] = {}
    whole = True
    for name, member in shape.members.items():
        if member.raw.get("eventheader"):
            if name in headers:
                value[name] = headers[name]
        elif member.raw.get("eventpayload"):
            whole = False
            value[name] = _decode_payload(member, payload, document)
    if whole and payload:
        value |= document(shape, payload)
    return value


def _decode_payload(member: Shape, payload: bytes, document: Decoder) -> Any:
    if member.type == "blob":
        return payload
    if member.type == "string":
        try:
            return payload.decode()
        except UnicodeDecodeError as error:
            raise SerializationError from error
    return document(member, payload)
