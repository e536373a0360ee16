"""Aliases: names of keys that can be moved from one to another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms import errors, pages, states
from hodei.services.kms.find import ALIAS, Found, existing, find, target
from hodei.services.kms.managed import AWS
from hodei.services.kms.service import kms
from hodei.services.kms.state import Alias, aliases

PAGE, LARGEST_PAGE = 50, 100


@kms.operation("CreateAlias")
def create_alias(ctx: Context, *, AliasName: str, TargetKeyId: str) -> None:
    _check_name(AliasName)
    found = _target(ctx, TargetKeyId)
    states.check_not_pending_deletion(found)
    if aliases.get(ctx, AliasName):
        raise errors.AlreadyExistsException(reason=f"An alias with the name {ctx.arn(AliasName)} already exists")
    _check_quota(found)
    aliases.put(ctx, Alias(name=AliasName, key=found.key.id, created=ctx.now, updated=ctx.now))


@kms.operation("UpdateAlias")
def update_alias(ctx: Context, *, AliasName: str, TargetKeyId: str) -> None:
    """Only to a key of the same kind, so that code that uses the alias goes on working."""
    _check_name(AliasName)
    old = existing(ctx, target(ctx, AliasName))
    new = _target(ctx, TargetKeyId)
    states.check_not_pending_deletion(new)
    if _kind(old) != _kind(new):
        raise errors.ValidationException(
            reason=f"Alias {ctx.arn(AliasName)} cannot be changed from {old.arn} to {new.arn}: both keys must be "
            "symmetric, asymmetric or HMAC, and have the same key usage."
        )
    if old.key.id != new.key.id:
        _check_quota(new)
    if alias := aliases.get(ctx, AliasName):
        aliases.put(ctx, replace(alias, key=new.key.id, updated=ctx.now))


@kms.operation("DeleteAlias")
def delete_alias(ctx: Context, *, AliasName: str) -> None:
    _check_name(AliasName)
    target(ctx, AliasName)
    aliases.delete(ctx, AliasName)


@kms.operation("ListAliases")
def list_aliases(ctx: Context, *, KeyId: str = "", Limit: int = PAGE, Marker: str = "") -> dict[str, Any]:
    pages.check_limit(Limit, LARGEST_PAGE)
    last = pages.after(ctx, Marker)
    found: Iterable[Alias]
    if KeyId:
        found = aliases.by("keys", ctx, find(ctx, KeyId).key.id, after=last)
    else:
        found = aliases.scan(ctx, after=last)
    page, rest = pages.cut(ctx, found, Limit, lambda alias: (alias.name,))
    return {"Aliases": [_shown(ctx, alias) for alias in page], **rest}


def _shown(ctx: Context, alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.name,
        "AliasArn": ctx.arn(alias.name),
        "TargetKeyId": alias.key,
        "CreationDate": alias.created,
        "LastUpdatedDate": alias.updated,
    }


def _target(ctx: Context, given: str) -> Found:
    if given.startswith(ALIAS) or f":{ALIAS}" in given:
        raise errors.ValidationException(reason="Aliases must refer to keys. Not aliases")
    return find(ctx, given)


def _kind(found: Found) -> tuple[str, str]:
    """What an alias's keys must have in common."""
    family = found.key.spec.family
    return (family if found.key.spec.secret else "asymmetric"), found.key.usage


def _check_name(name: str) -> None:
    if not name.startswith(ALIAS) or name == ALIAS:
        raise errors.ValidationException(
            reason='Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    if name.startswith(AWS):
        raise errors.NotAuthorizedException()


def _check_quota(found: Found) -> None:
    limit = int(found.ctx.quota("aliases-per-key"))
    if aliases.count(found.ctx, found.key.id, index="keys") >= limit:
        raise errors.LimitExceededException(reason=f"{found.arn} has reached the limit of {limit} aliases.")
