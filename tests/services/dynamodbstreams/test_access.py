"""Who may read a stream: IAM has it among the actions of DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import iterator


@pytest.mark.feature("dynamodb.streams", "iam.evaluation")
def test_what_users_may_read(cloud: Cloud, make: Callable[..., str]) -> None:
    arn, other, iam = make(), make("other"), cloud.client("iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": ["dynamodb:Get*", "dynamodb:DescribeStream"], "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    reader: Any = cloud.client("dynamodbstreams", **keys)
    assert reader.get_records(ShardIterator=iterator(reader, arn))["Records"] == []
    denied = f"not authorized to perform: dynamodb:GetRecords on resource: {other}"
    with pytest.raises(ClientError, match=denied) as caught:
        reader.get_records(ShardIterator=iterator(cloud.client("dynamodbstreams"), other))
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError, match="dynamodb:ListStreams"):
        reader.list_streams()
