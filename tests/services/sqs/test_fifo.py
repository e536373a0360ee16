"""FIFO queues: order by group, deduplication, attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("sqs.fifo")

Make = Callable[..., Any]
Refused = Callable[..., Any]


@pytest.fixture
def queue(make: Make) -> Any:
    return make(fifo=True, ContentBasedDeduplication="true", VisibilityTimeout="30")


def test_a_fifo_queue_has_aws_defaults(make: Make) -> None:
    found = make(fifo=True).attributes()
    assert (
        found.items()
        >= {
            "ContentBasedDeduplication": "false",
            "DeduplicationScope": "queue",
            "FifoQueue": "true",
            "FifoThroughputLimit": "perQueue",
        }.items()
    )


def test_groups_keep_their_order_and_wait_behind_what_is_in_flight(queue: Any) -> None:
    for body in ("a1", "b1", "a2", "b2", "a3"):
        queue.send(body, MessageGroupId=body[0])
    first = queue.one()
    assert first["Body"] == "a1"
    assert queue.bodies() == ["b1", "b2"]
    assert queue.receive() == []
    queue.delete(first)
    assert queue.bodies(1) == ["a2"]
    assert queue.bodies(1) == []
    assert queue.counts == (1, 3, 0)


def test_a_receive_takes_several_messages_of_a_group(cloud: Cloud, queue: Any) -> None:
    for n in range(12):
        queue.send(str(n), MessageGroupId="g")
    batch = queue.receive()
    assert [message["Body"] for message in batch] == [str(n) for n in range(10)]
    queue.delete(batch[5])
    queue.delete(batch[0])
    assert queue.receive() == []
    cloud.clock.advance(seconds=30)
    assert queue.bodies() == ["1", "2", "3", "4", "6", "7", "8", "9", "10", "11"]


@pytest.mark.parametrize(("visible", "found"), [(0, []), (1, ["foo"]), (2, ["foo", "bar"]), (3, ["foo", "bar", "baz"])])
def test_a_group_is_given_out_up_to_the_first_hidden_message(queue: Any, visible: int, found: list[str]) -> None:
    """What was made visible again comes, though later messages of the group are in flight: so AWS was recorded."""
    for body in ("foo", "bar", "baz"):
        queue.send(body, MessageGroupId="g")
    for message in queue.receive()[:visible]:
        queue.hide(message, 0)
    assert queue.bodies() == found


def test_a_message_in_flight_is_not_passed_over(queue: Any) -> None:
    for body in ("foo", "bar", "baz"):
        queue.send(body, MessageGroupId="g")
    foo, _, baz = queue.receive()
    queue.hide(baz, 0)
    assert queue.receive() == []
    queue.hide(foo, 0)
    assert queue.bodies() == ["foo"]


def test_sequence_numbers_rise(queue: Any) -> None:
    numbers = [queue.send(str(n), MessageGroupId="g")["SequenceNumber"] for n in range(20)]
    assert all(len(number) == 20 for number in numbers)
    assert numbers == sorted(set(numbers))
    attributes = queue.one(AttributeNames=["All"])["Attributes"]
    assert attributes["SequenceNumber"] == numbers[0]
    assert attributes["MessageGroupId"] == "g"
    assert len(attributes["MessageDeduplicationId"]) == 64


def test_what_a_fifo_queue_refuses(sqs: Any, make: Make, refused: Refused) -> None:
    queue = make(fifo=True)
    with refused("MissingParameter", "The request must contain the parameter MessageGroupId."):
        queue.send()
    with refused("InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or"):
        queue.send(MessageGroupId="g")
    reason = "is invalid. Reason: The request include parameter that is not valid for this queue type."
    with refused("InvalidParameterValue", f"Value 2 for parameter DelaySeconds {reason}"):
        queue.send(MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=2)
    reason = "can only include alphanumeric and punctuation characters. 1 to 128 in length."
    for bad in ("", "a b", "x" * 129, "ü"):
        with refused("InvalidParameterValue", f"Value {bad} for parameter MessageGroupId is invalid."):
            queue.send(MessageGroupId=bad, MessageDeduplicationId="d")
        with refused("InvalidParameterValue", f"Reason: MessageDeduplicationId {reason}"):
            queue.send(MessageGroupId="g", MessageDeduplicationId=bad)
    entries = [{"Id": "1", "MessageBody": "x", "MessageGroupId": "g"}, {"Id": "2", "MessageBody": "y"}]
    with refused("InvalidParameterValue", "The queue should either have"):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)
    with refused("InvalidParameterValue", "The request must contain the parameter MessageGroupId."):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=entries[1:])


def test_duplicates_are_dropped_for_five_minutes(cloud: Cloud, queue: Any) -> None:
    first = queue.send("same", MessageGroupId="g")
    again = queue.send("same", MessageGroupId="other")
    assert {name: again[name] for name in ("MessageId", "SequenceNumber")} == {
        name: first[name] for name in ("MessageId", "SequenceNumber")
    }
    queue.delete(queue.one())
    queue.send("same", MessageGroupId="g")
    assert queue.receive() == []
    cloud.clock.advance(seconds=301)
    queue.send("same", MessageGroupId="g")
    assert queue.bodies() == ["same"]


def test_an_id_counts_before_the_content(queue: Any) -> None:
    queue.send("one", MessageGroupId="g", MessageDeduplicationId="d")
    queue.send("two", MessageGroupId="g", MessageDeduplicationId="d")
    queue.send("one", MessageGroupId="g")
    assert queue.bodies() == ["one", "one"]


def test_old_deduplication_ids_are_forgotten(cloud: Cloud, queue: Any) -> None:
    from hodei.services.sqs.state import sent

    for n in range(700):
        queue.send(str(n), MessageGroupId="g")
    cloud.clock.advance(minutes=11)
    assert list(sent.all(cloud.world.store)) == []
    assert queue.counts == (700, 0, 0)


def test_high_throughput_deduplicates_by_group(make: Make, refused: Refused) -> None:
    queue = make(
        fifo=True,
        ContentBasedDeduplication="true",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
    )
    for group in ("a", "b", "a"):
        queue.send("same", MessageGroupId=group)
    assert queue.bodies() == ["same", "same"]
    with refused("InvalidAttributeValue", "only when the value for DeduplicationScope is messageGroup"):
        queue.set(DeduplicationScope="queue")
    queue.set(DeduplicationScope="queue", FifoThroughputLimit="perQueue")
    queue.send("same", MessageGroupId="c")
    assert queue.bodies() == ["same"]


def test_ids_used_queue_wide_still_count_for_each_group(make: Make) -> None:
    """Recorded from AWS: test_fifo_change_to_high_throughput_after_creation."""
    queue = make(fifo=True)
    queue.send("Test1", MessageGroupId="g1", MessageDeduplicationId="d")
    queue.delete(queue.one())
    queue.set(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("g1", "g2", "g3"):
        queue.send("Test", MessageGroupId=group, MessageDeduplicationId="d")
    assert queue.receive() == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ContentBasedDeduplication", "Unknown Attribute ContentBasedDeduplication."),
        ("FifoQueue", "Unknown Attribute FifoQueue."),
        ("DeduplicationScope", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
        ("FifoThroughputLimit", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."),
    ],
)
def test_fifo_attributes_are_for_fifo_queues(make: Make, refused: Refused, name: str, message: str) -> None:
    queue = make("standard")
    value = {"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}.get(name, "false")
    with refused("InvalidAttributeName", message):
        queue.set(**{name: value})
    with refused("InvalidAttributeName", message):
        make("another", **{name: value})


def test_the_type_of_a_queue_stays(queue: Any, refused: Refused) -> None:
    queue.set(FifoQueue="true")
    with refused("InvalidAttributeValue", "FifoQueue. Reason: Modifying queue type is not supported."):
        queue.set(FifoQueue="false")


def test_an_expired_handle_neither_deletes_nor_hides(cloud: Cloud, queue: Any, refused: Refused) -> None:
    queue.send("x", MessageGroupId="g")
    message = queue.one()
    cloud.clock.advance(seconds=30)
    expired = f"Value {message['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    with refused("InvalidParameterValue", expired):
        queue.delete(message)
    with refused("InvalidParameterValue", "Message does not exist or is not available for visibility timeout change."):
        queue.hide(message, 5)
    newer = queue.one()
    with refused("InvalidParameterValue", expired):
        queue.delete(message)
    queue.delete(newer)
    queue.delete(newer)
    assert queue.counts == (0, 0, 0)


def test_an_attempt_is_repeated_with_its_id(cloud: Cloud, queue: Any, refused: Refused) -> None:
    for body in "abc":
        queue.send(body, MessageGroupId="g")
    attempt = {"ReceiveRequestAttemptId": "try-1"}
    first = queue.receive(2, **attempt)
    assert queue.receive(2) == []
    cloud.clock.advance(seconds=20)
    assert queue.receive(2, **attempt) == first
    cloud.clock.advance(seconds=20)
    assert queue.receive(2) == []
    queue.delete(first[0])
    with refused("InvalidParameterValue", "The receiveRequestAttemptId is not valid anymore since the receive call"):
        queue.receive(2, **attempt)
    cloud.clock.advance(minutes=5)
    assert [message["Body"] for message in queue.receive(2, **attempt)] == ["b", "c"]


def test_a_delay_of_the_queue_keeps_the_order(cloud: Cloud, make: Make) -> None:
    queue = make(fifo=True, ContentBasedDeduplication="true", DelaySeconds="2")
    queue.send("a", MessageGroupId="g", DelaySeconds=0)
    queue.set(DelaySeconds="0")
    queue.send("b", MessageGroupId="g")
    assert queue.receive() == []
    cloud.clock.advance(seconds=2)
    assert queue.bodies() == ["a", "b"]


@pytest.mark.feature("sqs.retention")
def test_expired_messages_make_way_for_their_group(cloud: Cloud, make: Make) -> None:
    queue = make(fifo=True, ContentBasedDeduplication="true", MessageRetentionPeriod="60")
    queue.send("old", MessageGroupId="g")
    cloud.clock.advance(seconds=50)
    queue.send("young", MessageGroupId="g")
    cloud.clock.advance(seconds=10)
    assert queue.bodies() == ["young"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from("ab")),
        st.tuples(st.just("receive"), st.integers(1, 6)),
        st.tuples(st.just("delete"), st.integers(0, 9)),
        st.tuples(st.just("release"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.sampled_from([3, 10, 31])),
    ),
    min_size=12,
    max_size=40,
)


class Model:
    """A FIFO queue as the documentation has it: lists by group, and until when each message is hidden."""

    def __init__(self) -> None:
        self.groups: dict[str, list[str]] = defaultdict(list)
        self.hidden: dict[str, float] = {}
        self.now = 0.0

    def available(self) -> dict[str, list[str]]:
        found = {}
        for group, bodies in self.groups.items():
            visible = []
            for body in bodies:
                if self.hidden.get(body, 0) > self.now:
                    break
                visible.append(body)
            found[group] = visible
        return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_against_a_model(cloud: Cloud, make: Make, steps: list[tuple[str, Any]]) -> None:
    """Whatever is done to it, a group's messages come in order, exactly once each while they are hidden."""
    cloud.reset()
    cloud.clock.freeze()
    queue, model = make(fifo=True, ContentBasedDeduplication="true", VisibilityTimeout="30"), Model()
    taken: list[dict[str, Any]] = []
    for number, (step, value) in enumerate(steps):
        if step == "send":
            body = f"{value}{number}"
            queue.send(body, MessageGroupId=value)
            model.groups[value].append(body)
        elif step == "receive":
            expected = model.available()
            got = queue.receive(value)
            by_group: dict[str, list[str]] = defaultdict(list)
            for message in got:
                by_group[message["Body"][0]].append(message["Body"])
                model.hidden[message["Body"]] = model.now + 30
            assert len(got) == min(value, sum(map(len, expected.values())))
            for group, bodies in by_group.items():
                assert bodies == expected[group][: len(bodies)]
            taken = [one for one in taken if one["Body"] not in {m["Body"] for m in got}] + got
        elif step in ("delete", "release") and taken:
            message = taken.pop(value % len(taken))
            if model.hidden[message["Body"]] <= model.now:
                continue
            if step == "delete":
                queue.delete(message)
                model.groups[message["Body"][0]].remove(message["Body"])
            else:
                queue.hide(message, 0)
                model.hidden[message["Body"]] = model.now
        elif step == "wait":
            cloud.clock.advance(seconds=value)
            model.now += value
    left = sum(map(len, model.groups.values()))
    hidden = sum(model.hidden.get(body, 0) > model.now for bodies in model.groups.values() for body in bodies)
    assert queue.counts == (left - hidden, hidden, 0)
