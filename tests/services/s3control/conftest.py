from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from hodei.testing import Cloud

ACCOUNT = "000000000000"
OTHER = "111111111111"
POINT = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/point"


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, principal: Any, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


@pytest.fixture
def control(cloud: Cloud) -> Any:
    return cloud.client("s3control", config=Config(parameter_validation=False))


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client of a cloud that has one bucket: "bucket", with an object "key"."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="key", Body=b"body")
    return client


@pytest.fixture
def point(control: Any, s3: Any) -> dict[str, str]:
    """What CreateAccessPoint answers of "point" of the bucket; nothing of public access is blocked there."""
    made: dict[str, str] = control.create_access_point(
        AccountId=ACCOUNT, Name="point", Bucket="bucket", PublicAccessBlockConfiguration={"BlockPublicAcls": False}
    )
    return made


@pytest.fixture
def hire(cloud: Cloud) -> Callable[..., Any]:
    """Makes a user whose policy allows these actions on that resource, and gives its client."""

    def call(name: str, *actions: str, on: Any = "*", account: str = ACCOUNT, service: str = "s3", **more: Any) -> Any:
        iam = cloud.client("iam", account=account)
        iam.create_user(UserName=name)
        if actions:
            allowed = document({"Effect": "Allow", "Action": list(actions), "Resource": on, **more})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=allowed)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return cloud.client(service, **keys)

    return call
