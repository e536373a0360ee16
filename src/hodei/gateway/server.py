"""The socket server: HTTP/1.1, HTTP/2 and both over TLS on one port, told apart by their first bytes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, cast

from hodei.gateway.exchange import logger
from hodei.gateway.http1 import Http1
from hodei.gateway.realtime import DateHeader
from hodei.protocol.http import Request, Response

App = Callable[[Request], Response | Awaitable[Response]]
WhenDurable = Callable[[Callable[[], None], Callable[[Exception], None]], None]
Admits = Callable[[tuple[str, int], tuple[str, int]], bool]  # asked with their address and ours

BACKLOG = 1024
TLS_HANDSHAKE = b"\x16"
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Connection(Protocol):
    """What the server needs of a connection, whatever it speaks."""

    transport: asyncio.Transport

    def check(self, now: float) -> None:
        """Close if a timeout has passed; `now` is the loop's time."""

    def shutdown(self) -> None:
        """Begin no more requests, close once those open are answered."""


class Server:
    """Serves `app` on one port. An answer given at once is sent at once; an awaitable is run as a task.

    `when_durable(callback, on_error)` calls back once all that was done so far is on disk: no response leaves before.
    Connections that it does not `admits` are broken off. `tls` gives the context for HTTPS and is called at the first
    such connection. Timeouts are in seconds: for the head of a request, for a body without a byte arriving, for a
    connection without a request, for a refused client that is still sending to read why.
    """

    def __init__(
        self,
        app: App,
        *,
        host: str = "127.0.0.1",
        port: int = 4566,
        when_durable: WhenDurable | None = None,
        admits: Admits | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
        max_header_bytes: int = 64 * 1024,
        header_timeout: float = 30,
        body_timeout: float = 60,
        idle_timeout: float = 75,
        linger_timeout: float = 2,
    ) -> None:
        self.app = app
        self.host = host
        self.port = port
        self.when_durable = when_durable or (lambda callback, on_error: callback())
        self.admits = admits
        self.tls = tls
        self.max_header_bytes = max_header_bytes
        self.header_timeout = header_timeout
        self.body_timeout = body_timeout
        self.idle_timeout = idle_timeout
        self.linger_timeout = linger_timeout
        self.date = DateHeader()
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.stopping = False
        self._emptied = asyncio.Event()
        self._listener: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Bind and serve. Raises: OSError if the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Sniffer(self), self.host, self.port, backlog=BACKLOG)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._check_connections()

    async def stop(self, grace: float = 10.0) -> None:
        """Accept no more, let open requests finish for at most `grace` seconds, then cut what is left."""
        self.stopping = True
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_closed(), grace)
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # a task cancelled before its first step would never let go of what it holds
        for task in self.tasks:
            task.cancel()
        await self._all_closed()
        if self._sweep is not None:
            self._sweep.cancel()

    def closed(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._emptied.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _all_closed(self) -> None:
        while self.connections:
            self._emptied.clear()
            await self._emptied.wait()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _check_connections(self) -> None:
        """One timer for all connections costs a request nothing; timeouts are late by an eighth at most."""
        loop = asyncio.get_running_loop()
        interval = min(self.header_timeout, self.body_timeout, self.idle_timeout, self.linger_timeout) / 8
        self._sweep = loop.call_later(interval, self._check_connections)
        for connection in list(self.connections):
            connection.check(loop.time())


class Sniffer(asyncio.Protocol):
    """Waits for the first bytes of a connection and hands it to the protocol they belong to."""

    transport: asyncio.Transport

    def __init__(self, server: Server, *, secure: bool = False) -> None:
        self.server = server
        self._secure = secure
        self._seen = b""
        self._since = asyncio.get_running_loop().time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.server.connections.add(self)
        if self.server.stopping:  # accepted just before the end
            self.transport.close()
        elif self.server.admits and not self._admitted(self.server.admits):
            self.transport.abort()

    def _admitted(self, admits: Admits) -> bool:
        theirs, ours = self.transport.get_extra_info("peername"), self.transport.get_extra_info("sockname")
        return bool(theirs) and admits(theirs, ours)  # one that is gone already has no address

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.closed(self)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if self._seen[:1] == TLS_HANDSHAKE and not self._secure and self.server.tls is not None:
            self._secured()
        elif self._seen.startswith(HTTP2_PREFACE):
            self._hand_over(self._http2())
        elif not HTTP2_PREFACE.startswith(self._seen):
            self._hand_over(Http1(self.server, "https" if self._secure else "http"))

    def check(self, now: float) -> None:
        if now - self._since > self.server.header_timeout:
            self.transport.close()

    def shutdown(self) -> None:
        self.transport.close()

    def _http2(self) -> asyncio.Protocol:
        from hodei.gateway.http2 import Http2

        return Http2(self.server, "https" if self._secure else "http")

    def _secured(self) -> None:
        from hodei.gateway.tls_transport import TlsLayer

        assert self.server.tls is not None
        try:
            context = self.server.tls()
        except Exception:
            logger.exception("no certificate for HTTPS")
            self.transport.close()
            return
        self._hand_over(TlsLayer(context, lambda: Sniffer(self.server, secure=True)))

    def _hand_over(self, protocol: asyncio.Protocol) -> None:
        self.server.connections.discard(self)
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        protocol.data_received(self._seen)
