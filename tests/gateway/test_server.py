"""The life of requests and connections: what every app may rely on."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import re
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable

import pytest

from hodei.gateway.exchange import Exchange, StreamBody
from hodei.gateway.http1 import Http1
from hodei.protocol.http import BodyError, Request, Response

pytestmark = pytest.mark.socket


def ok(request: Request) -> Response:
    return Response(200, [("X-Path", request.path)], request.path.encode())


class Held:
    """An app that answers /held when released, the others at once."""

    def __init__(self) -> None:
        self.started = 0
        self.cancelled = 0
        self.release = asyncio.Event()

    def __call__(self, request: Request):
        return self.hold(request) if request.path == "/held" else ok(request)

    async def hold(self, request: Request) -> Response:
        self.started += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Response(200, [], b"released")


class Endless:
    """An app whose response has no end."""

    def __init__(self) -> None:
        self.sent = 0
        self.closed = 0

    def __call__(self, request: Request) -> Response:
        return Response(200, [], self.chunks())

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.sent += 65536
                yield bytes(65536)
        finally:
            self.closed += 1


def test_an_awaitable_answer_does_not_hold_up_other_connections(serve, wire):
    app = Held()
    server = serve(app)
    waiting = wire(server).get("/held")
    assert wire(server).get("/quick").response()[2] == b"/quick"
    server.loop.call_soon_threadsafe(app.release.set)
    assert waiting.response()[2] == b"released"


def test_a_client_that_leaves_cancels_the_app_that_waits_for_it(serve, wire, eventually):
    app = Held()
    client = wire(serve(app)).get("/held")
    eventually(lambda: app.started)
    client.sock.close()
    eventually(lambda: app.cancelled)


def test_a_client_that_leaves_closes_the_iterator_of_its_response(serve, wire, eventually):
    app = Endless()
    client = wire(serve(app)).get()
    client.head()
    client.sock.close()
    eventually(lambda: app.closed)


def test_a_client_that_does_not_read_stops_the_iterator_until_it_does(serve, wire, eventually):
    app = Endless()
    client = wire(serve(app)).get()
    client.head()
    sizes = [-1, 0]
    while sizes[-1] != sizes[-2]:
        time.sleep(0.05)
        sizes.append(app.sent)
    assert sizes[-1] < 32 * 2**20  # the kernel's socket buffers, and little more
    client.exactly(sizes[-1] // 2)
    eventually(lambda: app.sent > sizes[-1])


def test_an_app_that_raises_answers_500_without_telling_why(serve, wire, caplog):
    async def later(request: Request) -> Response:
        raise ZeroDivisionError("secret")

    def app(request: Request):
        if request.path == "/later":
            return later(request)
        raise ZeroDivisionError("secret")

    client = wire(serve(app))
    for path in ("/now", "/later"):
        with caplog.at_level(logging.ERROR, "hodei.gateway"):
            status, headers, body = client.get(path).response()
        assert (status, headers["content-type"]) == (500, "text/xml")
        assert b"<Code>InternalError</Code>" in body
        assert b"secret" not in body
        assert "ZeroDivisionError: secret" in caplog.text
        caplog.clear()


@pytest.mark.parametrize("length", [None, "10", "3"])
def test_a_body_that_fails_midway_never_looks_complete(serve, wire, length, caplog):
    async def chunks() -> AsyncIterator[bytes]:
        yield b"half"
        if length is None:
            raise RuntimeError("broken")

    headers = [] if length is None else [("Content-Length", length)]
    server = serve(lambda request: Response(200, headers, chunks()))
    for version in ("1.1", "1.0"):
        client = wire(server).send(f"GET / HTTP/{version}\r\nHost: a\r\n\r\n".encode())
        with pytest.raises((ConnectionResetError, EOFError)):
            client.response()
    assert "broke off" in caplog.text


def test_no_response_leaves_before_its_operation_is_durable(serve, wire, eventually):
    waiting: list[Callable[[], None]] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield b"streamed"

    async def later() -> Response:
        return Response(200, [], b"later")

    def app(request: Request):
        if request.path == "/later":
            return later()
        return Response(200, [], chunks() if request.path == "/stream" else b"now")

    server = serve(app, when_durable=lambda callback, on_error: waiting.append(callback))
    for path, body in (("/now", b"now"), ("/later", b"later"), ("/stream", b"streamed")):
        client = wire(server).get(path)
        eventually(lambda: waiting)
        client.sock.settimeout(0.02)
        with pytest.raises(TimeoutError):
            client.sock.recv(1)
        client.sock.settimeout(5)
        server.loop.call_soon_threadsafe(waiting.pop())
        assert client.response()[2] == body


def test_a_client_gone_before_its_answer_is_durable_harms_nobody(serve, wire, eventually):
    waiting: list[Callable[[], None]] = []
    server = serve(ok, when_durable=lambda callback, on_error: waiting.append(callback))
    client = wire(server).get()
    eventually(lambda: waiting)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
    client.sock.close()
    eventually(lambda: not server.server.connections)
    server.loop.call_soon_threadsafe(waiting.pop())
    other = wire(server).get("/other")
    eventually(lambda: waiting)
    server.loop.call_soon_threadsafe(waiting.pop())
    assert other.response()[0] == 200


def test_a_client_that_has_said_all_still_gets_its_answers(serve, wire, eventually):
    waiting: list[Callable[[], None]] = []
    server = serve(ok, when_durable=lambda callback, on_error: waiting.append(callback))
    client = wire(server).get("/a").get("/b")
    client.sock.shutdown(socket.SHUT_WR)
    for path in (b"/a", b"/b"):
        eventually(lambda: waiting)
        server.loop.call_soon_threadsafe(waiting.pop())
        assert client.response()[2] == path
    assert client.closed()


def test_stop_lets_open_requests_finish_and_closes_idle_connections_at_once(serve, wire, eventually):
    app = Held()
    server = serve(app)
    idle, busy, silent = wire(server).get("/a"), wire(server).get("/held"), wire(server)
    idle.response()
    eventually(lambda: app.started and len(server.server.connections) == 3)
    stopping = asyncio.run_coroutine_threadsafe(server.server.stop(5), server.loop)
    assert idle.closed()
    assert silent.closed()
    with pytest.raises(ConnectionRefusedError):
        wire(server)
    assert not stopping.done()
    server.loop.call_soon_threadsafe(app.release.set)
    _, headers, body = busy.response()
    assert (headers["connection"], body) == ("close", b"released")
    stopping.result(5)


def test_stop_cuts_what_is_not_finished_in_time(serve, wire, eventually):
    app = Held()
    server = serve(app)
    busy = wire(server).get("/held")
    eventually(lambda: app.started)
    server.stop(0.01)
    assert app.cancelled == 1
    assert busy.closed()


def test_a_port_in_use_is_an_os_error(serve):
    first = serve(ok)
    with pytest.raises(OSError) as caught:
        serve(ok, port=first.port)
    assert caught.value.errno == errno.EADDRINUSE


def test_the_date_is_now_and_a_header_of_the_app_is_not_doubled(serve, wire):
    given = [("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("content-length", "3"), ("connection", "keep-alive")]
    server = serve(lambda request: Response(200, given if request.path == "/own" else [], b"abc"))
    client = wire(server)
    assert client.get("/own").response()[1]["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    headers = client.get("/").response()[1]
    assert (
        abs(time.mktime(time.strptime(headers["date"], "%a, %d %b %Y %H:%M:%S GMT")) - time.mktime(time.gmtime())) < 3
    )
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])


@pytest.mark.parametrize("kind", ["connect", "head", "body", "streaming", "held", "endless", "preface", "http2"])
def test_aborted_connections_leave_nothing_behind(serve, wire, eventually, kind):
    async def read(request: Request) -> Response:
        with pytest.raises(BodyError):
            await request.body.read(2**30)
        raise BodyError("gone")

    held, endless = Held(), Endless()

    def app(request: Request):
        return {"/held": held, "/endless": endless, "/read": read}.get(request.path, ok)(request)

    server = serve(app)
    for _ in range(50):
        client = wire(server)
        match kind:
            case "head":
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Y: ")
            case "body":
                client.send(b"PUT /a HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc")
            case "streaming":
                client.send(b"PUT /read HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(100_000))
            case "held" | "endless":
                client.get(f"/{kind}").get("/next")
            case "http2":
                client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            case "preface":
                client.send(b"PR")
        client.sock.close()
    assert wire(server).get("/last").response()[0] == 200  # those before it have been accepted
    del client
    eventually(lambda: len(server.server.connections) <= 1 and not server.server.tasks)
    server.stop()
    eventually(lambda: not remains())


def remains() -> list[object]:
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, (Http1, Exchange, StreamBody))]


def test_a_response_whose_data_could_not_be_saved_becomes_an_error(serve, wire):
    """A full disk: what was answered would not be there after a restart."""

    def disk_full(callback: Callable[[], None], on_error: Callable[[Exception], None]) -> None:
        on_error(OSError("disk full"))

    server = serve(ok, when_durable=disk_full)
    assert wire(server).get().response()[0] == 500
