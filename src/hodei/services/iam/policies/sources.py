"""The policies of a user, group or role that a request names by ARN, with what they are part of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from hodei.kernel.context import Context
from hodei.services.iam import errors, find
from hodei.services.iam.policies import lookup
from hodei.services.iam.state import Entity, User, groups

Kind = Literal["user", "group", "role"]
ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(user|group|role)/(?:.*/)?([^/]+)")


class Source(NamedTuple):
    """A policy document of an entity; `arn` is that of a managed policy."""

    kind: Kind
    entity: str
    name: str
    text: str
    arn: str = ""


def entity(ctx: Context, arn: str) -> tuple[Kind, Entity]:
    """Raises: InvalidInput, NoSuchEntity."""
    match = ARN.fullmatch(arn)
    if match is None or match[1] != ctx.account:
        raise errors.InvalidInput(f"Invalid Entity Arn: {arn}")
    if match[2] == "user":
        return "user", find.user(ctx, match[3])
    return ("group", find.group(ctx, match[3])) if match[2] == "group" else ("role", find.role(ctx, match[3]))


def of(ctx: Context, kind: Kind, one: Entity) -> Iterator[Source]:
    """Its own, then those of its groups."""
    for name, text in one.inline.items():
        yield Source(kind, one.name, name, text)
    for arn in one.attached:
        if text := lookup.document(ctx, arn) or "":
            yield Source(kind, one.name, arn.rpartition("/")[2], text, arn)
    for id in one.groups if isinstance(one, User) else ():
        if group := groups.get(ctx, id):
            yield from of(ctx, "group", group)
