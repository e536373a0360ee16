"""Faults on demand: errors, slow answers, broken connections, regions that are down, clocks that are wrong.

A fault is a record in the store: it survives a restart, is part of a snapshot and ends when the cloud's clock says so.
The n-th call that it is for is struck or not by its seed and n alone, so a run can be repeated. What it does to a call
happens in real time and on the real wire: a delay is as long as it says also while the cloud's clock stands still.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hodei.kernel import errors
from hodei.kernel.errors import AwsError, declare
from hodei.kernel.ids import Ids
from hodei.kernel.manifest import all_manifests, folder, manifest
from hodei.kernel.tables import Place, Record, Table
from hodei.protocol.http import ConnectionBroken
from hodei.protocol.model import load_model

if TYPE_CHECKING:
    from hodei.kernel.clock import Clock
    from hodei.kernel.context import Context
    from hodei.kernel.store import Store

DOES = ("error", "latency", "reset", "abort_after", "down", "skew")
LONGEST = 3600.0  # seconds that a fault may hold a call up

# Errors that no model lists, with the status that AWS's pages of common errors have for them; any other is a 400.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, "Common Errors" of each API reference
STATUS = {
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "ServiceFailure": 500,
    "BadGateway": 502,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
    "Unavailable": 503,
    "GatewayTimeout": 504,
    "TooManyRequestsException": 429,
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InvalidClientTokenId": 403,
    "SignatureDoesNotMatch": 403,
}


class Fault(Record):
    """Which calls it is for, and what it does to them. A selector left empty holds for every call."""

    id: int = 0
    # of which calls
    service: str = ""  # botocore's name
    operation: str = ""  # may have wildcards: Put*
    region: str = ""
    account: str = ""  # the caller's
    role: str = ""  # a role's name or ARN: of calls in its sessions
    key: str = ""  # an access key
    # what happens to them
    error: str = ""  # a code of AWS's, of the model or not
    message: str = ""
    status: int = 0  # of the error; 0: the model's
    latency: str = ""  # see `sampler`
    reset: bool = False  # the connection breaks, the call has no effect
    abort_after: int | None = None  # the call has its effect, the answer breaks off after so many bytes of its body
    down: bool = False  # the connection breaks before anybody asks who calls
    skew: float = 0.0  # seconds that AWS's clock is ahead: signatures are judged by it, answers dated
    # how often
    rate: float = 1.0  # the chance of each call, above 0 and up to 1
    count: int | None = None  # no more than so many calls
    until: float | None = None  # epoch seconds of the cloud's clock
    seed: int = 0
    # what has been
    calls: int = 0  # that it was for
    hits: int = 0  # of these, that it struck

    def concerns(self, service: str, region: str) -> bool:
        return (not self.service or self.service == service) and (not self.region or self.region == region)

    def is_for(self, ctx: Context) -> bool:
        principal = ctx.principal
        return (
            self.concerns(ctx.service.name, ctx.region)
            and (not self.operation or fnmatchcase(ctx.operation, self.operation))
            and (not self.account or self.account == principal.account)
            and (not self.key or self.key == principal.access_key)
            and (not self.role or (principal.session is not None and _names(self.role, principal.session.issuer)))
        )


class Strike(NamedTuple):
    """What faults do to one call."""

    delay: float = 0.0  # real seconds
    failure: AwsError | ConnectionBroken | None = None
    abort_after: int | None = None

    async def suffer(self) -> None:
        """Wait, then fail. Raises: AwsError, ConnectionBroken."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.failure:
            raise self.failure


class Faults:
    """The faults of a cloud. While there are none (`active` is false), nobody asks it anything."""

    table = Table("kernel", "faults", Fault, key="id", scope="global")

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._place = Place(store)
        self._clock = clock
        self._ids = ids
        self._faults: dict[int, Fault] = {}
        self._load()
        store.on_switch(self._load)

    def _load(self) -> None:
        self._faults = {fault.id: fault for fault in self.table.scan(self._place)}
        self.active = bool(self._faults)

    def add(self, fault: Fault, *, lasts: float | None = None) -> Fault:
        """Let it happen from now on, for `lasts` seconds of the cloud's time. Without a seed it gets one.

        Raises: ValueError for what makes no sense.
        """
        check(fault)
        fault = msgspec.structs.replace(
            fault,
            id=max(self._faults, default=0) + 1,
            seed=fault.seed or self._ids.getrandbits(32),
            until=None if lasts is None else self._clock.now() + lasts,
        )
        self._keep(fault)
        self.active = True
        return fault

    def listed(self) -> list[Fault]:
        """Those that have not ended, with what they have done. One that has struck `count` times stays in the list."""
        return list(self._living())

    def remove(self, id: int) -> Fault:
        """Raises: KeyError if there is none of that id."""
        fault = self._faults.pop(id)
        self.active = bool(self._faults)
        with self._place.store.apart():
            self.table.delete(self._place, id)
        return fault

    def clear(self, account: str | None = None) -> int:
        """Remove all, or those of one account; returns how many."""
        gone = [fault.id for fault in self._faults.values() if account in (None, fault.account)]
        for id in gone:
            self.remove(id)
        return len(gone)

    # what calls ask

    def at_the_door(self, service: str, region: str) -> float:
        """Before anybody asks who calls: by how many seconds the clock is ahead.

        Raises: ConnectionBroken, where all is down.
        """
        skew = 0.0
        for fault in self._living():
            if (fault.down or fault.skew) and fault.concerns(service, region) and self._strikes(fault):
                if fault.down:
                    raise ConnectionBroken(f"fault {fault.id}")
                skew += fault.skew
        return skew

    def strike(self, ctx: Context) -> Strike | None:
        """What happens to a call that is otherwise about to be made; None: nothing."""
        delay, abort_after, struck = 0.0, None, False
        for fault in self._living():
            if fault.down or fault.skew or not fault.is_for(ctx) or not (chance := self._strikes(fault)):
                continue
            struck = True
            if fault.latency:
                delay += min(max(sampler(fault.latency)(chance), 0.0), LONGEST)
            if fault.reset:
                return Strike(delay, ConnectionBroken(f"fault {fault.id}"))
            if fault.error:
                return Strike(delay, _error(fault, ctx.service.name), abort_after)
            if fault.abort_after is not None:
                abort_after = fault.abort_after if abort_after is None else min(fault.abort_after, abort_after)
        return Strike(delay, None, abort_after) if struck else None

    async def inside(self, ctx: Context) -> None:
        """What happens to a call that one service makes to another: all but what only the wire can do.

        Raises: AwsError; ServiceUnavailable where the connection of a client would break.
        """
        try:
            self.at_the_door(ctx.service.name, ctx.region)
            if strike := self.strike(ctx):
                await strike.suffer()
        except ConnectionBroken:
            raise errors.ServiceUnavailable() from None

    def _living(self) -> Iterator[Fault]:
        """Those that have not ended, oldest first."""
        now = self._clock.now()
        for fault in list(self._faults.values()):
            if fault.until is not None and now >= fault.until:
                self.remove(fault.id)
            else:
                yield fault

    def _strikes(self, fault: Fault) -> Random | None:
        """Count a call that it is for. If it is struck: the chance that also decides how."""
        if fault.count is not None and fault.hits >= fault.count:
            return None
        chance = Ids(f"{fault.seed}/{fault.calls}")
        hit = chance.random() < fault.rate
        self._keep(msgspec.structs.replace(fault, calls=fault.calls + 1, hits=fault.hits + hit))
        return chance if hit else None

    def _keep(self, fault: Fault) -> None:
        self._faults[fault.id] = fault
        with self._place.store.apart():
            self.table.put(self._place, fault)


def check(fault: Fault) -> None:
    """Raises: ValueError with what is wrong, for a person."""
    if fault.abort_after is None and not any(getattr(fault, name) for name in DOES):
        raise ValueError(f"a fault does something: give one of {', '.join(DOES)}")
    if fault.error and (fault.reset or fault.down):
        raise ValueError("a call fails by an error or by a broken connection, not both")
    if (fault.message or fault.status) and not fault.error:
        raise ValueError("message and status are those of an error: give its code")
    if fault.status and not 400 <= fault.status < 600:
        raise ValueError("an error's status is from 400 to 599")
    if not 0 < fault.rate <= 1:
        raise ValueError("rate is the chance of each call, above 0 and up to 1")
    if (fault.count is not None and fault.count < 1) or (fault.abort_after is not None and fault.abort_after < 0):
        raise ValueError("count is 1 or more, abort_after 0 bytes or more")
    if fault.latency:
        sampler(fault.latency)
    _check_selectors(fault)


def _check_selectors(fault: Fault) -> None:
    if (fault.down or fault.skew) and (fault.operation or fault.account or fault.role or fault.key):
        raise ValueError("down and skew come before anybody asks who calls what: they take service and region only")
    if fault.service and fault.service not in all_manifests():
        raise ValueError(f"no service {fault.service!r}; there are {', '.join(all_manifests())}")
    if fault.operation and fault.service and not set("*?[") & set(fault.operation):
        operations = load_model(manifest(fault.service).model).operations
        if fault.operation not in operations:
            raise ValueError(f"{fault.service} has no operation {fault.operation!r}")


# latency

_AMOUNT = r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m)\s*"
_LATENCY = re.compile(rf"(?:(normal|uniform|exponential)\({_AMOUNT}(?:,{_AMOUNT})?\)|{_AMOUNT})")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


@functools.lru_cache(maxsize=256)
def sampler(latency: str) -> Callable[[Random], float]:
    """Seconds by a chance: "200ms", "normal(200ms,50ms)" (mean, deviation), "uniform(100ms,1s)", "exponential(200ms)"
    (mean). Raises: ValueError."""
    found = _LATENCY.fullmatch(latency.strip())
    if found is None or (found[1] in ("normal", "uniform")) != bool(found[4]):
        forms = "200ms, 1.5s, normal(200ms,50ms), uniform(100ms,1s), exponential(200ms)"
        raise ValueError(f"{latency!r} is no latency: write {forms}")
    amounts = [float(found[at]) * _SECONDS[found[at + 1]] for at in (2, 4, 6) if found[at]]
    match found[1]:
        case "normal":
            return lambda chance: chance.gauss(*amounts)
        case "uniform":
            return lambda chance: chance.uniform(*amounts)
        case "exponential":
            return lambda chance: chance.expovariate(1 / amounts[0]) if amounts[0] else 0.0
    return lambda chance: amounts[0]


# errors


def _error(fault: Fault, service: str) -> AwsError:
    status = fault.status or _status(service, fault.error)
    return declare(fault.error, status=status)(fault.message or f"Injected by Hodei's fault {fault.id}.")


@functools.cache
def _status(service: str, code: str) -> int:
    if shape := load_model(manifest(service).model).error_shape(code):
        return shape.error_status
    try:
        declared = vars(importlib.import_module(f"hodei.services.{folder(service)}.errors"))
    except ModuleNotFoundError:
        declared = {}
    found = (error.status for error in declared.values() if getattr(error, "code", None) == code and error.status)
    return next(found, STATUS.get(code, 400))


def _names(role: str, issuer: str) -> bool:
    """Whether a role's name or ARN is that of who issued a session."""
    return role == issuer or (":role/" in issuer and issuer.rpartition("/")[2] == role)
