"""Passwords of users for the console."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find
from hodei.services.iam.credentials import passwords
from hodei.services.iam.credentials.state import Hash, LoginProfile, login_profiles, password_policies
from hodei.services.iam.service import iam

LONGEST_MEMORY = 24  # passwords: the most that a policy can ask to remember


@iam.operation("CreateLoginProfile")
async def create_login_profile(
    ctx: Context, *, UserName: str = "", Password: str = "", PasswordResetRequired: bool = False
) -> dict[str, Any]:
    if not Password:
        raise errors.ValidationError("Must specify a password")
    passwords.check(ctx, Password)
    password = await ctx.offload(passwords.hashed, Password, ctx.ids.randbytes(16))
    user = find.user_or_caller(ctx, UserName)
    if login_profiles.get(ctx, user.id):
        raise errors.EntityAlreadyExists(what=f"Login Profile for user {user.name}")
    profile = LoginProfile(
        owner=user.id, created=ctx.now, changed=ctx.now, password=password, reset=PasswordResetRequired
    )
    login_profiles.put(ctx, profile)
    return {"LoginProfile": _view(user.name, profile)}


@iam.operation("GetLoginProfile")
def get_login_profile(ctx: Context, *, UserName: str = "") -> dict[str, Any]:
    user = find.user_or_caller(ctx, UserName)
    return {"LoginProfile": _view(user.name, _find(ctx, user.id, user.name))}


@iam.operation("UpdateLoginProfile")
async def update_login_profile(
    ctx: Context, *, UserName: str, Password: str = "", PasswordResetRequired: bool | None = None
) -> None:
    user = find.user(ctx, UserName)
    profile = _find(ctx, user.id, user.name)
    if Password:
        passwords.check(ctx, Password)
        password = await _not_again(ctx, Password, profile)
        profile = _changed(ctx, _find(ctx, user.id, user.name), password)
    if PasswordResetRequired is not None:
        profile = replace(profile, reset=PasswordResetRequired)
    login_profiles.put(ctx, profile)


@iam.operation("DeleteLoginProfile")
def delete_login_profile(ctx: Context, *, UserName: str = "") -> None:
    user = find.user_or_caller(ctx, UserName)
    _find(ctx, user.id, user.name)
    login_profiles.delete(ctx, user.id)


@iam.operation("ChangePassword")
async def change_password(ctx: Context, *, OldPassword: str, NewPassword: str) -> None:
    if ctx.principal.kind != "user" or ctx.principal.anonymous:
        raise errors.InvalidUserType()
    user = find.user_or_caller(ctx, "")
    profile = _find(ctx, user.id, user.name)
    if not await ctx.offload(passwords.is_it, OldPassword, profile.password):
        raise errors.AccessDenied("The old password was incorrect.")
    passwords.check(ctx, NewPassword)
    password = await _not_again(ctx, NewPassword, profile)
    if _find(ctx, user.id, user.name) != profile:
        raise errors.EntityTemporarilyUnmodifiable(name=user.name)
    login_profiles.put(ctx, replace(_changed(ctx, profile, password), reset=False))


async def _not_again(ctx: Context, password: str, profile: LoginProfile) -> Hash:
    """The hash of a password that the user did not have lately. Raises: PasswordPolicyViolation."""
    policy = password_policies.get(ctx, ctx.account)
    reuse = policy.reuse if policy and policy.reuse else 0
    for old in (profile.password, *profile.earlier)[:reuse]:
        if await ctx.offload(passwords.is_it, password, old):
            raise errors.PasswordPolicyViolation(lacking=f"not be one of the last {reuse} passwords")
    return await ctx.offload(passwords.hashed, password, ctx.ids.randbytes(16))


def _changed(ctx: Context, profile: LoginProfile, password: Hash) -> LoginProfile:
    earlier = (profile.password, *profile.earlier)[: LONGEST_MEMORY - 1]
    return replace(profile, password=password, earlier=earlier, changed=ctx.now)


def _find(ctx: Context, owner: str, name: str) -> LoginProfile:
    if (profile := login_profiles.get(ctx, owner)) is None:
        raise errors.NoSuchEntity(what=f"Login Profile for User {name}")
    return profile


def _view(name: str, profile: LoginProfile) -> dict[str, Any]:
    return {"UserName": name, "CreateDate": profile.created, "PasswordResetRequired": profile.reset}
