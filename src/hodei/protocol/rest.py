"""What the REST protocols share: members bound to the path, the query string, headers and the status code."""

from __future__ import annotations

import math
from abc import abstractmethod
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from hodei.protocol import eventstream, timestamps, tree
from hodei.protocol.codec import Codec
from hodei.protocol.errors import ProtocolError, UnknownMember
from hodei.protocol.form import floating, integer
from hodei.protocol.http import Body, Request, Response
from hodei.protocol.jsontree import special_float
from hodei.protocol.model import OperationModel, Shape
from hodei.protocol.tree import Function

FromText = Callable[[str], Any]
ToText = Callable[[Any], str]
BodyReader = Callable[[bytes, bytes | Body], dict[str, Any]]  # of the whole body, or of the stream
HeaderList = list[tuple[str, str]]


@dataclass(slots=True)
class _Inputs:
    """The bindings of one operation's input: (member, name on the wire, reader); headers by their name."""

    uri: list[tuple[str, str, FromText]] = field(default_factory=list)
    headers: dict[str, tuple[str, FromText]] = field(default_factory=dict)
    prefixes: list[tuple[str, str]] = field(default_factory=list)
    query: list[tuple[str, str, FromText, bool]] = field(default_factory=list)  # the last: a list
    query_maps: list[tuple[str, bool]] = field(default_factory=list)  # (member, its values are lists)


@dataclass(slots=True)
class _Outputs:
    """The bindings of one operation's output (or of an error)."""

    headers: dict[str, tuple[str, ToText]] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    status: str | None = None
    bound: bool = False

    def write(self, value: Mapping[str, Any], headers: HeaderList, status: int) -> tuple[dict[str, Any], int]:
        """Append the headers; returns the members left for the body, and the status."""
        rest = {}
        for name, item in value.items():
            if item is None:
                continue
            if binding := self.headers.get(name):
                wire, to_text = binding
                headers.append((wire, to_text(item)))
            elif (prefix := self.prefixes.get(name)) is not None:
                headers.extend((prefix + key, text) for key, text in item.items())
            elif name == self.status:
                status = item
            else:
                rest[name] = item
        return rest, status


class RestCodec(Codec):
    """The body is left to the protocols."""

    media: str  # of structured bodies

    @cached_property
    def _parsers(self) -> dict[str, tuple[_Inputs, BodyReader | None]]:
        return {}

    @cached_property
    def _serialisers(self) -> dict[str, tuple[_Outputs, Function]]:
        return {}

    @cached_property
    def _error_bindings(self) -> dict[str, _Outputs]:
        return {}

    @abstractmethod
    def _structure_reader(self, operation: OperationModel, shape: Shape) -> Callable[[bytes], Any]:
        """A reader for a body that is the structure or document `shape`."""

    @abstractmethod
    def _structure_writer(self, operation: OperationModel, shape: Shape) -> Function:
        """A writer for a body that is the structure or document `shape`, to bytes."""

    @abstractmethod
    def _event_decoder(self, shape: Shape, data: bytes) -> Any: ...

    @abstractmethod
    def _event_encoder(self, shape: Shape, value: Any) -> bytes: ...

    @abstractmethod
    def _invalid(self, shape: Shape, name: str, text: str) -> ProtocolError:
        """The error for a header, path or query parameter that is not of its type."""

    # -- requests

    def _parse(
        self,
        operation: OperationModel,
        request: Request,
        body: bytes,
        stream: bytes | Body,
        uri_params: Mapping[str, str],
    ) -> dict[str, Any]:
        if (compiled := self._parsers.get(operation.name)) is None:
            compiled = self._parsers[operation.name] = self._compile_input(operation)
        inputs, read_body = compiled
        params = read_body(body, stream) if read_body is not None else {}
        for name, wire, read in inputs.uri:
            params[name] = read(uri_params[wire])
        headers = request.headers.joined()
        for wire in inputs.headers and headers:  # a request has fewer than S3's operations take
            if wire in inputs.headers:
                name, read = inputs.headers[wire]
                if (value := read(headers[wire])) is not None:
                    params[name] = value
        for name, prefix in inputs.prefixes:
            found = {key[len(prefix) :]: value for key, value in headers.items() if key.startswith(prefix)}
            if found:
                params[name] = found
        if request.query and (inputs.query or inputs.query_maps):
            _read_query(inputs, request, params)
        return params

    def _compile_input(self, operation: OperationModel) -> tuple[_Inputs, BodyReader | None]:
        inputs = _Inputs()
        shape = operation.input
        if shape is None:
            return inputs, None
        for name, member in shape.members.items():
            wire = member.wire_name(name)
            match member.location:
                case "uri":
                    inputs.uri.append((name, wire, self._text_reader(member, wire)))
                case "header":
                    inputs.headers[wire.lower()] = name, self._header_reader(member, wire)
                case "headers":
                    inputs.prefixes.append((name, wire.lower() if "locationName" in member.raw else ""))
                case "querystring" if member.type == "map":
                    inputs.query_maps.append((name, member.value.type == "list"))
                case "querystring":
                    listed = member.type == "list"
                    element = member.member if listed else member
                    inputs.query.append((name, wire, self._text_reader(element, wire), listed))
        return inputs, self._body_reader(operation, shape)

    def _body_reader(self, operation: OperationModel, shape: Shape) -> BodyReader | None:
        payload = shape.payload
        if payload is None:
            if not shape.body.members:
                return None
            structure = self._structure_reader(operation, shape.body)
            return lambda body, stream: structure(body)
        member = shape.members[payload]
        if payload == operation.streaming_input:
            return lambda body, stream: {payload: stream}
        if payload == operation.event_input:
            decoder = self._event_decoder
            return lambda body, stream: {payload: eventstream.decode(_as_body(stream), member, decoder)}
        read: Callable[[bytes], Any] = bytes
        if member.type == "string":
            read = bytes.decode
        elif member.type != "blob":
            read = self._structure_reader(operation, member)
        return lambda body, stream: {payload: read(body)} if body else {}

    def _text_reader(self, shape: Shape, wire: str) -> FromText:
        """A reader of scalars in headers, paths and query strings; None stands for nothing given."""
        convert = _CONVERSIONS.get(shape.type)
        if convert is None:
            return str
        convert_text = convert

        def read(text: str) -> Any:
            if not text:
                return None
            try:
                return convert_text(text)
            except (ValueError, OverflowError) as error:
                raise self._invalid(shape, wire, text) from error

        return read

    def _header_reader(self, shape: Shape, wire: str) -> FromText:
        if shape.raw.get("jsonvalue"):
            return self._json_value_reader(shape, wire)
        if shape.type != "list":
            return self._text_reader(shape, wire)
        element = self._text_reader(shape.member, wire)
        if shape.member.type == "timestamp" and (shape.member.timestamp_format or "rfc822") == "rfc822":
            return lambda text: [element(part) for part in _http_dates(text)] or None
        return lambda text: [element(part) for part in split_header(text)] or None

    def _json_value_reader(self, shape: Shape, wire: str) -> FromText:
        def read(text: str) -> Any:
            try:
                return orjson.loads(b64decode(text, validate=True))
            except ValueError as error:
                raise self._invalid(shape, wire, text) from error

        return read

    # -- responses

    def _serialise(self, operation: OperationModel, result: Mapping[str, Any], request_id: str) -> Response:
        if (compiled := self._serialisers.get(operation.name)) is None:
            compiled = self._serialisers[operation.name] = self._compile_output(operation)
        outputs, write_body = compiled
        headers: HeaderList = []
        status = operation.status
        if outputs.bound:
            result, status = outputs.write(result, headers, status)
        body, media = write_body(result)
        if media is not None and not any(name.lower() == "content-type" for name, _ in headers):
            headers.insert(0, ("Content-Type", media))
        return Response(status, headers, body)

    def _bindings(self, shape: Shape) -> _Outputs:
        outputs = _Outputs()
        for name, member in shape.members.items():
            match member.location:
                case "header":
                    outputs.headers[name] = (member.wire_name(name), header_writer(member))
                case "headers":
                    outputs.prefixes[name] = member.raw.get("locationName", "")
                case "statusCode":
                    outputs.status = name
                case _:
                    continue
            outputs.bound = True
        return outputs

    def _compile_output(self, operation: OperationModel) -> tuple[_Outputs, Function]:
        """The bindings, and a function from the members of the body to (body, content type)."""
        shape = operation.output
        if shape is None:
            return _Outputs(), lambda rest: (eventstream.nothing(operation, rest), None)
        outputs = self._bindings(shape)
        if shape.payload is None:
            return outputs, self._whole_body_writer(operation, shape)
        return outputs, self._payload_writer(operation, shape, shape.payload)

    @abstractmethod
    def _whole_body_writer(self, operation: OperationModel, shape: Shape) -> Function:
        """A writer for outputs without a payload member."""

    def _payload_writer(self, operation: OperationModel, shape: Shape, payload: str) -> Function:
        member, media = shape.members[payload], self.media
        if payload == operation.event_output:
            return lambda rest: (
                eventstream.encode(operation, rest, self._event_encoder, initial=False, media=media),
                eventstream.CONTENT_TYPE,
            )
        write: Function
        if member.type == "blob":
            write, media = _stream_or_bytes(member), "application/octet-stream"
        elif member.type == "string":
            write, media = lambda value: tree.text(member, value).encode(), "text/plain"
        else:
            write = self._structure_writer(operation, member)

        def write_payload(rest: dict[str, Any]) -> tuple[Any, str | None]:
            for name in rest:
                if name != payload:
                    raise UnknownMember(shape.name, name)
            value = rest.get(payload)
            return (write(value), media) if value is not None else (b"", None)

        return write_payload

    def _error_headers(self, shape: Shape, members: dict[str, Any], headers: HeaderList) -> dict[str, Any]:
        """Append an error's members that are headers; returns the others."""
        if (outputs := self._error_bindings.get(shape.name)) is None:
            outputs = self._error_bindings[shape.name] = self._bindings(shape)
        return outputs.write(members, headers, 0)[0]


def _as_body(body: bytes | Body) -> Body:
    return body if isinstance(body, Body) else Body(body)


def _stream_or_bytes(shape: Shape) -> Function:
    def write(value: Any) -> bytes | AsyncIterator[bytes]:
        return value if isinstance(value, AsyncIterator) else tree.octets(shape, value)

    return write


def _read_query(inputs: _Inputs, request: Request, params: dict[str, Any]) -> None:
    given: dict[str, list[str]] = {}
    for name, text in request.query_pairs():
        given.setdefault(name, []).append(text)
    for name, wire, read, listed in inputs.query:
        texts = given.pop(wire, None)
        if texts is None:
            continue
        value = [read(text) for text in texts] if listed else read(texts[0])
        if value is not None:
            params[name] = value
    for name, lists in inputs.query_maps if given else ():
        params[name] = given if lists else {key: texts[0] for key, texts in given.items()}


def split_header(text: str) -> list[str]:
    """The elements of a comma-separated header, those in quotes unquoted."""
    parts, at, size = [], 0, len(text)
    while at < size:
        if text[at] in " \t":
            at += 1
        elif text[at] == '"':
            part, at = _quoted(text, at + 1)
            parts.append(part)
            comma = text.find(",", at)
            at = size if comma < 0 else comma + 1
        else:
            comma = text.find(",", at)
            end = size if comma < 0 else comma
            parts.append(text[at:end].rstrip())
            at = end + 1
    return parts


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The quoted string whose content starts at `at`, and where it ends."""
    part = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        part.append(text[at])
        at += 1
    return "".join(part), at + 1


def _http_dates(text: str) -> list[str]:
    """Dates hold a comma themselves."""
    parts = text.split(",")
    return [",".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]


def _boolean(text: str) -> bool:
    match text.lower():
        case "true":
            return True
        case "false":
            return False
    raise ValueError(text)


def _time(text: str) -> datetime:
    return timestamps.parse_timestamp(text)


_CONVERSIONS: dict[str, FromText] = {
    "integer": integer,
    "long": integer,
    "float": floating,
    "double": floating,
    "boolean": _boolean,
    "timestamp": _time,
    "blob": lambda text: b64decode(text, validate=True),
}


def header_writer(shape: Shape) -> ToText:
    """A function that writes a value as a header."""
    if shape.raw.get("jsonvalue"):
        return lambda value: b64encode(orjson.dumps(value)).decode()
    match shape.type:
        case "boolean":
            return lambda value: "true" if tree.boolean(shape, value) else "false"
        case "integer" | "long":
            return lambda value: str(tree.integer(shape, value))
        case "float" | "double":
            return lambda value: _number(tree.number(shape, value))
        case "timestamp":
            return timestamps.text_formatter(shape.timestamp_format or "rfc822")
        case "blob":
            return lambda value: b64encode(tree.octets(shape, value)).decode()
        case "list":
            element = header_writer(shape.member)
            quote = _quote if shape.member.type == "string" else str
            return lambda value: ", ".join(quote(element(item)) for item in tree.plain_list(shape, value))
        case _:
            return lambda value: tree.text(shape, value)


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else special_float(value)


def _quote(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text
