"""IAM under its own policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import document, trust

pytestmark = [pytest.mark.feature("iam.policies"), pytest.mark.feature("iam.evaluation")]

Refused = Callable[..., Any]
AsUser = Callable[[str], Any]
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def allow(iam: Any, user: str, action: str | list[str], resource: str = "*", **condition: Any) -> None:
    policy = json.loads(document(action, resource))
    if condition:
        policy["Statement"][0]["Condition"] = condition
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(policy))


def test_a_user_may_manage_itself(iam: Any, as_user: AsUser, refused: Refused) -> None:
    iam.create_user(UserName="ada", Path="/dev/")
    iam.create_user(UserName="bob")
    allow(iam, "ada", "iam:*", "arn:aws:iam::000000000000:user/*${aws:username}")
    own = as_user("ada")
    assert own.get_user()["User"]["UserName"] == "ada"
    assert own.get_user(UserName="ada")["User"]["Path"] == "/dev/"
    own.create_access_key()
    who = "User: arn:aws:iam::000000000000:user/dev/ada is not authorized to perform: iam:GetUser"
    with refused("AccessDenied", f"{who} on resource: arn:aws:iam::000000000000:user/bob", 403):
        own.get_user(UserName="bob")
    with refused("AccessDenied", "iam:ListUsers on resource: *", 403):
        own.list_users()


def test_only_some_policies_may_be_attached(iam: Any, user: str, role: str, as_user: AsUser, refused: Refused) -> None:
    allow(iam, user, "iam:AttachRolePolicy", ArnEquals={"iam:PolicyARN": READ_ONLY})
    own = as_user(user)
    own.attach_role_policy(RoleName=role, PolicyArn=READ_ONLY)
    with refused("AccessDenied", "role/worker", 403):
        own.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


@pytest.mark.feature("iam.boundaries")
def test_users_only_within_a_boundary(iam: Any, user: str, as_user: AsUser, refused: Refused) -> None:
    allow(iam, user, ["iam:CreateUser", "iam:PutUserPolicy"], StringEquals={"iam:PermissionsBoundary": READ_ONLY})
    own = as_user(user)
    with refused("AccessDenied", "user/new", 403):
        own.create_user(UserName="new")
    own.create_user(UserName="new", PermissionsBoundary=READ_ONLY)
    own.put_user_policy(UserName="new", PolicyName="p", PolicyDocument=document())
    with refused("AccessDenied", status=403):
        own.put_user_policy(UserName=user, PolicyName="more", PolicyDocument=document())


@pytest.mark.feature("iam.abac")
def test_by_tags(iam: Any, user: str, as_user: AsUser, refused: Refused) -> None:
    for team in ("blue", "red"):
        tags = [{"Key": "team", "Value": team}]
        iam.create_role(RoleName=team, AssumeRolePolicyDocument=trust(), Tags=tags)
        iam.create_instance_profile(InstanceProfileName=team, Tags=tags)
        iam.create_policy(PolicyName=team, PolicyDocument=document(), Tags=tags)
        iam.create_virtual_mfa_device(VirtualMFADeviceName=team, Tags=tags)
        iam.create_open_id_connect_provider(Url=f"https://{team}.example", Tags=tags)
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "blue"}])
    allow(iam, user, "iam:*", StringEquals={"aws:ResourceTag/team": "${aws:PrincipalTag/team}"})
    own = as_user(user)
    for call, named in (
        (own.delete_role, {"RoleName": "{}"}),
        (own.delete_instance_profile, {"InstanceProfileName": "{}"}),
        (own.delete_policy, {"PolicyArn": "arn:aws:iam::000000000000:policy/{}"}),
        (own.delete_virtual_mfa_device, {"SerialNumber": "arn:aws:iam::000000000000:mfa/{}"}),
        (
            own.delete_open_id_connect_provider,
            {"OpenIDConnectProviderArn": "arn:aws:iam::000000000000:oidc-provider/{}.example"},
        ),
    ):
        ((member, name),) = named.items()
        with refused("AccessDenied", status=403):
            call(**{member: name.format("red")})
        call(**{member: name.format("blue")})


def test_a_boundary_holds_for_iam_too(iam: Any, user: str, as_user: AsUser, refused: Refused) -> None:
    allow(iam, user, "*")
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=READ_ONLY)
    own = as_user(user)
    assert len(own.list_users()["Users"]) == 1
    with refused("AccessDenied", "permissions boundary", 403):
        own.create_user(UserName="x")


def test_an_inactive_key_and_a_deleted_one(cloud: Cloud, iam: Any, user: str, refused: Refused) -> None:
    allow(iam, user, "*")
    key = iam.create_access_key(UserName=user)["AccessKey"]
    own = cloud.client("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    own.list_users()
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId", status=403):
        own.list_users()
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Active")
    own.list_users()
