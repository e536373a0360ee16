"""The groups and streams that requests name."""

from __future__ import annotations

import re

from hodei.kernel.context import Context
from hodei.services.logs import errors
from hodei.services.logs.state import Group, Stream, groups, streams

ROLE_ARN = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+")
GROUP_ARN = re.compile(r"arn:[\w-]+:logs:([\w-]+):(\d{12}):log-group:([^:*]+)(?::\*)?")


def check_role(arn: str) -> None:
    """Raises: InvalidParameterException for what is no ARN of a role."""
    if not ROLE_ARN.fullmatch(arn):
        raise errors.InvalidParameterException(reason=f"Invalid roleArn: {arn}")


def group_named(ctx: Context, name: str) -> Group:
    """Raises: ResourceNotFoundException."""
    if (group := groups.get(ctx, name)) is None:
        raise errors.NoGroup()
    return group


def name_of(ctx: Context, identifier: str) -> str:
    """The name in a name or an ARN. Raises: InvalidParameterException for an ARN of another account or region."""
    if not identifier.startswith("arn:"):
        return identifier
    found = GROUP_ARN.fullmatch(identifier)
    if found is None or found[1] != ctx.region:
        raise errors.InvalidParameterException(reason=f"Invalid log group identifier: {identifier}")
    if found[2] != ctx.account:
        raise errors.ResourceNotFoundException(reason="The specified log group does not exist.")
    return found[3]


def group_of(ctx: Context, name: str, identifier: str = "") -> Group:
    """The group of an operation that takes logGroupName or logGroupIdentifier.

    Raises: InvalidParameterException, ResourceNotFoundException.
    """
    if bool(name) == bool(identifier):
        raise errors.InvalidParameterException(
            reason="Exactly one of logGroupName and logGroupIdentifier must be specified."
        )
    return group_named(ctx, name or name_of(ctx, identifier))


def stream_named(ctx: Context, group: Group, name: str) -> Stream:
    """Raises: ResourceNotFoundException."""
    if (stream := streams.get(ctx, group.id, name)) is None:
        raise errors.NoStream()
    return stream
