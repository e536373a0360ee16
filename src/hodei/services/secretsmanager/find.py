"""Which secret a request means: by name, ARN or partial ARN."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.secretsmanager import errors
from hodei.services.secretsmanager.state import Secret, secrets

NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
ARN = re.compile(r"arn:[^:]+:secretsmanager:([^:]+):([0-9]{12}):secret:(.+)")
WITH_SUFFIX = re.compile(r"(.+)-([A-Za-z0-9]{6})")


class Found(NamedTuple):
    """A secret and the place where it lies, which may be another account's."""

    ctx: Context
    secret: Secret

    @property
    def arn(self) -> str:
        return self.secret.arn(self.ctx)

    @property
    def head(self) -> dict[str, str]:
        """What most answers begin with."""
        return {"ARN": self.arn, "Name": self.secret.name}

    @property
    def is_replica(self) -> bool:
        return self.secret.primary not in ("", self.ctx.region)


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise errors.ValidationException(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )


def look(ctx: Context, given: str) -> Found | None:
    """What ends in a hyphen and six characters is never a partial ARN, even if a secret has such a name."""
    if not (arn := ARN.fullmatch(given)):
        secret = secrets.get(ctx, given)
        return Found(ctx, secret) if secret else None
    region, account, resource = arn.groups()
    if region != ctx.region:
        return None
    there = ctx if account == ctx.account else ctx.at(account=account)
    name, suffix = full.groups() if (full := WITH_SUFFIX.fullmatch(resource)) else (resource, None)
    secret = secrets.get(there, name)
    return Found(there, secret) if secret and suffix in (None, secret.suffix) else None


def find(ctx: Context, given: str) -> Found:
    """Raises: ResourceNotFoundException, ValidationException for what can be no secret's name."""
    if not ARN.fullmatch(given):
        check_name(given)
    if (found := look(ctx, given)) is None:
        raise errors.ResourceNotFoundException()
    return found


def find_live(ctx: Context, given: str) -> Found:
    """Raises, besides what `find` does: InvalidRequestException if it is going to be deleted."""
    found = find(ctx, given)
    if found.secret.deletion:
        raise errors.InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return found


def check_primary(found: Found) -> None:
    """Raises: InvalidRequestException for a replica, which changes only through its primary."""
    if found.is_replica:
        raise errors.InvalidRequestException(
            "Operation not permitted on a replica secret. Call must be made in primary secret's region."
        )


def find_primary(ctx: Context, given: str) -> Found:
    """A secret that can be changed here. Raises: what `find_live` and `check_primary` do."""
    found = find_live(ctx, given)
    check_primary(found)
    return found
