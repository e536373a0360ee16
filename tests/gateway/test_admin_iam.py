"""`hodei iam`: why a call was denied, and the least policy that would do."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("iam.evaluation")

USER = "arn:aws:iam::000000000000:user/bob"


@pytest.fixture
def admin(cloud: Cloud) -> httpx.Client:
    return httpx.Client(transport=cloud.transport(), base_url=cloud.url)


@pytest.fixture
def keys(cloud: Cloud) -> dict[str, str]:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def policy(cloud: Cloud, *statements: dict[str, Any]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    cloud.client("iam").put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document)


def denied(client: Any, operation: str, **params: Any) -> str:
    """The id of the request."""
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**params)
    return str(refused.value.response["ResponseMetadata"]["RequestId"])


def test_a_denial_tells_its_statement_or_what_was_missing(
    cloud: Cloud, admin: httpx.Client, keys: dict[str, str]
) -> None:
    sqs = cloud.client("sqs", **keys)
    request = denied(sqs, "create_queue", QueueName="queue")
    [told] = admin.get(f"/_hodei/iam/denials/{request}").json()["denials"]
    assert (told["explicit"], told["where"], told["lacking"]) == (False, "identity", ["resource", "identity"])
    assert (told["principal"], told["operation"]) == (USER, "sqs:CreateQueue")
    deny = {"Sid": "NoQueues", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    policy(cloud, {"Effect": "Allow", "Action": "*", "Resource": "*"}, deny)
    request = denied(sqs, "create_queue", QueueName="queue")
    [told] = admin.get(f"/_hodei/iam/denials/{request}").json()["denials"]
    assert (told["explicit"], told["where"], told["statement"]) == (True, "identity", "NoQueues")
    assert "own" in told["policy"]
    assert "explicit deny in an identity-based policy" in told["message"]
    assert len(admin.get("/_hodei/iam/denials").json()["denials"]) == 2
    assert admin.get("/_hodei/iam/denials/none").status_code == 404


def test_the_policy_that_is_suggested_is_enough(cloud: Cloud, admin: httpx.Client, keys: dict[str, str]) -> None:
    policy(cloud, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    sqs, dynamodb = cloud.client("sqs", **keys), cloud.client("dynamodb", **keys)

    def work() -> None:
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        dynamodb.list_tables()

    work()
    suggested = admin.get(f"/_hodei/iam/suggest/{quote(USER, safe='')}").json()["policy"]
    assert suggested["Statement"] == [
        {"Effect": "Allow", "Action": ["dynamodb:ListTables"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["sqs:createqueue", "sqs:sendmessage"],
            "Resource": ["arn:aws:sqs:us-east-1:000000000000:queue"],
        },
    ]
    policy(cloud, *suggested["Statement"])
    work()
    denied(sqs, "purge_queue", QueueUrl=sqs.create_queue(QueueName="queue")["QueueUrl"])


def test_what_was_needed_is_forgotten_with_the_account(cloud: Cloud, admin: httpx.Client, keys: dict[str, str]) -> None:
    denied(cloud.client("sqs", **keys), "create_queue", QueueName="queue")
    cloud.reset("000000000000")
    path = "/_hodei/iam/suggest/arn:aws:iam::000000000000:user%2Fbob"
    assert admin.get(path).json()["policy"]["Statement"] == []
    assert cloud.client("sts", **keys).get_caller_identity()["Arn"].endswith(":root")  # the key is nobody's now
