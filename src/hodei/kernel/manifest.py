"""`service.toml`: what a service says of itself before any of its code is loaded."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hodei.services

SERVICES = Path(hodei.services.__path__[0])
RENAMED = {"lambda": "lambda_"}


@dataclass(frozen=True)
class Quota:
    """An AWS quota: `code` is its quota code in Service Quotas, `value` AWS's default."""

    key: str
    code: str
    name: str
    value: float
    adjustable: bool = True
    unit: str = "None"


@dataclass(frozen=True)
class Setting:
    """A knob that AWS does not have (`hodei config`): seeded duplicates, lag, AWS's pace."""

    key: str
    default: Any
    doc: str


@dataclass(frozen=True)
class Manifest:
    name: str
    title: str
    category: str = ""
    model: str = ""
    schema: int = 1
    depends: tuple[str, ...] = ()
    extra: str = ""
    engine: str = ""
    hosts: tuple[str, ...] = ()  # regular expressions of host names that its endpoints answer to
    paths: tuple[str, ...] = ()  # path prefixes that its endpoints answer to
    subdomain: bool = False  # what stands before the service's name in a host is the first part of the path
    cors: bool = True  # pages in browsers may call it as AWS lets them call most services; S3 has rules of its own
    max_body: int = 20 * 2**20  # bytes of a request whose body is no stream
    quotas: dict[str, Quota] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    listens: tuple[str, ...] = ()  # sources of events it wants to hear ("aws.s3")
    left_out: dict[str, str] = field(default_factory=dict)  # operation -> why it is not there
    iam: dict[str, Any] = field(default_factory=dict)  # what its operations need: see `kernel.iam.needs`


def folder(name: str) -> str:
    """The package name of a service: botocore's name with '-' as '_' (lambda, a keyword, gets one behind it)."""
    return RENAMED.get(name, name.replace("-", "_"))


@functools.cache
def manifest(name: str) -> Manifest:
    """Raises: KeyError if there is no such service in Hodei."""
    path = SERVICES / folder(name) / "service.toml"
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise KeyError(name) from None
    data["quotas"] = {key: Quota(key=key, **quota) for key, quota in data.get("quotas", {}).items()}
    data["settings"] = {key: Setting(key=key, **setting) for key, setting in data.get("settings", {}).items()}
    data.update({key: tuple(value) for key, value in data.items() if isinstance(value, list)})
    return Manifest(name=name, **{"model": name, **data})


@functools.cache
def all_manifests() -> dict[str, Manifest]:
    """Every service that Hodei has, by botocore's name."""
    names = {package: name for name, package in RENAMED.items()}
    found = {}
    for path in sorted(SERVICES.glob("*/service.toml")):
        package = path.parent.name
        name = names.get(package, package.replace("_", "-"))
        found[name] = manifest(name)
    return found
