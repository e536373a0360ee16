"""What the pipeline asks of IAM on every call: the policies that a principal has."""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context, Principal
from hodei.kernel.iam import Named, parse
from hodei.kernel.iam.hooks import Identity
from hodei.services.iam.policies import lookup
from hodei.services.iam.service import iam
from hodei.services.iam.state import Entity, groups, roles, users

NOBODY = Identity()


def identity_of(ctx: Context, principal: Principal) -> Identity:
    """The policies of a user and its groups, of the role of a session, or of the user who asked for a federation.

    Sessions outlive what they are of: nothing is left of a user or role that was deleted.
    """
    id = (principal.session.issuer_id if principal.session else "") or principal.id
    if user := users.get(ctx, id):
        policies = list(_of(ctx, user, "user"))
        for group in user.groups:
            if found := groups.get(ctx, group):
                policies += _of(ctx, found, "group")
        return Identity(policies, _boundary(ctx, user), user.tags)
    if role := roles.get(ctx, id.partition(":")[0]):
        return Identity(list(_of(ctx, role, "role")), _boundary(ctx, role), role.tags)
    return NOBODY


iam.identity = identity_of


def _of(ctx: Context, entity: Entity, kind: str) -> Iterator[Named]:
    source = f"{kind} {entity.name}"
    for name, text in entity.inline.items():
        yield Named(parse(text, "identity"), name, source)
    for arn in entity.attached:
        yield from _managed(ctx, arn, source)


def _managed(ctx: Context, arn: str, source: str) -> Iterator[Named]:
    if (text := lookup.document(ctx, arn)) is not None:
        yield Named(parse(text, "identity"), arn, source)


def _boundary(ctx: Context, entity: Entity) -> list[Named]:
    return list(_managed(ctx, entity.boundary, entity.name)) if entity.boundary else []
