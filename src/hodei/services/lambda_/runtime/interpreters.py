"""Which program of this machine runs the functions of a runtime."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("hodei.lambda")

BOOTSTRAPS = Path(__file__).with_name("bootstraps")
SDK = ("aws_durable_execution_sdk_python", "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
OLDEST = (3, 9)  # of the Pythons that the fork server and the bootstrap run under


class NoInterpreter(Exception):
    """What is to be installed."""


@dataclass(frozen=True)
class Python:
    """`version` is "3.12.1", `prefix` the folder where it and its library are."""

    command: str
    version: str
    prefix: str


async def python(runtime: str) -> Python:
    """The Python of a runtime ("python3.12"), else the one that Hodei itself runs under. Raises: NoInterpreter."""
    for command in _candidates(runtime):
        if found := await _asked(command):
            return found
    if found := await _asked(sys.executable):
        if runtime not in _told:
            _told.add(runtime)
            log.warning("%s is not on this machine: its functions run under Python %s", runtime, found.version)
        return found
    raise NoInterpreter(f"The runtime {runtime} is not on this machine: install {runtime}.")


def _candidates(name: str) -> Iterator[str]:
    if found := shutil.which(name):
        yield found
    version = name.removeprefix("python")
    for path in sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/{name}"), reverse=True):
        yield str(path)


async def _asked(command: str) -> Python | None:
    """What an interpreter says of itself; None if there is none behind that name (pyenv's are often so)."""
    if command not in _known:
        _known[command] = await _ask(command)
    return _known[command]


_known: dict[str, Python | None] = {}
_told: set[str] = set()  # runtimes that others stand in for


async def _ask(command: str) -> Python | None:
    say = "import sys, platform; print(sys._base_executable, platform.python_version(), sys.base_prefix, sep='\\n')"
    try:
        process = await asyncio.create_subprocess_exec(
            command, "-c", say, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return None
    lines = (await process.communicate())[0].decode().splitlines()
    if process.returncode != 0 or len(lines) != 3 or _numbers(lines[1]) < OLDEST:
        return None
    return Python(*lines)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def node(runtime: str) -> str:
    """The node of this machine, whichever it is. Raises: NoInterpreter."""
    if found := shutil.which("node"):
        return os.path.realpath(found)
    raise NoInterpreter(
        f"The runtime {runtime} is not on this machine: install Node.js, so that `node` is on the PATH."
    )


def sdk() -> dict[str, str]:
    """The packages of the SDK for Python, as they are installed beside Hodei: file or folder by its name."""
    return _packages(SDK)


def debugpy() -> dict[str, str]:
    """The debugger of Python functions, if it is installed beside Hodei."""
    return _packages(("debugpy",))


@functools.cache
def _packages(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            path = Path(spec.origin)
            place = path.parent if path.name == "__init__.py" else path
            found[place.name] = str(place)
    return found
