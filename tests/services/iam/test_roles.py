from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import document, trust

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]


def test_a_role(iam: Any) -> None:
    given = {"Description": "what for", "MaxSessionDuration": 7200, "Path": "/svc/"}
    made = iam.create_role(
        RoleName="Worker", AssumeRolePolicyDocument=trust(), Tags=[{"Key": "k", "Value": "v"}], **given
    )["Role"]
    assert made["RoleId"].startswith("AROA")
    assert made["Arn"] == "arn:aws:iam::000000000000:role/svc/Worker"
    assert made["AssumeRolePolicyDocument"] == json.loads(trust())
    assert "MaxSessionDuration" not in made
    found = iam.get_role(RoleName="worker")["Role"]
    assert found == made | {"MaxSessionDuration": 7200, "RoleLastUsed": {}}
    (listed,) = iam.list_roles(PathPrefix="/svc/")["Roles"]
    assert listed == {key: value for key, value in found.items() if key not in ("Tags", "RoleLastUsed")}


def test_changes(iam: Any, role: str) -> None:
    iam.update_role(RoleName=role, Description="d", MaxSessionDuration=3700)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust("lambda.amazonaws.com"))
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("d", 3700)
    assert found["AssumeRolePolicyDocument"] == json.loads(trust("lambda.amazonaws.com"))
    assert iam.update_role_description(RoleName=role, Description="e")["Role"]["Description"] == "e"
    iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "b"}])
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.untag_role(RoleName=role, TagKeys=["a"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == []


@pytest.mark.parametrize("text", ["{", "[]", document(), json.dumps({"Version": "2012-10-17"})])
def test_trust_policies_are_checked(iam: Any, role: str, refused: Refused, text: str) -> None:
    with refused("MalformedPolicyDocument"):
        iam.create_role(RoleName="other", AssumeRolePolicyDocument=text)
    with refused("MalformedPolicyDocument"):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)


def test_whom_a_trust_policy_names_has_to_be_there(iam: Any, user: str, role: str, refused: Refused) -> None:
    def trusting(arn: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": statement})

    for number, arn in enumerate(
        [f"arn:aws:iam::000000000000:user/{user}", f"arn:aws:iam::000000000000:role/{role}", "000000000000",
         "arn:aws:iam::000000000000:root", "arn:aws:iam::999999999999:role/elsewhere", "*"]
    ):  # fmt: skip
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=trusting(arn))
    for arn in ("arn:aws:iam::000000000000:user/none", f"arn:aws:iam::000000000000:role/x/{role}"):
        with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"'):
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=trusting(arn))


def test_a_trust_policy_has_2048_characters_without_blanks(iam: Any, refused: Refused) -> None:
    roomy = trust() + " " * 2048
    iam.create_role(RoleName="roomy", AssumeRolePolicyDocument=roomy)
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409):
        long = json.loads(trust())
        long["Statement"] = [long["Statement"][0] | {"Sid": f"s{n}"} for n in range(30)]
        iam.create_role(RoleName="long", AssumeRolePolicyDocument=json.dumps(long))


def test_instance_profiles(iam: Any, role: str, refused: Refused) -> None:
    made = iam.create_instance_profile(InstanceProfileName="p", Path="/x/", Tags=[{"Key": "a", "Value": "b"}])
    profile = made["InstanceProfile"]
    assert profile["InstanceProfileId"].startswith("AIPA")
    assert profile["Roles"] == []
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName=role)
    with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409):
        iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName=role)
    (inside,) = iam.get_instance_profile(InstanceProfileName="P")["InstanceProfile"]["Roles"]
    assert inside["RoleName"] == role
    (found,) = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    assert found["Arn"] == "arn:aws:iam::000000000000:instance-profile/x/p"
    assert iam.list_instance_profiles()["InstanceProfiles"] == [found]
    for call in (
        lambda: iam.delete_role(RoleName=role),
        lambda: iam.delete_instance_profile(InstanceProfileName="p"),
    ):
        with refused("DeleteConflict", "must remove roles from instance profile first", 409):
            call()
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName=role)
    iam.tag_instance_profile(InstanceProfileName="p", Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_instance_profile(InstanceProfileName="p", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="p")["Tags"] == [{"Key": "c", "Value": "d"}]
    iam.delete_instance_profile(InstanceProfileName="p")
    iam.delete_role(RoleName=role)
    with refused("NoSuchEntity", "Instance Profile p cannot be found.", 404):
        iam.get_instance_profile(InstanceProfileName="p")


@pytest.mark.feature("iam.boundaries")
def test_a_boundary_is_a_use_of_the_policy(iam: Any, user: str, role: str, refused: Refused) -> None:
    arn = iam.create_policy(PolicyName="fence", PolicyDocument=document())["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    bound = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert iam.get_user(UserName=user)["User"]["PermissionsBoundary"] | {"PermissionsBoundaryType": "Policy"} == bound
    assert "PermissionsBoundary" not in iam.list_roles()["Roles"][0]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 2
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_user_permissions_boundary(UserName=user)
    with refused("NoSuchEntity", status=404):
        iam.delete_user_permissions_boundary(UserName=user)
    iam.delete_role_permissions_boundary(RoleName=role)
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", "does not exist or is not attachable", 404):
        iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)
