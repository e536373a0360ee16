"""From what requests name keys by to keys."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.kms import errors
from hodei.services.kms.state import Key, aliases, keys

ID = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ALIAS = "alias/"


class Found(NamedTuple):
    """A key, and the call's context in the account of the key."""

    ctx: Context
    key: Key

    @property
    def arn(self) -> str:
        return self.key.arn(self.ctx)


def find(ctx: Context, given: str) -> Found:
    """A key of the caller's account by its id or ARN: what is needed to manage one.

    Raises: NotFoundException, InvalidArnException, AccessDeniedException for a key of another account.
    """
    found = find_foreign(ctx, given)
    if found.ctx is not ctx:
        raise errors.AccessDeniedException(
            reason=f"User: {ctx.principal.arn} is not authorized to perform: kms:{ctx.operation} on resource: "
            f"{found.arn} because it belongs to another account"
        )
    return found


def find_foreign(ctx: Context, given: str) -> Found:
    """A key of any account by its id or ARN. Raises: NotFoundException, InvalidArnException."""
    where, name = read(ctx, given)
    if name.startswith(ALIAS):
        raise errors.NotFoundException(reason=f"Invalid keyId '{given}'")
    return existing(where, name)


def find_for_use(ctx: Context, given: str) -> Found:
    """A key of any account by its id, ARN, alias or the ARN of an alias. Raises: NotFoundException,
    InvalidArnException."""
    where, name = read(ctx, given)
    return existing(where, target(where, name) if name.startswith(ALIAS) else name)


def existing(where: Context, id: str) -> Found:
    """Raises: NotFoundException."""
    if (key := keys.get(where, id)) is None:
        raise errors.NotFoundException(reason=f"Key '{where.arn(f'key/{id}')}' does not exist")
    return Found(where, key)


def read(ctx: Context, given: str) -> tuple[Context, str]:
    """A context in the account that an identifier is of, and what it names there: the id of a key, or an alias.

    Raises: NotFoundException, InvalidArnException for what cannot name a key here.
    """
    if given.startswith("arn:"):
        arn = _arn(given)
        if arn.region != ctx.region:
            raise errors.NotFoundException(reason=f"Invalid arn {arn.region}")
        if arn.account != ctx.account:
            ctx = ctx.at(account=arn.account)
        given = arn.resource.removeprefix("key/")
    if not given.startswith(ALIAS) and not ID.fullmatch(given):
        raise errors.NotFoundException(reason=f"Invalid keyId '{given}'")
    return ctx, given


def target(where: Context, alias: str) -> str:
    """The id of an alias's key. Raises: NotFoundException."""
    if (found := aliases.get(where, alias)) is None:
        raise errors.NotFoundException(reason=f"Alias {where.arn(alias)} is not found.")
    return found.key


def _arn(given: str) -> Arn:
    try:
        arn = Arn.parse(given)
    except ValueError:
        raise errors.InvalidArnException(arn=given) from None
    if arn.service != "kms" or not arn.resource.startswith(("key/", ALIAS)):
        raise errors.InvalidArnException(arn=given)
    return arn
