"""The Telemetry API, and the Logs API that was before it: what is said in an environment goes to its extensions.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from hodei.protocol.http import BodyError, Request, Response
from hodei.services.lambda_.runtime.apis.extensions import LARGEST, Extension, Refused, answered
from hodei.services.lambda_.runtime.apis.posting import Destination, Poster
from hodei.services.lambda_.runtime.journal import Journal, moment

EARLY = 1000  # events that are kept for those who subscribe later
FAR = 2  # times `maxBytes` that may wait for an extension which does not take them

Event = dict[str, Any]


class Api(NamedTuple):
    """One of the two. `limits` are those of `buffering`: the default, the least and the most."""

    name: str
    schemas: tuple[str, ...]
    subscribed: str  # the event that tells of a subscription
    limits: Mapping[str, tuple[int, int, int]]


BYTES, MILLISECONDS = (262144, 262144, 1048576), (1000, 25, 30000)
APIS = {
    "/2022-07-01/telemetry": Api(
        "Telemetry",
        ("2022-07-01", "2022-12-13", "2025-01-29"),
        "telemetrySubscription",
        {"maxItems": (10000, 1000, 10000), "maxBytes": BYTES, "timeoutMs": MILLISECONDS},
    ),
    "/2020-08-15/logs": Api(
        "Logs",
        ("2020-08-15", "2021-03-18"),
        "logsSubscription",
        {"maxItems": (10000, 1000, 10000), "maxBytes": BYTES, "timeoutMs": MILLISECONDS},
    ),
}
TYPES = ("platform", "function", "extension")
OF_LOGS = ("start", "runtimeDone", "report", "extension", "logsSubscription", "logsDropped")  # after "platform."


class Subscription:
    """What an extension has asked for, and what waits to be sent to it."""

    def __init__(self, api: Api, given: Mapping[str, Any], destination: Destination, *, structured: bool) -> None:
        self._api = api
        self._schema: str = given["schemaVersion"]
        self._types = frozenset(given["types"])
        limits = {name: given.get("buffering", {}).get(name, limit[0]) for name, limit in api.limits.items()}
        self._items, self._bytes, self._seconds = limits["maxItems"], limits["maxBytes"], limits["timeoutMs"] / 1000
        self._structured = structured and self._schema > "2022-07-01" and api.name == "Telemetry"
        self._poster = Poster(destination)
        self._waiting: list[bytes] = []
        self._size = 0
        self._dropped = [0, 0]  # records, bytes
        self._timer: asyncio.TimerHandle | None = None

    def take(self, at: float, kind: str, record: object) -> None:
        if kind.partition(".")[0] not in self._types:
            return
        for type, told in self._told(kind, record):
            self._add({"time": moment(at), "type": type, "record": told})
        if self._dropped[0] and not self._poster.behind(self._bytes):
            dropped = {"droppedRecords": self._dropped[0], "droppedBytes": self._dropped[1]}
            reason = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."
            self._dropped = [0, 0]
            self._add({"time": moment(at), "type": "platform.logsDropped", "record": {**dropped, "reason": reason}})

    def _told(self, kind: str, record: Any) -> Iterator[tuple[str, object]]:
        """As its API and its schema have it."""
        if kind == "function" and self._structured and record.startswith("{"):
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                record = msgspec.json.decode(record)
        if self._api.name == "Logs" and kind.startswith("platform."):
            name = kind.removeprefix("platform.")
            if name not in OF_LOGS or (name == "runtimeDone" and self._schema == "2020-08-15"):
                return
            if name == "report":
                yield "platform.end", {"requestId": record["requestId"]}
        yield kind, record

    def _add(self, event: Event) -> None:
        encoded = msgspec.json.encode(event)
        if self._poster.behind(FAR * self._bytes):
            self._dropped[0] += 1
            self._dropped[1] += len(encoded)
            return
        self._waiting.append(encoded)
        self._size += len(encoded)
        if len(self._waiting) >= self._items or self._size >= self._bytes:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self.flush)

    def flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            events, self._waiting, self._size = self._waiting, [], 0
            self._poster.post(events)

    async def delivered(self) -> None:
        """Wait until nothing is on its way."""
        await self._poster.idle()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._poster.close()


class Telemetry:
    """The subscriptions of an environment. Who subscribes is told of all since the initialisation began."""

    def __init__(self, journal: Journal, of: Callable[[Request], Extension], *, structured: bool) -> None:
        self._journal = journal
        self._of = of
        self._structured = structured
        self._early: deque[tuple[float, str, object]] = deque(maxlen=EARLY)
        self._subscriptions: dict[str, tuple[str, Subscription]] = {}  # by the name of the extension: its API
        self._open = True
        journal.listener = self._take

    def _take(self, at: float, kind: str, record: object) -> None:
        if self._open:
            self._early.append((at, kind, record))
        for _, one in self._subscriptions.values():
            one.take(at, kind, record)

    def shut(self) -> None:
        """The initialisation is over: nobody can subscribe any more."""
        self._open = False
        self._early.clear()

    async def delivered(self, seconds: float) -> None:
        """Send what waits, and give that so long."""
        if not self._subscriptions:
            return
        for _, one in self._subscriptions.values():
            one.flush()
        waiting = asyncio.gather(*(one.delivered() for _, one in self._subscriptions.values()))
        await asyncio.wait((waiting,), timeout=seconds)
        waiting.cancel()

    def close(self) -> None:
        for _, one in self._subscriptions.values():
            one.close()

    async def answer(self, request: Request) -> Response:
        api = APIS[request.path.rstrip("/")]
        try:
            if request.method != "PUT":
                raise Refused(405, "InvalidRequest", "Method not allowed")
            extension = self._of(request)
            if not self._open:
                raise Refused(403, f"{api.name}.SubscriptionClosed", f"{api.name} API subscription is closed already")
            self._subscribe(api, extension, await _body(request))
        except Refused as refused:
            return refused.response
        return answered(200, "OK")

    def _subscribe(self, api: Api, extension: Extension, given: Mapping[str, Any]) -> None:
        """Raises: Refused."""
        if wrong := list(_wrong(api, given)):
            raise Refused(400, "ValidationError", "; ".join(wrong))
        known = self._subscriptions.get(extension.name)
        if any(name != api.name for name, _ in self._subscriptions.values()):
            raise Refused(400, "ValidationError", "Another API is subscribed to already")
        if known is None:
            one = Subscription(api, given, _destination(given), structured=self._structured)
            for event in self._early:
                one.take(*event)
            self._subscriptions[extension.name] = api.name, one
            told = {"name": extension.name, "state": "Subscribed", "types": given["types"]}
            self._journal.platform(api.subscribed, told)


async def _body(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body.read(LARGEST), type=dict[str, Any])
    except (BodyError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(400, "ValidationError", str(error)) from None


def _wrong(api: Api, given: Mapping[str, Any]) -> Iterator[str]:
    """What is, in AWS's words as far as they are known."""
    if given.get("schemaVersion") not in api.schemas:
        yield "schemaVersion is not valid"
    types = given.get("types")
    if not isinstance(types, list) or not types:
        yield "types should not be empty"
    elif any(one not in TYPES for one in types):
        yield "types are not valid"
    buffering = given.get("buffering", {})
    for name, (_, least, most) in api.limits.items():
        value = buffering.get(name, least) if isinstance(buffering, dict) else None
        if not isinstance(value, int) or not least <= value <= most:
            yield f"{name} should be between {least} and {most}"
    found = _destination(given)
    if found.protocol not in ("HTTP", "TCP"):
        yield "destination protocol is not valid"
    elif found.host not in ("sandbox.localdomain", "sandbox"):
        yield "URI host should be sandbox.localdomain"
    elif not found.port:
        yield "URI port is not provided"


def _destination(given: Mapping[str, Any]) -> Destination:
    """A TCP port can stand for itself."""
    told = given.get("destination")
    told = told if isinstance(told, dict) else {}
    protocol, uri = str(told.get("protocol", "")), str(told.get("URI", ""))
    if protocol == "TCP" and not uri:
        uri = f"tcp://sandbox.localdomain:{told.get('port', '')}"
    place, _, path = uri.partition("://")[2].partition("/")
    host, _, port = place.partition(":")
    number = int(port) if port.isascii() and port.isdigit() and int(port) < 65536 else 0
    method = "PUT" if told.get("method") == "PUT" else "POST"
    return Destination(protocol, host, number, f"/{path}", method)
