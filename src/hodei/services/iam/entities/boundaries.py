"""Permissions boundaries: a managed policy beyond which the policies of a user or a role allow nothing."""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find
from hodei.services.iam.policies import attachments
from hodei.services.iam.service import iam
from hodei.services.iam.state import Role, User, roles, users


@iam.operation("PutUserPermissionsBoundary")
def put_user_permissions_boundary(ctx: Context, *, UserName: str, PermissionsBoundary: str) -> None:
    _bind_user(ctx, find.user(ctx, UserName), PermissionsBoundary)


@iam.operation("DeleteUserPermissionsBoundary")
def delete_user_permissions_boundary(ctx: Context, *, UserName: str) -> None:
    user = find.user(ctx, UserName)
    if not user.boundary:
        raise errors.NoSuchEntity(what=f"Permissions boundary for user {user.name}")
    _bind_user(ctx, user, "")


@iam.operation("PutRolePermissionsBoundary")
def put_role_permissions_boundary(ctx: Context, *, RoleName: str, PermissionsBoundary: str) -> None:
    _bind_role(ctx, find.own_role(ctx, RoleName), PermissionsBoundary)


@iam.operation("DeleteRolePermissionsBoundary")
def delete_role_permissions_boundary(ctx: Context, *, RoleName: str) -> None:
    role = find.own_role(ctx, RoleName)
    if not role.boundary:
        raise errors.NoSuchEntity(what=f"Permissions boundary for role {role.name}")
    _bind_role(ctx, role, "")


def _bind_user(ctx: Context, user: User, arn: str) -> None:
    attachments.bound(ctx, "user", user.id, user.boundary, arn)
    users.put(ctx, replace(user, boundary=arn), old=user)


def _bind_role(ctx: Context, role: Role, arn: str) -> None:
    attachments.bound(ctx, "role", role.id, role.boundary, arn)
    roles.put(ctx, replace(role, boundary=arn), old=role)
