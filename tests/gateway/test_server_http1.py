"""HTTP/1.1 and 1.0 on raw sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from hodei.protocol.http import Body, BodyError, Request, Response

pytestmark = pytest.mark.socket


class Recorder:
    """Keeps the requests; answers with the path."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, [("X-Path", request.path)], request.path.encode())


class Reader:
    """Reads the whole body, after `start` is set."""

    def __init__(self) -> None:
        self.start = asyncio.Event()
        self.start.set()
        self.bodies: list[Body] = []
        self.errors: list[str] = []

    async def __call__(self, request: Request) -> Response:
        self.bodies.append(request.body)
        await self.start.wait()
        size = 0
        try:
            async for chunk in request.body:
                size += len(chunk)
        except BodyError as error:
            self.errors.append(str(error))
            raise
        return Response(200, [], f"{size} {list(request.body.trailers)}".encode())


# What arrives


@pytest.mark.parametrize(
    "target", ["/a%2Fb", "//a//b/", "/a/../b/./c", "/?x=%20+&y", "/%C3%A9", "*", "/a?b?c", "http://x/y"]
)
def test_the_target_is_kept_as_sent(serve, wire, target):
    app = Recorder()
    wire(serve(app)).get(target).response()
    assert app.requests[0].target == target


def test_headers_keep_order_case_and_duplicates(serve, wire):
    app = Recorder()
    wire(serve(app)).send(
        b"GET / HTTP/1.1\r\nhOst: Localhost:1\r\nX-B: 2\r\nx-a: \xc3\xa9\r\nX-B: \xe9\r\nX-Empty:\r\n\r\n"
    ).response()
    request = app.requests[0]
    assert list(request.headers) == [
        ("hOst", "Localhost:1"),
        ("X-B", "2"),
        ("x-a", "é"),
        ("X-B", "é"),
        ("X-Empty", ""),
    ]
    assert (request.method, request.host, request.scheme, request.client) == ("GET", "localhost", "http", "127.0.0.1")


def test_a_request_may_come_byte_by_byte(serve, wire):
    app = Recorder()
    client = wire(serve(app))
    for byte in b"PUT /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nxyz":
        client.send(bytes([byte]))
    assert client.response()[2] == b"/abc"
    assert app.requests[0].body.data == b"xyz"


def test_a_body_up_to_64_kib_is_whole_when_the_app_is_called(serve, wire):
    app = Recorder()
    client = wire(serve(app))
    body = bytes(range(256)) * 256
    client.put("/", body).response()
    client.put("/", body + b"x").response()
    client.put("/", b"").response()
    client.get("/").response()
    assert [request.body.data for request in app.requests] == [body, None, b"", b""]
    assert [request.body.length for request in app.requests] == [65536, 65537, 0, 0]


def test_a_large_body_streams(serve, wire):
    app = Reader()
    client = wire(serve(app))
    assert client.put("/", bytes(3_000_000)).response()[2] == b"3000000 []"
    assert client.put("/", bytes(70_000)).response()[2] == b"70000 []"


def test_chunks_and_their_trailers(serve, wire):
    client = wire(serve(Reader()))
    for _ in range(2):
        client.send(
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-amz-checksum-crc32\r\n\r\n"
            b"3;chunk-signature=abc\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nx-amz-checksum-crc32: AAA=\r\nX-T: 2\r\n\r\n"
        )
        assert client.response()[2] == b"19 [('x-amz-checksum-crc32', 'AAA='), ('X-T', '2')]"


def test_reading_pauses_while_the_app_does_not_read(serve, wire, eventually):
    app = Reader()
    server = serve(app)
    app.start.clear()
    client = wire(server).send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
    eventually(lambda: app.bodies)
    client.sock.settimeout(0.05)
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 100_000_000:
            sent += client.sock.send(bytes(65536))
    client.sock.settimeout(5)
    assert sent < 64_000_000
    assert app.bodies[0].buffered <= 1024 * 1024
    server.loop.call_soon_threadsafe(app.start.set)
    while sent < 100_000_000:
        sent += client.sock.send(bytes(min(65536, 100_000_000 - sent)))
    assert client.response()[2] == b"100000000 []"


@pytest.mark.parametrize("head", [b"Content-Length: 100000", b"Transfer-Encoding: chunked"])
def test_a_client_that_leaves_within_the_body_raises_in_the_reader(serve, wire, eventually, head):
    app = Reader()
    client = wire(serve(app)).send(b"PUT / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n3\r\nabc\r\n")
    eventually(lambda: app.bodies and app.bodies[0].received)
    client.sock.close()
    eventually(lambda: app.errors)


def test_broken_chunks_raise_in_the_reader_and_close(serve, wire):
    app = Reader()
    client = wire(serve(app)).send(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
    status, headers, body = client.response()
    assert (status, headers["connection"]) == (400, "close")
    assert b"<Code>BadRequest</Code>" in body
    assert client.closed()
    assert app.errors


# Expect: 100-continue


@pytest.mark.parametrize("size", [3, 100_000])
def test_a_client_is_told_to_continue_only_when_the_body_is_read(serve, wire, eventually, size):
    app = Reader()
    server = serve(app)
    app.start.clear()
    client = wire(server).send(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % size)
    eventually(lambda: app.bodies)
    client.sock.settimeout(0.02)
    with pytest.raises(TimeoutError):
        client.sock.recv(1)
    client.sock.settimeout(5)
    server.loop.call_soon_threadsafe(app.start.set)
    assert client.head() == (100, {})
    assert client.send(bytes(size)).response()[2] == f"{size} []".encode()


def test_a_refused_body_is_never_asked_for(serve, wire):
    client = wire(serve(lambda request: Response(403, [], b"no")))
    client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
    status, headers, body = client.response()
    assert (status, headers["connection"], body) == (403, "close", b"no")
    assert client.closed()


def test_a_client_that_did_not_wait_is_not_told_to_continue(serve, wire):
    client = wire(serve(Reader()))
    assert client.put("/", bytes(100), "Expect: 100-continue").response()[::2] == (200, b"100 []")


def test_an_empty_body_gets_its_100_too(serve, wire):
    """botocore, answered at once, would take the status of that answer for that of every later one."""
    client = wire(serve(lambda request: Response(200, [], b"")))
    client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n")
    assert client.head() == (100, {})
    assert client.response()[0] == 200
    assert client.get("/").response()[0] == 200


# Bodies that the app leaves


def test_a_short_unread_rest_is_swallowed(serve, wire):
    app = Recorder()
    client = wire(serve(app))
    assert client.put("/a", bytes(1_000_000)).response()[2] == b"/a"
    client.send(b"PUT /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert client.response()[2] == b"/b"
    assert client.send(b"0\r\n\r\n").get("/c").response()[2] == b"/c"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_unread_rest_closes_but_the_answer_arrives(serve, wire, chunked):
    client = wire(serve(Recorder()))
    if chunked:
        client.send(b"PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    else:
        client.send(b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
        block = bytes(0x100000)
    client.send(block * 4)
    status, headers, body = client.response()
    assert (status, body) == (200, b"/a")
    assert headers.get("connection") == (None if chunked else "close")
    assert client.closed()


# What leaves


@pytest.mark.parametrize(
    ("request_line", "header", "keeps"),
    [
        ("GET / HTTP/1.1", "Host: a", None),
        ("GET / HTTP/1.1", "Connection: close", "close"),
        ("GET / HTTP/1.0", "Host: a", "close"),
        ("GET / HTTP/1.0", "Connection: keep-alive", "keep-alive"),
    ],
)
def test_keep_alive(serve, wire, request_line, header, keeps):
    client = wire(serve(Recorder()))
    client.send(f"{request_line}\r\n{header}\r\n\r\n".encode())
    assert client.response()[1].get("connection") == keeps
    if keeps == "close":
        assert client.closed()
    else:
        assert client.get("/next").response()[2] == b"/next"


def test_the_app_may_close(serve, wire):
    client = wire(serve(lambda request: Response(200, [("Connection", "close")], b"a")))
    assert client.get().get().response()[1]["connection"] == "close"
    assert client.closed()


def test_pipelined_requests_are_answered_in_order(serve, wire):
    async def later(request: Request) -> Response:
        await asyncio.sleep(0.01)
        return Response(200, [], request.path.encode())

    def app(request: Request):
        return later(request) if "slow" in request.path else Response(200, [], request.path.encode())

    client = wire(serve(app))
    paths = [f"/{'slow' if number % 9 == 0 else 'quick'}/{number}" for number in range(40)]
    body = b"x" * 100
    client.send(b"".join(b"PUT %s HTTP/1.1\r\nContent-Length: 100\r\n\r\n%s" % (path.encode(), body) for path in paths))
    assert [client.response()[2].decode() for _ in paths] == paths


def test_thousands_of_pipelined_requests(serve, wire):
    client = wire(serve(Recorder()))
    client.send(b"GET / HTTP/1.1\r\n\r\n" * 5000)
    assert all(client.response()[2] == b"/" for _ in range(5000))


def test_streamed_responses(serve, wire):
    async def chunks() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b""
        yield b"defg"

    def app(request: Request) -> Response:
        return Response(200, [("Content-Length", "7")] if request.path == "/known" else [], chunks())

    server = serve(app)
    client = wire(server)
    _, headers, body = client.get("/known").response()
    assert (headers["content-length"], body) == ("7", b"abcdefg")
    assert "transfer-encoding" not in headers
    _, headers, body = client.get("/unknown").response()
    assert (headers["transfer-encoding"], body) == ("chunked", b"abcdefg")
    assert "content-length" not in headers
    _, headers, body = wire(server).send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").response()
    assert (headers["connection"], body) == ("close", b"abcdefg")


def test_answers_without_a_body(serve, wire):
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("nobody may read this")
        yield b""

    responses = {
        "/length": Response(200, [("Content-Length", "1234")]),
        "/bytes": Response(200, [], b"abc"),
        "/stream": Response(200, [("Content-Length", "5")], never()),
        "/204": Response(204, [], b"abc"),
        "/304": Response(304, [("ETag", '"a"')], b"abc"),
    }
    client = wire(serve(lambda request: responses[request.path]))
    for path, length in (("/length", "1234"), ("/bytes", "3"), ("/stream", "5")):
        client.send(f"HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert client.response("HEAD")[1]["content-length"] == length
    assert "content-length" not in client.get("/204").response()[1]
    assert client.get("/304").response()[1]["etag"] == '"a"'
    assert client.get("/bytes").response()[2] == b"abc"


def test_a_large_answer_arrives_whole(serve, wire):
    body = bytes(range(256)) * 10_000
    client = wire(serve(lambda request: Response(200, [], body)))
    assert client.get().response()[2] == body
    assert client.get().response()[2] == body


def test_no_header_can_smuggle_in_another(serve, wire):
    client = wire(
        serve(lambda request: Response(200, [("X-A", "b\r\nX-Evil: 1\r\n\r\nbody"), ("X-É", "é\udcff")], b""))
    )
    _, headers, body = client.get().response()
    assert headers["x-a"] == "b  X-Evil: 1    body"
    assert "x-evil" not in headers
    assert body == b""


# What cannot be understood


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded: c\r\n\r\n",
        b"GET / HTTP/1.1\nA: b\n\n",
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_closed(serve, wire, data):
    app = Recorder()
    client = wire(serve(app))
    client.send(data)
    status, headers, body = client.response()
    assert (status, headers["content-type"], headers["connection"]) == (400, "text/xml", "close")
    assert b"<Code>BadRequest</Code>" in body
    assert client.closed()
    assert not app.requests


def test_requests_before_the_broken_one_are_answered(serve, wire):
    client = wire(serve(Recorder())).get("/a").get("/b").send(b"GET \x01\r\n\r\n")
    assert [client.response()[0] for _ in range(3)] == [200, 200, 400]
    assert client.closed()


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_a_head_too_large_is_refused(serve, wire, pieces):
    server = serve(Recorder(), max_header_bytes=8192)
    assert wire(server).get("/" + "a" * 4000, "X: " + "b" * 4000).response()[0] == 200
    client = wire(server)
    data = b"GET / HTTP/1.1\r\n" + b"X-A: bcdefgh\r\n" * 60_000 + b"\r\n"
    size = len(data) // pieces
    try:
        for piece in range(0, len(data), size):
            client.send(data[piece : piece + size])
    except (BrokenPipeError, ConnectionResetError):
        return  # it was refused before it had all been sent
    status, _, body = client.response()
    assert status == 431
    assert b"<Code>RequestHeaderSectionTooLarge</Code>" in body
    assert client.closed()


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_an_upgrade_that_is_not_offered_is_ignored(serve, wire, body):
    app = Recorder()
    client = wire(serve(app))
    client.put("/a", body, "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAA").get("/b")
    assert [client.response()[2] for _ in range(2)] == [b"/a", b"/b"]
    assert app.requests[0].body.data == body
    assert "upgrade" not in app.requests[0].headers


# Who does not go on


def test_a_head_that_drips_is_cut(serve, wire):
    client = wire(serve(Recorder(), header_timeout=0.04))
    client.send(b"GET / HTTP/1.1\r\nX: ")
    with pytest.raises((BrokenPipeError, ConnectionResetError, StopIteration)):
        for _ in range(1000):
            client.send(b"a")
            time.sleep(0.005)


def test_a_client_that_says_nothing_is_cut(serve, wire):
    assert wire(serve(Recorder(), header_timeout=0.02)).closed()


def test_an_idle_connection_is_closed_but_not_one_that_waits_for_its_answer(serve, wire):
    async def app(request: Request) -> Response:
        await asyncio.sleep(0.1)
        return Response(200, [], b"late")

    client = wire(serve(app, idle_timeout=0.03))
    started = time.monotonic()
    assert client.get().response()[2] == b"late"
    assert client.closed()
    assert time.monotonic() - started > 0.125


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_body_that_stops_is_given_up(serve, wire, size):
    client = wire(serve(Reader(), body_timeout=0.03))
    client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nabc" % size)
    status, headers, body = client.response()
    assert (status, headers["connection"]) == (400, "close")
    assert b"did not arrive" in body
    assert client.closed()


def test_a_slow_app_is_not_taken_for_a_slow_client(serve, wire, eventually):
    app = Reader()
    server = serve(app, body_timeout=0.03)
    app.start.clear()
    client = wire(server)
    client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n" + bytes(600_000))
    eventually(lambda: app.bodies)
    time.sleep(0.1)
    server.loop.call_soon_threadsafe(app.start.set)
    assert client.response()[2] == b"600000 []"


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100)])
def test_a_refused_client_that_stays_is_cut(serve, wire, eventually, data):
    server = serve(Recorder(), linger_timeout=0.03)
    client = wire(server).send(data)
    assert client.rest()  # the answer and the server's end; the client's own stays open
    eventually(lambda: not server.server.connections)
