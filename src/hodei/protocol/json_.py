"""AWS JSON 1.0 and 1.1: one JSON document in, one out; the operation stands in the X-Amz-Target header."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from hodei.protocol import eventstream, jsontree
from hodei.protocol.codec import Codec, Error
from hodei.protocol.errors import SerializationError
from hodei.protocol.http import Body, Request, Response
from hodei.protocol.model import OperationModel
from hodei.protocol.tree import Function

# Raised by the framework before any service code, which spells the member with a capital.
_CAPITAL_MESSAGE = frozenset({"SerializationException", "AccessDeniedException"})
# DynamoDB does so, against its own model, where it shows the item (as recorded).
_CAPITAL_BESIDE = {"ConditionalCheckFailedException": "Item"}


def error_document(error: Error, writer: Function | None) -> dict[str, Any]:
    """The members of an error as a JSON document, without its type."""
    document: dict[str, Any] = {}
    if writer is not None:
        document.update(writer(error.members()))
    else:
        document.update(error.extras())
    if error.message is not None and (error.shape is None or error.shape.message_member is None):
        document["Message" if error.code in _CAPITAL_MESSAGE else "message"] = error.message
    if _CAPITAL_BESIDE.get(error.code) in document:
        document["Message"] = document.pop("message")
    return document


def qualified(error: Error, namespace: str | None) -> str:
    """The `__type` of a service that is known to qualify it: with its own namespace, or the framework's."""
    if namespace is None:
        return error.type_name
    if error.shape is None:
        namespace = f"com.amazon.coral.{'validate' if error.code == 'ValidationException' else 'service'}"
    return f"{namespace}#{error.type_name}"


def query_error_header(error: Error) -> tuple[str, str]:
    return "x-amzn-query-error", f"{error.code};{error.fault}"


class JsonCodec(Codec):
    protocol = "json"

    @cached_property
    def _reader(self) -> jsontree.JsonReader:
        return jsontree.JsonReader()

    @cached_property
    def _writer(self) -> jsontree.JsonWriter:
        return jsontree.JsonWriter()

    @cached_property
    def _parsers(self) -> dict[str, Function]:
        return {}

    @cached_property
    def _serialisers(self) -> dict[str, Function]:
        return {}

    @cached_property
    def _headers(self) -> list[tuple[str, str]]:
        return [("Content-Type", f"application/x-amz-json-{self.model.metadata.get('jsonVersion', '1.0')}")]

    def _parse(
        self,
        operation: OperationModel,
        request: Request,
        body: bytes,
        stream: bytes | Body,
        uri_params: Mapping[str, str],
    ) -> dict[str, Any]:
        if (parser := self._parsers.get(operation.name)) is None:
            shape = operation.input
            parser = self._parsers[operation.name] = self._reader.compile(shape) if shape else lambda value: {}
        value = jsontree.load(body) if body else {}
        if type(value) is not dict and type(value) is not list:
            raise SerializationError
        params: dict[str, Any] = parser(value)
        return params

    def _serialise(self, operation: OperationModel, result: Mapping[str, Any], request_id: str) -> Response:
        if operation.event_output is not None:
            frames = eventstream.encode(operation, result, self._event_document, initial=True)
            return Response(200, [("Content-Type", eventstream.CONTENT_TYPE)], frames)
        if (serialiser := self._serialisers.get(operation.name)) is None:
            serialiser = self._serialisers[operation.name] = self._compile_output(operation)
        return Response(200, self._headers.copy(), serialiser(result))

    def _compile_output(self, operation: OperationModel) -> Function:
        if (shape := operation.output) is None:
            # AWS answers such operations with an empty body and the usual headers.
            return lambda result: eventstream.nothing(operation, result)
        write, dump = self._writer.compile(shape), jsontree.dump
        return lambda result: dump(write(result))

    def _event_document(self, shape: Any, value: Any) -> bytes:
        return jsontree.dump(self._writer.compile(shape)(value))

    def _error(self, error: Error) -> Response:
        writer = self._writer.compile(error.shape) if error.shape is not None else None
        document = {"__type": qualified(error, self.model.wire.get("errorNamespace"))} | error_document(error, writer)
        headers = self._headers.copy()
        if self.model.query_compatible:
            headers.append(query_error_header(error))
        return Response(error.status, headers, jsontree.dump(document))
