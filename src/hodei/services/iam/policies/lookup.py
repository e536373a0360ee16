"""Managed policies by their ARN, AWS's and the account's own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.iam import errors, managed_policies
from hodei.services.iam.managed_policies import AwsPolicy
from hodei.services.iam.state import Policy, policies

ARN = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}|aws):policy((?:/[A-Za-z0-9.,+@=_-]+)*/)([\w+=,.@-]+)", re.ASCII)


class Parts(NamedTuple):
    account: str
    path: str
    name: str


@lru_cache(4096)
def parse(arn: str) -> Parts:
    """Raises: ValidationError in AWS's words, which have two blanks."""
    if (match := ARN.fullmatch(arn)) is None:
        raise errors.ValidationError("Invalid ARN:  Could not be parsed!")
    return Parts(match[2], match[3], match[4])


def any_policy(ctx: Context, arn: str) -> Policy | AwsPolicy | None:
    """Raises: ValidationError if it is no ARN of a policy."""
    account, path, name = parse(arn)
    if account == managed_policies.ACCOUNT:
        return managed_policies.find(path, name)
    found = policies.get(ctx, name.lower()) if account == ctx.account else None
    return found if found and found.path == path else None


def known(ctx: Context, arn: str) -> Policy | AwsPolicy:
    """Raises: NoSuchEntity."""
    if (found := any_policy(ctx, arn)) is None:
        raise errors.NoSuchEntity(f"Policy {arn} was not found.")
    return found


def own(ctx: Context, arn: str) -> Policy:
    """A policy that its account may change. Raises: NoSuchEntity, AccessDenied for AWS's."""
    found = known(ctx, arn)
    if isinstance(found, AwsPolicy):
        raise errors.AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: iam:{ctx.operation} on resource: policy {arn}"
        )
    return found


def document(ctx: Context, arn: str) -> str | None:
    """The text in force, for evaluation; None if the policy is gone."""
    found = any_policy(ctx, arn)
    if isinstance(found, Policy):
        return next(version.document for version in found.versions if version.id == found.default)
    return found.document if found else None
