"""Multi-account experiments: an account orchestrates, in others its role becomes theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, allowing, trusting

OTHER = "111111111111"
THERE = f"arn:aws:iam::{OTHER}:role/target"
APP = f"arn:aws:iam::{OTHER}:role/app"


@pytest.fixture
def template(cloud: Cloud, fis: Any) -> str:
    """The id of one whose target is a role of another account."""
    cloud.set("fis", "any-service", True)
    parameters = {"service": "sqs", "operations": "ListQueues", "percentage": "100", "duration": "PT1M"}
    made: str = fis.create_experiment_template(
        description="d",
        roleArn=ROLE,
        stopConditions=NONE,
        targets={"r": {"resourceType": "aws:iam:role", "resourceArns": [APP], "selectionMode": "ALL"}},
        actions={
            "a": {"actionId": "aws:fis:inject-api-internal-error", "parameters": parameters, "targets": {"Roles": "r"}}
        },
        experimentOptions={"accountTargeting": "multi-account"},
    )["experimentTemplate"]["id"]
    return made


def test_configurations_of_a_template(fis: Any, template: str, refused: Callable[..., Any]) -> None:
    given = {"experimentTemplateId": template, "accountId": OTHER}
    made = fis.create_target_account_configuration(**given, roleArn=THERE, description="d", clientToken="t")
    expected = {"accountId": OTHER, "roleArn": THERE, "description": "d"}
    assert made["targetAccountConfiguration"] == expected
    again = fis.create_target_account_configuration(**given, roleArn=THERE, description="d", clientToken="t")
    assert again["targetAccountConfiguration"] == expected
    for token in ("t", "u"):
        with refused("ConflictException", status=409):
            fis.create_target_account_configuration(**given, roleArn=THERE, clientToken=token)
    assert fis.get_target_account_configuration(**given)["targetAccountConfiguration"] == expected
    assert fis.get_experiment_template(id=template)["experimentTemplate"]["targetAccountConfigurationsCount"] == 1
    fis.create_target_account_configuration(
        experimentTemplateId=template, accountId="222222222222", roleArn="arn:aws:iam::222222222222:role/r"
    )
    pages = fis.get_paginator("list_target_account_configurations").paginate(
        experimentTemplateId=template, PaginationConfig={"PageSize": 1}
    )
    found = [one["accountId"] for page in pages for one in page["targetAccountConfigurations"]]
    assert found == [OTHER, "222222222222"]
    changed = fis.update_target_account_configuration(**given, description="other")
    assert changed["targetAccountConfiguration"] == expected | {"description": "other"}
    deleted = fis.delete_target_account_configuration(**given)
    assert deleted["targetAccountConfiguration"] == changed["targetAccountConfiguration"]
    with refused("ResourceNotFoundException", status=404):
        fis.get_target_account_configuration(**given)


@pytest.mark.parametrize(
    ("account", "role", "text"),
    [
        ("nothing-of-an-account", THERE, "is not the ID of an account"),
        (OTHER, f"arn:aws:iam::{OTHER}:user/target", "is not the ARN of an IAM role"),
        (OTHER, ROLE, "must be in it"),
    ],
)
def test_what_is_no_configuration(
    fis: Any, template: str, refused: Callable[..., Any], account: str, role: str, text: str
) -> None:
    with refused("ValidationException", text):
        fis.create_target_account_configuration(experimentTemplateId=template, accountId=account, roleArn=role)


def test_only_multi_account_templates_have_configurations(
    fis: Any, waiting: Callable[..., str], template: str, refused: Callable[..., Any]
) -> None:
    with refused("ValidationException", "multi-account"):
        fis.create_target_account_configuration(
            experimentTemplateId=waiting(one=(1, [])), accountId=OTHER, roleArn=THERE
        )
    with refused("ValidationException", "at least one target account configuration"):
        fis.start_experiment(experimentTemplateId=template)


def test_the_quota_of_configurations(cloud: Cloud, fis: Any, template: str, refused: Callable[..., Any]) -> None:
    cloud.quota("fis", "target-accounts", 1)
    given = {"experimentTemplateId": template}
    fis.create_target_account_configuration(**given, accountId=OTHER, roleArn=THERE)
    with refused("ServiceQuotaExceededException", status=402):
        fis.create_target_account_configuration(**given, accountId=ACCOUNT, roleArn=ROLE)


def test_an_experiment_in_another_account(
    cloud: Cloud, fis: Any, role: Callable[..., str], template: str, refused: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/fis/latest/userguide/multi-account-prerequisites.html"""
    role("sts:AssumeRole", resource=THERE)
    there = cloud.client("iam", account=OTHER)
    there.create_role(RoleName="app", AssumeRolePolicyDocument=trusting({"AWS": OTHER}))
    fis.create_target_account_configuration(experimentTemplateId=template, accountId=OTHER, roleArn=THERE)

    def start() -> dict[str, Any]:
        id = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
        cloud.clock.advance(seconds=0)
        found: dict[str, Any] = fis.get_experiment(id=id)["experiment"]
        return found

    assert start()["state"]["error"] == {"accountId": OTHER, "code": "AuthorizationFailure", "location": "experiment"}
    trust = trusting(
        {"AWS": ACCOUNT},
        StringLike={"sts:ExternalId": f"arn:aws:fis:us-east-1:{ACCOUNT}:experiment/*"},
        ArnEquals={"aws:PrincipalArn": ROLE},
    )
    there.create_role(RoleName="target", AssumeRolePolicyDocument=trust)
    assert start()["state"]["error"]["code"] == "AuthorizationFailure"
    there.put_role_policy(RoleName="target", PolicyName="p", PolicyDocument=allowing("fis:InjectApiInternalError"))
    found = start()
    assert found["state"]["status"] == "running", found["state"]
    assert [fault.account for fault in cloud.faults()] == [OTHER]
    assert found["targetAccountConfigurationsCount"] == 1
    fis.delete_target_account_configuration(experimentTemplateId=template, accountId=OTHER)
    listed = fis.list_experiment_target_account_configurations(experimentId=found["id"])
    assert listed["targetAccountConfigurations"] == [{"accountId": OTHER, "roleArn": THERE}]
    one = fis.get_experiment_target_account_configuration(experimentId=found["id"], accountId=OTHER)
    assert one["targetAccountConfiguration"]["roleArn"] == THERE
    with refused("ResourceNotFoundException", status=404):
        fis.get_experiment_target_account_configuration(experimentId=found["id"], accountId=ACCOUNT)
