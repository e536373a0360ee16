from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

ACCOUNT = "000000000000"


def document(action: str | list[str] = "s3:GetObject", resource: str = "*", effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str = "ec2.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(cloud: Cloud) -> Any:
    return cloud.client("iam")


@pytest.fixture
def user(iam: Any) -> str:
    return str(iam.create_user(UserName="ada")["User"]["UserName"])


@pytest.fixture
def role(iam: Any) -> str:
    return str(iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust())["Role"]["RoleName"])


@pytest.fixture
def as_user(cloud: Cloud, iam: Any) -> Callable[[str], Any]:
    """A client with a new key of a user."""

    def as_user(name: str, service: str = "iam") -> Any:
        key = iam.create_access_key(UserName=name)["AccessKey"]
        secrets = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return cloud.client(service, **secrets)

    return as_user
