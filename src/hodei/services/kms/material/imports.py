"""Import of key material: wrapped with a key that was made for it, kept until it expires or is deleted.

An import token is the private half of that wrapping key, sealed; nothing of it is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms import errors, events, states
from hodei.services.kms.crypto import pairs, wrapping
from hodei.services.kms.find import Found, existing, find
from hodei.services.kms.making import made
from hodei.services.kms.material import materials, rotation
from hodei.services.kms.service import kms
from hodei.services.kms.state import Material, keys
from hodei.services.kms.using import use

DAY = 86400.0
LONGEST = 365 * DAY
EXPIRES = "KEY_MATERIAL_EXPIRES"
NEW, EXISTING = "NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"


@kms.operation("GetParametersForImport")
async def get_parameters_for_import(
    ctx: Context, *, KeyId: str, WrappingAlgorithm: str, WrappingKeySpec: str
) -> dict[str, Any]:
    found = _importable(ctx, KeyId)
    states.check_not_pending_deletion(found)
    if WrappingAlgorithm == "SM2PKE":
        raise errors.NotImplementedException(what="kms: wrapping algorithm SM2PKE")
    if WrappingAlgorithm == "RSAES_PKCS1_V1_5":  # https://docs.aws.amazon.com/kms/latest/developerguide: since 2023
        raise errors.UnsupportedOperationException("Wrapping algorithm RSAES_PKCS1_V1_5 is not supported.")
    private = await made(ctx, WrappingKeySpec)
    until = ctx.now + DAY
    token = msgspec.msgpack.encode((WrappingAlgorithm, until, private))
    return {
        "KeyId": found.arn,
        "ImportToken": ctx.world.vault.seal("kms", token, _about(found)),
        "PublicKey": pairs.public_bytes(private),
        "ParametersValidTo": until,
    }


@kms.operation("ImportKeyMaterial")
def import_key_material(
    ctx: Context,
    *,
    KeyId: str,
    ImportToken: bytes,
    EncryptedKeyMaterial: bytes,
    ValidTo: datetime | None = None,
    ExpirationModel: str = EXPIRES,
    ImportType: str = "",
    KeyMaterialDescription: str = "",
    KeyMaterialId: str = "",
) -> dict[str, Any]:
    found = _importable(ctx, KeyId)
    states.check_not_pending_deletion(found)
    expires = _expiration(ctx, ExpirationModel, ValidTo)
    if not found.key.spec.symmetric and (ImportType or KeyMaterialDescription or KeyMaterialId):
        raise errors.ValidationException(
            reason="ImportType, KeyMaterialDescription and KeyMaterialId are for symmetric encryption keys only."
        )
    secret = _unwrapped(found, ImportToken, EncryptedKeyMaterial)
    id = materials.id_of(found.key, secret)
    material = _slot(found, secret, id, ImportType, KeyMaterialId)
    material = replace(
        material,
        sealed=materials.seal(ctx, found.key, secret),
        expires=expires,
        description=KeyMaterialDescription or material.description,
    )
    materials.put(ctx, material)
    _set_expiry(ctx, material)
    _settle(existing(ctx, found.key.id), material)
    return {"KeyId": found.arn, **use.shown_material(found, id)}


@kms.operation("DeleteImportedKeyMaterial")
def delete_imported_key_material(ctx: Context, *, KeyId: str, KeyMaterialId: str = "") -> dict[str, Any]:
    """The current material, if it is not said which. What waits for its first use goes in all Regions."""
    found = _importable(ctx, KeyId)
    if KeyMaterialId:
        material = next((one for one in materials.of(ctx, found.key) if one.id == KeyMaterialId), None)
        if material is None:
            raise errors.NotFoundException(reason=f"Key material {KeyMaterialId} does not exist")
    else:
        material = materials.current(ctx, found.key)
    if material is None:
        return {"KeyId": found.arn}
    _remove(found, material)
    return {"KeyId": found.arn, **use.shown_material(found, material.id)}


@kms.timer("expire")
def expire_when_due(ctx: Context, id: str, number: str) -> None:
    key = keys.get(ctx, id)
    material = key and materials.get(ctx, key, int(number))
    if key and material and material.sealed:
        _remove(Found(ctx, key), material)
        events.expired(Found(ctx, key))


def _importable(ctx: Context, given: str) -> Found:
    """Raises: UnsupportedOperationException for a key that has its material from elsewhere."""
    found = find(ctx, given)
    if found.key.origin != "EXTERNAL":
        raise errors.UnsupportedOperationException(
            f"{found.arn} origin is {found.key.origin} which is not valid for this operation."
        )
    return found


def _about(found: Found) -> bytes:
    return b"import " + found.arn.encode()


def _expiration(ctx: Context, model: str, until: datetime | None) -> float:
    """When material expires; 0: never. Raises: ValidationException."""
    if model != EXPIRES:
        if until is not None:
            raise errors.ValidationException(reason=f"A validTo date must not be set if the ExpirationModel is {model}")
        return 0.0
    if until is None:
        raise errors.ValidationException(
            reason="A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
        )
    at = until.timestamp()
    if not ctx.now < at <= ctx.now + LONGEST:
        raise errors.ValidationException(reason="The validTo date must be in the future, and within 365 days")
    return at


def _unwrapped(found: Found, token: bytes, wrapped: bytes) -> bytes:
    """Raises: InvalidImportTokenException, ExpiredImportTokenException, InvalidCiphertextException,
    IncorrectKeyMaterialException."""
    try:
        algorithm, until, private = msgspec.msgpack.decode(found.ctx.world.vault.open("kms", token, _about(found)))
    except ValueError:
        raise errors.InvalidImportTokenException() from None
    if found.ctx.now >= until:
        raise errors.ExpiredImportTokenException()
    try:
        secret = wrapping.unwrap(private, algorithm, wrapped)
    except ValueError:
        raise errors.InvalidCiphertextException() from None
    spec = found.key.spec
    if not (len(secret) == spec.bits // 8 if spec.secret else pairs.is_of(secret, spec)):
        raise errors.IncorrectKeyMaterialException(reason=f"The key material is not of key spec {spec.name}.")
    return secret


def _slot(found: Found, secret: bytes, id: str, kind: str, expected: str) -> Material:
    """The row that imported material belongs to: that of the same material before, or a new one.

    Raises: IncorrectKeyMaterialException, ValidationException, KMSInvalidStateException.
    """
    had = list(materials.of(found.ctx, found.key))
    kind = kind or (EXISTING if had else NEW)
    if expected and kind == NEW:
        raise errors.ValidationException(
            reason="You cannot specify a key material ID with ImportType set to NEW_KEY_MATERIAL."
        )
    same = next((material for material in had if material.id == id), None)
    if (kind == EXISTING) != (same is not None) or (expected and expected != id):
        raise errors.IncorrectKeyMaterialException(
            reason="The key material is not the one that was imported before."
            if kind == EXISTING
            else "The key material was imported before."
        )
    return same if same is not None else _new_slot(found, secret, had)


def _new_slot(found: Found, secret: bytes, had: list[Material]) -> Material:
    """New material: the first one of the key, or else one that waits for RotateKeyOnDemand."""
    ctx, key = found
    if had and key.multi_region and key.primary != ctx.region:
        raise errors.UnsupportedOperationException(f"{found.arn} is not a multi-region primary key.")
    if next(rotation.pending(ctx, key), None):
        raise errors.KMSInvalidStateException(
            reason=f"There is key material pending rotation for the key: {found.arn} already."
        )
    state = "CURRENT" if not had else rotation.PENDING_REPLICAS if key.replicas else rotation.PENDING
    number = max((material.number for material in had), default=0) + 1
    slot = replace(materials.new(ctx, key, secret, number, state=state), sealed=b"")
    for home in materials.homes(found):
        materials.put(home, slot)
    if not had:
        materials.change(found, material=number)
    return slot


def _set_expiry(ctx: Context, material: Material) -> None:
    if material.expires:
        ctx.timers.set(ctx, "expire", material.expires, material.key, str(material.number))
    else:
        ctx.timers.cancel(ctx, "expire", material.key, str(material.number))


def _settle(found: Found, imported: Material) -> None:
    """What follows from an import: the key is usable once it has all it ever used; what waits can be rotated to once
    all Regions have it."""
    ctx, key = found
    used = [one for one in materials.of(ctx, key) if one.state in ("CURRENT", "NON_CURRENT")]
    if key.state == states.PENDING_IMPORT and all(one.sealed for one in used):
        keys.put(ctx, replace(key, state=states.ENABLED))
    if imported.state != rotation.PENDING_REPLICAS:
        return
    everywhere = [(home, materials.get(home, key, imported.number)) for home in materials.homes(found)]
    if all(one and one.sealed for _, one in everywhere):
        for home, one in everywhere:
            if one:
                materials.put(home, replace(one, state=rotation.PENDING))


def _remove(found: Found, material: Material) -> None:
    ctx, key = found
    ctx.timers.cancel(ctx, "expire", key.id, str(material.number))
    if material.state in (rotation.PENDING, rotation.PENDING_REPLICAS):
        primary = not key.multi_region or key.primary == ctx.region
        for home in materials.homes(found) if primary else ():
            materials.drop(home, key, material.number)
        if not primary:
            materials.put(ctx, replace(material, sealed=b"", expires=0.0))
        return
    materials.put(ctx, replace(material, sealed=b"", expires=0.0))
    if key.state in (states.ENABLED, states.DISABLED):
        keys.put(ctx, replace(key, state=states.PENDING_IMPORT))
