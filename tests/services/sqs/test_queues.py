"""Queues: made, found, purged, deleted, tagged; their attributes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("sqs.standard")

Make = Callable[..., Any]
Refused = Callable[..., Any]


def test_a_queue_has_aws_defaults_and_urls(sqs: Any, make: Make) -> None:
    queue = make("orders")
    assert queue.url == "http://localhost:4566/000000000000/orders"
    found = queue.attributes()
    assert found.pop("CreatedTimestamp") == found.pop("LastModifiedTimestamp")
    assert found == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:orders",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }
    assert queue.attributes("DelaySeconds") == {"DelaySeconds": "0"}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue.url)


def test_create_queue_is_idempotent_for_equal_attributes(sqs: Any, make: Make, refused: Refused) -> None:
    first = make("q", DelaySeconds="3", RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    assert make("q", DelaySeconds="3").url == first.url
    assert make("q").url == first.url
    message = "A queue already exists with the same name and a different value for attribute DelaySeconds"
    with refused("QueueAlreadyExists", message):
        make("q", DelaySeconds="4")


@pytest.mark.parametrize("name", ["", "a b", "a" * 81, "q.fifo", "grün", "a/b"])
def test_bad_names_are_refused(make: Make, refused: Refused, name: str) -> None:
    with refused("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores."):
        make(name)


def test_a_fifo_queue_needs_the_suffix(sqs: Any, refused: Refused) -> None:
    with refused("InvalidParameterValue", "The name of a FIFO queue can only include"):
        sqs.create_queue(QueueName="plain", Attributes={"FifoQueue": "true"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VisibilityTimeout", "43201"), ("VisibilityTimeout", "-1"), ("VisibilityTimeout", "x"), ("DelaySeconds", "901"),
        ("MaximumMessageSize", "1023"), ("MaximumMessageSize", "1048577"), ("MessageRetentionPeriod", "59"),
        ("MessageRetentionPeriod", "1209601"), ("ReceiveMessageWaitTimeSeconds", "21"), ("Policy", "{"),
        ("SqsManagedSseEnabled", "maybe"), ("KmsDataKeyReusePeriodSeconds", "59"),
    ],
)  # fmt: skip
def test_bad_attribute_values_are_refused(make: Make, refused: Refused, name: str, value: str) -> None:
    with refused("InvalidAttributeValue", f"Invalid value for the parameter {name}."):
        make(**{name: value})
    queue = make()
    with refused("InvalidAttributeValue", f"Invalid value for the parameter {name}."):
        queue.set(**{name: value})


@pytest.mark.parametrize("name", ["Nonsense", "QueueArn", "ApproximateNumberOfMessages", "All", "visibilityTimeout"])
def test_attributes_that_cannot_be_set_are_unknown(make: Make, refused: Refused, name: str) -> None:
    with refused("InvalidAttributeName", f"Unknown Attribute {name}."):
        make(**{name: "1"})


def test_attributes_are_set_and_reset(cloud: Cloud, make: Make) -> None:
    queue = make()
    cloud.clock.advance(seconds=5)
    queue.set(VisibilityTimeout="69", Policy='{"Version":"2012-10-17","Statement":[]}')
    found = queue.attributes()
    assert found["VisibilityTimeout"] == "69"
    assert json.loads(found["Policy"])["Statement"] == []
    assert int(found["LastModifiedTimestamp"]) >= int(found["CreatedTimestamp"]) + 5
    queue.set(Policy="")
    assert queue.attributes("Policy") == {}


def test_encryption_is_by_sqs_or_by_kms(make: Make, refused: Refused) -> None:
    queue = make()
    queue.set(KmsMasterKeyId="alias/mine")
    found = queue.attributes()
    assert (found["SqsManagedSseEnabled"], found["KmsDataKeyReusePeriodSeconds"]) == ("false", "300")
    with refused("InvalidAttributeName", "You can use one type of server-side encryption (SSE) at one time."):
        queue.set(SqsManagedSseEnabled="true")
    queue.set(KmsMasterKeyId="")
    assert "KmsDataKeyReusePeriodSeconds" not in queue.attributes()


def test_a_missing_queue(sqs: Any, make: Make, refused: Refused) -> None:
    with refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."):
        sqs.get_queue_url(QueueName="none")
    queue = make()
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.send_message(QueueUrl=f"{queue.url}-not", MessageBody="x")
    with refused("InvalidAddress", status=404):
        sqs.send_message(QueueUrl="queue", MessageBody="x")


@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.us-east-1.amazonaws.com/000000000000/queue",
        "https://queue.amazonaws.com/000000000000/queue",
        "http://localhost:4566/queue/us-east-1/000000000000/queue",
        "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/queue",
    ],
)
def test_queue_urls_of_any_host_are_understood(sqs: Any, make: Make, url: str) -> None:
    queue = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert queue.bodies() == ["x"]


def test_queues_of_other_accounts_and_regions(cloud: Cloud, sqs: Any, make: Make, refused: Refused) -> None:
    queue = make()
    sqs.add_permission(QueueUrl=queue.url, Label="other", AWSAccountIds=["111111111111"], Actions=["*"])
    other = cloud.client("sqs", account="111111111111")
    assert other.get_queue_url(QueueName="queue", QueueOwnerAWSAccountId="000000000000")["QueueUrl"] == queue.url
    other.send_message(QueueUrl=queue.url, MessageBody="from elsewhere")
    assert queue.one(AttributeNames=["SenderId"])["Attributes"] == {"SenderId": "111111111111"}
    assert "QueueUrls" not in other.list_queues()
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        cloud.client("sqs", region_name="eu-west-1").get_queue_url(QueueName="queue")


def test_list_queues_by_prefix_and_page(sqs: Any, make: Make, refused: Refused) -> None:
    urls = [make(name).url for name in ("a", "b-1", "b-2", "b-3", "c")]
    assert sqs.list_queues()["QueueUrls"] == urls
    assert sqs.list_queues(QueueNamePrefix="b-")["QueueUrls"] == urls[1:4]
    first = sqs.list_queues(QueueNamePrefix="b", MaxResults=2)
    assert first["QueueUrls"] == urls[1:3]
    second = sqs.list_queues(QueueNamePrefix="b", MaxResults=2, NextToken=first["NextToken"])
    assert second["QueueUrls"] == urls[3:4]
    assert "NextToken" not in second
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="zzz")
    with refused("InvalidParameterValue"):
        sqs.list_queues(MaxResults=1001)
    with refused("InvalidParameterValue"):
        sqs.list_queues(NextToken="forged")


def test_a_deleted_queue_is_gone_with_its_messages(cloud: Cloud, sqs: Any, make: Make, refused: Refused) -> None:
    queue = make(VisibilityTimeout="1")
    queue.send("old")
    sqs.delete_queue(QueueUrl=queue.url)
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.delete_queue(QueueUrl=queue.url)
    assert make().bodies() == []
    cloud.clock.advance(seconds=1)
    assert rows(cloud, "messages") == 0


def test_a_deleted_name_can_be_barred_for_a_minute(cloud: Cloud, sqs: Any, make: Make, refused: Refused) -> None:
    cloud.set("sqs", "delete-cooldown", 60)
    sqs.delete_queue(QueueUrl=make().url)
    message = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", message):
        make()
    cloud.clock.advance(seconds=60)
    make()


def test_purge_empties_the_queue_once_a_minute(cloud: Cloud, sqs: Any, make: Make, refused: Refused) -> None:
    queue = make()
    for _ in range(3):
        queue.send()
    taken = queue.one()
    sqs.purge_queue(QueueUrl=queue.url)
    assert queue.counts == (0, 0, 0)
    queue.delete(taken)
    message = "Only one PurgeQueue operation on queue is allowed every 60 seconds."
    with refused("AWS.SimpleQueueService.PurgeQueueInProgress", message, 403):
        sqs.purge_queue(QueueUrl=queue.url)
    queue.send("after")
    assert queue.bodies() == ["after"]
    cloud.clock.advance(seconds=60)
    sqs.purge_queue(QueueUrl=queue.url)
    cloud.clock.advance(seconds=1)
    assert rows(cloud, "messages") == 0


def test_tags(sqs: Any, make: Make, refused: Refused) -> None:
    url = sqs.create_queue(QueueName="q", tags={"team": "a"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"env": "", "team": "b"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "b", "env": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "env"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    with refused("InvalidParameterValue"):
        sqs.tag_queue(QueueUrl=url, Tags={"aws:x": "1"})


def test_permissions_build_a_policy(sqs: Any, make: Make, refused: Refused) -> None:
    queue = make()
    grant = {"AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}
    sqs.add_permission(QueueUrl=queue.url, Label="one", **grant)
    sqs.add_permission(QueueUrl=queue.url, Label="two", AWSAccountIds=["1" * 12, "2" * 12], Actions=["*"])
    policy = json.loads(queue.attributes("Policy")["Policy"])
    assert policy["Id"] == f"{queue.arn}/SQSDefaultPolicy"
    assert policy["Statement"][0] == {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "SQS:SendMessage",
        "Resource": queue.arn,
    }
    with refused("InvalidParameterValue", "Value one for parameter Label is invalid. Reason: Already exists."):
        sqs.add_permission(QueueUrl=queue.url, Label="one", **grant)
    with refused("InvalidParameterValue", "Only the queue owner is allowed to invoke this action."):
        sqs.add_permission(QueueUrl=queue.url, Label="x", AWSAccountIds=["1" * 12], Actions=["DeleteQueue"])
    with refused("OverLimit", "8 Actions were found, maximum allowed is 7.", 403):
        sqs.add_permission(QueueUrl=queue.url, Label="x", AWSAccountIds=["1" * 12], Actions=["SendMessage"] * 8)
    sqs.remove_permission(QueueUrl=queue.url, Label="one")
    sqs.remove_permission(QueueUrl=queue.url, Label="two")
    assert queue.attributes("Policy") == {}
    with refused("InvalidParameterValue", "can't find label on existing policy."):
        sqs.remove_permission(QueueUrl=queue.url, Label="one")


def rows(cloud: Cloud, table: str) -> int:
    """How many rows SQS has in one of its tables, indexes aside."""
    from hodei.services.sqs.service import sqs

    return len(list(sqs.tables[table].all(cloud.world.store)))
