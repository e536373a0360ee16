"""What other services ask."""

from __future__ import annotations

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
