"""What runtimes answer: whole, or in parts that go on to whoever waits for them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

from __future__ import annotations

import asyncio
import base64
import binascii

from hodei.protocol.http import BodyTooLarge, Request

LARGEST = 6291556  # bytes, as AWS's message of it has them
LARGEST_STREAMED = 200 * 2**20
ERROR_TYPE, ERROR_BODY = "lambda-runtime-function-error-type", "lambda-runtime-function-error-body"


class TooLarge(Exception):
    """The message is Lambda's."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Response payload size exceeded maximum allowed payload size ({limit} bytes).")


class Stream:
    """An answer on its way from a function, part by part: one waits here, and the function with the next one."""

    def __init__(self) -> None:
        self.content_type = ""  # known with the first part
        self.size = 0  # bytes that the function has streamed
        self._part = b""
        self._there, self._taken = asyncio.Event(), asyncio.Event()
        self._taken.set()
        self._closed = False

    async def put(self, part: bytes) -> None:
        await self._taken.wait()
        if part and not self._closed:
            self._part = part
            self._taken.clear()
            self._there.set()

    async def ready(self) -> None:
        """Wait for a part, or for the end."""
        await self._there.wait()

    async def take(self) -> bytes:
        """The next part; b"" at the end."""
        await self._there.wait()
        part, self._part = self._part, b""
        if not self._closed:
            self._there.clear()
        self._taken.set()
        return part

    def close(self) -> None:
        """Nothing more comes, or nobody takes it."""
        self._closed = True
        self._there.set()
        self._taken.set()


async def taken(request: Request, stream: Stream | None, *, failed: bool) -> tuple[bytes, str]:
    """What a runtime answers, or tells of what has failed: the payload (b"" where it has gone into the stream), and
    the type of an error.

    Raises: TooLarge; BodyError if the runtime breaks off.
    """
    kind = request.headers.get(ERROR_TYPE)
    if failed:
        return await whole(request), kind or "Unhandled"
    if stream:
        stream.content_type = request.headers.get("content-type")
    if stream and request.headers.get("lambda-runtime-function-response-mode").lower() == "streaming":
        payload = b""
        await _passed_on(request, stream)
    else:
        payload = await whole(request)
    if kind := request.body.trailers.get(ERROR_TYPE):
        return _decoded(request.body.trailers.get(ERROR_BODY)), kind
    return payload, ""


async def whole(request: Request) -> bytes:
    """Raises: TooLarge, BodyError."""
    try:
        return await request.body.read(LARGEST)
    except BodyTooLarge:
        raise TooLarge(LARGEST) from None


async def _passed_on(request: Request, stream: Stream) -> None:
    """Raises: TooLarge, BodyError."""
    async for part in request.body:
        stream.size += len(part)
        if stream.size > LARGEST_STREAMED:
            raise TooLarge(LARGEST_STREAMED)
        await stream.put(part)


def _decoded(text: str) -> bytes:
    """An error in a trailer is in base64."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()
