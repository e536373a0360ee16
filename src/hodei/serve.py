"""The server process: a world behind a socket, from the first request to a graceful end."""

from __future__ import annotations

import asyncio
import errno
import functools
import gc
import importlib.util
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hodei.gateway import tls
from hodei.gateway.app import make_app
from hodei.gateway.doors import Doors
from hodei.gateway.server import Server
from hodei.kernel.datadir import DataDir
from hodei.kernel.limits import Mode
from hodei.kernel.store import DataError
from hodei.kernel.world import World

log = logging.getLogger("hodei")

KILLED = 130  # exit code after a second signal


class CannotStart(Exception):
    """One line for a person."""


@dataclass(frozen=True)
class Options:
    """How to serve.

    `data` None keeps everything in memory; `certificates` is the folder of the authority for HTTPS, made at the first
    such connection; `url` is how clients reach the cloud, when it is not by host and port.
    """

    host: str
    port: int
    data: Path | None
    certificates: Path
    url: str = ""
    seed: int | None = None
    log_level: str = "warning"
    limits: Mode | None = None  # None: as it last was
    strict_auth: bool = False


def serve(options: Options, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM, SIGINT or the admin API end it; `ready(url)` is called once requests are answered.

    Raises: CannotStart.
    """
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    directory = None
    try:
        directory = DataDir.open(options.data) if options.data else None
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(options, directory, ready))
    except DataError as error:
        raise CannotStart(str(error)) from error
    finally:
        if directory:
            directory.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


async def _serve(options: Options, directory: DataDir | None, ready: Callable[[str], None]) -> None:
    stopping = _on_signals()
    world = World(directory, seed=options.seed, url=options.url)
    world.strict_auth = options.strict_auth
    if options.limits:
        world.limits.turn(options.limits)
    app = make_app(world, stop=stopping.set)
    server = Server(
        app,
        host=options.host,
        port=options.port,
        when_durable=world.store.when_durable,
        tls=functools.cache(functools.partial(tls.context, options.certificates)),
    )
    try:
        await _bind(server)
        world.url = options.url or f"http://{_name(options.host)}:{server.port}"
        world.doors = Doors(app, world.store.when_durable, f"http://{_name(options.host)}:{server.port}")
        await world.start()
        ready(world.url)
        _freeze()
        await stopping.wait()
        world.agenda.break_off()
        await server.stop()
    finally:
        await world.stop()


def _on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process at once, which costs nothing acknowledged."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def received() -> None:
        if stopping.is_set():
            os._exit(KILLED)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received)
    return stopping


async def _bind(server: Server) -> None:
    try:
        await server.start()
    except OSError as error:
        raise CannotStart(_reason(error, server.host, server.port)) from error


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: `hodei status` tells if by Hodei, `--port` takes another"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} is not allowed to this user: ports from 1024 up are"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


def _name(host: str) -> str:
    """What clients on this machine call the address that the server listens on."""
    if host in ("127.0.0.1", "0.0.0.0", "::", "::1", ""):
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _freeze() -> None:
    """What is there after the start stays: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
