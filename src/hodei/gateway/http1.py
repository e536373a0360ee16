"""HTTP/1.1 and 1.0 on one connection: llhttp parses, requests are answered in their order.

What AWS signs stays as it was sent: the target, the order, case and duplicates of headers. A small request that the
app answers at once goes through without a task, a future or a timer.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from hodei.gateway.exchange import (
    BUFFER_LIMIT,
    COLLECT_LIMIT,
    DRAIN_LIMIT,
    Exchange,
    StreamBody,
    error_response,
    logger,
)
from hodei.protocol.http import Body, Headers, Request, Response

if TYPE_CHECKING:
    from hodei.gateway.server import Server

PIPELINE_LIMIT = 32  # requests parsed ahead of the one being answered
JOIN_LIMIT = 64 * 1024  # up to this size head and body go out in one piece
IDLE, HEAD, BODY = range(3)  # what of a request is being received

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STATUS_LINES = {int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n" for status in HTTPStatus}
WITHOUT_BREAKS = {ord("\r"): " ", ord("\n"): " "}


def write_all(transport: asyncio.Transport, *parts: bytes) -> None:
    """Not `writelines`: asyncio's own never asks to pause in Python 3.12.0 to 3.12.8 and 3.13.0 to 3.13.1."""
    for part in parts:
        transport.write(part)


class Unacceptable(Exception):
    """Raised through the parser to stop it; its arguments are those of `error_response`."""


class Http1Exchange(Exchange):
    """`close`: this is the connection's last exchange. `continued`: the client does not wait for a 100 (any more)."""

    __slots__ = ("chunked", "close", "connection", "continued")

    def __init__(self, connection: Http1, request: Request, *, close: bool) -> None:
        super().__init__(connection.server, request)
        self.connection = connection
        self.close = close
        self.chunked = False
        self.continued = "expect" not in request.headers or request.http_version == "1.0"

    def start(self) -> None:
        if not self.continued and not isinstance(self.request.body, StreamBody):
            # An empty body needs no permission, but botocore, given none, misreads all that follows on the connection.
            self.connection.transport.write(CONTINUE)
            self.continued = True
        super().start()

    @property
    def gone(self) -> bool:
        return self.connection.current is not self

    def send(self, response: Response) -> None:
        connection = self.connection
        if connection.current is not self:
            return
        body = cast(bytes, response.body)
        head = self._head(response, len(body))
        if self.bodyless(response.status):
            connection.transport.write(head)
        elif len(body) <= JOIN_LIMIT:
            connection.transport.write(head + body)
        else:
            write_all(connection.transport, head, body)
        connection.answered(self)

    def send_head(self, response: Response) -> None:
        self.connection.transport.write(self._head(response, None))

    async def send_chunk(self, data: bytes) -> None:
        connection = self.connection
        if self.chunked:
            write_all(connection.transport, b"%x\r\n" % len(data), data, b"\r\n")
        else:
            connection.transport.write(data)
        await connection.drained()

    def send_end(self) -> None:
        if self.chunked:
            self.connection.transport.write(b"0\r\n\r\n")
        self.connection.answered(self)

    def abort(self) -> None:
        self.connection.abort()

    def wanted(self) -> None:
        """The app reads the body: now, and not before, a client that asked first is told to send it."""
        if not self.continued and not cast(StreamBody, self.request.body).received:
            self.connection.transport.write(CONTINUE)
        self.continued = True

    def _head(self, response: Response, length: int | None) -> bytes:
        """Status line and headers; `length` is None for a streamed body. Framing is ours, whatever the app set."""
        status = response.status
        lines = [STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"]
        given, dated = None, False
        for name, value in response.headers:
            match name.lower():
                case "content-length":
                    given = value
                case "connection":
                    self.close = self.close or "close" in value.lower()
                case "transfer-encoding":
                    pass
                case key:
                    dated = dated or key == "date"
                    lines.append(f"{name}: {value}\r\n")
        if not dated:
            lines.append(f"Date: {self.server.date.value(self.connection.loop.time())}\r\n")
        self._frame(lines, status, length, given)
        lines.append("\r\n")
        return _encode(lines)

    def _frame(self, lines: list[str], status: int, length: int | None, given: str | None) -> None:
        old = self.request.http_version == "1.0"
        if status == 204:
            pass
        elif self.bodyless(status):
            if given or length:
                lines.append(f"Content-Length: {given or length}\r\n")
        elif length is not None or given is not None:
            lines.append(f"Content-Length: {given if length is None else length}\r\n")
        elif old:
            self.close = True
        else:
            self.chunked = True
            lines.append("Transfer-Encoding: chunked\r\n")
        if self.close or self._must_close():
            self.close = True
            lines.append("Connection: close\r\n")
        elif old:
            lines.append("Connection: keep-alive\r\n")

    def _must_close(self) -> bool:
        if self.server.stopping and not self.connection.queue:
            return True
        body = self.request.body
        if not isinstance(body, StreamBody) or body.ended:
            return False
        # A client that waits for 100 may send the body all the same (RFC 9110, 10.1.1), or the next request.
        return not self.continued or (body.length or 0) - body.received > DRAIN_LIMIT


def _encode(lines: list[str]) -> bytes:
    """One CRLF a line, and none inside, or a value could smuggle in a header."""
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines):
        text = "".join([line[:-2].translate(WITHOUT_BREAKS) + "\r\n" for line in lines])
    return text.encode(errors="replace")


class Refusal(Http1Exchange):
    """What could not be parsed: answered in its turn, without the app."""

    __slots__ = ("response",)

    def __init__(self, connection: Http1, response: Response) -> None:
        super().__init__(connection, Request("GET", "*", Headers(), Body()), close=True)
        self.response = response

    def start(self) -> None:
        self.send(self.response)


class Http1(asyncio.Protocol):
    """One connection. `current` is being answered, `queue` waits for it, `receiving` still has body to come."""

    transport: asyncio.Transport

    def __init__(self, server: Server, scheme: str = "http") -> None:
        self.server = server
        self.scheme = scheme
        self.loop = asyncio.get_running_loop()
        self.current: Http1Exchange | None = None
        self.queue: deque[Http1Exchange] = deque()
        self.receiving: Http1Exchange | None = None
        self.heard = self.loop.time()
        self._parser = httptools.HttpRequestParser(self)
        self._phase = IDLE
        self._began = 0.0
        self._earlier = 0  # bytes of an unfinished head in earlier reads
        self._size = 0  # bytes of the present read
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._fields = Headers()
        self._parts: list[bytes] = []
        self._deaf = False  # no more requests are taken from this connection
        self._lingering = False
        self._advancing = False
        self._read_paused = False
        self._write_paused = False
        self._drain: asyncio.Future[None] | None = None

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._client = (transport.get_extra_info("peername") or ("",))[0]
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.closed(self)
        self._deaf = True
        self._parser = None  # type: ignore[assignment]  # it refers to this connection: a cycle
        self.queue.clear()
        current, self.current = self.current, None
        receiving, self.receiving = self.receiving, None
        if receiving is not None and receiving is not current:
            receiving.disconnected()
        if current is not None:
            current.disconnected()
        self.resume_writing()

    def eof_received(self) -> bool:
        """The client went away, unless an answer is already made and only waits to be durable."""
        self._deaf = True
        if self.current is None or self.current.task is not None or self.receiving is not None:
            return False
        (self.queue[-1] if self.queue else self.current).close = True
        return True

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        if self._drain is not None:
            if not self._drain.done():
                self._drain.set_result(None)
            self._drain = None
        self._advance()

    async def drained(self) -> None:
        """Wait while the client does not keep up; if it does, let others have their turn all the same."""
        if self._write_paused:
            self._drain = self._drain or self.loop.create_future()
            await self._drain
        else:
            await asyncio.sleep(0)

    def shutdown(self) -> None:
        """Close as soon as the requests that have begun are answered."""
        if self.current is None and not self.queue and self._phase != BODY:
            self.transport.close()

    def abort(self) -> None:
        """Close without a proper end: with a reset, as a body without a length would otherwise look complete."""
        if (sock := self.transport.get_extra_info("socket")) is not None and not self.transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def check(self, now: float) -> None:
        """Called now and then: close what has been silent for too long."""
        silent = now - self.heard
        if self._lingering:
            if silent > self.server.linger_timeout:
                self.transport.abort()
        elif self._phase == HEAD:
            if now - self._began > self.server.header_timeout:
                self.transport.close()
        elif self._phase == BODY:
            if silent > self.server.body_timeout and not self._read_paused and not self._deaf:
                self._give_up(
                    400, "RequestTimeout", "The rest of the request did not arrive within the timeout period."
                )
        elif self.current is None and not self.queue and silent > self.server.idle_timeout:
            self.transport.close()

    # Receiving

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self.heard = self.loop.time()
        self._size = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if not self._deaf:
                self._refuse(error)
            return
        if self._phase == HEAD:
            self._earlier += self._size
            if self._earlier > self.server.max_header_bytes + BUFFER_LIMIT:
                self._give_up(*self._too_large().args)

    def _stay(self, rest: bytes) -> None:
        """llhttp stops at an upgrade. None is offered, as RFC 9110 (7.8) allows: the head is read again without it."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._give_up(400, "BadRequest", "This is no proxy.")
            return
        lines = [f"{name}: {value}" for name, value in self._headers if name.lower() != "upgrade"]
        head = b"%s %s HTTP/1.1\r\n%s\r\n\r\n" % (method, self._url, "\r\n".join(lines).encode())
        self._parser = httptools.HttpRequestParser(self)
        self.data_received(head + rest)

    def on_message_begin(self) -> None:
        self._phase = HEAD
        self._began = self.heard
        self._earlier = 0
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; after the body, a trailer."""
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        self._headers.append((name.decode("latin-1"), text))

    def on_headers_complete(self) -> None:
        if self._parser.should_upgrade():
            return
        if self._earlier + self._size > self.server.max_header_bytes:
            self._check_size()
        self._phase = BODY
        headers = self._fields = Headers(self._headers)
        fields = headers.joined()
        if fields.get("transfer-encoding", "chunked").lower() != "chunked":
            raise Unacceptable(400, "BadRequest", "The transfer coding is not supported.")
        chunked = "transfer-encoding" in fields
        length = int(fields.get("content-length", 0))
        if length <= COLLECT_LIMIT and not chunked and not (length and "expect" in fields):
            self._parts = []
            return
        body = StreamBody(None if chunked else length, self._wanted, self._consumed)
        self._headers = []
        self.receiving = self._exchange(body)
        self._dispatch(self.receiving)

    def on_body(self, data: bytes) -> None:
        if self.receiving is None:
            self._parts.append(data)
            return
        body = cast(StreamBody, self.receiving.request.body)
        body.feed(data)
        if body.discarded > DRAIN_LIMIT:
            self._leave()
        elif body.buffered > BUFFER_LIMIT:
            self._regulate()

    def on_message_complete(self) -> None:
        if self._phase != BODY:  # an upgrade: see _stay
            return
        self._phase = IDLE
        if self.receiving is not None:
            exchange, self.receiving = self.receiving, None
            cast(StreamBody, exchange.request.body).finish(Headers(self._headers))
        else:
            exchange = self._exchange(Body(b"".join(self._parts)))
            self._dispatch(exchange)
        if exchange.close:
            self._deaf = True

    def _exchange(self, body: Body) -> Http1Exchange:
        parser = self._parser
        request = Request(
            parser.get_method().decode(),
            self._url.decode("latin-1"),
            self._fields,
            body,
            self.scheme,
            self._client,
            parser.get_http_version(),
        )
        return Http1Exchange(self, request, close=not parser.should_keep_alive())

    def _check_size(self) -> None:
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if size > self.server.max_header_bytes:
            raise self._too_large()

    def _too_large(self) -> Unacceptable:
        message = f"The request head is larger than {self.server.max_header_bytes} bytes."
        return Unacceptable(431, "RequestHeaderSectionTooLarge", message)

    def _wanted(self) -> None:
        if self.current is not None:
            self.current.wanted()

    def _consumed(self, size: int) -> None:
        if self._read_paused:
            self._regulate()

    def _regulate(self) -> None:
        """Read no more than the app keeps up with."""
        buffered = 0 if self.receiving is None else cast(StreamBody, self.receiving.request.body).buffered
        behind = len(self.queue) >= PIPELINE_LIMIT
        if self.transport.is_closing():
            return
        if self._read_paused:
            if self._deaf or (buffered <= BUFFER_LIMIT // 2 and not behind):
                self._read_paused = False
                self.heard = self.loop.time()
                self.transport.resume_reading()
        elif (buffered > BUFFER_LIMIT or behind) and not self._deaf:
            self._read_paused = True
            self.transport.pause_reading()

    # Refusing

    def _refuse(self, error: httptools.HttpParserError) -> None:
        reason = error.__context__
        if isinstance(reason, Unacceptable):
            self._give_up(*reason.args)
            return
        if isinstance(error, httptools.HttpParserCallbackError):
            logger.error("a request could not be taken", exc_info=reason)
        self._give_up(400, "BadRequest", "An error occurred when parsing the HTTP request.")

    def _give_up(self, status: int, code: str, message: str) -> None:
        """Nothing more can come from this client: tell the reader of the body, or answer; then close."""
        exchange, self.receiving = self.receiving, None
        if exchange is None:
            self._dispatch(Refusal(self, error_response(status, code, message)))
        else:
            exchange.close = True
            cast(StreamBody, exchange.request.body).fail(message)
            if exchange is not self.current and exchange not in self.queue:
                self._leave()
        self._deaf = True

    # Answering

    def _dispatch(self, exchange: Http1Exchange) -> None:
        if self._deaf:
            return
        if self.current is None and not self.queue and not self._write_paused:
            self.current = exchange
            exchange.start()
        else:
            self.queue.append(exchange)
            self._regulate()

    def answered(self, exchange: Http1Exchange) -> None:
        """The response is out: on to the next request, or the end."""
        self.current = None
        self.heard = self.loop.time()
        if exchange.close:
            self._leave()
            return
        if exchange is self.receiving:
            cast(StreamBody, exchange.request.body).discard()
        if self.queue:
            self._advance()

    def _advance(self) -> None:
        if self._advancing:  # an answer given at once: the loop below goes on
            return
        self._advancing = True
        while self.queue and self.current is None and not self._write_paused:
            self.current = self.queue.popleft()
            self.current.start()
        self._advancing = False
        if self._read_paused:
            self._regulate()

    def _leave(self) -> None:
        """Close. A client still sending would lose the answer to a reset: it gets the time to read it."""
        self._deaf = True
        self.queue.clear()
        self.receiving = None
        if self._phase == IDLE:
            self.transport.close()
        elif not self._lingering:
            self._lingering = True
            self.heard = self.loop.time()
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._regulate()
