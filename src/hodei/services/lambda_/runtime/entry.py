"""Why a custom runtime or a container image could not even be begun, as AWS tells it."""

from __future__ import annotations

from typing import NamedTuple

from hodei.services.lambda_.runtime.deployment import Deployment

CANNOT = (126, 127)  # what the sandbox ends with then, after a last line that says why


class Fault(NamedTuple):
    type: str
    message: str


def fault(deployment: Deployment, code: int, last: str) -> Fault | None:
    """None if a program that ended with `code` before it asked for an event was begun; `last` is its last line."""
    if code not in CANNOT:
        return None
    name, _, reason = last.rpartition(": ")
    if deployment.runtime.startswith("provided") and name.endswith("/bootstrap") and _missing(reason):
        return _no_entry("/var/task/bootstrap /opt/bootstrap")
    if not (container := deployment.container):
        return None
    if name == container.cwd:
        return Fault("Runtime.InvalidWorkingDir", f"chdir {name}: {reason.lower()}")
    if name != container.argv[0]:
        return None
    if not name.startswith("/") and _missing(reason):
        return _no_entry(name)
    return Fault("Runtime.InvalidEntrypoint", f"fork/exec {name}: {reason.lower()}")


def _missing(reason: str) -> bool:
    return reason == "No such file or directory"


def _no_entry(names: str) -> Fault:
    return Fault("Runtime.InvalidEntrypoint", f"Couldn't find valid bootstrap(s): [{names}]")
