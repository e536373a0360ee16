"""The part of the admin API that makes the cloud misbehave: faults and request rates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from hodei.gateway.admin import Body, check_account, routes, seconds
from hodei.gateway.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
from hodei.gateway.local import Local, Refused
from hodei.kernel.faults import Fault
from hodei.kernel.limits import SetLimit
from hodei.kernel.manifest import all_manifests
from hodei.kernel.tables import Place


class FaultFields(Body, kw_only=True):
    """Selectors (one left empty holds for every call), what happens, how often. See `hodei fault add --help`."""

    service: str = ""
    operation: str = ""
    region: str = ""
    account: str = ""
    role: str = ""
    key: str = ""
    error: str = ""
    message: str = ""
    status: int = 0
    latency: str = ""
    reset: bool = False
    abort_after: int | None = None
    down: bool = False
    rate: float = 1.0
    count: int | None = None
    seed: int = 0


class NewFault(FaultFields, kw_only=True):
    """`skew` and `lasts` are durations ("10m", "-90s") or seconds; `lasts` is of the cloud's time."""

    skew: str | float = 0.0
    lasts: str | float | None = None


class ShownFault(FaultFields, kw_only=True):
    """`calls`: how many it was for; `hits`: how many of them it struck; `until`: when it ends, null if never."""

    id: int
    skew: float
    until: datetime | None
    calls: int
    hits: int


class FaultList(msgspec.Struct):
    faults: list[ShownFault]


class Cleared(msgspec.Struct):
    removed: int


@routes.get("/_hodei/faults")
def list_faults(local: Local) -> FaultList:
    """The faults there are, and what they have done."""
    return FaultList([_shown(fault) for fault in local.world.faults.listed()])


@routes.post("/_hodei/faults")
def add_fault(local: Local, body: NewFault) -> ShownFault:
    """Let calls fail, wait or break off from now on."""
    if body.account:
        check_account(body.account)
    fields = msgspec.structs.asdict(body)
    lasts, skew = fields.pop("lasts"), fields.pop("skew")
    fault = Fault(**fields, skew=_signed(skew))
    try:
        added = local.world.faults.add(fault, lasts=None if lasts is None else seconds(lasts))
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return _shown(added)


@routes.delete("/_hodei/faults/{id}")
def remove_fault(local: Local, *, id: str) -> ShownFault:
    """Take a fault away."""
    try:
        return _shown(local.world.faults.remove(int(id)))
    except (KeyError, ValueError):
        raise Refused(404, f"no fault {id!r}") from None


@routes.delete("/_hodei/faults")
def clear_faults(local: Local) -> Cleared:
    """Take all faults away."""
    return Cleared(local.world.faults.clear())


def _shown(fault: Fault) -> ShownFault:
    fields = {name: getattr(fault, name) for name in ShownFault.__struct_fields__}
    ends = None if fault.until is None else datetime.fromtimestamp(fault.until, UTC)
    return ShownFault(**{**fields, "until": ends})


def _signed(duration: str | float) -> float:
    if isinstance(duration, str) and duration.strip().startswith("-"):
        return -seconds(duration.strip()[1:])
    return seconds(duration) if isinstance(duration, str) else duration


# request rates


class Documented(msgspec.Struct):
    """A rate that AWS documents; `rate` as it is in the account and region asked for."""

    service: str
    name: str
    operations: list[str]
    rate: float
    quota: str


class OneLimit(msgspec.Struct):
    service: str
    operation: str
    rate: float
    burst: float
    account: str
    region: str


class LimitList(msgspec.Struct):
    """`mode`: whether AWS's `documented` rates hold ("aws") or not ("off"). Those `set` hold in any case."""

    mode: Literal["off", "aws"]
    set: list[OneLimit]
    documented: list[Documented]


class NewLimit(Body):
    """`mode`, or a rate: requests a second of `operation` ("*": all together), `burst` at once (else a second's worth),
    for each account and region apart or for the one that is named."""

    mode: Literal["off", "aws"] | UnsetType = UNSET
    service: str = ""
    operation: str = ""
    rate: float | UnsetType = UNSET
    burst: float | UnsetType = UNSET
    account: str = ""
    region: str = ""


@routes.get("/_hodei/limits")
def list_limits(local: Local, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> LimitList:
    """The request rates that hold, and those that AWS documents."""
    limits = local.world.limits
    place = Place(local.world.store, account, region)
    rate = local.world.quotas.at
    documented = [
        Documented(name, manifest.quotas[key].name, list(limit.operations), rate(place, name, key), key)
        for name, manifest in all_manifests().items()
        for key, limit in manifest.limits.items()
    ]
    return LimitList(limits.mode, [_one(limit) for limit in limits.listed()], documented)


@routes.post("/_hodei/limits")
def set_limit(local: Local, body: NewLimit) -> LimitList:
    """Turn AWS's rates on or off, or set one."""
    if (body.mode is UNSET) == (body.rate is UNSET):
        raise Refused(400, "give one of mode and rate")
    if body.mode is not UNSET:
        local.world.limits.turn(body.mode)
    elif body.rate is not UNSET:
        if body.account:
            check_account(body.account)
        burst = max(body.rate, 1.0) if body.burst is UNSET else body.burst
        try:
            local.world.limits.set(
                SetLimit(
                    service=body.service,
                    operation=body.operation,
                    rate=body.rate,
                    burst=burst,
                    account=body.account,
                    region=body.region,
                )
            )
        except ValueError as error:
            raise Refused(400, str(error)) from None
    return list_limits(local)


@routes.delete("/_hodei/limits")
def remove_limit(
    local: Local, *, service: str = "", operation: str = "", account: str = "", region: str = ""
) -> LimitList:
    """Take a rate away that was set; without a service, all."""
    if not service:
        local.world.limits.clear()
        return list_limits(local)
    try:
        local.world.limits.remove(service, operation, account, region)
    except KeyError:
        raise Refused(404, f"no limit is set for {service} {operation} there") from None
    return list_limits(local)


def _one(limit: SetLimit) -> OneLimit:
    return OneLimit(limit.service, limit.operation, limit.rate, limit.burst, limit.account, limit.region)
