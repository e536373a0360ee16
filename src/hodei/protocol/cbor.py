"""Smithy RPC v2 with CBOR bodies. cbor2 is imported when the first such request comes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from hodei.protocol import eventstream, timestamps, tree
from hodei.protocol.codec import Codec, Error
from hodei.protocol.errors import SerializationError
from hodei.protocol.http import Body, Request, Response
from hodei.protocol.json_ import error_document, qualified, query_error_header
from hodei.protocol.model import OperationModel, Shape
from hodei.protocol.tree import Function, TreeReader, TreeWriter

_EXACT = {"string": str, "boolean": bool, "integer": int, "long": int, "float": float, "double": float, "blob": bytes}
_MEDIA = "application/cbor"


class CborReader(TreeReader):
    exact = _EXACT

    def map(self, shape: Shape) -> Function:
        read_map = super().map(shape)

        def read(value: Any) -> Any:
            if type(value) is dict and any(type(key) is not str for key in value):
                raise SerializationError
            return read_map(value)

        return read

    def scalar(self, shape: Shape) -> Function:
        match shape.type:
            case "float" | "double":
                return _read_float
            case "integer" | "long":
                return _read_integer
            case "timestamp":
                return _read_timestamp
            case kind:
                return partial(_read_exact, _EXACT[kind])


def _read_exact(exact: type, value: Any) -> Any:
    if type(value) is not exact:
        raise SerializationError
    return value


def _read_integer(value: Any) -> int:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return int(value)
    raise SerializationError


def _read_float(value: Any) -> float:
    try:
        if type(value) is int or type(value) is float:
            return float(value)
    except OverflowError as error:
        raise SerializationError from error
    raise SerializationError


def _read_timestamp(value: Any) -> datetime:
    try:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        if type(value) is int or type(value) is float:
            return timestamps.from_epoch(value)
    except (ValueError, OverflowError) as error:
        raise SerializationError from error
    raise SerializationError


class CborWriter(TreeWriter):
    exact = _EXACT

    def scalar(self, shape: Shape) -> Function:
        match shape.type:
            case "float" | "double":
                return partial(tree.number, shape)
            case "blob":
                return partial(tree.octets, shape)
            case "timestamp":
                from cbor2 import CBORTag

                return lambda value: CBORTag(1, timestamps.unix_timestamp(value))
            case "integer" | "long":
                return partial(tree.integer, shape)
            case "boolean":
                return partial(tree.boolean, shape)
            case _:
                return partial(tree.text, shape)


class CborCodec(Codec):
    protocol = "smithy-rpc-v2-cbor"

    @cached_property
    def _reader(self) -> CborReader:
        return CborReader()

    @cached_property
    def _writer(self) -> CborWriter:
        return CborWriter()

    def _load(self, data: bytes) -> Any:
        import cbor2

        try:
            return cbor2.loads(data)
        except Exception as error:  # its tag decoders raise whatever the types they make raise
            raise SerializationError from error

    def _dump(self, value: Any) -> bytes:
        import cbor2

        return cbor2.dumps(value)

    def _parse(
        self,
        operation: OperationModel,
        request: Request,
        body: bytes,
        stream: bytes | Body,
        uri_params: Mapping[str, str],
    ) -> dict[str, Any]:
        if operation.input is None or not body:
            return {}
        params: dict[str, Any] = self._reader.compile(operation.input)(self._load(body))
        return params

    def _serialise(self, operation: OperationModel, result: Mapping[str, Any], request_id: str) -> Response:
        headers = [("smithy-protocol", "rpc-v2-cbor")]
        if operation.event_output is not None:
            frames = eventstream.encode(operation, result, self._event_document, initial=True, media=_MEDIA)
            return Response(200, [*headers, ("Content-Type", eventstream.CONTENT_TYPE)], frames)
        if operation.output is None:
            return Response(200, headers, eventstream.nothing(operation, result))
        return Response(200, [*headers, ("Content-Type", _MEDIA)], self._event_document(operation.output, result))

    def _event_document(self, shape: Shape, value: Any) -> bytes:
        return self._dump(self._writer.compile(shape)(value))

    def _error(self, error: Error) -> Response:
        writer = self._writer.compile(error.shape) if error.shape is not None else None
        document = {"__type": qualified(error, self.model.wire.get("errorNamespace"))} | error_document(error, writer)
        headers = [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", _MEDIA)]
        if self.model.query_compatible:
            headers.append(query_error_header(error))
        return Response(error.status, headers, self._dump(document))
