"""Routes that are not AWS's: JSON over HTTP, for people, tools and tests on this machine.

One declaration makes a route, its checks and its part of the OpenAPI document:

    @routes.post("/_hodei/snapshots/{name}/load")
    def load_snapshot(local: Local, *, name: str) -> Snapshot:
        "Go back to a snapshot."

`local` is the cloud; a parameter `body` is the JSON body, checked against its msgspec Struct; keyword-only parameters
are parts of the path or else of the query. What is returned is the JSON of the answer; `Refused` is an error.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints
from urllib.parse import unquote, urlsplit

import msgspec

from hodei.gateway import realtime
from hodei.kernel.world import World
from hodei.protocol.http import BodyError, BodyTooLarge, Request, Response

log = logging.getLogger("hodei.local")

Handler = TypeVar("Handler", bound=Callable[..., Any])
Answer = Response | Awaitable[Response]

BODY_LIMIT = 1 << 20
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "localhost.localstack.cloud"})


class Local:
    """What a handler of a local route works on: the cloud, and the process that runs it."""

    def __init__(self, world: World, stop: Callable[[], None] | None) -> None:
        self.world = world
        self.stop = stop
        self.started = realtime.now()

    @property
    def uptime(self) -> float:
        """Real seconds since the start."""
        return (realtime.now() - self.started).total_seconds()


class Refused(Exception):
    """An error answered as `{"error": message}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class LocalRoute:
    """One method of one path. `path` has its parts in braces: `/_hodei/snapshots/{name}`."""

    method: str
    path: str
    handler: Callable[..., Any]
    body: type[Any] | None
    result: Any
    parameters: dict[str, inspect.Parameter]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, method: str, path: str, handler: Callable[..., Any]) -> LocalRoute:
        hints = get_type_hints(handler)
        signature = inspect.signature(handler)
        named = {name: found for name, found in signature.parameters.items() if found.kind is found.KEYWORD_ONLY}
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        return cls(method, path, handler, hints.get("body"), hints.get("return"), named, pattern)

    def in_path(self, name: str) -> bool:
        return name in self.pattern.groupindex

    def arguments(self, found: re.Match[str], request: Request) -> dict[str, str]:
        """Raises: Refused for a query parameter that the route does not have."""
        query = dict(request.query_pairs())
        if unknown := [name for name in query if name not in self.parameters or self.in_path(name)]:
            raise Refused(400, f"unknown query parameter {unknown[0]!r}")
        return {name: unquote(value) for name, value in found.groupdict().items()} | query


class Routes:
    """A table of routes, filled by decorator."""

    def __init__(self) -> None:
        self.all: list[LocalRoute] = []

    def get(self, path: str) -> Callable[[Handler], Handler]:
        return self._add("GET", path)

    def post(self, path: str) -> Callable[[Handler], Handler]:
        return self._add("POST", path)

    def delete(self, path: str) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path)

    def _add(self, method: str, path: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.all.append(LocalRoute.of(method, path, handler))
            return handler

        return register


class LocalApp:
    """Answers the requests for local routes; None for those that are none of them."""

    def __init__(self, local: Local, prefixes: dict[str, Routes]) -> None:
        self._local = local
        self._prefixes = prefixes

    def __call__(self, request: Request) -> Answer | None:
        first = request.path.split("/", 2)[1]
        if (routes := self._prefixes.get(first)) is None:
            return None
        try:
            self._check_caller(request)
            route, found = _find(routes, request)
            arguments = route.arguments(found, request)
            if route.body is not None and request.body.data is None:
                return self._read_then_run(route, request, arguments)
            return self._run(route, request, arguments)
        except Refused as refused:
            return _refusal(refused)

    def _check_caller(self, request: Request) -> None:
        """Keep out pages of other sites: by the Host one that rebinds its name to this machine, others by Origin."""
        host = request.host
        own = hostname(self._local.world.url)
        if host not in LOCAL_HOSTS and host != own and not host.endswith(".localhost"):
            raise Refused(403, f"the host {host!r} is not this machine's; `hodei start --url` names another")
        origin = request.headers.get("origin")
        if origin and (name := hostname(origin)) != host and name not in LOCAL_HOSTS:
            raise Refused(403, f"pages of {origin} may not come here")

    async def _read_then_run(self, route: LocalRoute, request: Request, arguments: dict[str, str]) -> Response:
        try:
            await request.body.read(BODY_LIMIT)
        except BodyTooLarge:
            return _refusal(Refused(413, f"a body of more than {BODY_LIMIT} bytes"))
        except BodyError as error:
            return _refusal(Refused(400, str(error)))
        answer = self._run(route, request, arguments)
        return answer if isinstance(answer, Response) else await answer

    def _run(self, route: LocalRoute, request: Request, arguments: dict[str, str]) -> Answer:
        try:
            given = [] if route.body is None else [_decode(request.body.data or b"{}", route.body)]
            result = route.handler(self._local, *given, **arguments)
        except Refused as refused:
            return _refusal(refused)
        return _finish(result) if inspect.isawaitable(result) else _json(200, result)


async def _finish(result: Awaitable[Any]) -> Response:
    try:
        return _json(200, await result)
    except Refused as refused:
        return _refusal(refused)


def _find(routes: Routes, request: Request) -> tuple[LocalRoute, re.Match[str]]:
    method = "GET" if request.method == "HEAD" else request.method
    others = []
    for route in routes.all:
        if found := route.pattern.fullmatch(request.path):
            if route.method == method:
                return route, found
            others.append(route.method)
    if others:
        raise Refused(405, f"{request.path} takes {' and '.join(others)}, not {request.method}")
    raise Refused(404, f"no route {request.path}")


def _decode(data: bytes, body: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=body)
    except msgspec.MsgspecError as error:
        raise Refused(400, str(error)) from None


def hostname(url: str) -> str:
    """The host of a URL as `Request.host` gives it; empty for what is no URL (`Origin: null`)."""
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name


def _json(status: int, value: Any) -> Response:
    return Response(status, [("content-type", "application/json")], msgspec.json.encode(value) + b"\n")


def _refusal(refused: Refused) -> Response:
    return _json(refused.status, {"error": str(refused)})
