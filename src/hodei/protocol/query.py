"""AWS Query: a form in, XML out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from hodei.protocol import eventstream
from hodei.protocol.codec import Codec, Error
from hodei.protocol.errors import MalformedInput
from hodei.protocol.form import FormReader, Reader, form_tree
from hodei.protocol.http import Body, Request, Response, parse_query
from hodei.protocol.model import OperationModel, Shape
from hodei.protocol.tree import Function
from hodei.protocol.xml_write import XmlWriter, escape, free_members


class QueryCodec(Codec):
    protocol = "query"
    media = "text/xml"
    malformed = MalformedInput

    @cached_property
    def _reader(self) -> FormReader:
        return FormReader(ec2=False)

    @cached_property
    def _writer(self) -> XmlWriter:
        return XmlWriter(milliseconds=self.model.wire.get("milliseconds", False))

    @cached_property
    def _parsers(self) -> dict[str, Reader]:
        return {}

    @cached_property
    def _serialisers(self) -> dict[str, Function]:
        return {}

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
            parser = self._parsers[operation.name] = self._reader.compile(shape) if shape else lambda node: {}
        pairs = parse_query(body.decode())
        if request.query:
            pairs = request.query_pairs() + pairs
        params: dict[str, Any] = parser(form_tree(pairs))
        return params

    def _serialise(self, operation: OperationModel, result: Mapping[str, Any], request_id: str) -> Response:
        if (serialiser := self._serialisers.get(operation.name)) is None:
            serialiser = self._serialisers[operation.name] = self._compile_output(operation)
        text = self._envelope(operation.name, serialiser(result), escape(request_id))
        return Response(200, [("Content-Type", self.media)], text.encode())

    def _compile_output(self, operation: OperationModel) -> Function:
        """A function that writes the result's members in their wrapper."""
        shape = operation.output
        if shape is None:
            return lambda result: eventstream.nothing(operation, result).decode()
        wrapper = self._wrapper(operation.name, shape)
        structure = self._writer.content(shape)

        def write(result: Any) -> str:
            parts: list[str] = []
            structure(result, parts.append)
            text = "".join(parts)
            return f"<{wrapper}>{text}</{wrapper}>" if wrapper else text

        return write

    def _wrapper(self, name: str, shape: Shape) -> str | None:
        """The element around the members. Models written for another protocol leave it out."""
        wrapper: str = shape.raw.get("resultWrapper", f"{name}Result")
        return wrapper

    def _envelope(self, name: str, text: str, request_id: str) -> str:
        metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        return f"<{name}Response{self._xmlns}>{text}{metadata}</{name}Response>"

    @cached_property
    def _xmlns(self) -> str:
        namespace = self.model.xml_namespace
        return f' xmlns="{escape(namespace)}"' if namespace else ""

    def _error(self, error: Error) -> Response:
        parts: list[str] = []
        if (shape := error.shape) is not None:
            members = error.members()
            members.pop(shape.message_member or "", None)
            self._writer.content(shape)(members, parts.append)
        message = f"<Message>{escape(error.message)}</Message>" if error.message is not None else ""
        text = f"<Type>{error.fault}</Type><Code>{escape(error.code)}</Code>{message}"
        text += "".join(parts) if shape is not None else free_members(error.extras())
        if self.model.wire.get("errorDetail"):
            text += "<Detail/>"
        return Response(
            error.status, [("Content-Type", self.media)], self._error_document(text, escape(error.request_id)).encode()
        )

    def _error_document(self, text: str, request_id: str) -> str:
        tail = f"<RequestId>{request_id}</RequestId>"
        return f"<ErrorResponse{self._xmlns}><Error>{text}</Error>{tail}</ErrorResponse>"
