"""Deletion of keys, after a time in which it can be cancelled."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms import errors, events, states
from hodei.services.kms.find import Found, find
from hodei.services.kms.material import materials
from hodei.services.kms.service import kms
from hodei.services.kms.state import Key, aliases, grants, keys, usages

DAY = 86400.0
SHORTEST, LONGEST = 7, 30


@kms.operation("ScheduleKeyDeletion")
def schedule_key_deletion(ctx: Context, *, KeyId: str, PendingWindowInDays: int = LONGEST) -> dict[str, Any]:
    """A multi-Region primary key waits until its replicas are gone, and only then for its own time."""
    if not SHORTEST <= PendingWindowInDays <= LONGEST:
        raise errors.ValidationException(
            reason=f"PendingWindowInDays must be between {SHORTEST} and {LONGEST} days (inclusive)."
        )
    found = find(ctx, KeyId)
    states.check_not_pending_deletion(found)
    answer = {"KeyId": found.arn, "PendingWindowInDays": PendingWindowInDays}
    if found.key.primary == ctx.region and found.key.replicas:
        keys.put(ctx, replace(found.key, state=states.PENDING_REPLICA_DELETION, window=PendingWindowInDays))
        return answer | {"KeyState": states.PENDING_REPLICA_DELETION}
    at = _schedule(ctx, replace(found.key, window=PendingWindowInDays))
    return answer | {"KeyState": states.PENDING_DELETION, "DeletionDate": at}


def _schedule(where: Context, key: Key) -> float:
    at = where.now + key.window * DAY
    keys.put(where, replace(key, state=states.PENDING_DELETION, deletion=at))
    where.timers.set(where, "delete", at, key.id)
    return at


@kms.operation("CancelKeyDeletion")
def cancel_key_deletion(ctx: Context, *, KeyId: str) -> dict[str, Any]:
    found = find(ctx, KeyId)
    if found.key.state not in (states.PENDING_DELETION, states.PENDING_REPLICA_DELETION):
        raise errors.KMSInvalidStateException(reason=f"{found.arn} is not pending deletion.")
    complete = all(material.sealed for material in materials.of(ctx, found.key)) and found.key.material
    state = states.DISABLED if complete else states.PENDING_IMPORT
    keys.put(ctx, replace(found.key, state=state, deletion=0.0, window=0))
    ctx.timers.cancel(ctx, "delete", found.key.id)
    return {"KeyId": found.arn}


@kms.timer("delete")
def delete_when_due(ctx: Context, id: str) -> None:
    """The key goes, and with it all that was encrypted under it."""
    key = keys.get(ctx, id)
    if key is None or key.state != states.PENDING_DELETION:
        return
    found = Found(ctx, key)
    for alias in list(aliases.by("keys", ctx, id)):
        aliases.delete(ctx, alias.name)
    grants.delete_all(ctx, ctx.region, ctx.account, id)
    materials.forget(ctx, key)
    usages.delete(ctx, id)
    ctx.tags.set(ctx, found.arn, {})
    ctx.timers.cancel(ctx, "rotate", id)
    keys.delete(ctx, id)
    events.deleted(found)
    if key.multi_region and key.primary != ctx.region:
        _replica_gone(found)


def _replica_gone(found: Found) -> None:
    left = tuple(region for region in found.key.replicas if region != found.ctx.region)
    materials.change(found, replicas=left)
    home = found.ctx.at(region=found.key.primary)
    primary = keys.get(home, found.key.id)
    if primary is not None and primary.state == states.PENDING_REPLICA_DELETION and not left:
        _schedule(home, primary)
