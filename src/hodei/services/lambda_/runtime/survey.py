"""What this machine has of what functions need: `hodei doctor` tells it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from hodei.engines.sandbox.cgroups import Cgroup
from hodei.engines.sandbox.launcher import ForkServer
from hodei.services.lambda_.runtime import interpreters, java
from hodei.services.lambda_.runtime.interpreters import NoInterpreter

PYTHONS = range(interpreters.OLDEST[1], 16)


@dataclass(frozen=True)
class Survey:
    """Whether functions have files and processes of their own, and memory and processor time by a control group; and
    the programs that run them."""

    isolated: bool
    limited: bool
    programs: tuple[str, ...]


async def survey() -> Survey:
    return Survey(await _isolated(), _limited(), tuple([program async for program in _programs()]))


async def _isolated() -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        server = ForkServer(sys.executable, Path(scratch))
        await server.start()
        try:
            return await server.can_isolate()
        finally:
            await server.stop()


def _limited() -> bool:
    group = Cgroup(1 << 30)
    try:
        return group.counts
    finally:
        group.remove()


async def _programs() -> AsyncIterator[str]:
    for minor in PYTHONS:
        try:
            found = await interpreters.python(f"python3.{minor}")
        except NoInterpreter:
            continue
        if found.version.startswith(f"3.{minor}."):  # and not the one of Hodei itself in its place
            yield f"Python {found.version}"
    for major in sorted({found.major for found in java.installed()}):
        yield f"Java {major}"
    if node := await _node():
        yield f"Node.js {node}"


async def _node() -> str:
    try:
        command = interpreters.node("nodejs")
    except NoInterpreter:
        return ""
    process = await asyncio.create_subprocess_exec(command, "--version", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().strip().removeprefix("v")
