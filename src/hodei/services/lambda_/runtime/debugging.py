"""Debuggers: a function listens for one on a port of this machine, and has all the time that it wants meanwhile."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from typing import Any

from hodei.engines.sandbox import ports
from hodei.kernel.context import Context
from hodei.services.lambda_ import find
from hodei.services.lambda_.runtime.deployment import Debugger
from hodei.services.lambda_.runtime.pool import pool_of
from hodei.services.lambda_.service import lambda_

PATIENCE = 24 * 3600  # seconds that an invoke may take
DEBUGGERS = {"python": "debugpy", "nodejs": "the inspector of Node.js", "java": "JDWP"}
NO_DEBUGPY = "Python functions are debugged by debugpy: pip install 'hodei[debug]'"


class Debugged:
    """The functions that are, by account, region and name. It ends with the process."""

    def __init__(self) -> None:
        self.functions: dict[tuple[str, str, str], Debugger] = {}

    def forget(self) -> None:
        self.functions.clear()


def debugger(ctx: Context, function: str) -> Debugger | None:
    return ctx.world.memory(Debugged).functions.get((ctx.account, ctx.region, function))


@lambda_.tool("debug")
def debug(ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """Let a function (`function`) be debugged from its next invoke on, or no more (`off`). `port` 0 is a free one.

    Raises: ResourceNotFoundException; ValueError for what cannot be debugged.
    """
    found = find.describe(ctx, str(given.get("function", "")))
    there, version = found.ctx, found.version
    functions = ctx.world.memory(Debugged).functions
    place = (there.account, there.region, version.function)
    if given.get("off"):
        functions.pop(place, None)
        arn = there.arn(f"function:{version.function}")
        pool_of(ctx.world).drop(lambda key: not key.startswith((f"{arn} ", f"{arn}:")))
        return {"function": version.function}
    name = _debugger(version.runtime, version.function)
    port = _port(given.get("port", 0))
    functions[place] = Debugger(port, bool(given.get("wait")))
    return {"function": version.function, "debugger": name, "host": ports.LOCAL, "port": port}


def _debugger(runtime: str, function: str) -> str:
    name = next((name for language, name in DEBUGGERS.items() if runtime.startswith(language)), None)
    if name is None:
        raise ValueError(f"There is no debugger for {function}, which is {runtime or 'a container image'}")
    if name == "debugpy" and importlib.util.find_spec(name) is None:
        raise ValueError(NO_DEBUGPY)
    return name


def _port(given: object) -> int:
    if not isinstance(given, int) or not 0 <= given < 65536:
        raise ValueError(f"{given!r} is no port")
    try:
        return ports.free(given)
    except OSError as error:
        raise ValueError(f"Port {given} cannot be had: {os.strerror(error.errno or 0)}") from None
