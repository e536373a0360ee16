"""Clients that break off, dawdle or talk nonsense, while another one is being served: it notices nothing, and nothing is left."""

from __future__ import annotations

import asyncio
import http.client
import logging
import os
import random
import resource
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import pytest
import uvloop
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated

from hodei.gateway.app import make_app
from hodei.gateway.server import Server
from hodei.kernel import keys
from hodei.kernel.datadir import DataDir
from hodei.kernel.world import World

pytestmark = pytest.mark.socket

PATIENCE = 10.0  # seconds
TIMEOUTS = {"header_timeout": 0.5, "body_timeout": 0.5, "idle_timeout": 1.5, "linger_timeout": 0.3}
USUAL, LONGEST = 0.05, 1.5  # seconds an answer takes: half of the time, and always (the machine may be busy)
BIG = 20 * 2**20
AUTH = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


class Served:
    """A cloud behind a socket, on a loop in a thread; timeouts are short."""

    def __init__(self, folder: Path) -> None:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.directory = DataDir.open(folder)
        self.world, self.server = self.run(self._start())
        self.port = self.server.port

    async def _start(self) -> tuple[World, Server]:
        world = World(self.directory)
        server = Server(make_app(world), port=0, when_durable=world.store.when_durable, **TIMEOUTS)
        await world.start()
        await server.start()
        return world, server

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def ask(self, question: Callable[[], Any]) -> Any:
        """Answered on the loop."""

        async def answer() -> Any:
            return question()

        return self.run(answer())

    def close(self) -> None:
        self.run(self.server.stop(0))
        self.run(self.world.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        self.directory.close()

    def leftovers(self) -> list[str]:
        """What should not be there when no client is connected."""
        blobs, agenda = self.world.blobs, self.world.agenda
        found = [f"connection {one}" for one in self.server.connections]
        found += [f"task {one}" for one in self.server.tasks]
        found += [f"task {one}" for one in asyncio.all_tasks() - agenda._running - {asyncio.current_task()}]
        found += [f"wait {one}" for one in agenda._polls]
        found += [f"unfinished blob {one}" for one in blobs._writing] + [
            f"blob without a row {one}" for one in blobs._unkept
        ]
        prefix = keys.pack(("", "", "kernel", "blobs"))
        rows = {keys.unpack(key)[-1] for key in self.world.store.keys(prefix, keys.prefix_end(prefix))}
        files = {path.name for path in self.directory.blobs.rglob("*") if path.is_file()}
        return found + [f"file {one}" for one in files - rows] + [f"missing {one}" for one in rows - files]


@pytest.fixture
def served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Served]:
    made = Served(tmp_path)
    client = Client(made.port)
    for path in ("/bucket", "/bucket/big"):
        client.call("PUT", path, b"" if path == "/bucket" else b"b" * BIG)
    client.connection.close()
    eventually(lambda: not made.ask(made.leftovers))
    files = open_files()
    yield made
    try:
        eventually(lambda: not made.ask(made.leftovers), lambda: str(made.ask(made.leftovers)))
        eventually(lambda: open_files() <= files, lambda: f"{open_files()} open files, {files} before")
        assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    finally:
        made.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def eventually(condition: Callable[[], object], what: Callable[[], str] = lambda: "did not happen") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


class Client:
    """A client that behaves, with one connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        name, _, value = AUTH.format("s3").partition(": ")
        self.connection.request(method, path, body, {name: value})
        response = self.connection.getresponse()
        return response.status, response.read()


@contextmanager
def bystander(served: Served) -> Iterator[None]:
    """Meanwhile a client puts, gets and deletes an object over and over: it gets what it asks for, as fast as ever."""
    took: list[float] = []
    stop, broken = threading.Event(), []

    def work() -> None:
        client = Client(served.port)
        calls = [("PUT", b"hello", 200, b""), ("GET", b"", 200, b"hello"), ("DELETE", b"", 204, b"")]
        try:
            while not stop.is_set():
                for method, body, status, answer in calls:
                    began = time.perf_counter()
                    assert client.call(method, "/bucket/bystander", body) == (status, answer)
                    took.append(time.perf_counter() - began)
                time.sleep(0.005)
        except BaseException as error:
            broken.append(error)
        finally:
            client.connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
        time.sleep(0.1)
    finally:
        stop.set()
        thread.join()
    assert not broken, broken
    assert len(took) > 2
    assert statistics.median(took) < USUAL
    assert max(took) < LONGEST


def wire(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), PATIENCE)


def put_head(path: str, length: int, *lines: str) -> bytes:
    first = [f"PUT {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", AUTH.format("s3"), *lines, "", ""]
    return "\r\n".join(first).encode()


def rest(sock: socket.socket) -> bytes:
    """All until the server closes."""
    data = b""
    with suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            data += piece
    return data


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1]) if answer else 0


def exists(served: Served, path: str) -> bool:
    client = Client(served.port)
    try:
        return client.call("HEAD", path)[0] != 404
    finally:
        client.connection.close()


# bodies


@pytest.mark.parametrize("announced", [1000, 100_000, 5_000_000])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_body_that_ends_early(served: Served, announced: int, share: float) -> None:
    """The client has ended its side and listens: it is told, or the connection is closed; there is no object."""
    with bystander(served), wire(served) as sock:
        sock.sendall(put_head("/bucket/half", announced) + b"x" * int(announced * share))
        sock.shutdown(socket.SHUT_WR)
        assert status(rest(sock)) in (0, 400)
    assert not exists(served, "/bucket/half")


@pytest.mark.parametrize(
    "lines",
    [["Content-Length: -1"], ["Content-Length: x"], ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 1e3"],
     ["Content-Length: 5", "Transfer-Encoding: chunked"], ["Transfer-Encoding: gzip"], ["Transfer-Encoding: chunked, chunked"],
     ["Content-Length: 99999999999999999999999"], ["Content-Length: +5"]],
    ids=", ".join,
)  # fmt: skip
def test_framing_that_cannot_be(served: Served, lines: list[str]) -> None:
    with bystander(served), wire(served) as sock:
        head = ["PUT /bucket/odd HTTP/1.1", "Host: localhost", AUTH.format("s3"), *lines, "", ""]
        sock.sendall("\r\n".join(head).encode() + b"hello")
        assert status(rest(sock)) in (0, 400, 411, 501)
    assert not exists(served, "/bucket/odd")


def test_a_body_longer_than_announced(served: Served) -> None:
    """What is too much is no request, and ends the connection."""
    with bystander(served), wire(served) as sock:
        sock.sendall(put_head("/bucket/long", 5) + b"helloGARBAGE\r\n\r\n")
        first, second = rest(sock).split(b"HTTP/1.1 ")[1:]
        assert (first[:3], second[:3]) == (b"200", b"400")
    assert exists(served, "/bucket/long")


def test_broken_chunks(served: Served) -> None:
    with bystander(served):
        for body in (b"zz\r\nhello\r\n", b"5\r\nhelloXX", b"-5\r\n", b"ffffffffffffffffff\r\n", b"5" * 10_000):
            with wire(served) as sock:
                sock.sendall(
                    "\r\n".join(
                        ["PUT /bucket/c HTTP/1.1", "Host: a", AUTH.format("s3"), "Transfer-Encoding: chunked", "", ""]
                    ).encode()
                    + body
                )
                assert status(rest(sock)) in (400, 501)  # 501: S3 takes no chunked PUT that does not say how long it is
    assert not exists(served, "/bucket/c")


# breaking off


def framed(payload: bytes) -> tuple[list[str], bytes]:
    """Headers and body of aws-chunked."""
    body = b"%x\r\n" % len(payload) + payload + b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    lines = ["x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding: aws-chunked",
             f"x-amz-decoded-content-length: {len(payload)}", "x-amz-trailer: x-amz-checksum-crc32"]  # fmt: skip
    return lines, body


@pytest.mark.parametrize("kind", ["plain", "framed", "part"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_uploads_broken_off_leave_nothing(served: Served, kind: str, reset: bool) -> None:
    """At every moment: in the head, at the first byte, between blocks, with the last byte missing."""
    body, lines, path = b"x" * 4_000_000, [], "/bucket/broken"
    if kind == "framed":
        lines, body = framed(body)
    if kind == "part":
        client = Client(served.port)
        upload = (
            client.call("POST", "/bucket/broken?uploads")[1].partition(b"<UploadId>")[2].partition(b"<")[0].decode()
        )
        client.connection.close()
        path += f"?partNumber=1&uploadId={upload}"
    whole = put_head(path, len(body), *lines) + body
    head = len(whole) - len(body)
    moments = [10, head, head + 1, head + 70_000, head + 2**20, head + 2**20 + 1, head + 3_000_000, len(whole) - 1]
    with bystander(served):
        for at in moments * 2:
            with wire(served) as sock:
                sock.sendall(whole[:at])
                if at % 2:
                    time.sleep(0.01)
                if reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert not exists(served, "/bucket/broken")
    if kind == "part":
        client = Client(served.port)
        assert b"<Part>" not in client.call("GET", f"/bucket/broken?uploadId={upload}")[1]
        client.connection.close()


def test_an_upload_into_a_bucket_that_goes_away_leaves_nothing(served: Served) -> None:
    client = Client(served.port)
    client.call("PUT", "/other")
    with bystander(served), wire(served) as sock:
        sock.sendall(put_head("/other/a", 3_000_000) + b"x" * 2_000_000)
        time.sleep(0.1)
        assert client.call("DELETE", "/other")[0] == 204
        client.connection.close()
        sock.sendall(b"x" * 1_000_000)
        assert status(sock.recv(65536)) == 404


def test_downloads_broken_off(served: Served) -> None:
    with bystander(served):
        for at in (0, 1, 1000, 70_000, 3_000_000, BIG // 2) * 3:
            with wire(served) as sock:
                sock.sendall(
                    b"GET /bucket/big HTTP/1.1\r\nHost: localhost\r\n" + AUTH.format("s3").encode() + b"\r\n\r\n"
                )
                got = 0
                while got < at:
                    got += len(sock.recv(min(65536, at - got)))


def test_downloads_that_nobody_reads_hold_no_memory(served: Served) -> None:
    """Twenty clients ask for 20 MiB each and read nothing."""
    with bystander(served):
        socks = [wire(served) for _ in range(20)]
        for sock in socks:
            sock.sendall(b"GET /bucket/big HTTP/1.1\r\nHost: localhost\r\n" + AUTH.format("s3").encode() + b"\r\n\r\n")
        time.sleep(0.5)
        buffered = served.ask(lambda: sum(one.transport.get_write_buffer_size() for one in served.server.connections))
        assert buffered < 20 * 2**20
        for sock in socks:
            sock.close()


def test_long_polls_broken_off(served: Served) -> None:
    client = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    name, _, value = AUTH.format("sqs").partition(": ")
    headers = {name: value, "Content-Type": "application/x-www-form-urlencoded"}
    client.request("POST", "/", "Action=CreateQueue&Version=2012-11-05&QueueName=q", headers)
    client.getresponse().read()
    form = b"Action=ReceiveMessage&Version=2012-11-05&WaitTimeSeconds=20&QueueUrl=http://localhost/000000000000/q"
    head = [f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(form)}", AUTH.format("sqs")]
    whole = "\r\n".join([*head, "Content-Type: application/x-www-form-urlencoded", "", ""]).encode() + form
    with bystander(served):
        socks = [wire(served) for _ in range(100)]
        for sock in socks:
            sock.sendall(whole)
        eventually(lambda: served.ask(lambda: len(served.world.agenda._polls)) == 100)
        for sock in socks:
            sock.close()
        eventually(lambda: served.ask(lambda: len(served.world.agenda._polls)) == 0)
    client.request(
        "POST",
        "/",
        "Action=SendMessage&Version=2012-11-05&QueueUrl=http://localhost/000000000000/q&MessageBody=m",
        headers,
    )
    client.getresponse().read()
    receive = "Action=ReceiveMessage&Version=2012-11-05&QueueUrl=http://localhost/000000000000/q"
    client.request("POST", "/", receive, headers)
    assert b"<Body>m</Body>" in client.getresponse().read(), "a poll that nobody waits for took the message"
    client.close()


# dawdling


def test_heads_that_drip_are_cut_off(served: Served) -> None:
    with bystander(served):
        socks = [wire(served) for _ in range(50)]
        began = time.monotonic()
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"y" * 1000
        at = 0
        while socks and time.monotonic() - began < 5 * TIMEOUTS["header_timeout"]:
            for sock in list(socks):
                try:
                    sock.sendall(head[at : at + 1])
                    sock.setblocking(False)
                    with suppress(BlockingIOError):
                        if not sock.recv(100):
                            raise ConnectionError
                    sock.setblocking(True)
                except ConnectionError:
                    sock.close()
                    socks.remove(sock)
            at += 1
            time.sleep(0.02)
        assert not socks, "a head that never ends keeps the connection"


def test_a_body_that_stops_coming_is_given_up(served: Served) -> None:
    with bystander(served):
        for announced, sent in ((100, 50), (5_000_000, 0), (5_000_000, 1_500_000)):
            with wire(served) as sock:
                sock.sendall(put_head("/bucket/stalled", announced) + b"x" * sent)
                began = time.monotonic()
                assert status(rest(sock)) in (0, 400, 408)
                assert time.monotonic() - began < 6 * TIMEOUTS["body_timeout"]
    assert not exists(served, "/bucket/stalled")


def test_a_thousand_idle_connections(served: Served) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2300
    if soft < wanted and hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("not enough file descriptors allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with bystander(served):
            socks = [wire(served) for _ in range(1000)]
            for sock in socks[::2]:
                sock.sendall(b"GET /bucket")  # half of them say something first
            for sock in socks:
                assert status(rest(sock)) in (0, 400, 408)
                sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# nonsense


HEADS = {
    "a huge header": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
    "a huge target": b"GET /" + b"y" * 300_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "no HTTP": b"\x00\x01\x02\x03 hello\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "a proxy": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "half a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00",
    "half an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n",
    "HTTP/2 and then nonsense": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
    "many lines": b"\r\n" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_nonsense_is_refused(served: Served, name: str) -> None:
    with bystander(served), wire(served) as sock:
        with suppress(ConnectionError):
            sock.sendall(HEADS[name])
        with suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        answer = rest(sock)
        assert b"Traceback" not in answer
        assert not answer.startswith(b"HTTP/1") or status(answer) < 500


def test_random_bytes(served: Served) -> None:
    """Alone, and behind good requests, which are answered first."""
    chance = random.Random(1)
    good = b"GET /bucket/none HTTP/1.1\r\nHost: localhost\r\n" + AUTH.format("s3").encode() + b"\r\n\r\n"
    with bystander(served):
        for count in [0, 1, 5, 40] * 10:
            with wire(served) as sock:
                with suppress(ConnectionError):
                    sock.sendall(good * count + b"\x01" + chance.randbytes(chance.randrange(1, 3000)))
                    sock.shutdown(socket.SHUT_WR)
                answers = rest(sock).split(b"HTTP/1.1 ")[1:]
                assert [answer[:3] for answer in answers[:count]] == [b"404"] * count
                assert all(answer[:3] == b"400" for answer in answers[count:])


# HTTP/2


def http2(served: Served) -> tuple[socket.socket, h2.connection.H2Connection]:
    sock = wire(served)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    sock.sendall(connection.data_to_send())
    connection.receive_data(sock.recv(65536))
    return sock, connection


def fields(method: str, path: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    name, _, value = AUTH.format("s3").partition(": ")
    return [
        (":method", method),
        (":path", path),
        (":scheme", "http"),
        (":authority", "localhost"),
        (name.lower(), value),
        *more,
    ]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_streams_that_are_reset_at_once(served: Served, method: str) -> None:
    """Rapid reset (CVE-2023-44487): thousands of requests, each taken back as soon as it is made."""
    sock, connection = http2(served)
    for _ in range(3000):
        stream = connection.get_next_available_stream_id()
        if method == "GET":
            connection.send_headers(stream, fields("GET", "/bucket/big"), end_stream=True)
        else:
            connection.send_headers(stream, fields("PUT", "/bucket/reset", ("content-length", "1000000")))
        connection.reset_stream(stream)
    attack = connection.data_to_send()
    with bystander(served), sock:
        with suppress(ConnectionError):
            sock.sendall(attack)
        answers = connection.receive_data(rest(sock))
        assert [event.error_code for event in answers if isinstance(event, ConnectionTerminated)] == [
            ErrorCodes.ENHANCE_YOUR_CALM
        ]
    assert not exists(served, "/bucket/reset")


def test_http2_that_breaks_its_rules(served: Served) -> None:
    """Frames cut, flipped and shuffled behind a good beginning."""
    chance = random.Random(2)
    with bystander(served):
        for _ in range(60):
            sock, connection = http2(served)
            with sock:
                for _ in range(5):
                    stream = connection.get_next_available_stream_id()
                    connection.send_headers(stream, fields("PUT", "/bucket/rules", ("content-length", "100000")))
                    connection.send_data(stream, b"x" * chance.randrange(1, 10_000))
                frames = bytearray(connection.data_to_send())
                for _ in range(chance.randrange(1, 8)):
                    frames[chance.randrange(len(frames))] = chance.randrange(256)
                with suppress(ConnectionError):
                    sock.sendall(frames[: chance.randrange(1, len(frames) + 1)])
                    sock.shutdown(socket.SHUT_WR)
                rest(sock)
    assert not exists(served, "/bucket/rules")


def test_an_http2_client_that_opens_no_window(served: Served) -> None:
    """It asks for much and takes nothing; then it goes."""
    with bystander(served):
        sock, connection = http2(served)
        with sock:
            for _ in range(50):
                stream = connection.get_next_available_stream_id()
                connection.send_headers(stream, fields("GET", "/bucket/big"), end_stream=True)
            sock.sendall(connection.data_to_send())
            time.sleep(0.3)
