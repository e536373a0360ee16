"""TLS between a socket and an HTTP protocol that know nothing of it.

asyncio cannot start TLS on a connection whose first bytes have been read, so the records go through OpenSSL's memory
buffers here: what the socket brings is decrypted for the protocol, what the protocol writes is encrypted.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast

READ_SIZE = 256 * 1024


class TlsLayer(asyncio.Protocol):
    """The socket's protocol; `make_protocol` gives the one that speaks inside, once the handshake is through."""

    raw: asyncio.Transport

    def __init__(self, context: ssl.SSLContext, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self.protocol = make_protocol()
        self.write_closed = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._secured = False
        self._transport = TlsTransport(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.raw = cast(asyncio.Transport, transport)
        self.protocol.connection_made(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        self.protocol.resume_writing()

    def eof_received(self) -> bool:
        """Without a close_notify before it, too: HTTP has its own ends of messages."""
        return bool(self.protocol.eof_received()) if self._secured else False

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if self.write_closed:  # the protocol only waits for the end
            self._incoming.read()
            return
        try:
            if not self._secured:
                self.tls.do_handshake()
                self._secured = True
            self._decrypt()
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            self._flush()
        except ssl.SSLError:
            self._flush()  # the alert
            self.raw.close()

    def write(self, data: bytes) -> None:
        if not self.write_closed:
            self.tls.write(data)
            self._flush()

    def write_eof(self) -> None:
        if not self.write_closed:
            self.write_closed = True
            with suppress(ssl.SSLError):
                self.tls.unwrap()  # writes the close_notify; the client's own need not come
            self._flush()

    def _decrypt(self) -> None:
        while not self.write_closed and not self.raw.is_closing():
            data = self.tls.read(READ_SIZE)
            self._flush()
            if not data:
                if not self.protocol.eof_received():
                    self._transport.close()
                return
            self.protocol.data_received(data)

    def _flush(self) -> None:
        if (data := self._outgoing.read()) and not self.raw.is_closing():
            self.raw.write(data)


class TlsTransport(asyncio.Transport):
    """What the protocol inside takes for its socket; the socket's buffers and limits are the real ones."""

    def __init__(self, layer: TlsLayer) -> None:
        super().__init__()
        self._layer = layer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "ssl_object":
            return self._layer.tls
        return self._layer.raw.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._layer.protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._layer.protocol

    def is_closing(self) -> bool:
        return self._layer.raw.is_closing()

    def close(self) -> None:
        self._layer.write_eof()
        self._layer.raw.close()

    def abort(self) -> None:
        self._layer.raw.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data:
            self._layer.write(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._layer.write_eof()
        self._layer.raw.write_eof()

    def pause_reading(self) -> None:
        self._layer.raw.pause_reading()

    def resume_reading(self) -> None:
        self._layer.raw.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._layer.raw.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._layer.raw.set_write_buffer_limits(high, low)
