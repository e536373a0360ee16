from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from hodei.testing import Cloud

ACCOUNT = "000000000000"
OTHER = "111111111111"
ANYBODY = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
Clients = Callable[..., Any]


def document(action: Any, resource: Any = "*", effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: Any = ANYBODY, action: Any = "sts:AssumeRole", effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Principal": principal, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(cloud: Cloud) -> Any:
    return cloud.client("iam")


@pytest.fixture
def sts(cloud: Cloud) -> Any:
    return cloud.client("sts")


@pytest.fixture
def client(cloud: Cloud) -> Clients:
    """A client of a service with credentials as STS answers them, or with a new key as IAM answers it."""

    def client(service: str, credentials: Mapping[str, str]) -> Any:
        return cloud.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
        )

    return client


@pytest.fixture
def user(iam: Any) -> Callable[..., dict[str, str]]:
    """A new user that may do these actions; its key."""

    def user(name: str, *actions: str, **more: Any) -> dict[str, str]:
        iam.create_user(UserName=name, **more)
        if actions:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(list(actions)))
        return dict(iam.create_access_key(UserName=name)["AccessKey"])

    return user


@pytest.fixture
def role(iam: Any) -> Callable[..., str]:
    """A new role that may do these actions; its ARN."""

    def role(name: str, *actions: str, trusts: str = trust(), **more: Any) -> str:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts, **more)["Role"]["Arn"]
        if actions:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(list(actions)))
        return str(arn)

    return role
