from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.services.iam.credentials import passwords
from hodei.services.iam.credentials.state import login_profiles
from hodei.testing import Cloud

from .conftest import ACCOUNT

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]
GOOD = "Correct-horse1"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def test_a_login_profile(cloud: Cloud, iam: Any, user: str, refused: Refused) -> None:
    made = iam.create_login_profile(UserName=user, Password=GOOD, PasswordResetRequired=True)["LoginProfile"]
    assert made["PasswordResetRequired"] is True
    assert iam.get_login_profile(UserName=user)["LoginProfile"] == made
    with refused("EntityAlreadyExists", "Login Profile for user ada already exists.", 409):
        iam.create_login_profile(UserName=user, Password=GOOD)
    with refused("DeleteConflict", "must delete login profile first", 409):
        iam.delete_user(UserName=user)
    iam.update_login_profile(UserName=user, PasswordResetRequired=False)
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"] is False
    iam.delete_login_profile(UserName=user)
    for call in (iam.get_login_profile, iam.delete_login_profile, iam.update_login_profile):
        with refused("NoSuchEntity", "Login Profile for User ada cannot be found.", 404):
            call(UserName=user)


def test_only_a_hash_is_kept(cloud: Cloud, iam: Any, user: str) -> None:
    iam.create_login_profile(UserName=user, Password=GOOD)
    context = cloud.world.context("iam", account=ACCOUNT, region="us-east-1")
    (profile,) = login_profiles.scan(context)
    assert passwords.is_it(GOOD, profile.password)
    assert not passwords.is_it(GOOD + "x", profile.password)
    assert GOOD.encode() not in profile.password.digest + profile.password.salt


@pytest.mark.parametrize("password", ["Aa1!", "onlysmallletters", "small1small", "12345678!"])
def test_without_a_policy_of_the_account(iam: Any, user: str, refused: Refused, password: str) -> None:
    with refused("PasswordPolicyViolation", "Password should have"):
        iam.create_login_profile(UserName=user, Password=password)


def test_the_password_policy(iam: Any, user: str, refused: Refused) -> None:
    for call in (iam.get_account_password_policy, iam.delete_account_password_policy):
        with refused("NoSuchEntity", f"The Password Policy with domain name {ACCOUNT} cannot be found.", 404):
            call()
    iam.update_account_password_policy(
        MinimumPasswordLength=12, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True, MaxPasswordAge=90, HardExpiry=False,
    )  # fmt: skip
    assert iam.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 12, "RequireSymbols": True, "RequireNumbers": True,
        "RequireUppercaseCharacters": True, "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": False,
        "ExpirePasswords": True, "MaxPasswordAge": 90, "HardExpiry": False,
    }  # fmt: skip
    for password, what in {
        "Short-1a": "minimum length of 12",
        "nocapitals-123": "one uppercase letter",
        "NOSMALLS-12345": "one lowercase letter",
        "Nonumbers-none": "one number",
        "Nosymbols12345": "one symbol",
    }.items():
        with refused("PasswordPolicyViolation", what):
            iam.create_login_profile(UserName=user, Password=password)
    iam.create_login_profile(UserName=user, Password="All-of-them-123")
    iam.delete_account_password_policy()
    iam.update_account_password_policy()
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 6


def test_a_user_changes_its_password(iam: Any, user: str, as_user: Callable[[str], Any], refused: Refused) -> None:
    iam.attach_user_policy(UserName=user, PolicyArn=ADMIN)
    iam.create_login_profile(UserName=user, Password=GOOD, PasswordResetRequired=True)
    iam.update_account_password_policy(PasswordReusePrevention=2)
    own = as_user(user)
    with refused("AccessDenied", "The old password was incorrect.", 403):
        own.change_password(OldPassword="wrong", NewPassword="Second-password1")
    with refused("PasswordPolicyViolation"):
        own.change_password(OldPassword=GOOD, NewPassword=GOOD)
    own.change_password(OldPassword=GOOD, NewPassword="Second-password1")
    assert own.get_login_profile()["LoginProfile"]["PasswordResetRequired"] is False
    with refused("PasswordPolicyViolation", "last 2 passwords"):
        iam.update_login_profile(UserName=user, Password=GOOD)
    iam.update_login_profile(UserName=user, Password="Third-password1")
    iam.update_login_profile(UserName=user, Password=GOOD)
    with refused("InvalidUserType", "Only IAM Users can change their own password"):
        iam.change_password(OldPassword=GOOD, NewPassword="x")


def test_a_password_policy_lets_users_change_their_own(
    iam: Any, user: str, as_user: Callable[[str], Any], refused: Refused
) -> None:
    iam.create_login_profile(UserName=user, Password=GOOD)
    own = as_user(user)
    with refused("AccessDenied", "iam:ChangePassword", 403):
        own.change_password(OldPassword=GOOD, NewPassword="Second-password1")
    iam.update_account_password_policy(AllowUsersToChangePassword=True)
    own.change_password(OldPassword=GOOD, NewPassword="Second-password1")
    own.get_account_password_policy()
    with refused("AccessDenied", "iam:GetLoginProfile", 403):
        own.get_login_profile()
