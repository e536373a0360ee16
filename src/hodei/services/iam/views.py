"""What AWS shows of entities. Lists show less than the operations on one: no tags, no boundary, no last use."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hodei.kernel.context import Context
from hodei.kernel.iam.pins import shown
from hodei.services.iam import tags, uses
from hodei.services.iam.state import Entity, Group, InstanceProfile, Role, User, arn_of, roles


def document(text: str) -> str:
    """Policies go out percent-encoded (RFC 3986); the SDKs decode them."""
    return quote(text, safe="")


def boundary(entity: Entity) -> dict[str, Any]:
    if not entity.boundary:
        return {}
    attached = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": entity.boundary}
    return {"PermissionsBoundary": attached}


def user(ctx: Context, user: User) -> dict[str, Any]:
    """As ListUsers has it. Passwords are for the console: none is ever used here."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn(ctx),
        "CreateDate": user.created,
    }


def root(ctx: Context) -> dict[str, Any]:
    """The root of an account: AWS shows its account for a user id, and no name. Accounts here have no birthday."""
    return {"UserId": ctx.account, "Arn": arn_of(ctx, "root"), "CreateDate": 0.0}


def whole_user(ctx: Context, one: User) -> dict[str, Any]:
    return user(ctx, one) | boundary(one) | tags.shown(one.tags)


def group(ctx: Context, group: Group) -> dict[str, Any]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn(ctx),
        "CreateDate": group.created,
    }


def new_role(ctx: Context, role: Role) -> dict[str, Any]:
    """As CreateRole answers: without the longest session."""
    view = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn(ctx),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": document(shown(ctx, role.trust)),
    }
    if role.description is not None:
        view["Description"] = role.description
    return view | boundary(role) | tags.shown(role.tags)


def role(ctx: Context, role: Role) -> dict[str, Any]:
    """As ListRoles has it."""
    view = new_role(ctx, role) | {"MaxSessionDuration": role.max_session}
    view.pop("PermissionsBoundary", None)
    view.pop("Tags", None)
    return view


def whole_role(ctx: Context, role: Role) -> dict[str, Any]:
    use = uses.of_role(ctx, role.arn(ctx), role.created)
    used = {"LastUsedDate": use.at, "Region": use.region} if use else {}
    return new_role(ctx, role) | {"MaxSessionDuration": role.max_session, "RoleLastUsed": used}


def profile(ctx: Context, profile: InstanceProfile) -> dict[str, Any]:
    found = roles.get(ctx, profile.role) if profile.role else None
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn(ctx),
        "CreateDate": profile.created,
        "Roles": [role_in_profile(ctx, found)] if found else [],
    }


def role_in_profile(ctx: Context, role: Role) -> dict[str, Any]:
    view = new_role(ctx, role)
    for name in ("PermissionsBoundary", "Tags", "Description"):
        view.pop(name, None)
    return view
