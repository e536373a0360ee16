"""What an environment is made of, apart from any cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

ON_DEMAND, SNAP_START = "on-demand", "snap-start"
PROVISIONED = " provisioned"  # at the end of a key


@dataclass(frozen=True)
class Container:
    """What runs of a container image: by which variables, and in which of its folders."""

    argv: tuple[str, ...]
    variables: Mapping[str, str]
    cwd: str


@dataclass(frozen=True)
class Debugger:
    """A port of this machine at which a function listens for one; with `wait` it does not begin before one is there."""

    port: int
    wait: bool


@dataclass(frozen=True)
class Deployment:
    """A version of a function, unpacked. Those of the same `key` (it begins with the ARN) share environments."""

    key: str
    account: str
    region: str
    name: str
    version: str
    arn: str
    runtime: str
    handler: str
    role: str  # ARN
    memory: int  # MB
    storage: int  # MB of /tmp
    timeout: int  # seconds
    code: Path  # of a container image the root of its file system
    layers: Path | None  # all of them, one over the other
    log_group: str
    log_format: str = "Text"
    log_level: str = ""
    system_log_level: str = ""
    snap_start: bool = False
    container: Container | None = None
    debugger: Debugger | None = None

    def ahead(self) -> Deployment:
        """The same for environments that are there before anybody asks for them."""
        return replace(self, key=f"{self.key}{PROVISIONED}")

    @property
    def provisioned(self) -> bool:
        return self.key.endswith(PROVISIONED)

    @property
    def initialization(self) -> str:
        """How its environments come to be."""
        if self.snap_start:
            return SNAP_START
        return "provisioned-concurrency" if self.provisioned else ON_DEMAND
