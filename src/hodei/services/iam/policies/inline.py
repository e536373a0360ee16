"""Policies that are a part of one user, group or role."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, pages, views
from hodei.services.iam.policies import documents
from hodei.services.iam.service import iam
from hodei.services.iam.state import Entity, groups, roles, users

E = TypeVar("E", bound=Entity)


def _with(ctx: Context, kind: str, entity: E, name: str, document: str) -> E:
    inline = {**entity.inline, name: documents.checked(document)}
    limit = int(ctx.quota(f"inline-policies-length-{kind}"))
    documents.check_inline_size(inline.values(), limit, f"{kind} {entity.name}")
    return replace(entity, inline=inline)


def _document(kind: str, entity: Entity, name: str) -> str:
    if (document := entity.inline.get(name)) is None:
        raise errors.NoSuchEntity(what=f"The {kind} policy with name {name}")
    return document


def _without(kind: str, entity: E, name: str) -> E:
    _document(kind, entity, name)
    return replace(entity, inline={key: value for key, value in entity.inline.items() if key != name})


def _view(kind: str, entity: Entity, name: str) -> dict[str, Any]:
    text = views.document(_document(kind, entity, name))
    return {f"{kind.capitalize()}Name": entity.name, "PolicyName": name, "PolicyDocument": text}


def _page(ctx: Context, entity: Entity, marker: str, most: int) -> dict[str, Any]:
    names, rest = pages.listed(ctx, entity.inline, marker, most)
    return {"PolicyNames": names, **rest}


@iam.operation("PutUserPolicy")
def put_user_policy(ctx: Context, *, UserName: str, PolicyName: str, PolicyDocument: str) -> None:
    user = find.user(ctx, UserName)
    users.put(ctx, _with(ctx, "user", user, PolicyName, PolicyDocument), old=user)


@iam.operation("GetUserPolicy")
def get_user_policy(ctx: Context, *, UserName: str, PolicyName: str) -> dict[str, Any]:
    return _view("user", find.user(ctx, UserName), PolicyName)


@iam.operation("DeleteUserPolicy")
def delete_user_policy(ctx: Context, *, UserName: str, PolicyName: str) -> None:
    user = find.user(ctx, UserName)
    users.put(ctx, _without("user", user, PolicyName), old=user)


@iam.operation("ListUserPolicies")
def list_user_policies(ctx: Context, *, UserName: str, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    return _page(ctx, find.user(ctx, UserName), Marker, MaxItems)


@iam.operation("PutGroupPolicy")
def put_group_policy(ctx: Context, *, GroupName: str, PolicyName: str, PolicyDocument: str) -> None:
    group = find.group(ctx, GroupName)
    groups.put(ctx, _with(ctx, "group", group, PolicyName, PolicyDocument), old=group)


@iam.operation("GetGroupPolicy")
def get_group_policy(ctx: Context, *, GroupName: str, PolicyName: str) -> dict[str, Any]:
    return _view("group", find.group(ctx, GroupName), PolicyName)


@iam.operation("DeleteGroupPolicy")
def delete_group_policy(ctx: Context, *, GroupName: str, PolicyName: str) -> None:
    group = find.group(ctx, GroupName)
    groups.put(ctx, _without("group", group, PolicyName), old=group)


@iam.operation("ListGroupPolicies")
def list_group_policies(
    ctx: Context, *, GroupName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return _page(ctx, find.group(ctx, GroupName), Marker, MaxItems)


@iam.operation("PutRolePolicy")
def put_role_policy(ctx: Context, *, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, _with(ctx, "role", role, PolicyName, PolicyDocument), old=role)


@iam.operation("GetRolePolicy")
def get_role_policy(ctx: Context, *, RoleName: str, PolicyName: str) -> dict[str, Any]:
    return _view("role", find.role(ctx, RoleName), PolicyName)


@iam.operation("DeleteRolePolicy")
def delete_role_policy(ctx: Context, *, RoleName: str, PolicyName: str) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, _without("role", role, PolicyName), old=role)


@iam.operation("ListRolePolicies")
def list_role_policies(ctx: Context, *, RoleName: str, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    return _page(ctx, find.role(ctx, RoleName), Marker, MaxItems)
