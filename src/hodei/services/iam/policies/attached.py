"""Attaching managed policies to users, groups and roles."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import find, pages, rules
from hodei.services.iam.policies import attachments, lookup
from hodei.services.iam.service import iam
from hodei.services.iam.state import Entity, groups, roles, users

E = TypeVar("E", bound=Entity)


def _with(ctx: Context, kind: str, entity: E, arn: str) -> E:
    """The entity with one policy more; to attach it again changes nothing."""
    if arn in entity.attached:
        return entity
    attachments.attach(ctx, kind, entity.id, arn)
    limit = ctx.quota(f"managed-policies-per-{kind}")
    rules.check_quota(f"PoliciesPer{kind.capitalize()}", len(entity.attached), limit)
    return replace(entity, attached=(*entity.attached, arn))


def _without(ctx: Context, kind: str, entity: E, arn: str) -> E:
    lookup.parse(arn)
    attachments.detach(ctx, kind, entity.id, arn)
    return replace(entity, attached=tuple(one for one in entity.attached if one != arn))


def listed(arns: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]


def _page(ctx: Context, entity: Entity, prefix: str, marker: str, most: int) -> dict[str, Any]:
    parts = {arn: lookup.parse(arn) for arn in entity.attached}
    found = {f"{one.name} {one.account}": arn for arn, one in parts.items() if one.path.startswith(prefix)}
    page, rest = pages.listed(ctx, found, marker, most)
    return {"AttachedPolicies": listed(tuple(found[key] for key in page)), **rest}


@iam.operation("AttachUserPolicy")
def attach_user_policy(ctx: Context, *, UserName: str, PolicyArn: str) -> None:
    user = find.user(ctx, UserName)
    users.put(ctx, _with(ctx, "user", user, PolicyArn), old=user)


@iam.operation("DetachUserPolicy")
def detach_user_policy(ctx: Context, *, UserName: str, PolicyArn: str) -> None:
    user = find.user(ctx, UserName)
    users.put(ctx, _without(ctx, "user", user, PolicyArn), old=user)


@iam.operation("ListAttachedUserPolicies")
def list_attached_user_policies(
    ctx: Context, *, UserName: str, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return _page(ctx, find.user(ctx, UserName), PathPrefix, Marker, MaxItems)


@iam.operation("AttachGroupPolicy")
def attach_group_policy(ctx: Context, *, GroupName: str, PolicyArn: str) -> None:
    group = find.group(ctx, GroupName)
    groups.put(ctx, _with(ctx, "group", group, PolicyArn), old=group)


@iam.operation("DetachGroupPolicy")
def detach_group_policy(ctx: Context, *, GroupName: str, PolicyArn: str) -> None:
    group = find.group(ctx, GroupName)
    groups.put(ctx, _without(ctx, "group", group, PolicyArn), old=group)


@iam.operation("ListAttachedGroupPolicies")
def list_attached_group_policies(
    ctx: Context, *, GroupName: str, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return _page(ctx, find.group(ctx, GroupName), PathPrefix, Marker, MaxItems)


@iam.operation("AttachRolePolicy")
def attach_role_policy(ctx: Context, *, RoleName: str, PolicyArn: str) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, _with(ctx, "role", role, PolicyArn), old=role)


@iam.operation("DetachRolePolicy")
def detach_role_policy(ctx: Context, *, RoleName: str, PolicyArn: str) -> None:
    role = find.own_role(ctx, RoleName)
    roles.put(ctx, _without(ctx, "role", role, PolicyArn), old=role)


@iam.operation("ListAttachedRolePolicies")
def list_attached_role_policies(
    ctx: Context, *, RoleName: str, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return _page(ctx, find.role(ctx, RoleName), PathPrefix, Marker, MaxItems)
