"""Sending, receiving, hiding and deleting in standard queues."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hodei.testing import Cloud

Make = Callable[..., Any]
Refused = Callable[..., Any]

standard = pytest.mark.feature("sqs.standard")
visibility = pytest.mark.feature("sqs.visibility-timeout")
delay = pytest.mark.feature("sqs.delay")
retention = pytest.mark.feature("sqs.retention")


@standard
def test_a_message_comes_as_it_was_sent(make: Make) -> None:
    queue = make()
    body = "grüße \U0001f41a\t\n"
    md5 = hashlib.md5(body.encode()).hexdigest()
    sent = queue.send(body)
    assert sent["MD5OfMessageBody"] == md5
    message = queue.one()
    assert message.pop("ReceiptHandle").startswith("AQEB")
    assert message == {"MessageId": sent["MessageId"], "Body": body, "MD5OfBody": md5}
    assert queue.counts == (0, 1, 0)


@standard
def test_bodies_of_a_mebibyte_survive_receives(cloud: Cloud, make: Make, refused: Refused) -> None:
    queue = make(VisibilityTimeout="1")
    body = "x" * 1024 * 1024
    queue.send(body)
    assert queue.bodies() == [body]
    cloud.clock.advance(seconds=1)
    message = queue.one()
    assert message["Body"] == body
    queue.delete(message)
    assert queue.counts == (0, 0, 0)
    with refused("InvalidParameterValue", "Reason: Message must be shorter than 1048576 bytes."):
        queue.send(body + "x")


@standard
def test_what_may_not_be_sent(make: Make, refused: Refused) -> None:
    queue = make(MaximumMessageSize="1024")
    with refused("MissingParameter", "The request must contain the parameter MessageBody."):
        queue.send("")
    with refused("InvalidMessageContents", "Invalid binary character '#x1' was found in the message body"):
        queue.send("a\x01")
    with refused("InvalidParameterValue", "DelaySeconds must be >= 0 and <= 900."):
        queue.send(DelaySeconds=901)
    with refused("InvalidParameterValue", "Message must be shorter than 1024 bytes."):
        queue.send("x" * 1020, MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
    reason = "The request include parameter that is not valid for this queue type."
    with refused("InvalidParameterValue", f"Value d for parameter MessageDeduplicationId is invalid. Reason: {reason}"):
        queue.send(MessageDeduplicationId="d")
    assert queue.counts == (0, 0, 0)


@standard
@pytest.mark.parametrize(
    ("name", "attribute", "message"),
    [
        ("a", {"DataType": "String", "StringValue": ""}, "must contain a non-empty value of type 'String'."),
        ("a", {"DataType": "Number", "StringValue": "x"}, "Can't cast the value of message (user) attribute 'a' to a number."),
        ("a", {"DataType": "Odd", "StringValue": "x"}, "the set of supported type prefixes is Binary, Number, and String."),
        ("a", {"DataType": "", "StringValue": "x"}, "must contain non-empty message attribute type."),
        ("a b", {"DataType": "String", "StringValue": "x"}, "Invalid non-alphanumeric character was found"),
        ("AWS.x", {"DataType": "String", "StringValue": "x"}, "You can't use message attribute names beginning with 'AWS.'"),
        (".a", {"DataType": "String", "StringValue": "x"}, "must not start or end with a dot"),
        ("a", {"DataType": "Binary", "StringValue": "x"}, "must use field 'Binary'"),
    ],
)  # fmt: skip
def test_bad_message_attributes(
    make: Make, refused: Refused, name: str, attribute: dict[str, Any], message: str
) -> None:
    with refused("InvalidParameterValue", message):
        make().send(MessageAttributes={name: attribute})


@standard
def test_at_most_ten_message_attributes(make: Make, refused: Refused) -> None:
    text = {"DataType": "String", "StringValue": "x"}
    with refused("InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10]."):
        make().send(MessageAttributes={f"a{n}": text for n in range(11)})


ATTRIBUTES = {
    "General": {"DataType": "String", "StringValue": "Kenobi"},
    "Hello": {"DataType": "String", "StringValue": "There"},
    "Help.Me": {"DataType": "String", "StringValue": "Me"},
}
ALL_MD5 = "4c360f3fdafd970e05fae2f149d997f5"  # recorded from AWS


@standard
@pytest.mark.parametrize(
    ("asked", "names", "md5"),
    [
        ([], [], None),
        (["All"], ["General", "Hello", "Help.Me"], ALL_MD5),
        ([".*"], ["General", "Hello", "Help.Me"], ALL_MD5),
        (["Hello", "Foo"], ["Hello"], "a311262e065454b75da111d535b8dacd"),
        (["General", "Hello"], ["General", "Hello"], "fca026605781cb4126a1e9044df24232"),
        (["Hel.*"], ["Hello", "Help.Me"], "83fee93c1bcd8b9a5a923ffacdc636c7"),
        (["Nothing"], [], None),
        (["AWS."], [], None),
    ],
)
def test_message_attributes_are_filtered_by_name(
    make: Make, asked: list[str], names: list[str], md5: str | None
) -> None:
    queue = make()
    assert queue.send(MessageAttributes=ATTRIBUTES)["MD5OfMessageAttributes"] == ALL_MD5
    message = queue.one(MessageAttributeNames=asked)
    assert message.get("MD5OfMessageAttributes") == md5
    assert message.get("MessageAttributes", {}) == {name: ATTRIBUTES[name] for name in names}


@standard
def test_attribute_types(make: Make) -> None:
    queue = make()
    attributes = {
        "binary": {"DataType": "Binary.gif", "BinaryValue": b"\0\xff"},
        "number": {"DataType": "Number.float", "StringValue": "-1.5e3"},
        "custom": {"DataType": "String.json", "StringValue": "{}"},
    }
    queue.send(MessageAttributes=attributes)  # boto3 checks the MD5
    assert queue.one(MessageAttributeNames=["All"])["MessageAttributes"] == attributes
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2;Sampled=1"}}
    assert "MD5OfMessageSystemAttributes" in queue.send(MessageSystemAttributes=trace)
    assert queue.one(AttributeNames=["AWSTraceHeader"])["Attributes"] == {"AWSTraceHeader": "Root=1-2;Sampled=1"}


@standard
def test_system_attributes(cloud: Cloud, make: Make, refused: Refused) -> None:
    queue = make(VisibilityTimeout="0")
    queue.send(MessageGroupId="tenant")
    first = queue.one(MessageSystemAttributeNames=["All"])["Attributes"]
    cloud.clock.advance(seconds=3)
    second = queue.one(AttributeNames=["All"])["Attributes"]
    assert first.pop("ApproximateReceiveCount") == "1"
    assert second.pop("ApproximateReceiveCount") == "2"
    assert first == second
    assert first.keys() == {"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp", "MessageGroupId"}
    assert first["MessageGroupId"] == "tenant"
    both = queue.one(AttributeNames=["SenderId"], MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert both["Attributes"].keys() == {"SenderId", "ApproximateReceiveCount"}
    with refused("InvalidAttributeName"):
        queue.receive(MessageSystemAttributeNames=["Nonsense"])


@standard
@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("most", 0, "Must be between 1 and 10, if provided."),
        ("most", 11, "Must be between 1 and 10, if provided."),
        ("VisibilityTimeout", 43201, "Must be >= 0 and <= 43200, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
    ],
)
def test_receive_limits(make: Make, refused: Refused, parameter: str, value: int, reason: str) -> None:
    queue = make()
    with refused("InvalidParameterValue", f"is invalid. Reason: {reason}"):
        queue.receive(**{parameter: value})


@standard
def test_batches_fail_by_entry(sqs: Any, make: Make) -> None:
    queue = make(MaximumMessageSize="1024")
    entries = [
        {"Id": "good", "MessageBody": "a"},
        {"Id": "long", "MessageBody": "x" * 1025},
        {"Id": "late", "MessageBody": "b", "DelaySeconds": 1000},
        {"Id": "odd", "MessageBody": "c\0"},
    ]
    answer = sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    failed = {entry["Id"]: (entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]}
    assert failed == {
        "long": ("InvalidParameterValue", True),
        "late": ("InvalidParameterValue", True),
        "odd": ("InvalidMessageContents", True),
    }
    assert answer["Failed"][0]["Message"] == (
        "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."
    )
    assert queue.bodies() == ["a"]


@standard
def test_what_fails_a_whole_batch(sqs: Any, make: Make, refused: Refused) -> None:
    queue = make()

    def send(*ids: str, body: str = "x") -> None:
        entries = [{"Id": id, "MessageBody": body} for id in ids]
        sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)

    with refused("AWS.SimpleQueueService.EmptyBatchRequest", "SendMessageBatchRequestEntry in the request."):
        send()
    with refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "You have sent 11."):
        send(*map(str, range(11)))
    with refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated."):
        send("a", "a")
    for id in ("", "a:b", "x" * 81):
        with refused("AWS.SimpleQueueService.InvalidBatchEntryId", "It can be at most 80 letters long."):
            send(id)
    with refused("AWS.SimpleQueueService.BatchRequestTooLong", "You have sent 1048578 bytes."):
        send("a", "b", body="x" * 524289)
    assert queue.counts == (0, 0, 0)


@standard
def test_batches_of_deletes_and_changes(sqs: Any, make: Make) -> None:
    queue = make()
    for body in "abc":
        queue.send(body)
    taken = queue.receive()
    entries = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 0} for m in taken]
    changed = sqs.change_message_visibility_batch(
        QueueUrl=queue.url, Entries=[*entries, {"Id": "none", "ReceiptHandle": "junk", "VisibilityTimeout": 0}]
    )
    assert [entry["Id"] for entry in changed["Successful"]] == ["a", "b", "c"]
    assert changed["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    entries = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in queue.receive()]
    deleted = sqs.delete_message_batch(QueueUrl=queue.url, Entries=entries)
    assert len(deleted["Successful"]) == 3
    assert "Failed" not in deleted
    assert queue.counts == (0, 0, 0)


@visibility
def test_a_received_message_comes_back_after_its_timeout(cloud: Cloud, make: Make) -> None:
    queue = make(VisibilityTimeout="30")
    queue.send()
    first = queue.one()
    assert queue.receive() == []
    cloud.clock.advance(seconds=29)
    assert queue.receive() == []
    cloud.clock.advance(seconds=1)
    second = queue.one(VisibilityTimeout=5)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    cloud.clock.advance(seconds=5)
    assert len(queue.receive()) == 1


@visibility
def test_the_timeout_is_changed_per_message(cloud: Cloud, make: Make, refused: Refused) -> None:
    queue = make()
    queue.send()
    message = queue.one()
    queue.hide(message, 60)
    cloud.clock.advance(seconds=59)
    assert queue.receive() == []
    queue.hide(message, 0)
    again = queue.one()
    with refused("InvalidParameterValue", "Message does not exist or is not available for visibility timeout change."):
        queue.hide(message, 10)
    with refused("InvalidParameterValue", "Must be >= 0 and <= 43200, if provided."):
        queue.hide(again, 43201)
    cloud.clock.advance(seconds=10)
    with refused(
        "InvalidParameterValue", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    ):
        queue.hide(again, 43191)
    queue.hide(again, 43190 - 1)
    queue.delete(again)
    with refused("InvalidParameterValue", "Message does not exist or is not available for visibility timeout change."):
        queue.hide(again, 10)


@visibility
def test_after_its_timeout_a_handle_still_hides_and_deletes(cloud: Cloud, make: Make) -> None:
    queue = make(VisibilityTimeout="1")
    queue.send()
    message = queue.one()
    cloud.clock.advance(seconds=2)
    queue.hide(message, 10)
    assert queue.receive() == []
    cloud.clock.advance(seconds=10)
    newer = queue.one()
    queue.delete(message)
    assert queue.counts == (0, 0, 0)
    queue.delete(newer)


@standard
def test_bad_receipt_handles(sqs: Any, make: Make, refused: Refused) -> None:
    queue, other = make(), make("other")
    other.send()
    handle = other.one()["ReceiptHandle"]
    for bad in ("junk", handle, handle[:-4], "ü", "AAAA"):
        message = f'The input receipt handle "{bad}" is not a valid receipt handle.'
        with refused("ReceiptHandleIsInvalid", message, 404):
            sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=bad)


@delay
def test_delays_of_the_queue_and_of_the_message(cloud: Cloud, make: Make) -> None:
    queue = make(DelaySeconds="10")
    queue.send("queue's")
    queue.send("own", DelaySeconds=2)
    queue.send("none", DelaySeconds=0)
    assert queue.counts == (1, 0, 2)
    assert queue.bodies() == ["none"]
    cloud.clock.advance(seconds=2)
    assert queue.bodies() == ["own"]
    assert queue.counts == (0, 2, 1)
    cloud.clock.advance(seconds=8)
    assert queue.bodies() == ["queue's"]


@retention
def test_messages_expire(cloud: Cloud, make: Make) -> None:
    queue = make(MessageRetentionPeriod="60", VisibilityTimeout="30")
    queue.send("old")
    cloud.clock.advance(seconds=40)
    queue.send("young")
    queue.one()
    cloud.clock.advance(seconds=20)
    assert queue.bodies() == ["young"]
    cloud.clock.advance(seconds=2)
    assert queue.counts == (0, 1, 0)
    cloud.clock.advance(days=1)
    assert queue.counts == (0, 0, 0)


@retention
def test_a_shorter_retention_takes_messages_that_are_there(cloud: Cloud, make: Make) -> None:
    queue = make()
    for _ in range(1200):
        queue.send()
    cloud.clock.advance(hours=1)
    queue.set(MessageRetentionPeriod="60")
    assert queue.receive() == []
    cloud.clock.advance(seconds=1)
    assert queue.counts == (0, 0, 0)


@standard
def test_long_polling_is_woken_by_a_message(make: Make) -> None:
    queue = make()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(queue.bodies, WaitTimeSeconds=20)
        time.sleep(0.1)
        assert not waiting.done()
        queue.send("now")
        assert waiting.result(timeout=5) == ["now"]


@standard
def test_each_of_many_waiting_receives_gets_one_message(make: Make) -> None:
    queue = make(ReceiveMessageWaitTimeSeconds="20")
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(queue.bodies, 1) for _ in range(20)]
        time.sleep(0.3)
        for n in range(20):
            queue.send(str(n))
        found = [body for future in waiting for body in future.result(timeout=10)]
    assert sorted(found, key=int) == [str(n) for n in range(20)]


@visibility
@delay
def test_long_polling_is_woken_by_time(cloud: Cloud, make: Make) -> None:
    queue = make()
    queue.send("back")
    queue.one(VisibilityTimeout=5)
    queue.send("late", DelaySeconds=7)
    cloud.clock.freeze()
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(queue.bodies, WaitTimeSeconds=20) for _ in range(3)]
        time.sleep(0.2)
        for seconds, ended in ((4, 0), (1, 1), (1, 1), (1, 2), (12, 2), (1, 3)):
            cloud.clock.advance(seconds=seconds)
            time.sleep(0.05)
            assert sum(future.done() for future in waiting) == ended
        assert sorted(future.result() for future in waiting) == [[], ["back"], ["late"]]


@standard
def test_an_empty_long_poll_ends_in_time(cloud: Cloud, sqs: Any, make: Make) -> None:
    queue = make()
    cloud.clock.freeze()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(queue.receive, WaitTimeSeconds=20)
        threading.Event().wait(0.1)
        cloud.clock.advance(seconds=20)
        assert waiting.result(timeout=5) == []


@standard
def test_deleting_the_queue_ends_a_long_poll(sqs: Any, make: Make, refused: Refused) -> None:
    queue = make()
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(queue.receive, WaitTimeSeconds=20) for _ in range(2)]
        time.sleep(0.1)
        sqs.delete_queue(QueueUrl=queue.url)
        for future in waiting:
            with refused("AWS.SimpleQueueService.NonExistentQueue"):
                future.result(timeout=5)


@standard
def test_in_flight_messages_are_limited(cloud: Cloud, make: Make, refused: Refused) -> None:
    cloud.quota("sqs", "in-flight-standard", 2)
    queue = make(VisibilityTimeout="10")
    for _ in range(3):
        queue.send()
    first, _ = queue.one(), queue.one()
    with refused("OverLimit", status=403):
        queue.receive()
    assert queue.receive(WaitTimeSeconds=1) == []
    queue.delete(first)
    assert len(queue.receive(1)) == 1
    cloud.clock.advance(seconds=10)
    assert len(queue.receive(1)) == 1


@standard
def test_duplicates_on_request(cloud: Cloud, make: Make) -> None:
    cloud.set("sqs", "duplicates", 1.0)
    queue = make()
    queue.send()
    first, second = queue.one(), queue.one()
    assert first["MessageId"] == second["MessageId"]
    queue.delete(first)
    assert queue.receive() == []


@standard
def test_reordering_on_request(cloud: Cloud, make: Make) -> None:
    queue = make()
    order = [str(n) for n in range(50)]

    def drained() -> list[str]:
        for body in order:
            queue.send(body)
        return [queue.one()["Body"] for _ in order]

    assert drained() == order
    cloud.set("sqs", "reordering", 1.0)
    shuffled = drained()
    assert shuffled != order
    assert sorted(shuffled, key=int) == order


@standard
def test_metrics_are_recorded(cloud: Cloud, make: Make) -> None:
    queue = make()
    queue.send("12345")
    queue.delete(queue.one())
    queue.receive()
    cloud.save("now")  # flushes the open minute
    points = (point for _, _, point in cloud.world.metrics.datapoints.all(cloud.world.store))
    recorded = {point.name: point for point in points if point.resolution == 60}
    assert recorded["SentMessageSize"].sample.total == 5
    assert recorded["NumberOfMessagesSent"].dimensions == "QueueName\tqueue"
    names = {"NumberOfMessagesReceived", "NumberOfMessagesDeleted", "NumberOfEmptyReceives"}
    assert {name: recorded[name].sample.count for name in names} == dict.fromkeys(names, 1)


@standard
def test_counts_stay_right(cloud: Cloud, sqs: Any, make: Make, refused: Refused) -> None:
    """The total is counted once and then kept up to date: by every way in and out, and over a rewind."""
    queue = make(VisibilityTimeout="5", MessageRetentionPeriod="60")
    queue.send("a")
    assert queue.counts == (1, 0, 0)
    cloud.save("then")
    queue.send("b", DelaySeconds=3)
    sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": n, "MessageBody": n} for n in "cd"])
    assert queue.counts == (3, 0, 1)
    queue.delete(queue.one())
    queue.one()
    assert queue.counts == (1, 1, 1)
    cloud.clock.advance(seconds=5)
    assert queue.counts == (3, 0, 0)
    cloud.clock.advance(seconds=60)
    assert queue.counts == (0, 0, 0)
    cloud.load("then")
    assert queue.counts == (1, 0, 0)
    queue.send("e")
    assert queue.counts == (2, 0, 0)
