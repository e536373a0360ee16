"""Secrets: made, described, changed, deleted and restored."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.secretsmanager import deletions, errors, replicas, rules, sealing, versions, views
from hodei.services.secretsmanager.find import (
    ARN,
    Found,
    check_name,
    check_primary,
    find,
    find_live,
    find_primary,
    look,
)
from hodei.services.secretsmanager.replicas import save
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import Secret, secrets
from hodei.services.secretsmanager.state import versions as kept_versions

SUFFIX = string.ascii_letters + string.digits
SHORTEST_WINDOW, LONGEST_WINDOW = 7, 30  # days
NO_TAGS: Sequence[Mapping[str, str]] = ()
NO_REGIONS: Sequence[Mapping[str, str]] = ()


@secretsmanager.operation("CreateSecret")
def create_secret(
    ctx: Context,
    *,
    Name: str,
    ClientRequestToken: str | None = None,
    Description: str = "",
    KmsKeyId: str | None = None,
    SecretBinary: bytes | None = None,
    SecretString: str | None = None,
    Tags: Sequence[Mapping[str, str]] = NO_TAGS,
    AddReplicaRegions: Sequence[Mapping[str, str]] = NO_REGIONS,
    ForceOverwriteReplicaSecret: bool = False,
    Type: str | None = None,
) -> dict[str, Any]:
    check_name(Name)
    _check_type(Type)
    value = versions.value_of(SecretString, SecretBinary)
    tags = rules.tags_of(Tags)
    rules.check_tags(tags)
    key = sealing.key_of(ctx, KmsKeyId)
    if (there := look(ctx, Name)) is not None:
        _check_is_same(there, ClientRequestToken, value)
        return {**there.head, "VersionId": ClientRequestToken}
    if secrets.count(ctx) >= ctx.quota("secrets"):
        raise errors.LimitExceededException("The request failed because it would exceed the quota of secrets.")
    suffix = "".join(ctx.ids.choices(SUFFIX, k=6))
    now = ctx.now
    secret = Secret(
        name=Name, suffix=suffix, created=now, changed=now, description=Description, key=key, tagged=bool(tags)
    )
    found = Found(ctx, secret)
    ctx.tags.set(ctx, found.arn, tags)
    answer: dict[str, Any] = found.head
    if value is not None:
        answer["VersionId"] = rules.check_token(ClientRequestToken)
        found = versions.add(found, answer["VersionId"], value)
    found = save(found)
    if AddReplicaRegions:
        found = replicas.replicate(found, AddReplicaRegions, ForceOverwriteReplicaSecret)
        answer["ReplicationStatus"] = replicas.statuses(found, [one["Region"] for one in AddReplicaRegions])
    return answer


def _check_type(kind: str | None) -> None:
    if kind:
        raise NotImplementedByHodei("Managed external secrets (Type) are not implemented by Hodei.")


def _check_is_same(there: Found, token: str | None, value: versions.Value | None) -> None:
    """A repeated request is no error. Raises: ResourceExistsException, InvalidRequestException."""
    if there.secret.deletion:
        raise errors.InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    if value is not None and token and kept_versions.get(there.ctx, there.secret.id, token):
        versions.add(there, token, value)
        return
    raise errors.ResourceExistsException(f"The operation failed because the secret {there.secret.name} already exists.")


@secretsmanager.operation("DescribeSecret")
def describe_secret(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    return views.described(find(ctx, SecretId))


@secretsmanager.operation("UpdateSecret")
def update_secret(
    ctx: Context,
    *,
    SecretId: str,
    ClientRequestToken: str | None = None,
    Description: str | None = None,
    KmsKeyId: str | None = None,
    SecretBinary: bytes | None = None,
    SecretString: str | None = None,
    Type: str | None = None,
) -> dict[str, Any]:
    token = rules.check_token(ClientRequestToken)
    _check_type(Type)
    found = find_primary(ctx, SecretId)
    there, secret = found
    value = versions.value_of(SecretString, SecretBinary)
    if Description is not None:
        secret = replace(secret, description=Description)
    if KmsKeyId is not None:
        secret = replace(secret, key=sealing.key_of(there, KmsKeyId))
        versions.reencrypt(Found(there, secret))
    found = Found(there, secret)
    answer: dict[str, Any] = found.head
    if value is not None:
        found = versions.add(found, token, value)
        answer["VersionId"] = token
    save(found)
    return answer


@secretsmanager.operation("DeleteSecret")
def delete_secret(
    ctx: Context, *, SecretId: str, RecoveryWindowInDays: int | None = None, ForceDeleteWithoutRecovery: bool = False
) -> dict[str, Any]:
    if ForceDeleteWithoutRecovery and RecoveryWindowInDays is not None:
        raise errors.InvalidParameterException(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    window = LONGEST_WINDOW if RecoveryWindowInDays is None else RecoveryWindowInDays
    if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
        raise errors.InvalidParameterException(
            f"The RecoveryWindowInDays value must be between {SHORTEST_WINDOW} and {LONGEST_WINDOW} days (inclusive)."
        )
    if ForceDeleteWithoutRecovery:
        return _delete_now(ctx, SecretId)
    found = find_live(ctx, SecretId)
    _check_deletable(found)
    there, secret = found
    at = ctx.now + window * rules.DAY
    secrets.put(there, replace(secret, deletion=at, deleted=ctx.now, changed=ctx.now))
    there.timers.set(there, "delete", at, secret.name, secret.suffix)
    deletions.begun(found)
    return {**found.head, "DeletionDate": at}


def _delete_now(ctx: Context, given: str) -> dict[str, Any]:
    """Of a secret that is not there this is no error, but AWS says so only of this way to delete."""
    if not ARN.fullmatch(given):
        check_name(given)
    if (found := look(ctx, given)) is None:
        named = "ARN" if ARN.fullmatch(given) else "Name"
        return {named: given, "DeletionDate": ctx.now}
    _check_deletable(found)
    deletions.begun(found)
    deletions.ended(found)
    replicas.remove(found)
    return {**found.head, "DeletionDate": ctx.now}


def _check_deletable(found: Found) -> None:
    check_primary(found)
    if found.secret.replicas:
        regions = ", ".join(replica.region for replica in found.secret.replicas)
        raise errors.InvalidRequestException(
            f"You can't delete secret {found.secret.name} that still has replica regions [{regions}]"
        )


@secretsmanager.timer("delete")
def delete_at_end(ctx: Context, name: str, suffix: str) -> None:
    """The recovery window is over."""
    secret = secrets.get(ctx, name)
    if secret and secret.suffix == suffix and secret.deletion:
        deletions.ended(Found(ctx, secret))
        replicas.remove(Found(ctx, secret))


@secretsmanager.operation("RestoreSecret")
def restore_secret(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    found = find(ctx, SecretId)
    there, secret = found
    there.timers.cancel(there, "delete", secret.name, secret.suffix)
    if secret.deletion:
        deletions.cancelled(found)
    secrets.put(there, replace(secret, deletion=0.0, deleted=0.0, changed=ctx.now))
    return dict(found.head)
