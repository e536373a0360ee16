"""Which entity has which managed policy: the rows that counts, conflicts and ListEntitiesForPolicy go by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hodei.kernel.context import Context
from hodei.services.iam import errors
from hodei.services.iam.managed_policies import AwsPolicy
from hodei.services.iam.policies import lookup
from hodei.services.iam.state import Attachment, attachments

PERMISSIONS: Final = "PermissionsPolicy"
BOUNDARY: Final = "PermissionsBoundary"


def attach(ctx: Context, kind: str, entity: str, arn: str) -> None:
    """Raises: ValidationError, NoSuchEntity, PolicyNotAttachable."""
    policy = _attachable(ctx, arn)
    if isinstance(policy, AwsPolicy) and policy.linked:
        raise errors.PolicyNotAttachable()
    put(ctx, PERMISSIONS, kind, entity, arn)


def put(ctx: Context, usage: str, kind: str, entity: str, arn: str) -> None:
    attachments.put(ctx, Attachment(policy=arn, usage=usage, kind=kind, entity=entity))


def detach(ctx: Context, kind: str, entity: str, arn: str) -> None:
    """Raises: NoSuchEntity if it is not attached."""
    if not attachments.delete(ctx, arn, PERMISSIONS, kind, entity):
        raise errors.NoSuchEntity(f"Policy {arn} was not found.")


def bound(ctx: Context, kind: str, entity: str, old: str, new: str) -> None:
    """Note the change of a boundary from one ARN to another; "" is none. Raises: NoSuchEntity, ValidationError."""
    if new:
        _attachable(ctx, new)
    if old:
        attachments.delete(ctx, old, BOUNDARY, kind, entity)
    if new:
        put(ctx, BOUNDARY, kind, entity, new)


def count(ctx: Context, arn: str, usage: str = PERMISSIONS) -> int:
    return attachments.count(ctx, arn, usage)


def of(ctx: Context, arn: str) -> Iterator[Attachment]:
    return attachments.scan(ctx, arn)


def _attachable(ctx: Context, arn: str) -> object:
    if (policy := lookup.any_policy(ctx, arn)) is None:
        raise errors.NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    return policy
