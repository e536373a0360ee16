"""How AWS shows keys."""

from __future__ import annotations

from typing import Any

from hodei.services.kms import states
from hodei.services.kms.find import Found
from hodei.services.kms.material import materials
from hodei.services.kms.specs import MEMBERS


def metadata(found: Found) -> dict[str, Any]:
    """KeyMetadata."""
    ctx, key = found
    material = materials.current(ctx, key)
    shown: dict[str, Any] = {
        "AWSAccountId": ctx.account,
        "Arn": found.arn,
        "CreationDate": key.created,
        "CustomerMasterKeySpec": key.spec_name,
        "Description": key.description,
        "Enabled": key.state == states.ENABLED,
        "KeyId": key.id,
        "KeyManager": key.manager,
        "KeySpec": key.spec_name,
        "KeyState": key.state,
        "KeyUsage": key.usage,
        "MultiRegion": key.multi_region,
        "Origin": key.origin,
        MEMBERS[key.usage]: list(key.spec.usages[key.usage]),
    }
    if material and material.sealed:
        if key.spec.symmetric:
            shown["CurrentKeyMaterialId"] = material.id
        if key.origin == "EXTERNAL":
            shown |= expiration(material.expires)
    if key.multi_region:
        shown["MultiRegionConfiguration"] = _multi_region(found)
    if key.state == states.PENDING_DELETION:
        shown["DeletionDate"] = key.deletion
    if key.state == states.PENDING_REPLICA_DELETION:
        shown["PendingDeletionWindowInDays"] = key.window
    return shown


def expiration(expires: float) -> dict[str, Any]:
    if expires:
        return {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": expires}
    return {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def _multi_region(found: Found) -> dict[str, Any]:
    ctx, key = found
    places = {
        region: {"Arn": key.arn(ctx.at(region=region)), "Region": region} for region in (key.primary, *key.replicas)
    }
    return {
        "MultiRegionKeyType": "PRIMARY" if key.primary == ctx.region else "REPLICA",
        "PrimaryKey": places[key.primary],
        "ReplicaKeys": [places[region] for region in key.replicas],
    }
