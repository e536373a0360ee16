"""What other services ask."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.kernel.context import Context
from hodei.services.iam import api
from hodei.testing import Cloud

from .conftest import ACCOUNT, trust

pytestmark = pytest.mark.feature("iam.identities")


@pytest.fixture
def context(cloud: Cloud) -> Context:
    return cloud.world.context("iam", account=ACCOUNT, region="eu-west-1")


def test_a_role_by_its_arn(cloud: Cloud, context: Context) -> None:
    other = cloud.client("iam", account="123456789012")
    arn = other.create_role(RoleName="r", Path="/x/", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    found = api.role(context, arn)
    assert found and found.name == "r"
    for wrong in (
        arn.replace("/x/", "/"),
        arn.replace("123456789012", ACCOUNT),
        "arn:aws:iam::123456789012:user/r",
        "r",
    ):
        assert api.role(context, wrong) is None
    with cloud.world.store.batch():
        api.role_used(context, found, "123456789012")
    used = other.get_role(RoleName="r")["Role"]["RoleLastUsed"]
    assert used["Region"] == "eu-west-1"


def test_of_the_uses_of_a_key_one_in_a_quarter_of_an_hour_counts(
    cloud: Cloud, iam: Any, user: str, context: Context
) -> None:
    cloud.clock.freeze()
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]

    def use(service: str) -> tuple[str, str]:
        with cloud.world.store.batch():
            api.key_used(context, key, service)
        last = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
        return last["ServiceName"], last["Region"]

    assert use("s3") == ("s3", "eu-west-1")
    assert use("sqs") == ("s3", "eu-west-1")
    cloud.clock.advance(minutes=16)
    assert use("sqs") == ("sqs", "eu-west-1")
