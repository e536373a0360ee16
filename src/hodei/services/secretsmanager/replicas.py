"""Secrets in more than one Region: the replicas follow their primary.

The work is done with the request; its answer says InProgress, as AWS's does, and whoever looks next sees InSync.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.secretsmanager import errors, sealing
from hodei.services.secretsmanager.find import Found, find_live, find_primary
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import Replica, secrets, versions
from hodei.services.secretsmanager.versions import keys_of

IN_SYNC, FAILED, IN_PROGRESS = "InSync", "Failed", "InProgress"


@secretsmanager.operation("ReplicateSecretToRegions")
def replicate_secret_to_regions(
    ctx: Context,
    *,
    SecretId: str,
    AddReplicaRegions: Sequence[Mapping[str, str]],
    ForceOverwriteReplicaSecret: bool = False,
) -> dict[str, Any]:
    found = replicate(find_primary(ctx, SecretId), AddReplicaRegions, ForceOverwriteReplicaSecret)
    added = {one["Region"] for one in AddReplicaRegions}
    return {"ARN": found.arn, "ReplicationStatus": statuses(found, added)}


@secretsmanager.operation("RemoveRegionsFromReplication")
def remove_regions_from_replication(
    ctx: Context, *, SecretId: str, RemoveReplicaRegions: Sequence[str]
) -> dict[str, Any]:
    found = find_primary(ctx, SecretId)
    there, secret = found
    for region in RemoveReplicaRegions:
        if region not in {replica.region for replica in secret.replicas}:
            raise errors.InvalidParameterException(f"Secret is not replicated in region {region}.")
    for replica in secret.replicas:
        if replica.region in RemoveReplicaRegions and replica.status == IN_SYNC:
            remove(Found(there.at(region=replica.region), secret))
    found = _without(found, RemoveReplicaRegions)
    return {"ARN": found.arn, "ReplicationStatus": statuses(found)}


@secretsmanager.operation("StopReplicationToReplica")
def stop_replication_to_replica(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    found = find_live(ctx, SecretId)
    there, secret = found
    if not found.is_replica:
        raise errors.InvalidRequestException("The secret is not a replica secret.")
    at_primary = there.at(region=secret.primary)
    if primary := secrets.get(at_primary, secret.name):
        _without(Found(at_primary, primary), [there.region])
    secrets.put(there, replace(secret, primary="", changed=ctx.now))
    return {"ARN": found.arn}


def replicate(found: Found, regions: Sequence[Mapping[str, str]], overwrite: bool) -> Found:
    """The secret with replicas in more Regions; who asks must be allowed to use the keys.

    Raises: InvalidParameterException, EncryptionFailure, DecryptionFailure, AccessDeniedException.
    """
    ctx, secret = found
    replicas = {replica.region: replica for replica in secret.replicas}
    for one in regions:
        region = one.get("Region", "")
        if region in ("", ctx.region):
            raise errors.InvalidParameterException("Invalid replica region.")
        there = ctx.at(region=region)
        replica = Replica(region, sealing.key_of(there, one.get("KmsKeyId")))
        other = secrets.get(there, secret.name)
        if other and not _follows(other.suffix == secret.suffix, other.primary, ctx.region):
            if overwrite:
                remove(Found(there, other))
            else:
                replica = replace(replica, status=FAILED, message="Secret with this name already exists in this region")
        if replica.status == IN_SYNC:
            _sync(Found(ctx, replace(secret, primary=ctx.region)), replica)
        replicas[region] = replica
    changed = replace(secret, primary=ctx.region, replicas=tuple(replicas.values()))
    return save(Found(ctx, changed))


def _follows(same: bool, primary: str, region: str) -> bool:
    """Whether a secret of that name over there is already the replica of this one."""
    return same and primary == region


def save(found: Found) -> Found:
    """Store a changed secret here and, by the service itself, where it is replicated to."""
    ctx = found.ctx
    saved = Found(ctx, replace(found.secret, changed=ctx.now))
    secrets.put(ctx, saved.secret)
    itself = ctx.world.context(ctx.service.name, account=ctx.account, region=ctx.region)
    for replica in saved.secret.replicas:
        if replica.status == IN_SYNC:
            _sync(Found(itself, saved.secret), replica)
    return saved


def _sync(found: Found, replica: Replica) -> None:
    ctx, secret = found
    there = ctx.at(region=replica.region)
    before = secrets.get(there, secret.name)
    accessed = before.accessed if before else 0.0
    copy = Found(there, replace(secret, key=replica.key, replicas=(), accessed=accessed))
    secrets.put(there, copy.secret)
    ctx.tags.set(there, copy.arn, ctx.tags.get(ctx, found.arn))
    ours = {version.id: version for version in versions.scan(ctx, secret.id)}
    theirs = {version.id for version in versions.scan(there, secret.id)}
    for gone in theirs - ours.keys():
        versions.delete(there, secret.id, gone)
    for added in ours.keys() - theirs:
        wrapped, sealed = sealing.seal(copy, added, sealing.unseal(found, ours[added]))
        version = replace(ours[added], wrapped=wrapped, sealed=sealed, accessed=0.0, keys=keys_of(copy))
        versions.put(there, version, old=None)


def remove(found: Found) -> None:
    """Take a secret away with all that belongs to it, in its Region."""
    ctx, secret = found
    secrets.delete(ctx, secret.name)
    versions.delete_all(ctx, secret.id)
    ctx.tags.set(ctx, found.arn, {})
    ctx.timers.cancel(ctx, "delete", secret.name, secret.suffix)


def _without(found: Found, regions: Sequence[str]) -> Found:
    """Forget replicas."""
    left = tuple(replica for replica in found.secret.replicas if replica.region not in regions)
    primary = found.secret.primary if left else ""
    return save(Found(found.ctx, replace(found.secret, replicas=left, primary=primary)))


def statuses(found: Found, in_progress: Collection[str] = ()) -> list[dict[str, Any]]:
    """ReplicationStatus."""
    return [_status(found, replica, replica.region in in_progress) for replica in found.secret.replicas]


def _status(found: Found, replica: Replica, in_progress: bool) -> dict[str, Any]:
    status: dict[str, Any] = {
        "Region": replica.region,
        "KmsKeyId": replica.key or sealing.DEFAULT_ALIAS,
        "Status": IN_PROGRESS if in_progress and replica.status == IN_SYNC else replica.status,
    }
    if replica.message:
        status["StatusMessage"] = replica.message
    over_there = secrets.get(found.ctx.at(region=replica.region), found.secret.name)
    if over_there and over_there.accessed and replica.status == IN_SYNC:
        status["LastAccessedDate"] = over_there.accessed
    return status
