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
    regions: dict[str, float] = field(default_factory=dict)  # where the default is another
    everywhere: bool = False  # one value for all regions

    def default(self, region: str) -> float:
        return self.regions.get(region, self.value)


@dataclass(frozen=True)
class Limit:
    """A rate of requests that AWS documents; how many a second is the quota of the same key, which it makes.

    Its `operations` share it, unless `each` has its own. A service may say that it is not the account's but that of a
    resource: see `Service.rate`.
    """

    key: str
    operations: tuple[str, ...]
    each: bool = False
    burst: float = 0  # 0: a second's worth


@dataclass(frozen=True)
class Setting:
    """A knob that AWS does not have (`hodei config`): seeded duplicates, lag, AWS's pace."""

    key: str
    default: Any
    doc: str


@dataclass(frozen=True)
class Gauges:
    """Metrics of one namespace that show a service's stocks, looked at `every` so many seconds."""

    every: int
    metrics: tuple[str, ...]


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
    header: str = ""  # a header that all its requests have, and none of the services that share its signing name
    subdomain: bool = False  # what stands before the service's name in a host is the first part of the path
    resumes: bool = False  # it has something going on that has to be taken up after a start: see `Service.on_start`
    cors: bool = True  # pages in browsers may call it as AWS lets them call most services; S3 has rules of its own
    max_body: int = 20 * 2**20  # bytes of a request whose body is no stream
    quotas: dict[str, Quota] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    throttled: dict[str, Any] = field(
        default_factory=dict
    )  # its throttling error: code, message, status, further members
    too_large: dict[str, Any] = field(
        default_factory=dict
    )  # its error for bodies that are longer than `max_body`: code, message with {most} and {operation}
    gauges: dict[str, Gauges] = field(default_factory=dict)  # by namespace: see `Service.gauges`
    listens: tuple[str, ...] = ()  # sources of events it wants to hear ("aws.s3")
    receives: tuple[str, ...] = ()  # ARNs (regular expressions) under another service's name whose events are for it
    left_out: dict[str, str] = field(default_factory=dict)  # operation -> why it is not there
    iam: dict[str, Any] = field(default_factory=dict)  # what its operations need: see `kernel.iam.needs`
    audit: dict[str, Any] = field(default_factory=dict)  # what its calls are to CloudTrail: see `kernel.ledger.audit`
    billing: dict[str, Any] = field(default_factory=dict)  # what AWS bills for it: see `kernel.ledger.prices`


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
    data["limits"] = {key: _limit(key, limit, data) for key, limit in data.get("limits", {}).items()}
    everywhere = {"everywhere": data.pop("global", False)}  # of a service that has no regions
    data["quotas"] = {key: Quota(key=key, **everywhere | quota) for key, quota in data.get("quotas", {}).items()}
    data["settings"] = {key: Setting(key=key, **setting) for key, setting in data.get("settings", {}).items()}
    gauges = data.get("gauges", {})
    data["gauges"] = {name: Gauges(given["every"], tuple(given["metrics"])) for name, given in gauges.items()}
    data.update({key: tuple(value) for key, value in data.items() if isinstance(value, list)})
    return Manifest(name=name, **{"model": name, **data})


def _limit(key: str, given: dict[str, Any], data: dict[str, Any]) -> Limit:
    """The limit of an entry, and the quota that it makes among those of the manifest."""
    operations = tuple(given.pop("operations"))
    rules = {name: given.pop(name) for name in ("each", "burst") if name in given}
    data.setdefault("quotas", {})[key] = {"code": "", "value": given.pop("rate"), **given}
    return Limit(key, operations, **rules)


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
