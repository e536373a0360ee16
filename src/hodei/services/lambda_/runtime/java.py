"""The Java of this machine that runs functions, and how.

What speaks to the Runtime API in the function's process is bootstraps/java, compiled into bootstraps/java_runtime.jar
(`make java-runtime`): a machine that runs functions needs a JRE and no compiler.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.interpreters import NoInterpreter

HOMES = ("/usr/lib/jvm/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home", "~/.sdkman/candidates/java/*")
VERSION = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)[^"]*?(?:[._](\d+))?"', re.MULTILINE)
HEAP = 85  # percent of the memory, as on AWS
MAIN = "hodei.lambda.Main"


@dataclass(frozen=True)
class Java:
    command: str
    major: int
    update: str


def find(runtime: str) -> Java:
    """The Java of that version ("java21"), else the oldest that is newer: it runs what was compiled for older ones.

    Raises: NoInterpreter.
    """
    wanted = int(runtime.removeprefix("java").partition(".")[0])
    fit = [java for java in installed() if java.major >= wanted]
    if not fit:
        raise NoInterpreter(f"The runtime {runtime} is not on this machine: install a JRE {wanted} or newer.")
    return min(fit, key=lambda java: java.major)


def installed() -> list[Java]:
    return [java for home in _homes() if (java := _read(home))]


def _homes() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if found := shutil.which("java"):
        yield Path(os.path.realpath(found)).parent.parent
    for pattern in HOMES:
        yield from (Path(home) for home in sorted(glob.glob(os.path.expanduser(pattern))))


def _read(home: Path) -> Java | None:
    command, told = home / "bin" / "java", home / "release"
    if not command.exists() or not told.exists():
        return None
    version = VERSION.search(told.read_text())
    return Java(os.path.realpath(command), int(version[1]), version[2] or "0") if version else None


def arguments(java: Java, deployment: Deployment) -> tuple[str, ...]:
    heap = f"-XX:MaxHeapSize={deployment.memory * 1024 * HEAP // 100}k"
    quick = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
    debugged: tuple[str, ...] = ()
    if debugger := deployment.debugger:
        suspend = "y" if debugger.wait else "n"
        debugged = (f"-agentlib:jdwp=transport=dt_socket,server=y,suspend={suspend},address=127.0.0.1:{debugger.port}",)
    return (java.command, heap, *quick, *debugged, "-cp", "{runtime}/java_runtime.jar", MAIN)
