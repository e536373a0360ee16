"""What the pipeline hears of a principal."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.kernel.context import Principal
from hodei.kernel.iam.hooks import Identity
from hodei.kernel.iam.keys import Session
from hodei.services.iam.identities import identity_of
from hodei.testing import Cloud

from .conftest import ACCOUNT, document

pytestmark = pytest.mark.feature("iam.policies")


def identity(cloud: Cloud, id: str, issuer: str = "") -> Identity:
    session = Session(name="s", issuer="arn", issuer_id=issuer) if issuer else None
    context = cloud.world.context("iam", account=ACCOUNT, region="us-east-1")
    return identity_of(context, Principal(account=ACCOUNT, arn="", access_key="k", kind="user", id=id, session=session))


def test_a_user_has_its_own_policies_and_those_of_its_groups(cloud: Cloud, iam: Any) -> None:
    id = iam.create_user(UserName="u", Tags=[{"Key": "k", "Value": "v"}])["User"]["UserId"]
    iam.put_user_policy(UserName="u", PolicyName="inline", PolicyDocument=document())
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.put_group_policy(GroupName="g", PolicyName="of-group", PolicyDocument=document())
    aws = "arn:aws:iam::aws:policy/AdministratorAccess"
    own = iam.create_policy(PolicyName="managed", PolicyDocument=document())["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="g", PolicyArn=aws)
    iam.attach_user_policy(UserName="u", PolicyArn=own)
    found = identity(cloud, id)
    assert [policy.name for policy in found.policies] == ["inline", own, "of-group", aws]
    assert [policy.source for policy in found.policies] == ["user u", "user u", "group g", "group g"]
    assert (found.boundary, found.tags) == ((), {"k": "v"})
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=own)
    assert [policy.name for policy in identity(cloud, id).boundary] == [own]


def test_a_session_has_those_of_its_role(cloud: Cloud, iam: Any, role: str) -> None:
    id = iam.get_role(RoleName=role)["Role"]["RoleId"]
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document())
    assert [policy.name for policy in identity(cloud, f"{id}:session", id).policies] == ["p"]
    assert [policy.name for policy in identity(cloud, f"{id}:session").policies] == ["p"]


def test_a_role_that_comes_again_is_another(cloud: Cloud, iam: Any, role: str) -> None:
    id = iam.get_role(RoleName=role)["Role"]["RoleId"]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName=role)
    import json

    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document())
    assert identity(cloud, f"{id}:session", id) == Identity()


def test_a_new_default_version_is_in_force(cloud: Cloud, iam: Any, user: str) -> None:
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document("s3:GetObject"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    id = iam.get_user(UserName=user)["User"]["UserId"]
    (before,) = identity(cloud, id).policies
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document("sqs:*"), SetAsDefault=True)
    (after,) = identity(cloud, id).policies
    assert before.policy != after.policy
