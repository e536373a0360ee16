"""Answers that break off: what a fault leaves of a response."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hodei.protocol.http import ConnectionBroken, Request, Response


def off(request: Request, response: Response, after: int) -> Response:
    """The response, of whose body no more than `after` bytes come before the connection breaks, and never all.

    Raises: ConnectionBroken if it has no body: then nothing of it comes.
    """
    body = response.body
    if isinstance(body, bytes):
        response.headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
        response.headers.append(("Content-Length", str(len(body))))
        body = _parts(body)
    length = int(response.header("content-length") or 0)
    if request.method == "HEAD" or response.header("content-length") == "0":
        raise ConnectionBroken
    response.body = _until(body, min(after, length - 1) if length else after)
    return response


async def _parts(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _until(body: AsyncIterator[bytes], left: int) -> AsyncIterator[bytes]:
    try:
        async for part in body:
            if len(part) > left:
                break
            left -= len(part)
            yield part
        else:
            part = b""
        if left and part:
            yield part[:left]
        raise ConnectionBroken
    finally:
        if (close := getattr(body, "aclose", None)) is not None:
            await close()
