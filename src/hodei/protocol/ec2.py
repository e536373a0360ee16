"""EC2's dialect of the query protocol."""

from __future__ import annotations

from functools import cached_property

from hodei.protocol.codec import Error
from hodei.protocol.form import FormReader
from hodei.protocol.http import Response
from hodei.protocol.model import Shape
from hodei.protocol.query import QueryCodec
from hodei.protocol.xml_write import DECLARATION, escape


class Ec2Codec(QueryCodec):
    protocol = "ec2"
    media = "text/xml;charset=UTF-8"

    @cached_property
    def _reader(self) -> FormReader:
        return FormReader(ec2=True)

    def _wrapper(self, name: str, shape: Shape) -> str | None:
        return None

    def _envelope(self, name: str, text: str, request_id: str) -> str:
        return f"{DECLARATION}<{name}Response{self._xmlns}><requestId>{request_id}</requestId>{text}</{name}Response>"

    def _error(self, error: Error) -> Response:
        message = f"<Message>{escape(error.message or '')}</Message>"
        text = f"<Errors><Error><Code>{escape(error.code)}</Code>{message}</Error></Errors>"
        document = f"{DECLARATION}<Response>{text}<RequestID>{escape(error.request_id)}</RequestID></Response>"
        return Response(error.status, [("Content-Type", self.media)], document.encode())
