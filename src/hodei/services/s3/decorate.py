"""What every answer of S3 carries, and what its model leaves to HTTP."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.protocol.http import Request, Response
from hodei.services.s3.management import access_logs, notifications
from hodei.services.s3.service import s3
from hodei.services.s3.web import cors

NO_CONTENT = frozenset(
    ("PutBucketAnalyticsConfiguration", "PutBucketMetricsConfiguration", "PutBucketPolicy", "PutBucketTagging")
)


def decorate(ctx: Context | None, request: Request, response: Response, request_id: str) -> None:
    host_id = notifications.host_id(request_id)
    if response.header("x-amz-request-id") is None:  # no answer of the API: a preflight, a form, a web page
        response.headers.append(("x-amz-request-id", request_id))
    response.headers.append(("x-amz-id-2", host_id))
    response.headers.append(("Server", "AmazonS3"))
    if ctx is not None:
        cors.add_headers(ctx, request, response)
    if response.status == 200:
        if request.method in ("GET", "HEAD") and response.header("content-range") is not None:
            response.status = 206
        elif ctx is not None and ctx.operation in NO_CONTENT:
            response.status = 204
    elif response.status == 304:
        response.body, response.headers = b"", [header for header in response.headers if header[0] != "Content-Type"]
    elif response.status >= 400 and request.method == "HEAD":
        response.body = b""
    elif response.status >= 400 and isinstance(response.body, bytes):
        response.body = response.body.replace(b"</Error>", f"<HostId>{host_id}</HostId></Error>".encode())
    if ctx is not None:
        access_logs.record(ctx, request, response, request_id, host_id)


s3.decorate = decorate
