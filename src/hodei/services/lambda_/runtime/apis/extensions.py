"""Extensions: what runs beside a function, and the API by which it takes part in the life of an environment.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hodei.protocol.http import BodyError, Request, Response
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.journal import Journal

PATH = "/2020-01-01/extension/"
ID = "Lambda-Extension-Identifier"
INVOKE, SHUTDOWN = "INVOKE", "SHUTDOWN"
MOST = 10
LARGEST = 256 * 1024  # bytes of a request

Event = dict[str, Any]


class Refused(Exception):
    """What an API of the environment answers instead."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.response = answered(status, {"errorType": kind, "errorMessage": message})


def answered(status: int, body: object, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return Response(status, [("Content-Type", "application/json"), *headers], msgspec.json.encode(body))


class Extension:
    """An external one is a program of its own; an internal one runs within the runtime."""

    def __init__(self, id: str, name: str, *, external: bool) -> None:
        self.id = id
        self.name = name
        self.external = external
        self.state = "Started"
        self.events: tuple[str, ...] = ()
        self.error = ""  # what it has failed of
        self.waiting: asyncio.Future[Event] | None = None  # its call for the next event
        self.ending: Event | None = None  # the event of the shutdown

    def told(self) -> Event:
        error = {"errorType": self.error} if self.error else {}
        return {"name": self.name, "state": self.state, "events": list(self.events), **error}


class Extensions:
    """Those of an environment. `names` are the files of the external ones; `new_id` makes their identifiers."""

    def __init__(
        self, deployment: Deployment, names: Iterable[str], journal: Journal, new_id: Callable[[], str]
    ) -> None:
        self._deployment = deployment
        self._journal = journal
        self._new_id = new_id
        self._all = {name: Extension("", name, external=True) for name in names}
        loop = asyncio.get_running_loop()
        self.open = True  # whether more can register: until the initialisation is over
        self.running = False  # whether the runtime runs, and with it internal extensions
        self.registered: asyncio.Future[None] = loop.create_future()  # all external ones have
        self.idle: asyncio.Future[None] = loop.create_future()  # all have asked for the next event
        self.failed: asyncio.Future[Extension] = loop.create_future()  # the first that says that it has
        self._look()

    @property
    def any(self) -> bool:
        return any(one.id for one in self._all.values())

    @property
    def external(self) -> list[Extension]:
        return [one for one in self._all.values() if one.external]

    @property
    def internal(self) -> list[Extension]:
        return [one for one in self._all.values() if not one.external]

    def get(self, name: str) -> Extension:
        return self._all[name]

    def tell_of_initialisation(self) -> None:
        """In the journal: how each of them has begun."""
        self.open = False
        for one in self._all.values():
            self._journal.platform("extension", one.told())

    def invoke(self, event: Event) -> None:
        for one in self._all.values():
            if INVOKE in one.events:
                self._hand(one, {"eventType": INVOKE, **event})
        if not all(one.waiting for one in self._all.values()):
            self.idle = asyncio.get_running_loop().create_future()

    def shut_down(self, event: Event) -> None:
        for one in self.external:
            if SHUTDOWN in one.events:
                one.ending = {"eventType": SHUTDOWN, **event}
                self._hand(one, one.ending)

    def close(self) -> None:
        """Nobody is answered any more."""
        for one in self._all.values():
            if one.waiting:
                one.waiting.cancel()

    def _hand(self, one: Extension, event: Event) -> None:
        """Answer its call, if it has one."""
        if one.waiting and not one.waiting.done():
            one.waiting.set_result(event)
            one.waiting = None

    def _look(self) -> None:
        """Whether what somebody waits for has come."""
        if not self.registered.done() and all(one.id for one in self.external):
            self.registered.set_result(None)
        if not self.idle.done() and all(one.waiting for one in self._all.values()):
            self.idle.set_result(None)

    # the API

    async def answer(self, request: Request) -> Response:
        what = f"{request.method} {request.path.removeprefix(PATH)}"
        try:
            if what == "POST register":
                return await self._register(request)
            if what == "GET event/next":
                return await self._next(self.of(request))
            if what in ("POST init/error", "POST exit/error"):
                state = "InitError" if what == "POST init/error" else "ExitError"
                return await self._fail(self.of(request), state, request)
        except Refused as refused:
            return refused.response
        return answered(404, {"errorType": "InvalidRequest", "errorMessage": "no such resource"})

    def of(self, request: Request) -> Extension:
        """Whose request it is. Raises: Refused."""
        if not (id := request.headers.get(ID.lower())):
            raise Refused(403, "Extension.MissingHeader", f"Missing {ID} header")
        for one in self._all.values():
            if one.id == id and not one.error:
                return one
        raise Refused(403, "Extension.UnknownExtensionIdentifier", "Unknown extension " + id)

    async def _register(self, request: Request) -> Response:
        if not (name := request.headers.get("lambda-extension-name")):
            raise Refused(403, "Extension.InvalidExtensionName", "Empty extension name")
        events = await _events(request)
        one = self._registering(name, events)
        one.id, one.events, one.state = self._new_id(), events, "Registered"
        self._all[name] = one
        if self.idle.done():
            self.idle = asyncio.get_running_loop().create_future()
        self._look()
        made = self._deployment
        body = {"functionName": made.name, "functionVersion": made.version, "handler": made.handler}
        features = [one.strip() for one in request.headers.get("lambda-extension-accept-feature").split(",")]
        if "accountId" in features:
            body["accountId"] = made.account
        return answered(200, body, [(ID, one.id)])

    def _registering(self, name: str, events: tuple[str, ...]) -> Extension:
        """Raises: Refused."""
        known = self._all.get(name)
        if not self.open:
            raise Refused(403, "Extension.RegistrationClosed", "Extension registration closed already")
        if known is not None and known.id:
            raise Refused(403, "Extension.AlreadyRegistered", f"Extension {name} is registered already")
        if known is None and not self.running:
            raise Refused(403, "Extension.InvalidExtensionName", f"There is no extension {name} in /opt/extensions")
        if known is None and SHUTDOWN in events:
            reason = "Shutdown event is not supported for internal extensions"
            raise Refused(403, "ShutdownEventNotSupportedForInternalExtension", reason)
        if sum(bool(one.id) for one in self._all.values()) >= MOST:
            raise Refused(403, "Extension.TooManyExtensions", f"Extension limit ({MOST}) reached")
        return known or Extension("", name, external=False)

    async def _next(self, one: Extension) -> Response:
        if one.ending:
            return answered(200, one.ending, [(ID, one.id)])
        waiting: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        one.waiting, one.state = waiting, "Ready"
        self._look()
        return answered(200, await waiting, [(ID, one.id)])

    async def _fail(self, one: Extension, state: str, request: Request) -> Response:
        kind = request.headers.get("lambda-extension-function-error-type")
        if not kind:
            raise Refused(403, "Extension.MissingHeader", "Missing Lambda-Extension-Function-Error-Type header")
        one.state, one.error = state, kind
        if not self.failed.done():
            self.failed.set_result(one)
        return answered(202, {"status": "OK"}, [(ID, one.id)])


async def _events(request: Request) -> tuple[str, ...]:
    """Which events are registered for. Raises: Refused."""
    try:
        body = msgspec.json.decode(await request.body.read(LARGEST) or b"{}", type=dict[str, Any])
        events = msgspec.convert(body.get("events", []), tuple[str, ...])
    except (BodyError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(400, "InvalidRequestFormat", str(error)) from None
    for event in events:
        if event not in (INVOKE, SHUTDOWN):
            raise Refused(400, "Extension.InvalidEventType", f"{event} is not a valid event")
    return events
