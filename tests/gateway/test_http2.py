"""HTTP/2 by prior knowledge, spoken by `h2` on a raw socket."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import httpx
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from hodei.protocol.http import BodyError, Request, Response

GOAWAY = b"\x07\0\0\0\0\0"  # type, no flags, stream 0

pytestmark = pytest.mark.socket


class Client:
    """An HTTP/2 client that gives no more window than it is told to."""

    def __init__(self, wire, *, window: int = 65535) -> None:
        self.wire = wire
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        if window != 65535:
            self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.headers: dict[int, dict[str, str]] = {}
        self.informed: list[int] = []
        self.bodies: dict[int, bytes] = defaultdict(bytes)
        self.ended: set[int] = set()
        self.resets: dict[int, int] = {}
        self.goaway: ConnectionTerminated | None = None
        self.flush()

    def flush(self) -> None:
        self.wire.send(self.h2.data_to_send())

    def ask(self, path: str = "/", *headers: tuple[str, str], method: str = "GET", end: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":authority", "Localhost:1"), (":path", path)]
        self.h2.send_headers(stream, [*pseudo, *headers], end_stream=end)
        self.flush()
        return stream

    def read(self) -> None:
        data = self.wire.sock.recv(65536)
        if not data:
            raise EOFError
        for event in self.h2.receive_data(data):
            match event:
                case ResponseReceived():
                    self.headers[event.stream_id] = dict(event.headers)
                case InformationalResponseReceived():
                    self.informed.append(event.stream_id)
                case DataReceived():
                    self.bodies[event.stream_id] += event.data
                case StreamEnded():
                    self.ended.add(event.stream_id)
                case StreamReset():
                    self.resets[event.stream_id] = event.error_code
                case ConnectionTerminated():
                    self.goaway = event
        self.flush()

    def until(self, condition) -> None:
        while not condition():
            self.read()

    def response(self, stream: int) -> tuple[int, dict[str, str], bytes]:
        self.until(lambda: stream in self.ended)
        return int(self.headers[stream][":status"]), self.headers[stream], self.bodies[stream]


async def read(request: Request) -> Response:
    size = 0
    async for chunk in request.body:
        size += len(chunk)
    return Response(200, [], f"{size} {list(request.body.trailers)}".encode())


def app(request: Request):
    if request.path.startswith("/read"):
        return read(request)
    return Response(200, [("X-Target", request.target)], request.path.encode())


def test_the_request_arrives_as_sent(serve, wire):
    seen: list[Request] = []

    def keep(request: Request) -> Response:
        seen.append(request)
        return Response(200, [("X-A", "b"), ("Connection", "close"), ("Transfer-Encoding", "x")], b"abc")

    client = Client(wire(serve(keep)))
    status, headers, body = client.response(client.ask("/a%2F//b/../?c=%20", ("x-one", "1"), ("x-one", "2")))
    assert (status, body) == (200, b"abc")
    assert set(headers) == {":status", "x-a", "date", "content-length"}
    request = seen[0]
    assert (request.method, request.target, request.http_version) == ("GET", "/a%2F//b/../?c=%20", "2")
    assert list(request.headers) == [("host", "Localhost:1"), ("x-one", "1"), ("x-one", "2")]
    assert request.body.data == b""


def test_a_real_client(serve):
    server = serve(app)
    with httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{server.port}") as client:
        assert client.get("/a").http_version == "HTTP/2"
        assert client.put("/read", content=bytes(5_000_000)).text == "5000000 []"
        assert client.head("/a").headers["content-length"] == "2"


@pytest.mark.parametrize("size", [0, 1000, 65536])
def test_a_small_body_is_whole_when_the_app_is_called(serve, wire, size):
    seen: list[Request] = []
    client = Client(wire(serve(lambda request: seen.append(request) or Response())))
    stream = client.ask("/", ("content-length", str(size)), method="PUT", end=False)
    for start in range(0, size, 8192):
        client.until(lambda: client.h2.local_flow_control_window(stream) >= 8192)
        client.h2.send_data(stream, bytes(min(8192, size - start)), pad_length=10)
        client.flush()
        if client.h2.local_flow_control_window(stream) < 8192:
            client.read()
    client.h2.end_stream(stream)
    client.flush()
    assert client.response(stream)[0] == 200
    assert seen[0].body.data == bytes(size)


def test_trailers(serve, wire):
    client = Client(wire(serve(app)))
    stream = client.ask("/read", method="PUT", end=False)
    client.h2.send_data(stream, b"abc")
    client.h2.send_headers(stream, [("x-amz-checksum-crc32", "AAA=")], end_stream=True)
    client.flush()
    assert client.response(stream)[2] == b"3 [('x-amz-checksum-crc32', 'AAA=')]"


def test_streams_do_not_wait_for_each_other(serve, wire):
    release = asyncio.Event()

    async def hold(request: Request) -> Response:
        await release.wait()
        return Response(200, [], b"held")

    server = serve(lambda request: hold(request) if request.path == "/held" else app(request))
    client = Client(wire(server))
    first, second = client.ask("/held"), client.ask("/quick")
    assert client.response(second)[2] == b"/quick"
    assert first not in client.headers
    server.loop.call_soon_threadsafe(release.set)
    assert client.response(first)[2] == b"held"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_response_respects_the_clients_window(serve, wire, streamed):
    async def chunks() -> AsyncIterator[bytes]:
        yield bytes(150_000)
        yield bytes(50_000)

    client = Client(
        wire(serve(lambda request: Response(200, [], chunks() if streamed else bytes(200_000)))), window=1000
    )
    stream = client.ask()
    client.until(lambda: len(client.bodies[stream]) == 1000)
    client.wire.sock.settimeout(0.02)
    with pytest.raises(TimeoutError):
        client.read()
    client.wire.sock.settimeout(5)
    client.h2.increment_flow_control_window(1_000_000)
    client.h2.increment_flow_control_window(1_000_000, stream)
    client.flush()
    _, headers, body = client.response(stream)
    assert body == bytes(200_000)
    assert headers.get("content-length") == (None if streamed else "200000")


def test_the_window_opens_only_as_the_app_reads(serve, wire, eventually):
    start = asyncio.Event()
    seen: list[Request] = []

    async def late(request: Request) -> Response:
        seen.append(request)
        await start.wait()
        return await read(request)

    server = serve(late)
    client = Client(wire(server))
    client.read()
    stream = client.ask("/", ("content-length", "1000000"), method="PUT", end=False)
    left = 1_000_000

    def send() -> None:
        nonlocal left
        while size := min(client.h2.local_flow_control_window(stream), 16384, left):
            client.h2.send_data(stream, bytes(size))
            left -= size
        client.flush()

    client.until(lambda: client.h2.local_flow_control_window(stream) == 256 * 1024)
    send()
    eventually(lambda: seen and seen[0].body.buffered == 256 * 1024)
    assert left == 1_000_000 - 256 * 1024
    server.loop.call_soon_threadsafe(start.set)
    while left:
        client.read()
        send()
    client.h2.end_stream(stream)
    client.flush()
    assert client.response(stream)[2] == b"1000000 []"


def test_continue_is_sent_when_the_body_is_read(serve, wire):
    client = Client(wire(serve(app)))
    stream = client.ask("/read", ("expect", "100-continue"), ("content-length", "3"), method="PUT", end=False)
    client.until(lambda: client.informed == [stream])
    client.h2.send_data(stream, b"abc", end_stream=True)
    client.flush()
    assert client.response(stream)[2] == b"3 []"


def test_an_answer_before_the_body_has_arrived_ends_the_stream(serve, wire):
    client = Client(wire(serve(app)))
    stream = client.ask("/no", method="PUT", end=False)
    client.until(lambda: stream in client.resets)
    assert client.bodies[stream] == b"/no"
    assert client.resets[stream] == ErrorCodes.NO_ERROR
    assert client.response(client.ask("/next"))[2] == b"/next"


def test_a_reset_cancels_the_app(serve, wire, eventually):
    cancelled: list[str] = []
    started: list[str] = []

    async def hold(request: Request) -> Response:
        started.append(request.path)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(request.path)
            raise
        raise AssertionError

    client = Client(wire(serve(hold)))
    client.ask("/other")
    stream = client.ask("/a")
    eventually(lambda: len(started) == 2)
    client.h2.reset_stream(stream)
    client.flush()
    eventually(lambda: cancelled == ["/a"])
    client.wire.sock.close()
    eventually(lambda: cancelled == ["/a", "/other"])


def test_a_client_that_leaves_within_the_body_raises_in_the_reader(serve, wire, eventually):
    errors: list[BodyError] = []
    seen: list[Request] = []

    async def watch(request: Request) -> Response:
        seen.append(request)
        try:
            return await read(request)
        except BodyError as error:
            errors.append(error)
            return Response(200, [], streamed())

    async def streamed() -> AsyncIterator[bytes]:
        yield b"nobody is there"

    client = Client(wire(serve(watch)))
    stream = client.ask("/", method="PUT", end=False)
    client.h2.send_data(stream, b"abc")
    client.flush()
    eventually(lambda: seen and seen[0].body.received)
    client.wire.sock.close()
    eventually(lambda: errors)


def test_an_iterator_that_fails_resets_the_stream_only(serve, wire, caplog):
    async def chunks() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("broken")

    client = Client(
        wire(serve(lambda request: Response(200, [], chunks()) if request.path == "/bad" else app(request)))
    )
    stream = client.ask("/bad")
    client.until(lambda: stream in client.resets)
    assert client.resets[stream] == ErrorCodes.INTERNAL_ERROR
    assert stream not in client.ended
    assert client.response(client.ask("/next"))[0] == 200


@pytest.mark.parametrize("size", [3, 100_000])
def test_a_body_that_stops_is_given_up(serve, wire, size):
    client = Client(wire(serve(app, body_timeout=0.03)))
    stream = client.ask("/read", ("content-length", str(size + 1)), method="PUT", end=False)
    client.until(lambda: stream in client.resets)
    if size > 65536:
        assert client.headers[stream][":status"] == "400"
    assert client.response(client.ask("/next"))[0] == 200


def test_stop_finishes_the_open_streams_and_says_so(serve, wire, eventually):
    release = asyncio.Event()
    started: list[str] = []

    async def hold(request: Request) -> Response:
        started.append(request.path)
        await release.wait()
        return Response(200, [], b"held")

    server = serve(hold)
    client = Client(wire(server))
    stream = client.ask("/a")
    eventually(lambda: started)
    stopping = asyncio.run_coroutine_threadsafe(server.server.stop(5), server.loop)
    # Read by hand: h2 as a client takes nothing more after a GOAWAY.
    frames = b""
    while GOAWAY not in frames:
        frames += client.wire.sock.recv(65536)
    server.loop.call_soon_threadsafe(release.set)
    while data := client.wire.sock.recv(65536):
        frames += data
    assert frames.endswith(b"held")
    assert stream == 1
    stopping.result(5)


def test_a_client_that_begins_nothing_more_gets_what_it_has_asked_for(serve, wire, eventually):
    """So Node's sessions end, while the JavaScript SDK still reads an event stream."""
    release = asyncio.Event()
    started: list[str] = []

    async def events() -> AsyncIterator[bytes]:
        yield b"one"
        await release.wait()
        yield b"two"

    async def stream_events(request: Request) -> Response:
        started.append(request.path)
        return Response(200, [], events())

    server = serve(stream_events)
    client = Client(wire(server))
    client.ask("/a")
    eventually(lambda: started)
    client.wire.send(GoAwayFrame(0).serialize())
    frames = b""
    while b"one" not in frames:
        frames += client.wire.sock.recv(65536)
    server.loop.call_soon_threadsafe(release.set)
    while data := client.wire.sock.recv(65536):  # to the end of the connection
        frames += data
    assert b"two" in frames


def test_an_idle_connection_is_closed(serve, wire):
    client = Client(wire(serve(app, idle_timeout=0.03)))
    client.response(client.ask())
    with pytest.raises(EOFError):
        client.until(lambda: False)
    assert client.goaway is not None


@pytest.mark.parametrize("data", [bytes(9 * 20), b"\0\0\4\4" + bytes(9), b"\0\0\1\1\5\0\0\0\1\xff"])
def test_what_is_no_http2_ends_the_connection(serve, wire, data):
    client = wire(serve(app)).send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + data)
    assert GOAWAY in client.rest()


def test_headers_too_large_end_the_connection(serve, wire):
    client = Client(wire(serve(app, max_header_bytes=8192)))
    client.ask("/", *((f"x-{number}", "a" * 200) for number in range(60)))
    with pytest.raises(EOFError):
        client.until(lambda: False)
    assert client.goaway is not None
