from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.kernel.iam.keys import keys
from hodei.kernel.tables import Place
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]


def test_keys_of_a_user(cloud: Cloud, iam: Any, user: str, refused: Refused) -> None:
    made = iam.create_access_key(UserName=user)["AccessKey"]
    assert made["AccessKeyId"].startswith("AKIA") and len(made["AccessKeyId"]) == 20
    assert len(made["SecretAccessKey"]) == 40
    issued = keys.get(Place(cloud.world.store), made["AccessKeyId"])
    assert issued and (issued.kind, issued.arn) == ("user", "arn:aws:iam::000000000000:user/ada")
    assert (issued.secret, issued.account) == (made["SecretAccessKey"], "000000000000")
    second = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        iam.create_access_key(UserName=user)
    iam.update_access_key(UserName=user, AccessKeyId=second, Status="Inactive")
    listed = {key["AccessKeyId"]: key["Status"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}
    assert listed == {made["AccessKeyId"]: "Active", second: "Inactive"}
    disabled = keys.get(Place(cloud.world.store), second)
    assert disabled and not disabled.active
    iam.delete_access_key(UserName=user, AccessKeyId=second)
    revoked = keys.get(Place(cloud.world.store), second)
    assert revoked and not revoked.secret
    with refused("NoSuchEntity", f"The Access Key with id {second} cannot be found.", 404):
        iam.delete_access_key(UserName=user, AccessKeyId=second)


def test_a_renamed_user_calls_by_its_new_name(cloud: Cloud, iam: Any, user: str) -> None:
    made = iam.create_access_key(UserName=user)["AccessKey"]
    iam.update_user(UserName=user, NewUserName="lovelace", NewPath="/x/")
    issued = keys.get(Place(cloud.world.store), made["AccessKeyId"])
    assert issued and issued.arn == "arn:aws:iam::000000000000:user/x/lovelace"


def test_keys_of_the_root(cloud: Cloud, iam: Any) -> None:
    made = iam.create_access_key()["AccessKey"]
    issued = keys.get(Place(cloud.world.store), made["AccessKeyId"])
    assert issued and (issued.kind, issued.arn) == ("root", "arn:aws:iam::000000000000:root")
    assert [key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]] == [made["AccessKeyId"]]


def test_a_key_that_was_never_used(iam: Any, user: str) -> None:
    made = iam.create_access_key(UserName=user)["AccessKey"]
    answer = iam.get_access_key_last_used(AccessKeyId=made["AccessKeyId"])
    assert answer["UserName"] == user
    assert answer["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}


def test_the_caller_means_itself(iam: Any, user: str, as_user: Callable[[str], Any], refused: Refused) -> None:
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    own = as_user(user)
    assert own.get_user()["User"]["UserName"] == user
    assert own.create_access_key()["AccessKey"]["UserName"] == user
    assert len(iam.list_access_keys(UserName=user)["AccessKeyMetadata"]) == 2
