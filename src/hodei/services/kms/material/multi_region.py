"""Multi-Region keys: the same key, with the same material, in several Regions."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.services.kms import errors, policies, states, tagging, views
from hodei.services.kms.find import Found, find
from hodei.services.kms.material import materials, rotation
from hodei.services.kms.service import kms
from hodei.services.kms.state import keys


@kms.operation("ReplicateKey")
def replicate_key(
    ctx: Context,
    *,
    KeyId: str,
    ReplicaRegion: str,
    Policy: str = "",
    BypassPolicyLockoutSafetyCheck: bool = False,
    Description: str = "",
    Tags: tagging.Tags = tagging.NO_TAGS,
) -> dict[str, Any]:
    """Imported material has to be imported in the new Region too."""
    found = _primary(ctx, KeyId)
    there = _new_region(found, ReplicaRegion)
    tags = tagging.merged({}, Tags)
    if Policy:
        policies.check(ctx, Policy)
    shared = materials.change(found, replicas=(*found.key.replicas, ReplicaRegion)).key
    imported = shared.origin == "EXTERNAL"
    replica = Found(
        there,
        replace(
            shared,
            created=ctx.now,
            policy=Policy,
            description=Description,
            state=states.PENDING_IMPORT if imported else states.ENABLED,
            on_demand=0,
        ),
    )
    keys.put(there, replica.key)
    for material in materials.of(ctx, shared):
        materials.put(there, replace(material, sealed=b"", expires=0.0) if imported else material)
    ctx.tags.set(there, replica.arn, tags)
    if Policy:
        policies.check_not_locked_out(replica, BypassPolicyLockoutSafetyCheck)
    return {
        "ReplicaKeyMetadata": _creating(replica),
        "ReplicaPolicy": policies.document_of(there, replica.key),
        "ReplicaTags": tagging.listed(tags),
    }


def _creating(replica: Found) -> dict[str, Any]:
    """The new key as the answer tells of it (as recorded): on its way still, which it is no longer when it is asked
    for."""
    shown = views.metadata(replica)
    shown.pop("CurrentKeyMaterialId", None)
    return shown | {"KeyState": "Creating", "Enabled": False}


@kms.operation("UpdatePrimaryRegion")
def update_primary_region(ctx: Context, *, KeyId: str, PrimaryRegion: str) -> None:
    found = _primary(ctx, KeyId)
    if PrimaryRegion == ctx.region:
        raise errors.UnsupportedOperationException(f"{found.arn} is the multi-region primary key already.")
    there = ctx.at(region=PrimaryRegion)
    if (replica := keys.get(there, found.key.id)) is None:
        raise errors.NotFoundException(reason=f"Key '{found.key.arn(there)}' does not exist")
    states.check_usable(Found(there, replica))
    others = tuple(region for region in (*found.key.replicas, ctx.region) if region != PrimaryRegion)
    rotation.follow(materials.change(found, primary=PrimaryRegion, replicas=others))
    if taken := keys.get(there, found.key.id):
        keys.put(there, replace(taken, on_demand=found.key.on_demand))


def _primary(ctx: Context, given: str) -> Found:
    """Raises: UnsupportedOperationException for what is no primary key, and by state."""
    found = find(ctx, given)
    if found.key.primary != ctx.region:
        raise errors.UnsupportedOperationException(f"{found.arn} is not a multi-region primary key.")
    states.check_usable(found)
    return found


def _new_region(found: Found, region: str) -> Context:
    """Raises: AlreadyExistsException, UnsupportedOperationException."""
    there = found.ctx.at(region=region)
    if keys.get(there, found.key.id):
        raise errors.AlreadyExistsException(reason=f"{found.key.arn(there)} already exists.")
    if partition_of(region) != partition_of(found.ctx.region):
        raise errors.UnsupportedOperationException(f"{region} is in another partition.")
    return there
