"""HTTP messages as the protocols see them: no sockets, no AWS.

`Request` and `Response` are the only HTTP types in Hodei. Whoever makes them (the socket server, the in-process
transport) keeps what AWS signs exactly as it was sent: the raw path, the header order, duplicate headers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_plus


class Headers:
    """A case-insensitive multi-map; `raw` keeps the (name, value) pairs as they were sent."""

    __slots__ = ("_joined", "raw")

    def __init__(self, raw: list[tuple[str, str]] | None = None) -> None:
        self.raw = raw if raw is not None else []
        self._joined: dict[str, str] | None = None

    def get(self, name: str, default: str = "") -> str:
        """The value of `name` (given in lower case); duplicates are joined with a comma, as RFC 9110 has it."""
        return self.joined().get(name, default)

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.raw if key.lower() == name]

    def joined(self) -> dict[str, str]:
        """Lower-case name -> value, duplicates joined."""
        if (joined := self._joined) is None:
            joined = {}
            for name, value in self.raw:
                key = name.lower()
                joined[key] = f"{joined[key]},{value}" if key in joined else value
            self._joined = joined
        return joined

    def add(self, name: str, value: str) -> None:
        self.raw.append((name, value))
        self._joined = None

    def __contains__(self, name: object) -> bool:
        return name in self.joined()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.raw)

    def __repr__(self) -> str:
        return f"Headers({self.raw!r})"


class BodyError(Exception):
    """The body did not arrive as announced: truncated, badly framed, or larger than the reader allows."""


class BodyTooLarge(BodyError):
    pass


class ConnectionBroken(ConnectionResetError):
    """Raised instead of a response, or amid its body: the connection is to be reset here."""


class Body:
    """A request body. `data` holds it whole when it has already arrived; a streaming subclass overrides `chunks`.

    It can be read once. `length` is the announced Content-Length (None: chunked), `trailers` are known at its end.
    """

    def __init__(self, data: bytes | None = b"") -> None:
        self.data = data
        self.length: int | None = None if data is None else len(data)
        self.trailers = Headers()

    async def chunks(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.chunks()

    async def read(self, limit: int) -> bytes:
        """All of it, at most `limit` bytes.

        Raises: BodyTooLarge as soon as the limit is passed; BodyError if the peer went away or broke the framing.
        """
        if self.data is None:
            parts, size = [], 0
            async for chunk in self:
                size += len(chunk)
                if size > limit:
                    raise BodyTooLarge(f"body larger than {limit} bytes")
                parts.append(chunk)
            self.data = b"".join(parts)
        if len(self.data) > limit:
            raise BodyTooLarge(f"body larger than {limit} bytes")
        return self.data


@dataclass(slots=True)
class Request:
    """One HTTP request. `target` is the request target as sent: raw path, and query after the first '?'."""

    method: str
    target: str
    headers: Headers
    body: Body
    scheme: str = "http"
    client: str = "127.0.0.1"
    http_version: str = "1.1"
    arrived: float = 0.0  # in epoch seconds, by whichever clock counts
    path: str = field(init=False)  # raw: still percent-encoded, never normalised
    query: str = field(init=False)  # raw, without '?'
    chunk_signatures: Any = field(init=False, default=None)  # what verifies those that stand in the body
    _pairs: list[tuple[str, str]] | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        path, _, self.query = self.target.partition("?")
        if not path.startswith("/") and "://" in path:  # the absolute form, as sent to proxies (RFC 9112, 3.2.2)
            path = "/" + path.partition("://")[2].partition("/")[2]
        self.path = path

    @property
    def host(self) -> str:
        """The host asked for, in lower case, without the port."""
        host = self.headers.get("host").lower()
        if host.startswith("["):
            return host.partition("]")[0] + "]"
        return host.partition(":")[0]

    def query_pairs(self) -> list[tuple[str, str]]:
        """The decoded query parameters in order; a bare `?acl` gives ("acl", ""). Not to be changed."""
        if self._pairs is None:
            self._pairs = parse_query(self.query)
        return self._pairs


def parse_query(query: str) -> list[tuple[str, str]]:
    """Decode `a=1&b` (also a form body) to pairs in order; '+' is a space."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                name, value = unquote_plus(name), unquote_plus(value)
            pairs.append((name, value))
    return pairs


def decode_path(path: str) -> str:
    return unquote(path)


@dataclass(slots=True)
class Response:
    """One HTTP response. A streamed body gives its length in `content-length`, else it goes out chunked."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""

    def header(self, name: str) -> str | None:
        """The first value of `name` (lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)
