"""The admin API, `/_hodei/`: the clock, snapshots, settings and the state of the whole cloud."""

from __future__ import annotations

import math
import os
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

import hodei
from hodei.coverage import ServiceCoverage, all_coverage, coverage
from hodei.gateway.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
from hodei.gateway.local import Local, Refused, Routes
from hodei.kernel.manifest import Manifest, Quota, Setting, all_manifests
from hodei.kernel.tables import Place

routes = Routes()

ACCOUNT = re.compile(r"\d{12}")
SNAPSHOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
DURATION = re.compile(r"\s*(?:(\d+(?:\.\d+)?)\s*([wdhms])\s*)+")
SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
FASTEST = 1_000_000


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """The base of all JSON bodies: a misspelt field is an error."""


class Health(msgspec.Struct):
    version: str
    services: dict[str, str]
    uptime: float
    url: str
    data: str | None
    pid: int


@routes.get("/_hodei/health")
def health(local: Local) -> Health:
    """What runs here.

    `uptime` in real seconds; `data` is the data folder, null when the cloud is in memory only.
    """
    directory = local.world.directory
    return Health(
        version=hodei.__version__,
        services=dict.fromkeys(all_manifests(), "available"),
        uptime=round(local.uptime, 3),
        url=local.world.url,
        data=str(directory.path) if directory else None,
        pid=os.getpid(),
    )


@routes.post("/_hodei/stop")
def stop(local: Local) -> dict[str, bool]:
    """End the process: open requests finish, data is synced."""
    if local.stop is None:
        raise Refused(400, "this cloud is part of another program, which alone can end it")
    local.stop()
    return {"stopping": True}


class Reset(Body):
    account: str | None = None


@routes.post("/_hodei/reset")
def reset(local: Local, body: Reset) -> Reset:
    """Forget everything, or all that one account has. Snapshots stay."""
    if body.account is not None:
        check_account(body.account)
    local.world.reset(body.account)
    return body


# time


class Clock(msgspec.Struct):
    """`rate`: how many times as fast as real time it runs; 0 is frozen."""

    now: datetime
    rate: float


class TurnClock(Body):
    """One of: `advance` by a duration ("3d", "1d12h30m", seconds), `set` to a moment, `freeze`, `rate`."""

    advance: str | float | UnsetType = UNSET
    set: datetime | UnsetType = UNSET
    freeze: bool | UnsetType = UNSET
    rate: float | UnsetType = UNSET


@routes.get("/_hodei/clock")
def show_clock(local: Local) -> Clock:
    """The cloud's time."""
    clock = local.world.clock
    return Clock(now=datetime.fromtimestamp(clock.now(), UTC), rate=clock.rate)


@routes.post("/_hodei/clock")
async def turn_clock(local: Local, body: TurnClock) -> Clock:
    """Move the clock. All that falls due on the way has happened when this answers.

    A moment without an offset is UTC. To go back undoes nothing.
    """
    world = local.world
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    if len(given) != 1:
        raise Refused(400, "give one of advance, set, freeze, rate")
    match given:
        case {"advance": duration}:
            at = world.clock.now() + seconds(duration)
            _check_moment(at)
            await world.advance(seconds(duration))
        case {"set": moment}:
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            _check_moment(at)
            await world.set_time(at)
        case {"freeze": frozen}:
            world.set_rate(0 if frozen else 1)
        case {"rate": rate}:
            if not 0 <= rate <= FASTEST:
                raise Refused(400, f"rate is a number from 0 to {FASTEST}")
            world.set_rate(rate)
    return show_clock(local)


def seconds(duration: str | float) -> float:
    """Of "3d", "1d12h30m", "90s" (or a number of seconds). Raises: Refused."""
    if isinstance(duration, str):
        if not DURATION.fullmatch(duration):
            raise Refused(400, f"{duration!r} is no duration: write 3d, 12h, 30m, 10s, 1d12h")
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*([wdhms])", duration)
        duration = math.fsum(float(number) * SECONDS[unit] for number, unit in parts)
    if not 0 <= duration < math.inf:
        raise Refused(400, "time advances by zero seconds or more; `set` goes back")
    return duration


def _check_moment(at: float) -> None:
    if not 0 <= at < LAST_MOMENT:
        raise Refused(400, "the cloud's time lies between the years 1970 and 9998")


# snapshots


class Snapshot(Body):
    name: str


class Snapshots(msgspec.Struct):
    snapshots: list[str]


@routes.get("/_hodei/snapshots")
def list_snapshots(local: Local) -> Snapshots:
    """The names of the snapshots."""
    return Snapshots(local.world.store.list_snapshots())


@routes.post("/_hodei/snapshots")
def save_snapshot(local: Local, body: Snapshot) -> Snapshot:
    """Keep the state of the whole cloud; an older snapshot of that name is replaced."""
    if not SNAPSHOT.fullmatch(body.name):
        raise Refused(400, "a name is up to 100 letters, digits, dots, dashes and underscores")
    local.world.save(body.name)
    return body


@routes.post("/_hodei/snapshots/{name}/load")
def load_snapshot(local: Local, *, name: str) -> Snapshot:
    """Go back to a snapshot, its time included."""
    _check_snapshot(local, name)
    local.world.load(name)
    return Snapshot(name)


@routes.delete("/_hodei/snapshots/{name}")
def delete_snapshot(local: Local, *, name: str) -> Snapshot:
    """Take a snapshot away."""
    _check_snapshot(local, name)
    local.world.drop(name)
    return Snapshot(name)


def _check_snapshot(local: Local, name: str) -> None:
    if name not in local.world.store.list_snapshots():
        raise Refused(404, f"no snapshot {name!r}")


# settings and quotas


class SettingValue(msgspec.Struct):
    value: float | bool | str
    default: float | bool | str
    doc: str


class QuotaValue(msgspec.Struct):
    value: float
    default: float
    name: str
    code: str
    adjustable: bool


class ServiceConfig(msgspec.Struct):
    settings: dict[str, SettingValue]
    quotas: dict[str, QuotaValue]


class Change(Body):
    """A setting (`key`), or a quota (`quota`) of one account in one region."""

    service: str
    value: float | bool | str
    key: str | None = None
    quota: str | None = None
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION


@routes.get("/_hodei/config")
def show_config(
    local: Local, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
) -> dict[str, ServiceConfig]:
    """All settings, and the quotas as they are in one account and region."""
    place = Place(local.world.store, account, region)
    return {
        name: ServiceConfig(
            settings={key: _setting(local, name, setting) for key, setting in manifest.settings.items()},
            quotas={key: _quota(local, place, name, quota) for key, quota in manifest.quotas.items()},
        )
        for name, manifest in all_manifests().items()
    }


@routes.post("/_hodei/config")
def change_config(local: Local, body: Change) -> Change:
    """Change a setting, or raise or lower a quota."""
    manifest = _manifest(body.service)
    if (body.key is None) == (body.quota is None):
        raise Refused(400, "give one of key (a setting) and quota")
    if body.key is not None:
        _change_setting(local, manifest, body.key, body.value)
    elif body.quota is not None:
        _change_quota(local, manifest, body.quota, body)
    return body


def _change_quota(local: Local, manifest: Manifest, quota: str, body: Change) -> None:
    check_account(body.account)
    if quota not in manifest.quotas:
        raise Refused(404, f"{manifest.name} has no quota {quota!r}; it has {_names(manifest.quotas)}")
    if isinstance(body.value, bool | str) or not 0 <= body.value < math.inf:
        raise Refused(400, "a quota is a number, zero or more")
    local.world.set_quota(body.account, body.region, manifest.name, quota, body.value)


def _change_setting(local: Local, manifest: Manifest, key: str, value: float | bool | str) -> None:
    if key not in manifest.settings:
        raise Refused(404, f"{manifest.name} has no setting {key!r}; it has {_names(manifest.settings)}")
    try:
        local.world.settings.set(manifest.name, key, value)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _setting(local: Local, service: str, setting: Setting) -> SettingValue:
    return SettingValue(local.world.settings.get(service, setting.key), setting.default, setting.doc)


def _quota(local: Local, place: Place, service: str, quota: Quota) -> QuotaValue:
    value = local.world.quotas.at(place, service, quota.key)
    return QuotaValue(value, quota.default(place.region), quota.name, quota.code, quota.adjustable)


# what is here


@routes.get("/_hodei/coverage")
def show_coverage(local: Local, *, service: str = "") -> list[ServiceCoverage]:
    """How much of AWS is here, counted from the code; of all services or of one."""
    if not service:
        return all_coverage()
    return [coverage(_manifest(service).name)]


@routes.get("/_hodei/openapi.json")
def openapi(local: Local) -> dict[str, Any]:
    """This API as an OpenAPI document."""
    from hodei.gateway.openapi import document

    return document(routes, local.world.url)


def _manifest(service: str) -> Manifest:
    if (manifest := all_manifests().get(service)) is None:
        raise Refused(404, f"no service {service!r}; there are {_names(all_manifests())}")
    return manifest


def check_account(account: str) -> None:
    if not ACCOUNT.fullmatch(account):
        raise Refused(400, f"{account!r} is no account: an account is 12 digits")


def _names(found: Any) -> str:
    return ", ".join(sorted(found)) or "none"
