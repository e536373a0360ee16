"""Dead-letter queues and the way back out of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("sqs.dlq")

Make = Callable[..., Any]
Refused = Callable[..., Any]


def policy(dead: Any, most: int | str = 1) -> str:
    return json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": most})


def bury(queue: Any, *bodies: str, **more: Any) -> None:
    """Send messages and receive them until they are dead."""
    for body in bodies:
        queue.send(body, **more)
        queue.receive(VisibilityTimeout=0)
    assert queue.receive() == []


def test_a_message_received_too_often_is_moved(cloud: Cloud, make: Make) -> None:
    dead = make("dead")
    queue = make(RedrivePolicy=policy(dead, 2), VisibilityTimeout="0")
    attributes = {"MyAttribute": {"DataType": "String", "StringValue": "foobar"}}
    sent = queue.send("x", MessageAttributes=attributes)
    before = queue.one(AttributeNames=["All"])["Attributes"]
    cloud.clock.advance(seconds=10)
    assert len(queue.receive()) == 1
    assert queue.receive() == []
    assert (queue.counts, dead.counts) == ((0, 0, 0), (1, 0, 0))
    message = dead.one(AttributeNames=["All"], MessageAttributeNames=["All"])
    assert message["MessageId"] == sent["MessageId"]
    assert message["MessageAttributes"] == attributes
    assert message["Attributes"] == before | {
        "ApproximateReceiveCount": "3",
        "DeadLetterQueueSourceArn": queue.arn,
    }


@pytest.mark.feature("sqs.retention")
def test_in_a_standard_dead_letter_queue_the_age_goes_on(cloud: Cloud, make: Make) -> None:
    dead = make("dead", MessageRetentionPeriod="100")
    queue = make(RedrivePolicy=policy(dead))
    dead.send("younger")
    queue.send("x")
    queue.receive(VisibilityTimeout=60)
    cloud.clock.advance(seconds=61)
    assert queue.receive() == []
    assert dead.counts == (2, 0, 0)
    dead.send("youngest")
    cloud.clock.advance(seconds=42)
    assert dead.bodies() == ["youngest"]


def test_in_a_fifo_dead_letter_queue_the_age_begins_anew(cloud: Cloud, make: Make) -> None:
    dead = make("dead", fifo=True, MessageRetentionPeriod="100")
    queue = make(fifo=True, RedrivePolicy=policy(dead))
    sent = queue.send("x", MessageGroupId="g", MessageDeduplicationId="d")
    queue.send("y", MessageGroupId="g", MessageDeduplicationId="e")
    queue.receive(1, VisibilityTimeout=60)
    cloud.clock.advance(seconds=61)
    assert queue.bodies() == ["y"]
    cloud.clock.advance(seconds=60)
    attributes = dead.one(AttributeNames=["All"])["Attributes"]
    assert attributes["MessageDeduplicationId"] == sent["MessageId"]
    assert attributes["MessageGroupId"] == "g"


def test_without_its_dead_letter_queue_a_message_stays(sqs: Any, make: Make) -> None:
    dead = make("dead")
    queue = make(RedrivePolicy=policy(dead), VisibilityTimeout="0")
    sqs.delete_queue(QueueUrl=dead.url)
    queue.send("x")
    for _ in range(3):
        assert queue.bodies() == ["x"]


def test_what_is_no_redrive_policy(cloud: Cloud, make: Make, refused: Refused) -> None:
    queue, dead, fifo = make(), make("dead"), make("dead", fifo=True)
    arn = dead.arn
    cases = {
        "[": "Redrive policy is not a valid JSON map.",
        "{}": "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        '{"maxReceiveCount": 3}': "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        policy(dead, 0): "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        policy(
            dead, "many"
        ): "Invalid value for maxReceiveCount: many, valid values are from 1 to 1000 both inclusive.",
        policy(dead).replace(arn, "dummy"): "Invalid value for deadLetterTargetArn.",
        policy(dead).replace("000000000000", "111111111111"): "Dead-letter target owner should be same as the source.",
        policy(dead).replace("us-east-1", "eu-west-1"): "Dead-letter queue must be in the same region as the source.",
        policy(dead).replace(":dead", ":none"): "Dead letter target does not exist.",
        policy(fifo): "Dead-letter queue must be same type of queue as the source..",
    }
    for text, reason in cases.items():
        message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
        with refused("InvalidParameterValue", message):
            queue.set(RedrivePolicy=text)
    assert queue.attributes("RedrivePolicy") == {}


def test_the_policy_is_given_back_and_taken_away(sqs: Any, make: Make) -> None:
    dead = make("dead")
    queue = make(RedrivePolicy=policy(dead, "7"))
    given = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 7}
    assert json.loads(queue.attributes("RedrivePolicy")["RedrivePolicy"]) == given
    assert make(RedrivePolicy=policy(dead, 7)).url == queue.url
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead.url)["queueUrls"] == [queue.url]
    queue.set(RedrivePolicy="")
    assert queue.attributes("RedrivePolicy") == {}
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead.url)["queueUrls"] == []


def test_sources_are_listed_by_page(sqs: Any, make: Make) -> None:
    dead = make("dead")
    urls = [make(f"q{n}", RedrivePolicy=policy(dead)).url for n in range(3)]
    first = sqs.list_dead_letter_source_queues(QueueUrl=dead.url, MaxResults=2)
    assert first["queueUrls"] == urls[:2]
    last = sqs.list_dead_letter_source_queues(QueueUrl=dead.url, MaxResults=2, NextToken=first["NextToken"])
    assert last["queueUrls"] == urls[2:]
    assert "NextToken" not in last


def test_a_redrive_allow_policy_is_obeyed(make: Make, refused: Refused) -> None:
    queue, other, dead = make(), make("other"), make("dead")
    dead.set(RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    with refused("InvalidParameterValue", "for parameter RedrivePolicy is invalid."):
        queue.set(RedrivePolicy=policy(dead))
    dead.set(RedriveAllowPolicy=json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}))
    queue.set(RedrivePolicy=policy(dead))
    with refused("InvalidParameterValue", "for parameter RedrivePolicy is invalid."):
        other.set(RedrivePolicy=policy(dead))
    for bad in ("x", '{"redrivePermission":"some"}', '{"redrivePermission":"byQueue"}',
                '{"redrivePermission":"allowAll","sourceQueueArns":[]}'):  # fmt: skip
        with refused("InvalidParameterValue", "for parameter RedriveAllowPolicy is invalid."):
            dead.set(RedriveAllowPolicy=bad)


def test_dead_letters_are_moved_back(cloud: Cloud, sqs: Any, make: Make) -> None:
    dead = make("dead")
    queue, other = make(RedrivePolicy=policy(dead)), make("other", RedrivePolicy=policy(dead))
    bury(queue, "a", "b")
    bury(other, "c")
    assert dead.counts == (3, 0, 0)
    handle = sqs.start_message_move_task(SourceArn=dead.arn)["TaskHandle"]
    cloud.clock.advance(seconds=1)
    assert handle
    (task,) = sqs.list_message_move_tasks(SourceArn=dead.arn)["Results"]
    task.pop("StartedTimestamp")
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": dead.arn,
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
    }
    assert dead.counts == (0, 0, 0)
    assert other.bodies() == ["c"]
    attributes = queue.one(AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in attributes


def test_a_move_keeps_its_pace_and_can_be_cancelled(cloud: Cloud, sqs: Any, make: Make, refused: Refused) -> None:
    dead, target = make("dead"), make("target")
    make(RedrivePolicy=policy(dead))
    for n in range(20):
        dead.send(str(n))
    cloud.clock.freeze()
    task = {"SourceArn": dead.arn, "DestinationArn": target.arn, "MaxNumberOfMessagesPerSecond": 5}
    handle = sqs.start_message_move_task(**task)["TaskHandle"]
    with refused("InvalidParameterValue", "There is already a task running."):
        sqs.start_message_move_task(**task)
    cloud.clock.advance(seconds=2)
    assert (dead.counts[0], target.counts[0]) == (5, 15)
    (running,) = sqs.list_message_move_tasks(SourceArn=dead.arn)["Results"]
    assert running["TaskHandle"] == handle
    assert (running["Status"], running["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", 5)
    assert running["DestinationArn"] == target.arn
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 15
    cloud.clock.advance(seconds=10)
    assert dead.counts[0] == 5
    assert sqs.list_message_move_tasks(SourceArn=dead.arn)["Results"][0]["Status"] == "CANCELLED"
    with refused("InvalidParameterValue"):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_a_move_fails_where_the_source_is_unknown(cloud: Cloud, sqs: Any, make: Make) -> None:
    dead = make("dead")
    make(RedrivePolicy=policy(dead))
    dead.send("sent here directly")
    sqs.start_message_move_task(SourceArn=dead.arn)
    cloud.clock.advance(seconds=1)
    (task,) = sqs.list_message_move_tasks(SourceArn=dead.arn, MaxResults=10)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert dead.counts == (1, 0, 0)


def test_what_cannot_be_moved(sqs: Any, make: Make, refused: Refused) -> None:
    dead, queue, fifo = make("dead"), make(), make("f", fifo=True)
    start = sqs.start_message_move_task
    with refused("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."):
        start(SourceArn=dead.arn)
    queue.set(RedrivePolicy=policy(dead))
    message = "The resource that you specified for the SourceArn parameter doesn't exist."
    with refused("ResourceNotFoundException", message, 404):
        start(SourceArn=f"{dead.arn}-not")
    with refused("ResourceNotFoundException", "DestinationArn parameter doesn't exist.", 404):
        start(SourceArn=dead.arn, DestinationArn=f"{dead.arn}-not")
    with refused("InvalidParameterValue", "You must use this format to specify the SourceArn"):
        start(SourceArn="dead")
    with refused("InvalidParameterValue", "cannot be the same."):
        start(SourceArn=dead.arn, DestinationArn=dead.arn)
    with refused("InvalidParameterValue", "must be of the same queue type."):
        start(SourceArn=dead.arn, DestinationArn=fifo.arn)
    with refused("InvalidParameterValue", "Must be between 1 and 500, if provided."):
        start(SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=501)
    with refused("InvalidParameterValue", "Value for parameter TaskHandle is invalid."):
        sqs.cancel_message_move_task(TaskHandle="junk")
    with refused("InvalidParameterValue"):
        sqs.list_message_move_tasks(SourceArn=dead.arn, MaxResults=11)
