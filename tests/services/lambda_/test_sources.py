"""What comes from other services into functions: queues by event source mappings, events of buckets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud

from .functions import function_of, role_of, zipped

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
WORK = """
import boto3, json, os, time
sqs = boto3.client("sqs")
tries = {}

def note(text):
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=json.dumps(text))

def all(event, context):
    note([record["body"] for record in event["Records"]])

def lengths(event, context):
    note([len(record["body"]) for record in event["Records"]])

def slow(event, context):
    time.sleep(0.4)

def whole(event, context):
    note(event)

def some(event, context):
    failed = [record["messageId"] for record in event["Records"] if record["body"].startswith("bad")]
    note([record["body"] for record in event["Records"] if record["messageId"] not in failed])
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

def fails(event, context):
    raise ValueError("no")

def bucket(event, context):
    note([record["s3"]["object"]["key"] for record in event["Records"]])
"""


class Work:
    """A queue `jobs`, a function, and what the function has noted."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.sqs, self.lambda_ = cloud.client("sqs"), cloud.client("lambda")
        self.url = self.sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        self.noting = self.sqs.create_queue(QueueName="notes")["QueueUrl"]
        role = role_of(cloud, "AmazonSQSFullAccess")
        self.function: Callable[[str], str] = lambda handler: function_of(
            cloud, role, f"app.{handler}", zipped(app__py=WORK), Environment={"Variables": {"NOTES": self.noting}}
        )

    def feed(self, handler: str, **options: Any) -> str:
        given = {"EventSourceArn": QUEUE, "FunctionName": self.function(handler), **options}
        uuid: str = self.lambda_.create_event_source_mapping(**given)["UUID"]
        return uuid

    def send(self, *bodies: str, **more: Any) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)

    def notes(self, seconds: float = 1) -> list[Any]:
        """Those of the next so many seconds."""
        self.cloud.clock.advance(seconds=seconds)
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.noting, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.noting, ReceiptHandle=message["ReceiptHandle"])
        return found

    def wait_for(self, what: Callable[[], bool]) -> None:
        """In real time."""
        until = time.monotonic() + 30
        while not what():
            assert time.monotonic() < until
            time.sleep(0.05)

    def left(self) -> tuple[int, int]:
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(names))["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


@pytest.fixture
def work(cloud: Cloud) -> Work:
    return Work(cloud)


@pytest.mark.feature("lambda.event-sources")
def test_messages_are_done_and_gone(work: Work) -> None:
    work.feed("all")
    work.send("one", "two", "three")
    assert sorted(body for note in work.notes() for body in note) == ["one", "three", "two"]
    assert work.left() == (0, 0)
    work.send("later")
    assert work.notes() == [["later"]]


def test_a_queue_that_was_empty_for_long_is_not_forgotten(work: Work) -> None:
    work.feed("all")
    assert work.notes(seconds=30 * 86400) == []
    work.send("a month later")
    assert work.notes() == [["a month later"]]
    work.cloud.clock.advance(days=1)
    work.send("and a day, and a minute", DelaySeconds=60)
    assert work.notes(seconds=59) == []
    assert work.notes(seconds=2) == [["and a day, and a minute"]]


def test_a_queue_that_comes_back_feeds_again(work: Work) -> None:
    work.feed("all")
    work.cloud.clock.advance(hours=1)
    work.sqs.delete_queue(QueueUrl=work.url)
    work.cloud.clock.advance(hours=1)
    work.sqs.create_queue(QueueName=work.url.rpartition("/")[2], Attributes={"VisibilityTimeout": "30"})
    work.send("again")
    assert work.notes(seconds=61) == [["again"]]


def test_what_a_function_is_told(work: Work) -> None:
    work.feed("whole")
    colour = {"colour": {"DataType": "String", "StringValue": "red"}}
    work.send("hello", MessageAttributes=colour)
    (event,) = work.notes()
    (record,) = event["Records"]
    assert (record["body"], record["eventSource"], record["eventSourceARN"]) == ("hello", "aws:sqs", QUEUE)
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    told = {"stringValue": "red", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    assert record["messageAttributes"] == {"colour": told}


@pytest.mark.feature("lambda.event-sources")
def test_what_fails_comes_back_and_is_given_up(work: Work) -> None:
    dead = work.sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": QUEUE.replace("jobs", "dead"), "maxReceiveCount": "2"}
    work.sqs.set_queue_attributes(QueueUrl=work.url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    work.feed("fails")
    work.send("poison")
    work.notes()
    assert work.left() == (0, 1)
    work.notes(120)
    assert work.left() == (0, 0)
    assert [message["Body"] for message in work.sqs.receive_message(QueueUrl=dead)["Messages"]] == ["poison"]


@pytest.mark.feature("lambda.event-sources")
def test_a_function_can_fail_of_some(work: Work) -> None:
    work.feed("some", FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=2)
    work.send("good", "bad", "fine")
    assert [sorted(note) for note in work.notes(5)] == [["fine", "good"]]
    assert work.left() == (0, 1)
    assert work.notes(40) == [[]]


@pytest.mark.feature("lambda.event-sources")
def test_batches_gather_for_a_while(work: Work) -> None:
    work.feed("all", BatchSize=25, MaximumBatchingWindowInSeconds=10)
    work.send(*(f"m{number:02}" for number in range(20)))
    assert [len(note) for note in work.notes(15)] == [20]


@pytest.mark.feature("lambda.event-sources")
@pytest.mark.parametrize(
    ("pattern", "passing"),
    [
        ({"body": {"kind": ["order"]}}, ["order 5", "order 50"]),
        ({"body": {"kind": ["order"], "amount": [{"numeric": [">", 10, "<=", 50]}]}}, ["order 50"]),
        ({"body": {"kind": [{"anything-but": ["order"]}]}}, ["note 7"]),
        ({"body": {"missing": [{"exists": False}]}}, ["note 7", "order 5", "order 50"]),
        ({"body": {"$or": [{"amount": [7]}, {"kind": [{"prefix": "ord"}]}]}}, ["note 7", "order 5", "order 50"]),
        ({"body": ["plain"]}, ["plain"]),
    ],
)
def test_filters_drop_what_nobody_wants(work: Work, pattern: Any, passing: list[str]) -> None:
    work.feed("all", FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    bodies = {
        json.dumps({"kind": kind, "amount": amount}): f"{kind} {amount}"
        for kind, amount in (("order", 5), ("order", 50), ("note", 7))
    }
    work.send(*bodies, "plain")
    done = [body for note in work.notes() for body in note]
    assert sorted(bodies.get(body, body) for body in done) == passing
    assert work.left() == (0, 0)


@pytest.mark.feature("lambda.event-sources")
def test_a_mapping_that_is_disabled_rests(work: Work) -> None:
    uuid = work.feed("all")
    work.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    work.cloud.clock.advance(seconds=30)
    work.send("wait")
    assert work.notes(60) == [] and work.left() == (1, 0)
    work.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert work.notes(5) == [["wait"]]
    work.lambda_.delete_event_source_mapping(UUID=uuid)
    work.cloud.clock.advance(seconds=30)
    work.send("for nobody")
    assert work.notes(60) == []


@pytest.mark.feature("lambda.event-sources")
def test_polling_goes_on_after_a_restart(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path, seed=None) as cloud:
        work = Work(cloud)
        work.feed("all")
        work.cloud.clock.advance(seconds=1)
        work.sqs.send_message(QueueUrl=work.url, MessageBody="later", DelaySeconds=60)
        url = work.noting
    with Cloud(directory=tmp_path, seed=None) as cloud:
        cloud.clock.advance(seconds=90)
        (message,) = cloud.client("sqs").receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == ["later"]


@pytest.mark.feature("s3.notifications", "lambda.invoke")
def test_events_of_a_bucket(work: Work) -> None:
    s3, name = work.cloud.client("s3"), work.function("bucket")
    s3.create_bucket(Bucket="photos")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    events = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    configuration = {"Bucket": "photos", "NotificationConfiguration": {"LambdaFunctionConfigurations": [events]}}
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_notification_configuration(**configuration)
    assert refused.value.response["Error"]["ArgumentValue1"] == f"Not authorized to invoke function [{arn}]"
    work.lambda_.add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::photos",
    )
    s3.put_bucket_notification_configuration(**configuration)
    s3.put_object(Bucket="photos", Key="cat.png", Body=b"meow")
    assert work.notes(5) == [["cat.png"]]


@pytest.mark.feature("lambda.event-sources")
def test_an_event_has_no_more_than_six_megabytes(work: Work) -> None:
    work.feed("lengths", BatchSize=20, MaximumBatchingWindowInSeconds=10)
    for _ in range(9):
        work.send("x" * 1_000_000)
    notes = work.notes(15)
    assert sum(map(len, notes)) == 9 and max(map(len, notes)) == 6
    assert work.left() == (0, 0)


@pytest.mark.feature("patterns.load-shedding")
def test_old_messages_give_way_to_new_ones(work: Work) -> None:
    work.sqs.set_queue_attributes(QueueUrl=work.url, Attributes={"MessageRetentionPeriod": "60"})
    work.feed("all", Enabled=False)
    work.send("stale")
    work.cloud.clock.advance(seconds=61)
    work.send("fresh")
    uuid = work.lambda_.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    work.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert work.notes(5) == [["fresh"]]


def at_a_time(cloud: Cloud) -> float:
    """The most that have run at a time in the last hour."""
    now = cloud.clock.now().timestamp()
    period = {"StartTime": now - 3600, "EndTime": now + 60, "Period": 3600}
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="ConcurrentExecutions", Statistics=["Maximum"], **period
    )
    return max(point["Maximum"] for point in found["Datapoints"])


@pytest.mark.feature("cloud.elastic", "lambda.event-sources")
@pytest.mark.parametrize(
    ("options", "first", "later"),
    [
        ({}, 5, 12),
        ({"ScalingConfig": {"MaximumConcurrency": 7}}, 5, 7),
        ({"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 2}}, 20, 20),
    ],
)
def test_more_messages_are_processed_at_a_time(work: Work, options: Any, first: int, later: int) -> None:
    """Five batches at first, five more a second, up to what is set."""
    work.feed("slow", BatchSize=1, **options)
    work.cloud.clock.freeze()
    work.send(*map(str, range(30)))
    work.wait_for(lambda: work.left() == (0, 0))
    assert at_a_time(work.cloud) == first
    work.cloud.clock.run(60)
    time.sleep(1)
    work.send(*map(str, range(60)))
    work.wait_for(lambda: work.left() == (0, 0))
    assert at_a_time(work.cloud) >= later if later > 7 else at_a_time(work.cloud) == later


def test_messages_that_are_done_are_deleted_though_the_queue_fails(cloud: Cloud, work: Work) -> None:
    work.feed("all", BatchSize=2)
    cloud.clock.freeze()
    for what in ({"error": "RequestThrottled"}, {"reset": True}, {"latency": "5ms"}):
        cloud.fault(service="sqs", operation="DeleteMessageBatch", rate=0.3, **what)
    work.send(*(str(number) for number in range(12)))
    noted = [one for batch in work.notes(29) for one in batch]
    assert sorted(noted, key=int) == [str(number) for number in range(12)]
    cloud.clear_faults()
    assert work.notes(120) == []
    assert "Messages" not in work.sqs.receive_message(QueueUrl=work.url)


def test_messages_of_a_window_are_handed_on_though_the_queue_fails_meanwhile(cloud: Cloud, work: Work) -> None:
    work.feed("all", BatchSize=100, MaximumBatchingWindowInSeconds=10)
    cloud.clock.freeze()
    work.send("a")
    cloud.clock.advance(seconds=1)
    cloud.fault(service="sqs", operation="ReceiveMessage", error="RequestThrottled", count=1)
    work.send("b")
    cloud.clock.advance(seconds=25)
    assert sorted(one for batch in work.notes(1) for one in batch) == ["a", "b"]
