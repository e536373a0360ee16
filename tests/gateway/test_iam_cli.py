"""`hodei iam`, against a process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hodei.cli import main
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.feature("iam.evaluation")]


def client(url: str, service: str, key: str = "test", secret: str = "test") -> Any:
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)


def test_a_denial_is_explained_and_a_policy_suggested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Process(tmp_path / "data", tmp_path / "log") as process:
        iam = client(process.url, "iam")
        iam.create_user(UserName="bob")
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        sqs = client(process.url, "sqs", key["AccessKeyId"], key["SecretAccessKey"])
        with pytest.raises(ClientError) as denied:
            sqs.create_queue(QueueName="queue")
        request = denied.value.response["ResponseMetadata"]["RequestId"]

        assert main(["iam", "explain", request, "--url", process.url]) == 0
        told = capsys.readouterr().out
        assert told.startswith(
            f"{request}  sqs:CreateQueue\n  User: arn:aws:iam::000000000000:user/bob is not authorized"
        )
        assert "No identity policy allows it" in told

        deny = {"Sid": "Never", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document)
        with pytest.raises(ClientError):
            sqs.create_queue(QueueName="queue")
        assert main(["iam", "explain", "--url", process.url]) == 0
        assert "Denied by statement Never of own" in capsys.readouterr().out

        assert main(["iam", "suggest", "--user", "bob", "--url", process.url]) == 0
        [statement] = json.loads(capsys.readouterr().out)["Statement"]
        assert statement["Action"] == ["sqs:createqueue"]


def test_a_closed_account_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Process(tmp_path / "data", tmp_path / "log") as process:
        organizations = client(process.url, "organizations")
        organizations.create_organization(FeatureSet="ALL")
        asked = organizations.create_account(Email="data@example.com", AccountName="data")["CreateAccountStatus"]
        status = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])
        account = status["CreateAccountStatus"]["AccountId"]
        queues = client(process.url, "sqs", account)
        queues.list_queues()
        organizations.close_account(AccountId=account)
        with pytest.raises(ClientError, match="is not authorized to perform: sqs:listqueues"):
            queues.list_queues()
        assert main(["iam", "explain", "--url", process.url]) == 0
        assert "is closed" in capsys.readouterr().out
