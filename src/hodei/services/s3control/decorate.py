"""What every answer of S3 Control carries."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.protocol.http import Request, Response
from hodei.services.s3.api import host_id
from hodei.services.s3control.service import s3control

END = b"</ErrorResponse>"


def decorate(ctx: Context | None, request: Request, response: Response, request_id: str) -> None:
    id = host_id(request_id)
    response.headers.extend((("x-amz-id-2", id), ("Server", "AmazonS3")))
    if response.status >= 400 and isinstance(response.body, bytes):
        response.body = response.body.replace(END, f"<HostId>{id}</HostId>".encode() + END)


s3control.decorate = decorate
