"""Looking events up, and the clients of those whom IAM and STS issue keys to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud

OTHER = "111111111111"
Records = Callable[..., list[dict[str, Any]]]


def policy(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def cloudtrail(cloud: Cloud) -> Any:
    return cloud.client("cloudtrail")


@pytest.fixture
def lookup(cloud: Cloud) -> Records:
    """The records of events with that name, the oldest first."""

    def lookup(name: str, account: str = ACCOUNT, **place: str) -> list[dict[str, Any]]:
        asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
        found = cloud.client("cloudtrail", account=account, **place).lookup_events(LookupAttributes=asked)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in reversed(found)]

    return lookup


@pytest.fixture
def client_of(cloud: Cloud) -> Callable[..., Any]:
    """A client that signs with credentials, as CreateAccessKey or STS gave them."""

    def client(service: str, credentials: dict[str, Any], **options: Any) -> Any:
        return cloud.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
            **options,
        )

    return client


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    """A user that may do these things; gives its access key."""

    def user(name: str, *actions: str) -> dict[str, Any]:
        iam = cloud.client("iam")
        iam.create_user(UserName=name)
        if actions:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*actions))
        key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    return user
