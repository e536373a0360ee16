"""REST-JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import orjson

from hodei.protocol import jsontree
from hodei.protocol.codec import Error
from hodei.protocol.errors import ProtocolError, SerializationError
from hodei.protocol.http import Response
from hodei.protocol.json_ import error_document, query_error_header
from hodei.protocol.model import OperationModel, Shape
from hodei.protocol.rest import HeaderList, RestCodec
from hodei.protocol.tree import Function


class RestJsonCodec(RestCodec):
    protocol = "rest-json"
    media = "application/json"

    @cached_property
    def _reader(self) -> jsontree.JsonReader:
        return jsontree.JsonReader()

    @cached_property
    def _writer(self) -> jsontree.JsonWriter:
        return jsontree.JsonWriter()

    def _structure_reader(self, operation: OperationModel, shape: Shape) -> Callable[[bytes], Any]:
        read = self._reader.compile(shape)
        plain = shape.document

        def read_body(data: bytes) -> Any:
            value = jsontree.load(data) if data else {}
            if type(value) not in (dict, list) and not plain:
                raise SerializationError
            return read(value)

        return read_body

    def _structure_writer(self, operation: OperationModel, shape: Shape) -> Function:
        write, dumps = self._writer.compile(shape), orjson.dumps
        return lambda value: dumps(write(value))

    def _whole_body_writer(self, operation: OperationModel, shape: Shape) -> Function:
        write, dumps = self._writer.compile(shape.output_body), orjson.dumps
        if not shape.output_body.members and (shape.members or operation.status == 204):
            return lambda rest: (b"", None) if not write(rest) else None
        return lambda rest: (dumps(write(rest)), "application/json")

    def _event_decoder(self, shape: Shape, data: bytes) -> Any:
        return self._reader.compile(shape)(jsontree.load(data))

    def _event_encoder(self, shape: Shape, value: Any) -> bytes:
        return orjson.dumps(self._writer.compile(shape)(value))

    def _invalid(self, shape: Shape, name: str, text: str) -> ProtocolError:
        return jsontree.wrong_type(shape, text)

    def _error(self, error: Error) -> Response:
        headers: HeaderList = [("Content-Type", self.media), ("x-amzn-ErrorType", error.type_name)]
        if self.model.query_compatible:
            headers.append(query_error_header(error))
        if (shape := error.shape) is None:
            return Response(error.status, headers, orjson.dumps(error_document(error, None)))
        body = self._error_headers(shape, error.members(), headers)
        write = self._writer.compile(shape.output_body)
        return Response(error.status, headers, orjson.dumps(error_document(error, lambda _: write(body))))
