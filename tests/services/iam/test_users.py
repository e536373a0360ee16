from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

from .conftest import document

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]


def test_a_user_has_an_id_an_arn_and_tags(iam: Any) -> None:
    made = iam.create_user(UserName="Ada", Path="/dev/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert made["Arn"] == "arn:aws:iam::000000000000:user/dev/Ada"
    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert iam.get_user(UserName="ada")["User"] == made  # names are found without regard to case
    (listed,) = iam.list_users()["Users"]
    assert listed == {key: value for key, value in made.items() if key != "Tags"}


def test_users_of_accounts_are_apart(cloud: Cloud, iam: Any, user: str, refused: Refused) -> None:
    other = cloud.client("iam", account="123456789012", region_name="eu-west-1")
    with refused("NoSuchEntity", "The user with name ada cannot be found.", 404):
        other.get_user(UserName=user)
    assert other.create_user(UserName=user)["User"]["Arn"] == "arn:aws:iam::123456789012:user/ada"
    elsewhere = cloud.client("iam", region_name="eu-west-1")
    assert elsewhere.get_user(UserName=user)["User"] == iam.get_user(UserName=user)["User"]


def test_names_are_taken_whatever_their_case(iam: Any, user: str, refused: Refused) -> None:
    with refused("EntityAlreadyExists", "User with name ADA already exists.", 409):
        iam.create_user(UserName="ADA")
    iam.create_user(UserName="bob")
    with refused("EntityAlreadyExists", "User with name ada already exists.", 409):
        iam.update_user(UserName="bob", NewUserName="ada")


@pytest.mark.parametrize("name", ["a b", "a/b", "ü", "a" * 65])
def test_bad_names(iam: Any, refused: Refused, name: str) -> None:
    with refused("ValidationError", "serName"):
        iam.create_user(UserName=name)


def test_a_renamed_user_keeps_everything(iam: Any, user: str, refused: Refused) -> None:
    before = iam.get_user(UserName=user)["User"]
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document())
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    iam.update_user(UserName=user, NewUserName="Lovelace", NewPath="/x/")
    after = iam.get_user(UserName="Lovelace")["User"]
    assert after == before | {"UserName": "Lovelace", "Path": "/x/", "Arn": "arn:aws:iam::000000000000:user/x/Lovelace"}
    assert iam.list_user_policies(UserName="Lovelace")["PolicyNames"] == ["p"]
    assert iam.get_group(GroupName="g")["Users"] == [after]
    with refused("NoSuchEntity", status=404):
        iam.get_user(UserName=user)


def test_lists_by_path_and_page(iam: Any) -> None:
    for name in ("c", "A", "b", "D"):
        iam.create_user(UserName=name, Path="/x/" if name in "cA" else "/")
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 3}))
    assert [[user["UserName"] for user in page["Users"]] for page in pages] == [["A", "b", "c"], ["D"]]
    assert [page["IsTruncated"] for page in pages] == [True, False]
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/x/")["Users"]] == ["A", "c"]


def test_a_marker_of_another_list_is_refused(iam: Any, refused: Refused) -> None:
    for name in "ab":
        iam.create_user(UserName=name)
    marker = iam.list_users(MaxItems=1)["Marker"]
    for foreign in (marker, "nonsense"):
        with refused("ValidationError", "Marker"):
            iam.list_groups(Marker=foreign)


def test_what_a_user_has_has_to_go_first(iam: Any, user: str, refused: Refused) -> None:
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document())
    arn = iam.create_policy(PolicyName="m", PolicyDocument=document())["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    for what, done in {
        "remove users from group": lambda: iam.remove_user_from_group(GroupName="g", UserName=user),
        "detach all policies": lambda: iam.detach_user_policy(UserName=user, PolicyArn=arn),
        "delete policies": lambda: iam.delete_user_policy(UserName=user, PolicyName="p"),
        "delete access keys": lambda: iam.delete_access_key(UserName=user, AccessKeyId=key),
    }.items():
        with refused("DeleteConflict", f"Cannot delete entity, must {what} first.", 409):
            iam.delete_user(UserName=user)
        done()
    iam.delete_user(UserName=user)
    assert iam.list_users()["Users"] == []


def test_tags(iam: Any, user: str, refused: Refused) -> None:
    iam.tag_user(UserName=user, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.tag_user(UserName=user, Tags=[{"Key": "A", "Value": "3"}])
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_user_tags(UserName=user)["Tags"]}
    assert tags == {"A": "3", "b": "2"}
    iam.untag_user(UserName=user, TagKeys=["a", "none"])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("InvalidInput", "Duplicate tag keys found."):
        iam.tag_user(UserName=user, Tags=[{"Key": "x", "Value": ""}, {"Key": "X", "Value": ""}])
    with refused("LimitExceeded", "50", 409):
        iam.tag_user(UserName=user, Tags=[{"Key": str(n), "Value": ""} for n in range(50)])


def test_quota(cloud: Cloud, iam: Any, user: str, refused: Refused) -> None:
    cloud.quota("iam", "users", 1)
    with refused("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 1", 409):
        iam.create_user(UserName="one-more")


def test_the_root_is_a_user_without_name(iam: Any) -> None:
    root = iam.get_user()["User"]
    assert root["UserId"] == "000000000000"
    assert root["Arn"] == "arn:aws:iam::000000000000:root"


def test_a_reset_of_the_account_takes_its_users(cloud: Cloud, iam: Any, user: str) -> None:
    cloud.client("iam", account="123456789012").create_user(UserName="other")
    cloud.reset("000000000000")
    assert iam.list_users()["Users"] == []
    assert len(cloud.client("iam", account="123456789012").list_users()["Users"]) == 1


def test_an_error_has_only_the_elements_that_aws_has(cloud: Cloud) -> None:
    """What fills a message is not told once more beside it."""
    authorization = (
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
    )
    headers = [("host", "localhost:4566"), ("content-type", "application/x-www-form-urlencoded")]
    request = Request(
        "POST",
        "/",
        Headers([*headers, ("authorization", authorization)]),
        Body(b"Action=CreateUser&Version=2010-05-08&UserName=a%20b"),
    )
    body = cloud.send(request).body
    assert isinstance(body, bytes)
    assert set(re.findall(rb"<(\w+)", body)) == {b"ErrorResponse", b"Error", b"Type", b"Code", b"Message", b"RequestId"}
