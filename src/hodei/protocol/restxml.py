"""REST-XML."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from hodei.protocol.codec import Error
from hodei.protocol.errors import MalformedXML, ProtocolError
from hodei.protocol.http import Response
from hodei.protocol.model import OperationModel, Shape
from hodei.protocol.rest import HeaderList, RestCodec
from hodei.protocol.tree import Function
from hodei.protocol.xml_read import XmlReader, load, local_name
from hodei.protocol.xml_write import DECLARATION, XmlWriter, escape, free_members, scalar_text


class RestXmlCodec(RestCodec):
    protocol = "rest-xml"
    media = "application/xml"
    malformed = MalformedXML

    @cached_property
    def _reader(self) -> XmlReader:
        return XmlReader()

    @cached_property
    def _writer(self) -> XmlWriter:
        return XmlWriter(milliseconds=self.model.wire.get("milliseconds", False))

    def _structure_reader(self, operation: OperationModel, shape: Shape) -> Callable[[bytes], Any]:
        read = self._reader.compile(shape)
        name = shape.name.removesuffix(" body")
        roots = {shape.wire_name(name), self.model.shape(name).wire_name(name), name}

        def read_body(data: bytes) -> Any:
            if not data:
                return {}
            root = load(data)
            if local_name(root.tag) not in roots:
                raise MalformedXML
            return read(root)

        return read_body

    def _structure_writer(self, operation: OperationModel, shape: Shape) -> Function:
        document = self._writer.document(shape, shape.wire_name(shape.name), self._namespace(operation, shape))
        return lambda value: (DECLARATION + document(value)).encode()

    def _namespace(self, operation: OperationModel, shape: Shape) -> str | None:
        """The namespace of a response's root: the model states it in one of several places."""
        if self.model.xml_namespace or shape.namespace:
            return self.model.xml_namespace
        given = operation.input.namespace if operation.input is not None else None
        return given[1] if given else None

    def _whole_body_writer(self, operation: OperationModel, shape: Shape) -> Function:
        body = shape.output_body
        if not body.members:
            structure = self._writer.content(body)
            return lambda rest: (structure(rest, str) or b"", None)
        root = self.model.overlay.get("roots", {}).get(operation.name, shape.wire_name(shape.name))
        namespace = self._namespace(operation, shape)
        if isinstance(root, dict):
            return self._bare_root_writer(body, root["text"], namespace)
        document = self._writer.document(body, root, namespace)
        return lambda rest: ((DECLARATION + document(rest)).encode(), self.media)

    def _bare_root_writer(self, shape: Shape, name: str, namespace: str | None) -> Function:
        """A response whose root element is a scalar member: GetBucketLocation's."""
        text, check = scalar_text(shape.members[name]), self._writer.content(shape)
        start = f'{DECLARATION}<{name} xmlns="{namespace}"' if namespace else f"{DECLARATION}<{name}"

        def write(rest: dict[str, Any]) -> tuple[bytes, str]:
            check(rest, str)
            value = rest.get(name)
            end = f">{text(value)}</{name}>" if value is not None else "/>"
            return (start + end).encode(), "application/xml"

        return write

    def _event_decoder(self, shape: Shape, data: bytes) -> Any:
        return self._reader.compile(shape)(load(data))

    def _event_encoder(self, shape: Shape, value: Any) -> bytes:
        return self._writer.document(shape, shape.name, None)(value).encode()

    def _invalid(self, shape: Shape, name: str, text: str) -> ProtocolError:
        if shape.type in ("integer", "long"):
            # S3's wording for max-keys, part numbers and the like.
            return ProtocolError("InvalidArgument", f"Provided {name} not an integer or within integer range")
        return ProtocolError("InvalidArgument", f"Invalid value for {name}: {text}")

    def _error(self, error: Error) -> Response:
        headers: HeaderList = [("Content-Type", self.media)]
        members = ""
        if (shape := error.shape) is not None:
            body = self._error_headers(shape, error.members(), headers)
            body.pop(shape.message_member or "", None)
            parts: list[str] = []
            self._writer.content(shape.output_body)(body, parts.append)
            members = "".join(parts)
        message = f"<Message>{escape(error.message)}</Message>" if error.message is not None else ""
        text = f"<Code>{escape(error.code)}</Code>{message}{members}"
        document = self._error_document(error, text, escape(error.request_id))
        return Response(error.status, headers, (DECLARATION + document).encode())

    def _error_document(self, error: Error, text: str, request_id: str) -> str:
        extras = error.extras()
        tail = f"<RequestId>{request_id}</RequestId>"
        if not self.model.wire.get("errorWrapping", True):
            host = free_members({"HostId": extras.pop("HostId", None)})
            return f"<Error>{text}{free_members(extras)}{tail}{host}</Error>"
        namespace = self.model.xml_namespace
        xmlns = f' xmlns="{namespace}"' if namespace else ""
        fault = f"<Type>{error.fault}</Type>" if self.model.wire.get("errorType", True) else ""
        return f"<ErrorResponse{xmlns}><Error>{fault}{text}{free_members(extras)}</Error>{tail}</ErrorResponse>"
