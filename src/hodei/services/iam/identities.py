"""What the pipeline asks of IAM on every call: the policies that a principal has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from hodei.kernel.context import Context, Principal
from hodei.kernel.iam import Named, parse
from hodei.kernel.iam.hooks import Entities, Identity
from hodei.services.iam import find
from hodei.services.iam.credentials.state import password_policies
from hodei.services.iam.policies import lookup
from hodei.services.iam.service import iam
from hodei.services.iam.state import Entity, groups, roles, users

NOBODY = Identity()
EVERYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
# What a password policy that lets users change their passwords adds to all of them.
MAY_CHANGE_PASSWORD = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iam:GetAccountPasswordPolicy", "Resource": "*"},
    {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "arn:*:iam::*:user/*${aws:username}"}]}"""


def identity_of(ctx: Context, principal: Principal) -> Identity:
    """The policies of a user and its groups, of the role of a session, or of the user who asked for a federation: all
    that there is, if that was the root.

    Sessions outlive what they are of: nothing is left of a user or role that was deleted.
    """
    if principal.session and principal.session.issuer.endswith(":root"):
        return Identity((_named(EVERYTHING, "root", "root"),))
    id = (principal.session.issuer_id if principal.session else "") or principal.id
    if user := users.get(ctx, id):
        policies = list(_of(ctx, user, "user"))
        for group in user.groups:
            if found := groups.get(ctx, group):
                policies += _of(ctx, found, "group")
        if (passwords := password_policies.get(ctx, ctx.account)) and passwords.change:
            policies.append(_named(MAY_CHANGE_PASSWORD, "AllowUsersToChangePassword", "account password policy"))
        return Identity(policies, _boundary(ctx, user), user.tags)
    if role := roles.get(ctx, id.partition(":")[0]):
        return Identity(list(_of(ctx, role, "role")), _boundary(ctx, role), role.tags)
    return NOBODY


def _id(ctx: Context, arn: str) -> str:
    found = find.principal(ctx, arn)
    return found.id if found else ""


def _arn(ctx: Context, id: str) -> str:
    found = users.get(ctx, id) or roles.get(ctx, id)
    return found.arn(ctx) if found else ""


iam.identity = identity_of
iam.entities = Entities(_id, _arn)


def _of(ctx: Context, entity: Entity, kind: str) -> Iterator[Named]:
    source = f"{kind} {entity.name}"
    for name, text in entity.inline.items():
        yield _named(text, name, source)
    for arn in entity.attached:
        if text := lookup.document(ctx, arn) or "":
            yield _named(text, arn, source)


def _boundary(ctx: Context, entity: Entity) -> Sequence[Named]:
    if not entity.boundary or not (text := lookup.document(ctx, entity.boundary)):
        return ()
    return (_named(text, entity.boundary, entity.name),)


@lru_cache(4096)
def _named(text: str, name: str, source: str) -> Named:
    return Named(parse(text, "identity"), name, source)
