"""What a request names, and whom it means if it names no user."""

from __future__ import annotations

from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.tables import Table
from hodei.services.iam import errors
from hodei.services.iam.state import Entity, Group, InstanceProfile, Role, User, groups, profiles, roles, users

ROOT = "root"  # what the root of an account is called where a user is asked for


def user(ctx: Context, name: str) -> User:
    if (found := next(users.by("names", ctx, name.lower()), None)) is None:
        raise errors.NoSuchEntity(what=f"The user with name {name}")
    return found


def group(ctx: Context, name: str) -> Group:
    if (found := next(groups.by("names", ctx, name.lower()), None)) is None:
        raise errors.NoSuchEntity(what=f"The group with name {name}")
    return found


def role(ctx: Context, name: str) -> Role:
    if (found := next(roles.by("names", ctx, name.lower()), None)) is None:
        raise errors.NoSuchEntity(what=f"The role with name {name}")
    return found


def own_role(ctx: Context, name: str) -> Role:
    """A role that its account may change: not one linked to a service."""
    found = role(ctx, name)
    if found.linked_service:
        raise errors.UnmodifiableEntity(name=found.name)
    return found


def profile(ctx: Context, name: str) -> InstanceProfile:
    if (found := next(profiles.by("names", ctx, name.lower()), None)) is None:
        raise errors.NoSuchEntity(what=f"Instance Profile {name}")
    return found


def entity(ctx: Context, kind: str, id: str) -> Entity | None:
    """The user, group or role (`kind`) with that unique id."""
    if kind == "user":
        return users.get(ctx, id)
    return groups.get(ctx, id) if kind == "group" else roles.get(ctx, id)


class Owner(NamedTuple):
    """Whose credentials: a user, or (without a name) the root of the account."""

    id: str
    name: str
    arn: str

    @property
    def is_root(self) -> bool:
        return not self.name


def owner(ctx: Context, name: str) -> Owner:
    """The user of that name; of no name, the caller."""
    arn = ctx.principal.arn
    if not name and arn.endswith(":root"):
        return Owner(ctx.account, "", arn)
    found = user_or_caller(ctx, name)
    return Owner(found.id, found.name, found.arn(ctx))


def user_or_caller(ctx: Context, name: str) -> User:
    """The user of that name; of no name, the one that calls."""
    if not name:
        _, is_user, path = ctx.principal.arn.partition(":user/")
        if not is_user:
            raise errors.ValidationError("Must specify userName when calling with non-User credentials")
        name = path.rpartition("/")[2]
    return user(ctx, name)


def principal(ctx: Context, arn: str) -> User | Role | None:
    """The user or role of this account with an ARN."""
    kind, _, name = arn.partition(f":iam::{ctx.account}:")[2].partition("/")
    table: Table[User] | Table[Role] = users if kind == "user" else roles
    found = next(table.by("names", ctx, name.rpartition("/")[2].lower()), None)
    return found if found and found.arn(ctx) == arn else None
