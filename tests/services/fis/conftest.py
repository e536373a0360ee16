from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fis"
NONE = [{"source": "none"}]


def trusting(principal: dict[str, str], **condition: Any) -> str:
    conditions = {"Condition": condition} if condition else {}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **conditions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(*actions: str, resource: str = "*", **condition: Any) -> str:
    conditions = {"Condition": condition} if condition else {}
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **conditions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def fis(cloud: Cloud) -> Any:
    return cloud.client("fis")


@pytest.fixture
def role(cloud: Cloud) -> Callable[..., str]:
    """A role that FIS may assume, with these permissions; its ARN."""

    def make(*actions: str, name: str = "fis", trust: str = "", **policy: Any) -> str:
        iam = cloud.client("iam")
        trust = trust or trusting({"Service": "fis.amazonaws.com"})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if actions:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allowing(*actions, **policy))
        return arn

    return make


@pytest.fixture
def waiting(fis: Any) -> Callable[..., str]:
    """The id of a template whose actions wait: their names, with minutes and those that they start after."""

    def make(**actions: tuple[int, list[str]]) -> str:
        made: str = fis.create_experiment_template(
            description="waits",
            roleArn=ROLE,
            stopConditions=NONE,
            actions={name: wait(minutes, *after) for name, (minutes, after) in actions.items()},
        )["experimentTemplate"]["id"]
        return made

    return make


def wait(minutes: int, *after: str) -> dict[str, Any]:
    return {"actionId": "aws:fis:wait", "parameters": {"duration": f"PT{minutes}M"}, "startAfter": list(after)}
