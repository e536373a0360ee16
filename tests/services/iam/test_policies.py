from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import document, trust

pytestmark = pytest.mark.feature("iam.policies")

Refused = Callable[..., Any]
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def policy(iam: Any) -> str:
    return str(iam.create_policy(PolicyName="Mine", PolicyDocument=document(), Description="d")["Policy"]["Arn"])


@pytest.fixture(params=["user", "group", "role"])
def entity(request: pytest.FixtureRequest, iam: Any) -> tuple[str, str]:
    """A kind, and the name of one."""
    kind = str(request.param)
    more = {"AssumeRolePolicyDocument": trust()} if kind == "role" else {}
    getattr(iam, f"create_{kind}")(**{f"{kind.capitalize()}Name": "x"}, **more)
    return kind, "x"


@pytest.fixture
def call(iam: Any, entity: tuple[str, str]) -> Callable[..., Any]:
    """`call("put_{}_policy", ...)` about the entity."""
    kind, name = entity

    def call(method: str, **params: Any) -> Any:
        return getattr(iam, method.format(kind))(**{f"{kind.capitalize()}Name": name}, **params)

    return call


def test_inline_policies(call: Callable[..., Any], entity: tuple[str, str], refused: Refused) -> None:
    """put_user_policy get_user_policy delete_user_policy list_user_policies, and those of groups and roles:
    get_group_policy list_group_policies put_role_policy get_role_policy delete_role_policy list_role_policies"""
    kind, _ = entity
    call("put_{}_policy", PolicyName="b", PolicyDocument=document("s3:*"))
    call("put_{}_policy", PolicyName="a", PolicyDocument=document("s3:*"))
    call("put_{}_policy", PolicyName="a", PolicyDocument=document("sqs:*"))
    found = call("get_{}_policy", PolicyName="a")
    assert found["PolicyDocument"] == json.loads(document("sqs:*"))
    assert found[f"{kind.capitalize()}Name"] == "x"
    assert call("list_{}_policies")["PolicyNames"] == ["a", "b"]
    call("delete_{}_policy", PolicyName="a")
    assert call("list_{}_policies")["PolicyNames"] == ["b"]
    for method in ("get", "delete"):
        with refused("NoSuchEntity", f"The {kind} policy with name a cannot be found.", 404):
            call(f"{method}_{{}}_policy", PolicyName="a")
    with refused("MalformedPolicyDocument"):
        call("put_{}_policy", PolicyName="bad", PolicyDocument=trust())


def test_inline_policies_share_their_room(call: Callable[..., Any], entity: tuple[str, str], refused: Refused) -> None:
    kind, name = entity
    limit = {"user": 2048, "group": 5120, "role": 10240}[kind]
    big = document(resource="arn:aws:s3:::" + "x" * (limit // 2))
    call("put_{}_policy", PolicyName="a", PolicyDocument=big)
    with refused("LimitExceeded", f"Maximum policy size of {limit} bytes exceeded for {kind} {name}", 409):
        call("put_{}_policy", PolicyName="b", PolicyDocument=big)
    call("put_{}_policy", PolicyName="a", PolicyDocument=big)


def test_attached_policies(iam: Any, call: Callable[..., Any], policy: str, refused: Refused) -> None:
    """attach_role_policy list_attached_role_policies detach_role_policy list_attached_user_policies
    list_attached_group_policies and those of users and groups"""
    for _ in range(2):
        call("attach_{}_policy", PolicyArn=policy)
    call("attach_{}_policy", PolicyArn=READ_ONLY)
    assert call("list_attached_{}_policies")["AttachedPolicies"] == [
        {"PolicyName": "Mine", "PolicyArn": policy},
        {"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY},
    ]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=policy)
    call("detach_{}_policy", PolicyArn=policy)
    with refused("NoSuchEntity", f"Policy {policy} was not found.", 404):
        call("detach_{}_policy", PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    assert len(call("list_attached_{}_policies")["AttachedPolicies"]) == 1


def test_ten_can_be_attached(iam: Any, call: Callable[..., Any], entity: tuple[str, str], refused: Refused) -> None:
    arns = [
        iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document(), Path="/x/" if n < 3 else "/")["Policy"]["Arn"]
        for n in range(11)
    ]
    for arn in arns[:10]:
        call("attach_{}_policy", PolicyArn=arn)
    with refused("LimitExceeded", f"Cannot exceed quota for PoliciesPer{entity[0].capitalize()}: 10", 409):
        call("attach_{}_policy", PolicyArn=arns[10])
    assert iam.get_policy(PolicyArn=arns[10])["Policy"]["AttachmentCount"] == 0
    assert len(call("list_attached_{}_policies", PathPrefix="/x/")["AttachedPolicies"]) == 3
    page = call("list_attached_{}_policies", MaxItems=8)
    rest = call("list_attached_{}_policies", MaxItems=8, Marker=page["Marker"])
    assert len(page["AttachedPolicies"] + rest["AttachedPolicies"]) == 10


def test_what_cannot_be_attached(iam: Any, role: str, refused: Refused) -> None:
    with refused("ValidationError", "Invalid ARN:  Could not be parsed!"):
        iam.attach_role_policy(RoleName=role, PolicyArn="long-policy-name-but-no-arn")
    for gone in ("arn:aws:iam::000000000000:policy/none", "arn:aws:iam::aws:policy/None"):
        with refused("NoSuchEntity", f"Policy {gone} does not exist or is not attachable.", 404):
            iam.attach_role_policy(RoleName=role, PolicyArn=gone)
    linked = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"
    with refused("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role."):
        iam.attach_role_policy(RoleName=role, PolicyArn=linked)


def test_a_managed_policy(iam: Any, policy: str, refused: Refused) -> None:
    found = iam.get_policy(PolicyArn=policy)["Policy"]
    assert found["PolicyId"].startswith("ANPA")
    assert (found["Description"], found["Tags"], found["DefaultVersionId"]) == ("d", [], "v1")
    (listed,) = iam.list_policies(Scope="Local")["Policies"]
    assert listed == {key: value for key, value in found.items() if key not in ("Description", "Tags")}
    with refused("EntityAlreadyExists", "A policy called mine already exists. Duplicate names are not allowed.", 409):
        iam.create_policy(PolicyName="mine", PolicyDocument=document())
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("NoSuchEntity", f"Policy {policy}x was not found.", 404):
        iam.get_policy(PolicyArn=f"{policy}x")


def test_a_managed_policy_has_6144_characters_without_blanks(iam: Any, refused: Refused) -> None:
    text = document(resource="arn:aws:s3:::" + "x" * 6000)
    iam.create_policy(PolicyName="full", PolicyDocument=text + " " * 9000)
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        iam.create_policy(PolicyName="more", PolicyDocument=document(resource="arn:aws:s3:::" + "x" * 6144))


def test_versions(iam: Any, policy: str, refused: Refused) -> None:
    second = iam.create_policy_version(PolicyArn=policy, PolicyDocument=document("s3:*"))["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", False)
    assert iam.create_policy_version(PolicyArn=policy, PolicyDocument=document("sqs:*"), SetAsDefault=True)[
        "PolicyVersion"
    ]["IsDefaultVersion"]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v3"
    assert iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(
        document("s3:*")
    )
    for _ in range(2):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=document())
    with refused("LimitExceeded", "A managed policy can have up to 5 versions.", 409):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=document())
    versions = iam.get_paginator("list_policy_versions").paginate(PolicyArn=policy, PaginationConfig={"PageSize": 2})
    listed = versions.build_full_result()["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in listed] == [
        ("v5", False), ("v4", False), ("v3", True), ("v2", False), ("v1", False)
    ]  # fmt: skip
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", 409):
        iam.delete_policy_version(PolicyArn=policy, VersionId="v3")
    with refused("DeleteConflict", "This policy has more than one version.", 409):
        iam.delete_policy(PolicyArn=policy)
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    for number in range(2, 6):
        iam.delete_policy_version(PolicyArn=policy, VersionId=f"v{number}")
    with refused("NoSuchEntity", f"Policy {policy} version v5 does not exist or is not attachable.", 404):
        iam.get_policy_version(PolicyArn=policy, VersionId="v5")
    assert iam.create_policy_version(PolicyArn=policy, PolicyDocument=document())["PolicyVersion"]["VersionId"] == "v6"


def test_policies_of_aws(iam: Any, refused: Refused) -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    version = iam.get_policy_version(PolicyArn=admin, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    execution = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert iam.get_policy(PolicyArn=execution)["Policy"]["Path"] == "/service-role/"
    assert len(iam.list_policy_versions(PolicyArn=execution)["Versions"]) == 1
    with refused("AccessDenied", "iam:DeletePolicy", 403):
        iam.delete_policy(PolicyArn=admin)
    with refused("NoSuchEntity", status=404):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole")


def test_lists_of_policies(iam: Any, policy: str, user: str) -> None:
    pages = iam.get_paginator("list_policies")
    every = pages.paginate(PaginationConfig={"PageSize": 1000}).build_full_result()["Policies"]
    names = [one["PolicyName"].lower() for one in every]
    assert names == sorted(names)
    assert "mine" in names and len(names) > 1000
    assert len(pages.paginate(Scope="AWS").build_full_result()["Policies"]) == len(every) - 1
    assert iam.list_policies(OnlyAttached=True)["Policies"] == []
    iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    attached = iam.list_policies(OnlyAttached=True)["Policies"]
    assert [one["PolicyName"] for one in attached] == ["Mine", "ReadOnlyAccess"]
    bounding = iam.list_policies(PolicyUsageFilter="PermissionsBoundary")["Policies"]
    assert [one["PolicyName"] for one in bounding] == ["Mine"]


def test_an_own_policy_with_a_name_of_aws(iam: Any, user: str) -> None:
    own = iam.create_policy(PolicyName="ReadOnlyAccess", PolicyDocument=document())["Policy"]["Arn"]
    for arn in (own, READ_ONLY):
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    for method, member, params in (
        ("list_policies", "Policies", {"OnlyAttached": True}),
        ("list_attached_user_policies", "AttachedPolicies", {"UserName": user}),
    ):
        pages = list(iam.get_paginator(method).paginate(**params, PaginationConfig={"PageSize": 1}))
        found = {one.get("Arn") or one["PolicyArn"] for page in pages for one in page[member]}
        assert (len(pages), found) == (2, {own, READ_ONLY})


def test_entities_of_a_policy(iam: Any, policy: str, user: str, role: str) -> None:
    iam.create_group(GroupName="g", Path="/x/")
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.attach_group_policy(GroupName="g", PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy)
    found = iam.list_entities_for_policy(PolicyArn=policy)
    assert [one["UserName"] for one in found["PolicyUsers"]] == [user]
    assert [one["GroupName"] for one in found["PolicyGroups"]] == ["g"]
    assert [one["RoleName"] for one in found["PolicyRoles"]] == [role]
    only = iam.list_entities_for_policy(PolicyArn=policy, PolicyUsageFilter="PermissionsPolicy", EntityFilter="Group")
    assert (len(only["PolicyGroups"]), only["PolicyUsers"], only["PolicyRoles"]) == (1, [], [])
    below = iam.list_entities_for_policy(PolicyArn=policy, PathPrefix="/x/")
    assert len(below["PolicyGroups"] + below["PolicyUsers"] + below["PolicyRoles"]) == 1
    first = iam.list_entities_for_policy(PolicyArn=policy, MaxItems=2)
    rest = iam.list_entities_for_policy(PolicyArn=policy, Marker=first["Marker"])
    assert len(rest["PolicyGroups"] + rest["PolicyUsers"] + rest["PolicyRoles"]) == 1
