from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client of a cloud that has one bucket: "bucket". It takes no for an answer: botocore retries after BadDigest."""
    client = cloud.client("s3", config=Config(retries={"max_attempts": 0}))
    client.create_bucket(Bucket="bucket")
    return client


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    """Makes a call that must fail and gives the `Error` of the answer, with the status as `Status`."""

    def call(operation: Callable[..., Any], **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            operation(**params)
        response = caught.value.response
        return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}

    return call


@pytest.fixture
def hire(cloud: Cloud) -> Callable[..., Any]:
    """Makes a user with these statements as its policy, and gives its client."""

    def call(name: str, *statements: Any, account: str = "000000000000", service: str = "s3") -> Any:
        iam = cloud.client("iam", account=account)
        iam.create_user(UserName=name)
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return cloud.client(service, config=Config(retries={"max_attempts": 0}), **keys)

    return call
