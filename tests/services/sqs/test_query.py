"""The query protocol, as older SDKs and command lines speak it; LocalStack's endpoint; bad input; deliveries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.kernel.context import Principal
from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("sqs.standard")

Make = Callable[..., Any]
Query = Callable[..., Any]


def test_a_session_in_the_query_protocol(query: Query, make: Make) -> None:
    status, root = query(
        "CreateQueue", **{"QueueName": "q", "Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"}
    )
    assert status == 200
    url = root.findtext("CreateQueueResult/QueueUrl")
    assert url == make("q").url
    fields = {
        "MessageBody": "hello",
        "MessageAttribute.1.Name": "a",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "b",
    }
    status, root = query("SendMessage", QueueUrl=url, **fields)
    assert root.findtext("SendMessageResult/MD5OfMessageBody") == hashlib.md5(b"hello").hexdigest()
    asked = {"AttributeName.1": "All", "MessageAttributeName.1": "All", "MaxNumberOfMessages": "10"}
    status, root = query("ReceiveMessage", QueueUrl=url, **asked)
    message = root.find("ReceiveMessageResult/Message")
    assert message is not None
    assert message.findtext("Body") == "hello"
    assert message.findtext("MessageAttribute/Value/StringValue") == "b"
    names = {element.findtext("Name") for element in message.findall("Attribute")}
    assert names == {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}
    status, root = query("DeleteMessage", QueueUrl=url, ReceiptHandle=message.findtext("ReceiptHandle"))
    assert (status, root.tag) == (200, "DeleteMessageResponse")
    assert root.findtext("ResponseMetadata/RequestId")


def test_the_queue_may_be_named_by_the_path(query: Query, make: Make) -> None:
    queue = make("q")
    status, _ = query("SendMessage", path="/000000000000/q", MessageBody="by path")
    assert status == 200
    assert queue.bodies() == ["by path"]


def test_batches_in_the_query_protocol(query: Query, make: Make) -> None:
    queue = make("q", MaximumMessageSize="1024")
    prefix = "SendMessageBatchRequestEntry"
    entries = {"1.Id": "a", "1.MessageBody": "x", "2.Id": "b", "2.MessageBody": "y" * 2000}
    _, root = query("SendMessageBatch", QueueUrl=queue.url, **{f"{prefix}.{key}": v for key, v in entries.items()})
    assert root.findtext("SendMessageBatchResult/SendMessageBatchResultEntry/Id") == "a"
    assert root.findtext("SendMessageBatchResult/BatchResultErrorEntry/Code") == "InvalidParameterValue"
    assert root.findtext("SendMessageBatchResult/BatchResultErrorEntry/SenderFault") == "true"


def test_errors_in_the_query_protocol(query: Query) -> None:
    status, root = query("GetQueueUrl", QueueName="none")
    assert status == 400
    assert root.findtext("Error/Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert root.findtext("Error/Message") == "The specified queue does not exist for this wsdl version."
    assert root.findtext("Error/Type") == "Sender"
    assert root.find("Error/Detail") is not None
    assert root.findtext("RequestId")
    status, root = query("CreateQueue")
    assert root.findtext("Error/Code") == "MissingParameter"
    assert root.findtext("Error/Message") == "The request must contain the parameter QueueName."


def test_the_system_attributes_asked_for(query: Query, make: Make) -> None:
    queue = make("q")
    queue.send()
    asked = {"AttributeName.1": "All", "MessageSystemAttributeName.1": "SenderId"}
    _, root = query("ReceiveMessage", QueueUrl=queue.url, **asked)
    assert [element.findtext("Name") for element in root.iter("Attribute")] == ["SenderId"]


def peek(cloud: Cloud, target: str, accept: str = "application/json") -> Any:
    response = cloud.send(Request("GET", target, Headers([("Host", "localhost:4566"), ("Accept", accept)]), Body()))
    assert isinstance(response.body, bytes)
    return response.status, response.body


def test_messages_can_be_looked_at_without_receiving_them(cloud: Cloud, make: Make) -> None:
    queue = make("q")
    queue.send("flying")
    queue.one()
    queue.send("late", DelaySeconds=10)
    queue.send("there", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})

    def shown(flags: str = "") -> list[str]:
        for target in (f"?QueueUrl={queue.url}{flags}", f"/us-east-1/000000000000/q?{flags}"):
            status, body = peek(cloud, f"/_aws/sqs/messages{target}")
            assert status == 200
            found = [message["Body"] for message in json.loads(body).get("Messages", [])]
        return found

    assert shown() == ["there"]
    assert shown("&ShowInvisible=true") == ["flying", "there"]
    assert shown("&ShowDelayed=true") == ["late", "there"]
    assert queue.counts == (1, 1, 1)
    status, body = peek(cloud, f"/_aws/sqs/messages?QueueUrl={queue.url}", "text/xml")
    assert (status, b"<Body>there</Body>" in body) == (200, True)
    status, body = peek(cloud, f"/_aws/sqs/messages?QueueUrl={queue.url}-not")
    assert status == 400
    assert b"does not exist" in body
    assert peek(cloud, "/_aws/sqs/messages")[0] == 404


def test_events_of_other_services_are_delivered(cloud: Cloud, make: Make) -> None:
    queue, fifo = make("q"), make("f", fifo=True)

    async def deliver() -> None:
        principal = Principal(account="000000000000", arn="s3.amazonaws.com", service="s3.amazonaws.com")
        ctx = cloud.world.context("sqs", account="000000000000", region="us-east-1", principal=principal)
        with ctx.store.batch():
            for target in (queue.arn_, fifo.arn_):
                ctx.deliver(target, b'{"event":1}', source="s3.amazonaws.com", dlq=queue.arn_)

    queue.arn_, fifo.arn_ = queue.arn, fifo.arn
    for target in (queue, fifo):
        statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement | {"Resource": target.arn_}})
        cloud.client("sqs").set_queue_attributes(QueueUrl=target.url, Attributes={"Policy": policy})
    cloud._runner.call(deliver)
    cloud.settle()
    message = queue.one(AttributeNames=["SenderId"])
    assert (message["Body"], message["Attributes"]["SenderId"]) == ('{"event":1}', "s3.amazonaws.com")
    assert fifo.counts == (0, 0, 0)
    cloud.clock.advance(days=2)
    assert len(queue.receive()) == 2  # the event itself, again, and the one that the FIFO queue refused


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
OPERATIONS = [
    "AddPermission", "CancelMessageMoveTask", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "CreateQueue",
    "DeleteMessage", "DeleteMessageBatch", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks", "ListQueueTags", "ListQueues", "ReceiveMessage", "RemovePermission", "SendMessage",
    "SendMessageBatch", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
]  # fmt: skip
MEMBERS = [
    "QueueUrl", "QueueName", "Attributes", "Entries", "MessageBody", "ReceiptHandle", "VisibilityTimeout", "SourceArn",
    "DestinationArn", "TaskHandle", "Label", "AWSAccountIds", "Actions", "MessageAttributes", "MaxNumberOfMessages",
    "NextToken", "MaxResults", "Tags", "TagKeys", "tags", "AttributeNames", "MessageSystemAttributes", "DelaySeconds",
]  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    operation=st.sampled_from(OPERATIONS), members=st.dictionaries(st.sampled_from(MEMBERS), ODD), real=st.booleans()
)
def test_bad_input_is_a_clear_error(
    cloud: Cloud, make: Make, operation: str, members: dict[str, Any], real: bool
) -> None:
    if real:
        members["QueueUrl"] = make("q").url
    headers = Headers(
        [
            ("Host", "localhost:4566"),
            ("X-Amz-Target", f"AmazonSQS.{operation}"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ]
    )
    body = json.dumps(members).encode()
    response = cloud.send(Request("POST", "/", headers, Body(body)))
    assert response.status < 500, (operation, body, response.body)
