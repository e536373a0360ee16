"""AWS's older CBOR (application/x-amz-cbor-1.1): AWS JSON 1.1 in CBOR, which the Java SDKs speak to Kinesis.

The operation stands in the X-Amz-Target header. Blobs are byte strings, times milliseconds under tag 1: in RPC v2, as
in CBOR itself, those are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from hodei.protocol import eventstream, timestamps
from hodei.protocol.cbor import CborCodec, CborReader, CborWriter
from hodei.protocol.codec import Error
from hodei.protocol.errors import SerializationError
from hodei.protocol.http import Response
from hodei.protocol.json_ import error_document
from hodei.protocol.model import OperationModel, Shape
from hodei.protocol.tree import Function

MEDIA = "application/x-amz-cbor-1.1"


class AwsCborReader(CborReader):
    def scalar(self, shape: Shape) -> Function:
        return _read_timestamp if shape.type == "timestamp" else super().scalar(shape)


def _read_timestamp(value: Any) -> datetime:
    if type(value) is not int and type(value) is not float:
        raise SerializationError
    try:
        return timestamps.from_epoch(value / 1000)
    except (ValueError, OverflowError) as error:
        raise SerializationError from error


class AwsCborWriter(CborWriter):
    def scalar(self, shape: Shape) -> Function:
        if shape.type != "timestamp":
            return super().scalar(shape)
        from cbor2 import CBORTag

        return lambda value: CBORTag(1, round(timestamps.unix_timestamp(value) * 1000))


class AwsCborCodec(CborCodec):
    protocol = "aws-cbor"

    @cached_property
    def _reader(self) -> CborReader:
        return AwsCborReader()

    @cached_property
    def _writer(self) -> CborWriter:
        return AwsCborWriter()

    def _load(self, data: bytes) -> Any:
        import cbor2

        try:
            return cbor2.loads(data, semantic_decoders={1: lambda value, immutable: value})
        except Exception as error:  # its tag decoders raise whatever the types they make raise
            raise SerializationError from error

    def _serialise(self, operation: OperationModel, result: Mapping[str, Any], request_id: str) -> Response:
        if operation.event_output is not None:
            frames = eventstream.encode(operation, result, self._event_document, initial=True, media=MEDIA)
            return Response(200, [("Content-Type", eventstream.CONTENT_TYPE)], frames)
        headers = [("Content-Type", MEDIA)]
        if operation.output is None:
            return Response(200, headers, eventstream.nothing(operation, result))
        return Response(200, headers, self._event_document(operation.output, result))

    def _error(self, error: Error) -> Response:
        writer = self._writer.compile(error.shape) if error.shape is not None else None
        document = {"__type": error.type_name} | error_document(error, writer)
        return Response(error.status, [("Content-Type", MEDIA)], self._dump(document))
