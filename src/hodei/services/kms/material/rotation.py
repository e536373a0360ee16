"""Rotation of key material: by the calendar, and on demand. What was encrypted before is still decrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms import errors, events, pages, states, views
from hodei.services.kms.find import Found, find, find_foreign
from hodei.services.kms.material import materials
from hodei.services.kms.service import kms
from hodei.services.kms.state import Key, Material, keys

DAY = 86400.0
DEFAULT_DAYS = 365
PAGE = 100
PENDING = "PENDING_ROTATION"
PENDING_REPLICAS = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"


@kms.operation("EnableKeyRotation")
def enable_key_rotation(ctx: Context, *, KeyId: str, RotationPeriodInDays: int = DEFAULT_DAYS) -> None:
    start(_automatic(find(ctx, KeyId)), RotationPeriodInDays)


@kms.operation("DisableKeyRotation")
def disable_key_rotation(ctx: Context, *, KeyId: str) -> None:
    found = _automatic(find(ctx, KeyId))
    materials.change(found, rotation_days=0, next_rotation=0.0)
    ctx.timers.cancel(ctx, "rotate", found.key.id)


@kms.operation("GetKeyRotationStatus")
def get_key_rotation_status(ctx: Context, *, KeyId: str) -> dict[str, Any]:
    """While the key's deletion is pending its rotation counts as off."""
    found = find_foreign(ctx, KeyId)
    _check_rotates(found)
    key = found.key
    on = bool(key.rotation_days) and key.state not in (states.PENDING_DELETION, states.PENDING_REPLICA_DELETION)
    answer: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": on}
    return answer | {"RotationPeriodInDays": key.rotation_days, "NextRotationDate": key.next_rotation} if on else answer


@kms.operation("RotateKeyOnDemand")
def rotate_key_on_demand(ctx: Context, *, KeyId: str) -> dict[str, Any]:
    found = find(ctx, KeyId)
    states.check_usable(found)
    _check_rotates(found)
    _check_primary(found)
    if found.key.manager == "AWS":
        raise errors.UnsupportedOperationException(f"{found.arn} is an AWS managed key.")
    if found.key.on_demand >= int(ctx.quota("on-demand-rotations")):
        raise errors.LimitExceededException(
            reason="The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations "
            f"can be performed for this key: {found.arn}"
        )
    if found.key.origin == "EXTERNAL":
        _take_pending(found)
    else:
        _rotate(found, "ON_DEMAND")
    key = keys.get(ctx, found.key.id) or found.key
    keys.put(ctx, replace(key, on_demand=key.on_demand + 1))
    return {"KeyId": found.arn}


@kms.operation("ListKeyRotations")
def list_key_rotations(
    ctx: Context, *, KeyId: str, IncludeKeyMaterial: str = "ROTATIONS_ONLY", Limit: int = PAGE, Marker: str = ""
) -> dict[str, Any]:
    found = find(ctx, KeyId)
    _check_rotates(found)
    last = pages.after(ctx, Marker) or (0,)
    listed = (
        material
        for material in materials.of(ctx, found.key)
        if material.number > last[0] and (material.rotation or IncludeKeyMaterial == "ALL_KEY_MATERIAL")
    )
    page, rest = pages.cut(ctx, listed, Limit, lambda material: (material.number,))
    return {"Rotations": [_shown(found, material) for material in page], **rest}


def _shown(found: Found, material: Material) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "KeyId": found.arn,
        "KeyMaterialId": material.id,
        "KeyMaterialState": material.state,
    }
    if material.rotation:
        shown |= {"RotationDate": material.rotated, "RotationType": material.rotation}
    if found.key.origin == "EXTERNAL":
        shown["ImportState"] = "IMPORTED" if material.sealed else "PENDING_IMPORT"
        if material.sealed:
            shown |= views.expiration(material.expires)
        if material.description:
            shown["KeyMaterialDescription"] = material.description
    return shown


# by the calendar


def start(found: Found, days: int) -> Found:
    """Rotate the key every so many days, from now on."""
    at = found.ctx.now + days * DAY
    found.ctx.timers.set(found.ctx, "rotate", at, found.key.id)
    return materials.change(found, rotation_days=days, next_rotation=at)


@kms.timer("rotate")
def rotate_when_due(ctx: Context, id: str) -> None:
    """A key that is disabled, or about to be deleted, is not rotated: `catch_up` does it when it is enabled again."""
    key = keys.get(ctx, id)
    if key is not None and key.rotation_days and key.state == states.ENABLED:
        _rotate_on_schedule(Found(ctx, key))


def catch_up(found: Found) -> None:
    """Rotate a key that should have been rotated while it was disabled."""
    if found.key.rotation_days and found.key.next_rotation <= found.ctx.now:
        _rotate_on_schedule(found)


def follow(found: Found) -> None:
    """Let the timer of automatic rotation be in the Region of the primary key, which has changed."""
    ctx, key = found
    for home in materials.homes(found):
        ctx.timers.cancel(home, "rotate", key.id)
    if key.rotation_days:
        ctx.timers.set(ctx.at(region=key.primary), "rotate", key.next_rotation, key.id)


def _rotate_on_schedule(found: Found) -> None:
    _rotate(found, "AUTOMATIC")
    start(Found(found.ctx, keys.get(found.ctx, found.key.id) or found.key), found.key.rotation_days)


def _rotate(found: Found, kind: str) -> None:
    """Make new material, and use it from now on."""
    ctx, key = found
    number = max(material.number for material in materials.of(ctx, key)) + 1
    secret = ctx.ids.randbytes(key.spec.bits // 8)
    fresh = materials.new(ctx, key, secret, number)
    for home in materials.homes(found):
        materials.put(home, fresh)
    _turn_to(found, fresh, kind)


def _take_pending(found: Found) -> None:
    """Use imported material that waits for it. Raises: KMSInvalidStateException."""
    waiting = next((one for one in materials.of(found.ctx, found.key) if one.state == PENDING), None)
    if waiting is None:
        raise errors.KMSInvalidStateException(
            reason=f"No available key material pending rotation for the key: {found.arn}."
        )
    _turn_to(found, waiting, "ON_DEMAND")


def _turn_to(found: Found, fresh: Material, kind: str) -> None:
    """Make material that is there current, in all Regions of the key."""
    ctx, key = found
    old = materials.current(ctx, key)
    for home in materials.homes(found):
        if before := materials.current(home, key):
            materials.put(home, replace(before, state="NON_CURRENT"))
        if there := materials.get(home, key, fresh.number):
            materials.put(home, replace(there, state="CURRENT", rotation=kind, rotated=ctx.now))
    materials.change(found, material=fresh.number)
    events.rotated(found, kind, old.id if old else "", fresh.id)


# what can be rotated


def _check_rotates(found: Found) -> None:
    """Raises: UnsupportedOperationException, without a word (as recorded)."""
    if not found.key.spec.symmetric or found.key.origin not in ("AWS_KMS", "EXTERNAL"):
        raise errors.UnsupportedOperationException()


def _check_primary(found: Found) -> None:
    """Raises: UnsupportedOperationException."""
    if found.key.multi_region and found.key.primary != found.ctx.region:
        raise errors.UnsupportedOperationException(f"{found.arn} is not a multi-region primary key.")


def _automatic(found: Found) -> Found:
    """A key whose automatic rotation can be turned on and off. Raises: UnsupportedOperationException and by state."""
    if found.key.origin == "EXTERNAL":
        raise errors.UnsupportedOperationException(
            f"{found.arn} origin is EXTERNAL which is not valid for this operation."
        )
    states.check_usable(found)
    _check_rotates(found)
    _check_primary(found)
    return found


def pending(where: Context, key: Key) -> Iterator[Material]:
    """Imported material that has not been in use yet."""
    return (material for material in materials.of(where, key) if material.state in (PENDING, PENDING_REPLICAS))
