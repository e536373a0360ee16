"""The password policy of an account."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.iam import errors
from hodei.services.iam.credentials.state import PasswordPolicy, password_policies
from hodei.services.iam.service import iam


@iam.operation("UpdateAccountPasswordPolicy")
def update_account_password_policy(
    ctx: Context,
    *,
    MinimumPasswordLength: int = 6,
    RequireSymbols: bool = False,
    RequireNumbers: bool = False,
    RequireUppercaseCharacters: bool = False,
    RequireLowercaseCharacters: bool = False,
    AllowUsersToChangePassword: bool = False,
    MaxPasswordAge: int | None = None,
    PasswordReusePrevention: int | None = None,
    HardExpiry: bool | None = None,
) -> None:
    """What a request leaves out goes back to its default."""
    policy = PasswordPolicy(
        account=ctx.account,
        length=MinimumPasswordLength,
        symbols=RequireSymbols,
        numbers=RequireNumbers,
        upper=RequireUppercaseCharacters,
        lower=RequireLowercaseCharacters,
        change=AllowUsersToChangePassword,
        age=MaxPasswordAge,
        reuse=PasswordReusePrevention,
        hard=HardExpiry,
    )
    password_policies.put(ctx, policy)


@iam.operation("GetAccountPasswordPolicy")
def get_account_password_policy(ctx: Context) -> dict[str, Any]:
    if (policy := password_policies.get(ctx, ctx.account)) is None:
        raise _missing(ctx)
    optional = {"MaxPasswordAge": policy.age, "PasswordReusePrevention": policy.reuse, "HardExpiry": policy.hard}
    view = {
        "MinimumPasswordLength": policy.length,
        "RequireSymbols": policy.symbols,
        "RequireNumbers": policy.numbers,
        "RequireUppercaseCharacters": policy.upper,
        "RequireLowercaseCharacters": policy.lower,
        "AllowUsersToChangePassword": policy.change,
        "ExpirePasswords": policy.age is not None,
    }
    return {"PasswordPolicy": view | {name: value for name, value in optional.items() if value is not None}}


@iam.operation("DeleteAccountPasswordPolicy")
def delete_account_password_policy(ctx: Context) -> None:
    if not password_policies.delete(ctx, ctx.account):
        raise _missing(ctx)


def _missing(ctx: Context) -> AwsError:
    return errors.NoSuchEntity(what=f"The Password Policy with domain name {ctx.account}")
