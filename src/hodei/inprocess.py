"""A world on a loop in a thread of its own, and the ways into it that need no socket: botocore, aiobotocore, httpx."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

from hodei.gateway.app import make_app
from hodei.gateway.doors import Doors
from hodei.kernel.datadir import DataDir
from hodei.kernel.world import World
from hodei.protocol.http import Body, ConnectionBroken, Headers, Request, Response

T = TypeVar("T")

WHOLE = 64 * 1024  # request bodies up to this size are handed over in one piece, as the socket server does
CHUNK = 256 * 1024


class Runner:
    """Runs a world. Every method may be called from any thread."""

    def __init__(self, directory: DataDir | None, *, seed: int | None, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="hodei", daemon=True)
        self._thread.start()
        self.world = self.call(self._open, directory, seed, url)
        self._app = make_app(self.world)
        self.world.doors = Doors(self._app, self.world.store.when_durable)

    async def _open(self, directory: DataDir | None, seed: int | None, url: str) -> World:
        world = World(directory, seed=seed, url=url)
        await world.start()
        return world

    def close(self) -> None:
        self.call(self.world.stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @property
    def here(self) -> bool:
        """Whether this is the thread of the world."""
        return threading.current_thread() is self._thread

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function (plain or async) on the world's loop and wait for what it returns."""

        async def run() -> Any:
            result = function(*args)
            return await result if asyncio.iscoroutine(result) else result

        return self.submit(run()).result()

    async def answer(self, request: Request) -> Response:
        """Answer a request, after what it changed is committed. On the world's loop."""
        answer = self._app(request)
        response = answer if isinstance(answer, Response) else await answer
        durable = self.loop.create_future()
        self.world.store.when_durable(lambda: durable.set_result(None), durable.set_exception)
        await durable
        return response


class FileBody(Body):
    """A body read from a file object, in a thread, as it is consumed."""

    def __init__(self, file: Any, length: int | None) -> None:
        super().__init__(None)
        self.length = length
        self._file = file

    async def chunks(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        while data := await loop.run_in_executor(None, self._file.read, CHUNK):
            yield data


class ResponseReader(io.RawIOBase):
    """A streamed response body as a file, for clients that block."""

    def __init__(self, runner: Runner, parts: AsyncIterator[bytes]) -> None:
        self._runner = runner
        self._parts = parts
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                self._rest = self._runner.submit(_next(self._parts)).result()
            except StopAsyncIteration:
                return 0
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed and hasattr(self._parts, "aclose") and self._runner.loop.is_running():
            closing = self._runner.submit(self._parts.aclose())
            if not self._runner.here:  # the garbage collector may close it on the world's own loop
                closing.result()
        super().close()


async def _next(parts: AsyncIterator[bytes]) -> bytes:
    return await anext(parts)


def make_request(method: str, url: str, headers: list[tuple[str, str]], body: Any) -> Request:
    """A request from what an HTTP client was about to send; `url` is absolute, `body` bytes, a file or None."""
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    if not slash and "?" in host:
        host, _, query = host.partition("?")
        target = "?" + query
    sent = Headers(headers)
    if "host" not in sent:
        sent.add("Host", host)
    target = target if target.startswith("?") else "/" + target
    if target.startswith("?"):
        target = "/" + target
    return Request(method, target, sent, _body(body, sent), scheme=scheme)


def _body(body: Any, headers: Headers) -> Body:
    if body is None:
        return Body()
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes | bytearray):
        return Body(bytes(body)) if len(body) <= WHOLE else FileBody(io.BytesIO(body), len(body))
    length = headers.get("content-length")
    if length and int(length) <= WHOLE:
        return Body(body.read())
    return FileBody(body, int(length) if length else None)


# botocore and aiobotocore: their `before-send` event may answer a request instead of the network


def botocore_sender(runner: Runner) -> Callable[..., Any]:
    from botocore.awsrequest import AWSResponse
    from botocore.exceptions import ConnectionClosedError
    from urllib3 import HTTPHeaderDict
    from urllib3.exceptions import ProtocolError
    from urllib3.response import HTTPResponse

    class Streamed(HTTPResponse):
        """Gives parts as they come, as chunks of HTTP do: events must not wait for those after them."""

        def stream(self, amt: int | None = None, decode_content: bool | None = None) -> Generator[bytes, None, None]:
            while self._fp and (data := self._fp.read1()):
                yield data

    def send(request: Any, **_: Any) -> Any:
        try:
            answer = receive(request)
            if not request.stream_output:
                answer.content  # noqa: B018  # read now, as botocore's own transport does
        except (ConnectionBroken, ProtocolError) as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
        return answer

    def receive(request: Any) -> Any:
        headers = [(name, _text(value)) for name, value in request.headers.items()]
        response = runner.submit(
            runner.answer(make_request(request.method, request.url, headers, request.body))
        ).result()
        body = response.body
        raw = (HTTPResponse if isinstance(body, bytes) else Streamed)(
            body=io.BytesIO(body) if isinstance(body, bytes) else io.BufferedReader(ResponseReader(runner, body)),
            headers=HTTPHeaderDict(response.headers),
            status=response.status,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        return AWSResponse(request.url, response.status, _joined(response), raw)

    return send


def aiobotocore_sender(runner: Runner) -> Callable[..., Any]:
    from aiobotocore.awsrequest import AioAWSResponse
    from botocore.exceptions import ConnectionClosedError

    async def send(request: Any, **_: Any) -> Any:
        headers = [(name, _text(value)) for name, value in request.headers.items()]
        made = make_request(request.method, request.url, headers, request.body)
        try:
            response = await asyncio.wrap_future(runner.submit(runner.answer(made)))
            answer = AioAWSResponse(request.url, response.status, _joined(response), AioRaw(runner, response))
            if not request.stream_output:
                await answer.content  # now, as aiobotocore's own transport does
        except ConnectionBroken as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
        return answer

    return send


class AioRaw:
    """A response body as aiobotocore reads it: as aiohttp's, asynchronously."""

    def __init__(self, runner: Runner, response: Response) -> None:
        self._runner = runner
        self._body = response.body
        self.content = self

    async def read(self, size: int = -1) -> bytes:
        if isinstance(self._body, bytes):
            end = None if size < 0 else size
            data, self._body = self._body[:end], b"" if end is None else self._body[end:]
            return data
        if size < 0:
            return b"".join([part async for part in self.iter_chunked(CHUNK)])
        try:
            data = await asyncio.wrap_future(self._runner.submit(_next(self._body)))
        except StopAsyncIteration:
            return b""
        if len(data) > size:
            self._body = _prepend(data[size:], self._body)
        return data[:size]

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        while data := await self.read(size):
            yield data

    def close(self) -> None:
        """Nothing to give back: there is no connection."""


async def _prepend(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


def httpx_transport(runner: Runner) -> Any:
    """An httpx transport, for sync and async clients."""
    import httpx

    class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            made = _httpx_request(request, request.read())
            try:
                response = runner.submit(_whole(runner, made)).result()
            except ConnectionBroken as error:
                raise httpx.ReadError("the connection was reset") from error
            return httpx.Response(response.status, headers=response.headers, content=response.body)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            made = _httpx_request(request, await request.aread())
            try:
                response = await asyncio.wrap_future(runner.submit(_whole(runner, made)))
            except ConnectionBroken as error:
                raise httpx.ReadError("the connection was reset") from error
            return httpx.Response(response.status, headers=response.headers, content=response.body)

    return Transport()


def _httpx_request(request: Any, body: bytes) -> Request:
    headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
    target = request.url.raw_path.decode()
    return Request(request.method, target, Headers(headers), _body(body, Headers(headers)), scheme=request.url.scheme)


async def _whole(runner: Runner, request: Request) -> Response:
    response = await runner.answer(request)
    if not isinstance(response.body, bytes):
        response.body = b"".join([part async for part in response.body])
    return response


def _joined(response: Response) -> dict[str, str]:
    return Headers(response.headers).joined()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
