from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import document

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]


def test_members(iam: Any, user: str) -> None:
    made = iam.create_group(GroupName="Devs", Path="/x/")["Group"]
    assert made["GroupId"].startswith("AGPA")
    assert made["Arn"] == "arn:aws:iam::000000000000:group/x/Devs"
    for _ in range(2):
        iam.add_user_to_group(GroupName="devs", UserName=user)
    answer = iam.get_group(GroupName="Devs")
    assert answer["Group"] == made
    assert [one["UserName"] for one in answer["Users"]] == [user]
    assert iam.list_groups_for_user(UserName=user)["Groups"] == [made]
    iam.remove_user_from_group(GroupName="Devs", UserName=user)
    assert iam.get_group(GroupName="Devs")["Users"] == []
    assert iam.list_groups_for_user(UserName=user)["Groups"] == []


def test_a_user_is_in_ten_groups_at_most(iam: Any, user: str, refused: Refused) -> None:
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName=user)
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409):
        iam.add_user_to_group(GroupName="g10", UserName=user)
    pages = iam.get_paginator("list_groups_for_user").paginate(UserName=user, PaginationConfig={"PageSize": 4})
    assert [len(page["Groups"]) for page in pages] == [4, 4, 2]


def test_rename(iam: Any, user: str, refused: Refused) -> None:
    iam.create_group(GroupName="old")
    iam.add_user_to_group(GroupName="old", UserName=user)
    iam.update_group(GroupName="old", NewGroupName="new", NewPath="/p/")
    (group,) = iam.list_groups()["Groups"]
    assert group["Arn"].endswith(":group/p/new")
    assert iam.list_groups_for_user(UserName=user)["Groups"] == [group]
    iam.create_group(GroupName="old")
    with refused("EntityAlreadyExists", "Group with name OLD already exists.", 409):
        iam.update_group(GroupName="new", NewGroupName="OLD")


def test_what_a_group_has_has_to_go_first(iam: Any, user: str, refused: Refused) -> None:
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=document())
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    for what, done in {
        "detach all policies": lambda: iam.detach_group_policy(GroupName="g", PolicyArn=arn),
        "delete policies": lambda: iam.delete_group_policy(GroupName="g", PolicyName="p"),
        "remove users from group": lambda: iam.remove_user_from_group(GroupName="g", UserName=user),
    }.items():
        with refused("DeleteConflict", f"must {what} first", 409):
            iam.delete_group(GroupName="g")
        done()
    iam.delete_group(GroupName="g")
    with refused("NoSuchEntity", "The group with name g cannot be found.", 404):
        iam.get_group(GroupName="g")
