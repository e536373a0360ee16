"""Who may do what with a queue: its policy, and the policies of those who call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("iam.evaluation")

OTHER = "111111111111"
ARN = "arn:aws:sqs:us-east-1:000000000000:queue"


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName="queue")["QueueUrl"])


def let(sqs: Any, url: str, effect: str, principal: Any, action: str = "sqs:*", **condition: Any) -> None:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": ARN, **condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def refusal(client: Any, url: str) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        client.send_message(QueueUrl=url, MessageBody="x")
    return dict(refused.value.response)


def test_another_account_needs_the_queues_policy(cloud: Cloud, sqs: Any, url: str) -> None:
    other = cloud.client("sqs", account=OTHER)
    answer = refusal(other, url)
    assert answer["Error"]["Code"] == "AccessDenied"
    assert answer["Error"]["Message"] == (
        f"User: arn:aws:iam::{OTHER}:root is not authorized to perform: sqs:sendmessage on resource: {ARN} "
        "because no resource-based policy allows the sqs:sendmessage action"
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    let(sqs, url, "Allow", {"AWS": OTHER}, "sqs:SendMessage")
    other.send_message(QueueUrl=url, MessageBody="x")
    other.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    with pytest.raises(ClientError):
        other.receive_message(QueueUrl=url)


def test_a_policy_can_deny_even_the_root_of_its_account(sqs: Any, url: str) -> None:
    let(sqs, url, "Deny", "*", "sqs:SendMessage", Condition={"Bool": {"aws:SecureTransport": "false"}})
    assert "with an explicit deny in a resource-based policy" in refusal(sqs, url)["Error"]["Message"]
    sqs.receive_message(QueueUrl=url)
