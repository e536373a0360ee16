"""Whom a report is about: a user, role, group or managed policy, with the permissions that it has or is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.iam import find
from hodei.services.iam.access_advisor.state import Party
from hodei.services.iam.policies import attachments, lookup, sources
from hodei.services.iam.state import Entity, Group, Role, User, members, users


class Subject(NamedTuple):
    """`documents` are policies; `parties` the users and roles that have them."""

    documents: list[str]
    parties: list[Party]


def read(ctx: Context, arn: str) -> Subject:
    """Raises: InvalidInput, NoSuchEntity."""
    if lookup.ARN.fullmatch(arn):
        lookup.known(ctx, arn)
        return Subject([lookup.document(ctx, arn) or ""], _distinct(_attached(ctx, arn)))
    kind, entity = sources.entity(ctx, arn)
    return Subject([one.text for one in sources.of(ctx, kind, entity)], _distinct(_behind(ctx, entity)))


def _attached(ctx: Context, arn: str) -> Iterator[Party]:
    for one in attachments.of(ctx, arn):
        entity = find.entity(ctx, one.kind, one.entity)
        if entity and one.usage == attachments.PERMISSIONS:
            yield from _behind(ctx, entity)


def _behind(ctx: Context, entity: Entity) -> Iterator[Party]:
    """A group does nothing: its members do."""
    if isinstance(entity, Group):
        for member in members.scan(ctx, entity.id):
            if user := users.get(ctx, member.user):
                yield from _behind(ctx, user)
    elif isinstance(entity, User | Role):
        kind = "USER" if isinstance(entity, User) else "ROLE"
        yield Party(arn=entity.arn(ctx), kind=kind, id=entity.id, name=entity.name, path=entity.path)


def _distinct(parties: Iterator[Party]) -> list[Party]:
    return list({one.arn: one for one in parties}.values())
