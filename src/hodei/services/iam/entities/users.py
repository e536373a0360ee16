"""Users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import keys
from hodei.services.iam import errors, find, ids, pages, rules, tags, views
from hodei.services.iam.credentials.state import (
    access_keys,
    login_profiles,
    mfa_devices,
    service_credentials,
    signing_certificates,
    ssh_keys,
)
from hodei.services.iam.policies import attachments
from hodei.services.iam.service import iam
from hodei.services.iam.state import User, users


@iam.operation("CreateUser")
def create_user(
    ctx: Context, *, UserName: str, Path: str = "/", PermissionsBoundary: str = "", Tags: tags.Tags = ()
) -> dict[str, Any]:
    _check_free(ctx, UserName)
    rules.check_quota("UsersPerAccount", users.count(ctx), ctx.quota("users"))
    user = User(
        id=ids.unique(ctx, "AIDA"),
        name=UserName,
        key=UserName.lower(),
        path=Path,
        created=ctx.now,
        boundary=PermissionsBoundary,
        tags=tags.merged("User", {}, Tags),
    )
    attachments.bound(ctx, "user", user.id, "", PermissionsBoundary)
    users.put(ctx, user, old=None)
    return {"User": views.whole_user(ctx, user)}


@iam.operation("GetUser")
def get_user(ctx: Context, *, UserName: str = "") -> dict[str, Any]:
    if not UserName and ctx.principal.arn.endswith(":root"):
        return {"User": views.root(ctx)}
    return {"User": views.whole_user(ctx, find.user_or_caller(ctx, UserName))}


@iam.operation("ListUsers")
def list_users(ctx: Context, *, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    found = pages.below(PathPrefix, users.by("names", ctx, after=pages.after(ctx, Marker)))
    page, rest = pages.cut(ctx, found, MaxItems, lambda user: (user.key,))
    return {"Users": [views.user(ctx, user) for user in page], **rest}


@iam.operation("UpdateUser")
def update_user(ctx: Context, *, UserName: str, NewPath: str = "", NewUserName: str = "") -> None:
    user = find.user(ctx, UserName)
    name = NewUserName or user.name
    if name.lower() != user.key:
        _check_free(ctx, name)
    user = replace(user, name=name, key=name.lower(), path=NewPath or user.path)
    users.put(ctx, user)
    for own in access_keys.scan(ctx, user.id):
        if key := keys.get(ctx, own.id):
            keys.put(ctx, replace(key, arn=user.arn(ctx)))


@iam.operation("DeleteUser")
def delete_user(ctx: Context, *, UserName: str) -> None:
    user = find.user(ctx, UserName)
    for what, there in _blocking(ctx, user):
        if there:
            raise errors.DeleteConflict(what=what)
    attachments.bound(ctx, "user", user.id, user.boundary, "")
    users.delete(ctx, user.id)


@iam.operation("TagUser")
def tag_user(ctx: Context, *, UserName: str, Tags: tags.Tags) -> None:
    user = find.user(ctx, UserName)
    users.put(ctx, replace(user, tags=tags.merged("User", user.tags, Tags)), old=user)


@iam.operation("UntagUser")
def untag_user(ctx: Context, *, UserName: str, TagKeys: Sequence[str]) -> None:
    user = find.user(ctx, UserName)
    users.put(ctx, replace(user, tags=tags.without(user.tags, TagKeys)), old=user)


@iam.operation("ListUserTags")
def list_user_tags(ctx: Context, *, UserName: str, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    return tags.page(ctx, find.user(ctx, UserName).tags, Marker, MaxItems)


def _blocking(ctx: Context, user: User) -> Iterator[tuple[str, bool]]:
    """What has to go before the user can, in AWS's words."""
    yield "remove users from group", bool(user.groups)
    yield "detach all policies", bool(user.attached)
    yield "delete policies", bool(user.inline)
    yield "delete access keys", bool(access_keys.count(ctx, user.id))
    yield "delete login profile", login_profiles.get(ctx, user.id) is not None
    yield "delete MFA device", bool(mfa_devices.count(ctx, user.id, index="owners"))
    yield "delete signing certificates", bool(signing_certificates.count(ctx, user.id))
    yield "delete SSH public keys", bool(ssh_keys.count(ctx, user.id))
    yield "delete service specific credentials", bool(service_credentials.count(ctx, user.id, index="owners"))


def _check_free(ctx: Context, name: str) -> None:
    if next(users.by("names", ctx, name.lower()), None):
        raise errors.EntityAlreadyExists(what=f"User with name {name}")
