"""A server on its own loop in a thread, and raw connections to it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop

from hodei.gateway.server import App, Server

PATIENCE = 5  # seconds before a test that waits for something fails


class Running:
    """`server` is served by the loop of a thread; `run` executes a coroutine there."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop, options: dict[str, Any]) -> None:
        self.loop = loop
        self.server = Server(app, **{"port": 0, **options})
        self._thread = threading.Thread(target=loop.run_forever)
        self._thread.start()
        try:
            self.run(self.server.start())
        except OSError:
            self._end()
            raise
        self.port = self.server.port

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def stop(self, grace: float = 0) -> None:
        self.run(self.server.stop(grace))

    def close(self) -> set[asyncio.Task[Any]]:
        """Stop it and return the tasks that are left."""
        self.stop()

        async def others() -> set[asyncio.Task[Any]]:
            return asyncio.all_tasks() - {asyncio.current_task()}

        left = self.run(others())
        self._end()
        return left

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Wire:
    """One raw connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(PATIENCE)
        self.seen = b""

    def send(self, data: bytes) -> Wire:
        self.sock.sendall(data)
        return self

    def get(self, path: str = "/", *lines: str) -> Wire:
        return self.send("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode())

    def put(self, path: str, body: bytes, *lines: str) -> Wire:
        head = [f"PUT {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *lines, "", ""]
        return self.send("\r\n".join(head).encode() + body)

    def until(self, mark: bytes) -> bytes:
        while mark not in self.seen:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(self.seen)
            self.seen += data
        found, _, self.seen = self.seen.partition(mark)
        return found + mark

    def exactly(self, size: int) -> bytes:
        while len(self.seen) < size:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(self.seen)
            self.seen += data
        found, self.seen = self.seen[:size], self.seen[size:]
        return found

    def rest(self) -> bytes:
        """All until the server closes."""
        while data := self.sock.recv(65536):
            self.seen += data
        return self.seen

    def head(self) -> tuple[int, dict[str, str]]:
        status, *lines = self.until(b"\r\n\r\n").decode().split("\r\n")[:-2]
        names = [line.partition(": ")[0].lower() for line in lines]
        assert len(names) == len(set(names)), f"duplicate headers: {lines}"
        return int(status.split()[1]), {name: line.partition(": ")[2] for name, line in zip(names, lines)}

    def response(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        status, headers = self.head()
        if method == "HEAD" or status in (100, 204, 304):
            return status, headers, b""
        if "content-length" in headers:
            return status, headers, self.exactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return status, headers, self.rest()
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            body += self.exactly(size + 2)[:-2]
        assert self.exactly(2) == b"\r\n"
        return status, headers, body

    def closed(self) -> bool:
        """Wait for the end; False if the server sends something instead."""
        try:
            return self.seen == b"" and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.001)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[[Callable[[], object]], None]:
    return eventually


@pytest.fixture(params=["uvloop", "asyncio"])
def serve(request: pytest.FixtureRequest) -> Iterator[Callable[..., Running]]:
    """`serve(app, **options)` starts a server; at the end no task of any may be left."""
    running: list[Running] = []

    def start(app: App, **options: Any) -> Running:
        loop = uvloop.new_event_loop() if request.param == "uvloop" else asyncio.new_event_loop()
        running.append(Running(app, loop, options))
        return running[-1]

    yield start
    left = [task for server in running for task in server.close()]
    assert not left


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """`wire(running)` opens a raw connection."""
    wires: list[Wire] = []

    def connect(running: Running) -> Wire:
        wires.append(Wire(socket.create_connection(("127.0.0.1", running.port), PATIENCE)))
        return wires[-1]

    yield connect
    for one in wires:
        one.sock.close()
