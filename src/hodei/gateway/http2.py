"""HTTP/2 on one connection, by prior knowledge or ALPN: `h2` keeps the state, each stream is one exchange.

Imported when the first such client comes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from h2.config import H2Configuration
from h2.connection import ConnectionInputs, ConnectionState, H2Connection, H2ConnectionStateMachine
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from hodei.gateway.exchange import BUFFER_LIMIT, COLLECT_LIMIT, Exchange, StreamBody
from hodei.protocol.http import Body, Headers, Request, Response

if TYPE_CHECKING:
    from hodei.gateway.server import Server

MAX_STREAMS = 128
MAX_RESETS = 2 * MAX_STREAMS  # requests taken back before they are answered, if they are more than those answered
CONNECTION_WINDOW = 64 * BUFFER_LIMIT  # bytes: one stream that nobody reads does not stop the others
INITIAL_WINDOW = 65535  # bytes, RFC 9113, 6.9.2
FORBIDDEN = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})


class Http2Exchange(Exchange):
    """One stream. `parts` collects a small body; a larger one streams. `complete`: all of the request is here."""

    __slots__ = ("complete", "connection", "heard", "parts", "stream", "trailers", "waiter")

    def __init__(self, connection: Http2, stream: int, request: Request) -> None:
        super().__init__(connection.server, request)
        self.connection = connection
        self.stream = stream
        self.heard = connection.loop.time()
        self.complete = False
        self.parts: list[bytes] = []
        self.trailers = Headers()
        self.waiter: asyncio.Future[None] | None = None

    @property
    def body(self) -> StreamBody | None:
        body = self.request.body
        return body if isinstance(body, StreamBody) else None

    @property
    def gone(self) -> bool:
        return self.stream not in self.connection.exchanges

    def send(self, response: Response) -> None:
        if self.gone:
            return
        body = b"" if self.bodyless(response.status) else cast(bytes, response.body)
        self.connection.send_headers(self.stream, self._headers(response), end=not body)
        view = memoryview(body)
        sent = self.connection.send_data(self.stream, view, end=True)
        if sent < len(body):
            self.task = self.server.spawn(self._send_rest(view[sent:]))
        else:
            self.connection.answered(self)

    def send_head(self, response: Response) -> None:
        self.connection.send_headers(self.stream, self._headers(response), end=False)

    async def send_chunk(self, data: bytes) -> None:
        await self._send(memoryview(data), end=False)
        await asyncio.sleep(0)  # the others have their turn even when this client keeps up

    def send_end(self) -> None:
        self.connection.send_end(self.stream)
        self.connection.answered(self)

    def abort(self) -> None:
        self.connection.reset(self, ErrorCodes.INTERNAL_ERROR)

    def wake(self) -> None:
        """The client's window may have grown."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def wanted(self) -> None:
        """The app reads the body: tell a client that waits for it."""
        if self.request.headers.get("expect").lower() == "100-continue" and not (self.body and self.body.received):
            self.connection.send_headers(self.stream, [(":status", "100")], end=False)

    async def _send_rest(self, data: memoryview) -> None:
        try:
            await self._send(data, end=True)
            self.connection.answered(self)
        finally:
            self.task = None

    async def _send(self, data: memoryview, *, end: bool) -> None:
        sent = self.connection.send_data(self.stream, data, end=end)
        while sent < len(data):
            self.waiter = self.connection.loop.create_future()
            await self.waiter
            sent += self.connection.send_data(self.stream, data[sent:], end=end)

    def _headers(self, response: Response) -> list[tuple[str, str]]:
        headers = [(":status", str(response.status))]
        length = len(response.body) if isinstance(response.body, bytes) else None
        for name, value in response.headers:
            key = name.lower()
            if key not in FORBIDDEN and (key != "content-length" or length is None or self.bodyless(response.status)):
                headers.append((key, value.replace("\r", " ").replace("\n", " ").strip()))
        names = {name for name, _ in headers}
        if "date" not in names:
            headers.append(("date", self.server.date.value(self.connection.loop.time())))
        if length is not None and "content-length" not in names and response.status not in (204, 304):
            headers.append(("content-length", str(length)))
        return headers


# To h2 a connection is closed by the client's GOAWAY, but streams that are open go on to their end (RFC 9113, 6.8).
TRANSITIONS = H2ConnectionStateMachine._transitions | {
    (ConnectionState.SERVER_OPEN, ConnectionInputs.RECV_GOAWAY): (None, ConnectionState.SERVER_OPEN)
}


class Http2(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: Server, scheme: str = "http") -> None:
        self.server = server
        self.scheme = scheme
        self.loop = asyncio.get_running_loop()
        self.exchanges: dict[int, Http2Exchange] = {}  # by stream, until answered
        self._heard = self.loop.time()
        self._write_paused = False
        self._closing = False
        self._answered = self._reset = 0  # streams, by how they ended
        self._broken = False  # the client does not speak HTTP/2: it may read the GOAWAY, and leave
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._h2.state_machine._transitions = TRANSITIONS
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.INITIAL_WINDOW_SIZE: BUFFER_LIMIT,
                SettingCodes.MAX_HEADER_LIST_SIZE: server.max_header_bytes,
            },
        )
        self._h2.decoder.max_header_list_size = server.max_header_bytes  # set in h2 only by a later change of settings

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._client = (transport.get_extra_info("peername") or ("",))[0]
        self.server.connections.add(self)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - INITIAL_WINDOW)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.closed(self)
        self._drop_all()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._wake_all()

    def shutdown(self) -> None:
        """Begin no more streams, close once those open are answered."""
        if not self._closing:
            self._closing = True
            # Not by h2's close_connection: after that h2 sends nothing on the streams still open.
            goaway = GoAwayFrame(0, last_stream_id=self._h2.highest_inbound_stream_id)
            self.transport.write(goaway.serialize())
        if not self.exchanges:
            self.transport.close()

    def check(self, now: float) -> None:
        """Called now and then: end what has been silent for too long."""
        if self._broken and now - self._heard > self.server.linger_timeout:
            self.transport.abort()
        elif not self.exchanges and now - self._heard > self.server.idle_timeout:
            self.shutdown()
        for exchange in list(self.exchanges.values()):
            body = exchange.body
            owed = not exchange.complete and not (body is not None and body.buffered)
            if owed and now - exchange.heard > self.server.body_timeout:
                if body is None:
                    self.reset(exchange, ErrorCodes.CANCEL)
                else:
                    body.fail("the rest of the request did not arrive in time")

    # Receiving

    def data_received(self, data: bytes) -> None:
        if self._broken:
            return
        self._heard = self.loop.time()
        try:
            for event in self._h2.receive_data(data):
                self._handle(event)
        except ProtocolError:
            self._broken = self._closing = True
            self._drop_all()
            self._flush()  # the GOAWAY that says why
            self.transport.write_eof()
            return
        self._flush()

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._begin(event.stream_id, event.headers, ended=event.stream_ended is not None)
            case DataReceived():
                self._data(event.stream_id, event.data, event.flow_controlled_length)
            case TrailersReceived():
                if (exchange := self.exchanges.get(event.stream_id)) is not None:
                    exchange.trailers = Headers([(_text(name), _text(value)) for name, value in event.headers])
            case StreamEnded():
                if (exchange := self.exchanges.get(event.stream_id)) is not None:
                    self._complete(exchange)
            case StreamReset():
                if (exchange := self.exchanges.pop(event.stream_id, None)) is not None:
                    exchange.disconnected()
                    self._count_reset()
            case WindowUpdated() if event.stream_id:
                if (exchange := self.exchanges.get(event.stream_id)) is not None:
                    exchange.wake()
            case WindowUpdated() | RemoteSettingsChanged():
                self._wake_all()
            case ConnectionTerminated():
                self._closing = True
                if event.error_code or not self.exchanges:
                    self.transport.close()

    def _count_reset(self) -> None:
        """Whoever takes back most of what he asks for costs much and wants nothing (CVE-2023-44487)."""
        self._reset += 1
        if self._reset > MAX_RESETS and self._reset > self._answered:
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            raise ProtocolError("too many streams are reset")

    def _begin(self, stream: int, fields: list[tuple[bytes, bytes]], *, ended: bool) -> None:
        pseudo = {name: _text(value) for name, value in fields if name.startswith(b":")}
        if self._closing or b":path" not in pseudo:  # the latter: CONNECT
            self._h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            return
        headers = Headers([(_text(name), _text(value)) for name, value in fields if not name.startswith(b":")])
        if b":authority" in pseudo and "host" not in headers:
            headers = Headers([("host", pseudo[b":authority"]), *headers])
        length = headers.joined().get("content-length")
        collected = ended or (length is not None and int(length) <= COLLECT_LIMIT and "expect" not in headers)
        request = Request(
            pseudo[b":method"], pseudo[b":path"], headers, Body(), self.scheme, self._client, http_version="2"
        )
        exchange = self.exchanges[stream] = Http2Exchange(self, stream, request)
        if not collected:
            consumed = partial(self._consumed, stream)
            request.body = StreamBody(int(length) if length else None, exchange.wanted, consumed)
            exchange.start()

    def _data(self, stream: int, data: bytes, size: int) -> None:
        """`size` is what flow control counts: the data and its padding."""
        exchange = self.exchanges.get(stream)
        if exchange is None or exchange.body is None:
            self._consumed(stream, size)
        else:
            self._consumed(stream, size - len(data))
        if exchange is not None:
            exchange.heard = self._heard
            if exchange.body is None:
                exchange.parts.append(data)
            elif data:
                exchange.body.feed(data)

    def _complete(self, exchange: Http2Exchange) -> None:
        exchange.complete = True
        if exchange.body is not None:
            exchange.body.finish(exchange.trailers)
        else:
            exchange.request.body = Body(b"".join(exchange.parts))
            exchange.request.body.trailers = exchange.trailers
            exchange.start()

    def _consumed(self, stream: int, size: int) -> None:
        """Let the client send as much again."""
        if size and not self.transport.is_closing():
            with suppress(ProtocolError):
                self._h2.acknowledge_received_data(size, stream)
            self._flush()

    # Answering

    def send_headers(self, stream: int, headers: list[tuple[str, str]], *, end: bool) -> None:
        if stream in self.exchanges:
            self._h2.send_headers(stream, headers, end_stream=end)
            self._flush()

    def send_data(self, stream: int, data: memoryview, *, end: bool) -> int:
        """Send what the windows allow and return how much that was. Raises: ConnectionError if the stream is gone."""
        if stream not in self.exchanges:
            raise ConnectionResetError(f"stream {stream} is closed")
        sent = 0
        while sent < len(data) and not self._write_paused:
            size = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size, len(data) - sent)
            if size <= 0:
                break
            sent += size
            self._h2.send_data(stream, bytes(data[sent - size : sent]), end_stream=end and sent == len(data))
            self._flush()
        return sent

    def send_end(self, stream: int) -> None:
        if stream in self.exchanges:
            self._h2.end_stream(stream)
            self._flush()

    def answered(self, exchange: Http2Exchange) -> None:
        """The response is out. A body still arriving is not wanted any more (RFC 9113, 8.1)."""
        if not exchange.complete:
            self.reset(exchange, ErrorCodes.NO_ERROR)
        self.exchanges.pop(exchange.stream, None)
        self._answered += 1
        if self._closing:
            self.shutdown()

    def reset(self, exchange: Http2Exchange, code: ErrorCodes) -> None:
        if self.exchanges.pop(exchange.stream, None) is not None and not self.transport.is_closing():
            with suppress(ProtocolError):
                self._h2.reset_stream(exchange.stream, code)
            if exchange.body is not None:
                exchange.body.discard()
            self._flush()

    def _drop_all(self) -> None:
        exchanges, self.exchanges = self.exchanges, {}
        for exchange in exchanges.values():
            exchange.disconnected()

    def _wake_all(self) -> None:
        for exchange in self.exchanges.values():
            exchange.wake()

    def _flush(self) -> None:
        if (data := self._h2.data_to_send()) and not self.transport.is_closing():
            self.transport.write(data)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
