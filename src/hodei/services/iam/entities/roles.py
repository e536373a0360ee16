"""Roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, pages, rules, tags, views
from hodei.services.iam.policies import attachments, documents
from hodei.services.iam.service import iam
from hodei.services.iam.state import Role, profiles, roles

RESERVED_PATH = "/aws-service-role/"


@iam.operation("CreateRole")
def create_role(
    ctx: Context,
    *,
    RoleName: str,
    AssumeRolePolicyDocument: str,
    Path: str = "/",
    Description: str | None = None,
    MaxSessionDuration: int = 3600,
    PermissionsBoundary: str = "",
    Tags: tags.Tags = (),
) -> dict[str, Any]:
    if RoleName.lower().startswith("awsservicerolefor") and Path.startswith(RESERVED_PATH):
        raise errors.InvalidInput(f"Scope ROLE with name {RoleName} is reserved for service-linked roles.")
    role = Role(
        id=ids.unique(ctx, "AROA"),
        name=RoleName,
        key=RoleName.lower(),
        path=Path,
        created=ctx.now,
        trust=documents.checked_trust(ctx, AssumeRolePolicyDocument),
        description=Description,
        max_session=MaxSessionDuration,
        boundary=PermissionsBoundary,
        tags=tags.merged("Role", {}, Tags),
    )
    add(ctx, role)
    attachments.bound(ctx, "role", role.id, "", PermissionsBoundary)
    return {"Role": views.new_role(ctx, role)}


def add(ctx: Context, role: Role) -> None:
    """Raises: EntityAlreadyExists, LimitExceeded."""
    if next(roles.by("names", ctx, role.key), None):
        raise errors.EntityAlreadyExists(what=f"Role with name {role.name}")
    if not role.linked_service:
        rules.check_quota("RolesPerAccount", roles.count(ctx), ctx.quota("roles"))
    roles.put(ctx, role, old=None)


@iam.operation("GetRole")
def get_role(ctx: Context, *, RoleName: str) -> dict[str, Any]:
    return {"Role": views.whole_role(ctx, find.role(ctx, RoleName))}


@iam.operation("ListRoles")
def list_roles(ctx: Context, *, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    found = pages.below(PathPrefix, roles.by("names", ctx, after=pages.after(ctx, Marker)))
    page, rest = pages.cut(ctx, found, MaxItems, lambda role: (role.key,))
    return {"Roles": [views.role(ctx, role) for role in page], **rest}


@iam.operation("UpdateRole")
def update_role(
    ctx: Context, *, RoleName: str, Description: str | None = None, MaxSessionDuration: int = 3600
) -> dict[str, Any]:
    """What a request leaves out goes back to its default. Of a service-linked role the description may change."""
    role = find.role(ctx, RoleName)
    if role.linked_service and MaxSessionDuration != role.max_session:
        raise errors.UnmodifiableEntity(name=role.name)
    roles.put(ctx, replace(role, description=Description, max_session=MaxSessionDuration), old=role)
    return {}


@iam.operation("UpdateRoleDescription")
def update_role_description(ctx: Context, *, RoleName: str, Description: str) -> dict[str, Any]:
    role = replace(find.role(ctx, RoleName), description=Description)
    roles.put(ctx, role)
    return {"Role": views.role(ctx, role)}


@iam.operation("UpdateAssumeRolePolicy")
def update_assume_role_policy(ctx: Context, *, RoleName: str, PolicyDocument: str) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, replace(role, trust=documents.checked_trust(ctx, PolicyDocument)), old=role)


@iam.operation("DeleteRole")
def delete_role(ctx: Context, *, RoleName: str) -> None:
    role = find.own_role(ctx, RoleName)
    if next(profiles.by("roles", ctx, role.id), None):
        raise errors.DeleteConflict(what="remove roles from instance profile")
    if role.attached:
        raise errors.DeleteConflict(what="detach all policies")
    if role.inline:
        raise errors.DeleteConflict(what="delete policies")
    attachments.bound(ctx, "role", role.id, role.boundary, "")
    roles.delete(ctx, role.id)


@iam.operation("TagRole")
def tag_role(ctx: Context, *, RoleName: str, Tags: tags.Tags) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, replace(role, tags=tags.merged("Role", role.tags, Tags)), old=role)


@iam.operation("UntagRole")
def untag_role(ctx: Context, *, RoleName: str, TagKeys: Sequence[str]) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, replace(role, tags=tags.without(role.tags, TagKeys)), old=role)


@iam.operation("ListRoleTags")
def list_role_tags(ctx: Context, *, RoleName: str, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    return tags.page(ctx, find.role(ctx, RoleName).tags, Marker, MaxItems)
