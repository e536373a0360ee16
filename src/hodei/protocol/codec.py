"""A codec turns HTTP requests into the parameters boto3's callers pass, and results and errors into HTTP responses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from hodei.protocol.errors import (
    InvalidResult,
    MalformedInput,
    MalformedXML,
    NoSuchOperation,
    ProtocolError,
    SerializationError,
    UnknownMember,
)
from hodei.protocol.http import Body, Request, Response
from hodei.protocol.model import OperationModel, ServiceModel, Shape
from hodei.protocol.operations import detect_protocol, find_operation, plain_body

__all__ = [
    "Codec",
    "InvalidResult",
    "MalformedInput",
    "MalformedXML",
    "NoSuchOperation",
    "ProtocolError",
    "SerializationError",
    "UnknownMember",
    "codec_for",
    "detect_protocol",
    "find_operation",
]

_CODECS = {
    "json": ("json_", "JsonCodec"),
    "query": ("query", "QueryCodec"),
    "ec2": ("ec2", "Ec2Codec"),
    "rest-json": ("restjson", "RestJsonCodec"),
    "rest-xml": ("restxml", "RestXmlCodec"),
    "smithy-rpc-v2-cbor": ("cbor", "CborCodec"),
    "aws-cbor": ("awscbor", "AwsCborCodec"),
}


class Codec(ABC):
    """One service in one protocol. What an operation needs is compiled from the model when it is first used."""

    protocol: str
    malformed: Callable[[], ProtocolError] = SerializationError

    def __init__(self, model: ServiceModel) -> None:
        self.model = model.for_protocol(self.protocol)

    def parse(
        self, operation: OperationModel, request: Request, body: bytes | Body, uri_params: Mapping[str, str]
    ) -> dict[str, Any]:
        """The parameters of the call: blobs are bytes, times aware datetimes in UTC, absent members absent.

        A streamed payload member is `body` untouched; a stream of events is an async iterator of {event name: members}.
        Raises ProtocolError, and nothing else, whatever the bytes are.
        """
        own = self.model.operations[operation.name]
        try:
            streamed = own.streaming_input or own.event_input
            return self._parse(own, request, b"" if streamed else plain_body(request, body, own), body, uri_params)
        except (RecursionError, UnicodeError) as error:
            raise self.malformed() from error

    def serialise(self, operation: OperationModel, result: Mapping[str, Any], *, request_id: str) -> Response:
        """The response for a handler's result.

        A streamed payload may be bytes or an async iterator of bytes, a stream of events an async iterator of
        {event name: members}. Raises InvalidResult (UnknownMember) for what the model does not have.
        """
        response = self._serialise(self.model.operations[operation.name], result, request_id)
        response.headers.append((self._request_id_header, request_id))
        return response

    def error(
        self,
        operation: OperationModel | None,
        *,
        code: str,
        message: str | None,
        status: int,
        sender_fault: bool,
        fields: Mapping[str, Any],
        request_id: str,
        shape: str | None,
    ) -> Response:
        """The response for an error. `code` is the one on the wire, `shape` names the modelled error; `fields` are
        its further members (in formats that allow it, also ones that no model has)."""
        modelled = self.model.error_shape(shape or code)
        type_name = modelled.name if modelled is not None else shape or code
        error = Error(code, type_name, message, status, sender_fault, fields, request_id, modelled)
        response = self._error(error)
        response.headers.append((self._request_id_header, request_id))
        return response

    @property
    def _request_id_header(self) -> str:
        header: str = self.model.wire.get("requestIdHeader", "x-amzn-RequestId")
        return header

    @abstractmethod
    def _parse(
        self,
        operation: OperationModel,
        request: Request,
        body: bytes,
        stream: bytes | Body,
        uri_params: Mapping[str, str],
    ) -> dict[str, Any]:
        """`body` is the whole of it, `stream` what a streamed member takes."""

    @abstractmethod
    def _serialise(self, operation: OperationModel, result: Mapping[str, Any], request_id: str) -> Response: ...

    @abstractmethod
    def _error(self, error: Error) -> Response: ...


class Error:
    """An error on its way out. `type_name` is what `__type` and x-amzn-ErrorType hold."""

    __slots__ = ("code", "fields", "message", "request_id", "sender_fault", "shape", "status", "type_name")

    def __init__(
        self,
        code: str,
        type_name: str,
        message: str | None,
        status: int,
        sender_fault: bool,
        fields: Mapping[str, Any],
        request_id: str,
        shape: Shape | None,
    ) -> None:
        self.code = code
        self.type_name = type_name
        self.message = message
        self.status = status
        self.sender_fault = sender_fault
        self.fields = fields
        self.request_id = request_id
        self.shape = shape

    @property
    def fault(self) -> str:
        return "Sender" if self.sender_fault else "Receiver"

    def members(self) -> dict[str, Any]:
        """The modelled members, message included, in boto3's form."""
        shape = self.shape
        if shape is None:
            return {}
        members = {name: value for name, value in self.fields.items() if name in shape.members}
        if self.message is not None and shape.message_member is not None:
            members.setdefault(shape.message_member, self.message)
        return members

    def extras(self) -> dict[str, Any]:
        """What the shape does not have. Elements that no model has begin with a capital, but for one of S3's; others
        only fill a message."""
        known = self.shape.members if self.shape else {}
        told = {name: value for name, value in self.fields.items() if name[0].isupper() or name == "additionalMessage"}
        return {name: value for name, value in told.items() if name not in known}


@cache
def codec_for(model: ServiceModel, protocol: str) -> Codec:
    """The codec of `model` in `protocol`. Raises KeyError for a protocol there is none for."""
    module, name = _CODECS[protocol]
    codec: Codec = getattr(import_module(f"hodei.protocol.{module}"), name)(model)
    return codec
