"""Addresses on this machine at which the cloud answers programs that it has started itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hodei.gateway.server import Admits, Server, WhenDurable
from hodei.protocol.http import Request, Response

App = Callable[[Request], Response | Awaitable[Response]]
LOCAL = "127.0.0.1"
PATIENCE = 3600.0  # seconds without a byte: a program may be stopped in a debugger


class Door:
    """`address` is host:port."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.address = f"{server.host}:{server.port}"

    async def close(self) -> None:
        await self._server.stop(grace=0)


class Doors:
    """`home` is the URL of the whole cloud, "" where it has none yet: one is made then when somebody asks."""

    def __init__(self, app: App, when_durable: WhenDurable, home: str = "") -> None:
        self._app = app
        self._when_durable = when_durable
        self._home = home
        self._server: asyncio.Task[Server] | None = None

    async def home(self) -> str:
        if self._home:
            return self._home
        if self._server is None:
            self._server = asyncio.ensure_future(self._made())
        return f"http://{LOCAL}:{(await self._server).port}"

    async def _made(self) -> Server:
        server = Server(self._app, host=LOCAL, port=0, when_durable=self._when_durable)
        await server.start()
        return server

    async def open(self, app: App, admits: Admits) -> Door:
        """An address of its own for `app`, of which nothing has to be durable before it answers."""
        server = Server(
            app, host=LOCAL, port=0, header_timeout=PATIENCE, body_timeout=PATIENCE, idle_timeout=PATIENCE,
            linger_timeout=PATIENCE, admits=admits,
        )  # fmt: skip
        await server.start()
        return Door(server)

    async def close(self) -> None:
        if self._server:
            await (await self._server).stop(grace=0)
