"""What FIS keeps. Parts of templates lie as the API has them: `actions`, `targets` and `stop_conditions`."""

from __future__ import annotations

from typing import Any

from hodei.kernel.tables import Record
from hodei.services.fis.service import fis

ENDED = ("completed", "stopped", "failed", "cancelled", "skipped")

Wire = dict[str, Any]


class Template(Record):
    id: str
    description: str
    role: str
    actions: dict[str, Wire]
    targets: dict[str, Wire]
    stop_conditions: list[Wire]
    accounts: str  # single-account, multi-account
    empty_targets: str  # fail, skip
    created: float
    updated: float
    log: Wire | None = None  # the log configuration
    token: str | None = None
    digest: bytes = b""


class AccountConfiguration(Record):
    """An account that a template (or an experiment: `owner`) has targets in, and the role to use there."""

    owner: str
    account: str
    role: str
    description: str | None = None
    token: str | None = None
    digest: bytes = b""


class Resource(Record):
    """A target as it was found. The ARN of a bucket does not say its account."""

    account: str
    arn: str


class Action(Record):
    """An action of an experiment. `until` is when it ends by itself, `undo` what then has to be taken back."""

    given: Wire
    status: str = "pending"
    reason: str = "Initial state"
    started: float = 0.0
    ended: float = 0.0
    until: float = 0.0
    undo: Wire = {}

    @property
    def over(self) -> bool:
        return self.status in ENDED


class Experiment(Record):
    """A run of a template as that was then. `active` is `created` until it has ended; Who drives it has taken its
    `turn`, and is not disturbed before `lease`: see `running`."""

    id: str
    template: str
    role: str
    actions: dict[str, Action]
    targets: dict[str, Wire]
    stop_conditions: list[Wire]
    accounts: str
    empty_targets: str
    mode: str  # run-all, skip-all
    log: Wire | None
    created: float
    active: float | None
    status: str = "initiating"
    reason: str = "Experiment is initiating."
    error: Wire = {}
    started: float = 0.0
    ended: float = 0.0
    resolved: dict[str, list[Resource]] = {}
    turn: int = 0
    lease: float = 0.0
    token: str | None = None
    digest: bytes = b""

    @property
    def over(self) -> bool:
        return self.status in ENDED


class LogRecord(Record):
    """A record of an experiment's log that is yet to be delivered, in JSON."""

    experiment: str
    number: int
    text: str
    at: float = 0.0


class Lever(Record):
    id: str
    engaged: bool
    reason: str


templates = fis.table("templates", Template, key="id", index={"token": ("token",)})
configurations = fis.table(
    "configurations", AccountConfiguration, key=("owner", "account"), index={"token": ("token",)}
)
experiments = fis.table(
    "experiments",
    Experiment,
    key="id",
    index={"token": ("token",), "active": ("active",), "template": ("template",)},
)
log_records = fis.table("log_records", LogRecord, key=("experiment", "number"))
levers = fis.table("levers", Lever, key="id")
