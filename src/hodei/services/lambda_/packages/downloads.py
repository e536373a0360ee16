"""Where packages can be had: presigned URLs of ours, good for ten minutes, as those that AWS gives out.

GET /_aws/lambda/code/<token>
"""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.protocol.http import Request, Response
from hodei.services.lambda_.images import places
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Code, Version

PATH = "/_aws/lambda/code/"
SECONDS = 600.0


def location(ctx: Context, version: Version) -> dict[str, Any]:
    """Code, as GetFunction has it."""
    code = version.code
    if code.image:
        resolved = places.resolved(code.image, code.sha256)
        return {"RepositoryType": "ECR", "ImageUri": code.image, "ResolvedImageUri": resolved}
    if code.folder:
        return {"RepositoryType": "hot-reload", "Location": f"file://{code.folder}"}
    return {"RepositoryType": "S3", "Location": url(ctx, code)}


def url(ctx: Context, code: Code) -> str:
    return f"{ctx.world.url}{PATH}{ctx.token(code.blob, ctx.now + SECONDS)}"


def is_download(request: Request) -> bool:
    return request.method == "GET" and request.path.startswith(PATH)


@lambda_.endpoint(is_download)
def download(ctx: Context, request: Request) -> Response:
    try:
        blob, until = ctx.read_token(request.path.removeprefix(PATH))
        if ctx.now >= until:
            return Response(403, [("content-type", "text/plain")], b"Request has expired")
        size, body = ctx.blobs.size(blob), ctx.blobs.read(blob)
    except (ValueError, FileNotFoundError):
        return Response(404, [("content-type", "text/plain")], b"There is no such package")
    return Response(200, [("content-type", "application/zip"), ("content-length", str(size))], body)
