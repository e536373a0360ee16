"""One request and its answer, whatever the wire: the life cycle that HTTP/1.1 and HTTP/2 share."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from hodei.protocol.http import Body, BodyError, ConnectionBroken, Headers, Request, Response

if TYPE_CHECKING:
    from hodei.gateway.server import Server

logger = logging.getLogger("hodei.gateway")

COLLECT_LIMIT = 64 * 1024  # a body up to this size is complete before the app sees it
BUFFER_LIMIT = 256 * 1024  # what a streamed body may hold that the app has not read yet
DRAIN_LIMIT = 1024 * 1024  # an unread rest up to this size is swallowed to keep the connection


def error_response(status: int, code: str, message: str) -> Response:
    """The server's own refusals, made before anything knows which service was meant."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, [("Content-Type", "text/xml")], body.encode())


INTERNAL_ERROR = error_response(500, "InternalError", "We encountered an internal error. Please try again.")


class StreamBody(Body):
    """A request body that is still arriving.

    `wanted` is called when the app first reads, `consumed` with the number of bytes each time it has taken some.
    """

    def __init__(self, length: int | None, wanted: Callable[[], None], consumed: Callable[[int], None]) -> None:
        super().__init__(None)
        self.length = length
        self.buffered = 0
        self.received = 0
        self.discarded = 0
        self.ended = False
        self._discarding = False
        self._error: BodyError | None = None
        self._parts: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._wanted = wanted
        self._consumed = consumed

    def feed(self, data: bytes) -> None:
        self.received += len(data)
        if self._discarding:
            self.discarded += len(data)
            self._consumed(len(data))
            return
        self._parts.append(data)
        self.buffered += len(data)
        self._wake()

    def finish(self, trailers: Headers) -> None:
        self.trailers = trailers
        self.ended = True
        self._wake()

    def fail(self, message: str) -> bool:
        """End it with an error; True if a reader is waiting to be told."""
        if self.ended or self._error is not None:
            return False
        self._error = BodyError(message)
        return self._wake()

    def discard(self) -> None:
        """Nobody will read the rest."""
        self._discarding = True
        self._parts.clear()
        buffered, self.buffered = self.buffered, 0
        if buffered:
            self._consumed(buffered)

    async def chunks(self) -> AsyncIterator[bytes]:
        if not self.ended:
            self._wanted()
        while True:
            while self._parts:
                chunk = self._parts.popleft()
                self.buffered -= len(chunk)
                self._consumed(len(chunk))
                yield chunk
            if self._error is not None:
                raise self._error
            if self.ended:
                return
            if self._discarding:
                raise BodyError("the response is complete, the body is no longer received")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _wake(self) -> bool:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return False
        waiter.set_result(None)
        return True


class Exchange:
    """A request on its way through the app and its response on the way out.

    An app that answers at once costs neither a task nor a future. A subclass puts the response on the wire.
    """

    __slots__ = ("request", "server", "task")

    def __init__(self, server: Server, request: Request) -> None:
        self.server = server
        self.request = request
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        try:
            result = self.server.app(self.request)
        except ConnectionBroken:
            self._break_off()
            return
        except Exception:
            result = self._crashed()
        if isinstance(result, Response) and isinstance(result.body, bytes):
            self._send_durable(result)
        else:
            self.task = self.server.spawn(self._run(result))

    def disconnected(self) -> None:
        """The client is gone: a reader of the body learns it by BodyError, anything else that waits is cancelled."""
        body = self.request.body
        told = isinstance(body, StreamBody) and body.fail("the client went away")
        if self.task is not None and not told:
            # Not before its first step: a task that never began would not let go of what it holds.
            asyncio.get_running_loop().call_soon(self.task.cancel)

    def bodyless(self, status: int) -> bool:
        return self.request.method == "HEAD" or status in (204, 304)

    @property
    def gone(self) -> bool:
        """Nobody is there any more to get the response."""
        raise NotImplementedError

    def send(self, response: Response) -> None:
        """Put out a response whose body is bytes."""
        raise NotImplementedError

    def send_head(self, response: Response) -> None:
        raise NotImplementedError

    async def send_chunk(self, data: bytes) -> None:
        """Put out a part of the body, waiting while the client does not keep up."""
        raise NotImplementedError

    def send_end(self) -> None:
        raise NotImplementedError

    def abort(self) -> None:
        """Break off, so that the client cannot take what it got for the whole."""
        raise NotImplementedError

    async def _run(self, result: Response | Awaitable[Response]) -> None:
        try:
            response = result if isinstance(result, Response) else await self._awaited(result)
            if isinstance(response.body, bytes):
                self._send_durable(response)
            else:
                await self._stream(response, response.body)
        except asyncio.CancelledError:
            self._break_off()
            raise
        except ConnectionBroken:
            self._break_off()
        except Exception:
            if not self.gone:
                logger.exception("the response to %s %s broke off", self.request.method, self.request.target)
            self._break_off()
        finally:
            self.task = None

    def _break_off(self) -> None:
        if not self.gone:
            self.abort()

    async def _awaited(self, result: Awaitable[Response]) -> Response:
        try:
            return await result
        except BodyError as error:
            return error_response(400, "BadRequest", f"The request body could not be read: {error}.")
        except ConnectionBroken:
            raise
        except Exception:
            return self._crashed()

    async def _stream(self, response: Response, body: AsyncIterator[bytes]) -> None:
        try:
            await self._durable()
            if self.gone:
                return
            self.send_head(response)
            if not self.bodyless(response.status):
                await self._pump(body, response.header("content-length"))
            self.send_end()
        finally:
            if (close := getattr(body, "aclose", None)) is not None:
                await close()

    async def _pump(self, body: AsyncIterator[bytes], promised: str | None) -> None:
        sent = 0
        async for chunk in body:
            sent += len(chunk)
            if promised is not None and sent > int(promised):
                raise ValueError(f"body longer than its Content-Length of {promised}")
            if chunk:
                await self.send_chunk(chunk)
        if promised is not None and sent != int(promised):
            raise ValueError(f"body of {sent} bytes, its Content-Length is {promised}")

    async def _durable(self) -> None:
        future = asyncio.get_running_loop().create_future()

        def settle(error: Exception | None = None) -> None:
            if not future.done():
                future.set_exception(error) if error else future.set_result(None)

        self.server.when_durable(settle, settle)
        await future

    def _send_durable(self, response: Response) -> None:
        """Put it out once what it says is safe on disk; a 500 if that failed."""
        self.server.when_durable(partial(self.send, response), lambda error: self.send(INTERNAL_ERROR))

    def _crashed(self) -> Response:
        logger.exception("%s %s failed", self.request.method, self.request.target)
        return INTERNAL_ERROR
