"""Streams of Kinesis and of DynamoDB as sources of events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hodei.testing import ACCOUNT, Cloud

from .streams import STREAM, Feed

pytestmark = pytest.mark.feature("lambda.event-sources")


@pytest.fixture
def feed(cloud: Cloud) -> Feed:
    return Feed(cloud)


def test_records_of_a_shard_are_processed_in_order(feed: Feed) -> None:
    uuid = feed.feed("all")
    feed.put("one", "two", "three")
    assert [text for note in feed.notes() for text in note] == ["one", "two", "three"]
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK"
    feed.put("later")
    assert feed.notes() == [["later"]]
    assert feed.notes(3600) == []


def test_what_a_function_is_told_of_kinesis(feed: Feed) -> None:
    feed.feed("whole")
    put = feed.kinesis.put_record(StreamName="readings", PartitionKey="p", Data=b"hello")
    (event,) = feed.notes()
    (record,) = event["Records"]
    at = record["kinesis"].pop("approximateArrivalTimestamp")
    assert abs(at - feed.cloud.clock.now().timestamp()) < 5
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "p",
            "sequenceNumber": put["SequenceNumber"],
            "data": "aGVsbG8=",
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{put['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": feed.role,
        "awsRegion": "us-east-1",
        "eventSourceARN": STREAM,
    }


def test_what_a_function_is_told_of_dynamodb(feed: Feed) -> None:
    arn = feed.table()
    feed.feed("whole", arn)
    feed.dynamodb.put_item(TableName="things", Item={"id": {"S": "a"}, "raw": {"B": b"\x00\xff"}})
    feed.dynamodb.delete_item(TableName="things", Key={"id": {"S": "a"}})
    first, second = (record for event in feed.notes() for record in event["Records"])
    assert second["eventName"] == "REMOVE" and second["dynamodb"]["OldImage"]["raw"] == {"B": "AP8="}
    assert first.pop("eventID") != second["eventID"]
    change = first.pop("dynamodb")
    assert first == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/things/stream/{arn.rpartition('/')[2]}",
    }
    assert int(change.pop("SequenceNumber")) < int(second["dynamodb"]["SequenceNumber"])
    assert isinstance(change.pop("ApproximateCreationDateTime"), int)
    image = {"id": {"S": "a"}, "raw": {"B": "AP8="}}
    assert change == {
        "Keys": {"id": {"S": "a"}},
        "NewImage": image,
        "SizeBytes": 11,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


def test_latest_is_when_the_mapping_becomes_enabled(feed: Feed) -> None:
    feed.put("old")
    uuid = feed.feed("all", StartingPosition="LATEST", Enabled=False)
    feed.cloud.clock.advance(seconds=5)
    feed.put("still old")
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    feed.cloud.clock.advance(seconds=5)
    feed.put("new")
    assert feed.notes() == [["new"]]


def test_from_a_moment_on(feed: Feed) -> None:
    feed.put("old")
    feed.cloud.clock.advance(minutes=10)
    moment = feed.cloud.clock.now()
    feed.put("new")
    feed.feed("all", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment)
    assert feed.notes() == [["new"]]


def test_a_mapping_that_is_enabled_again_goes_on(feed: Feed) -> None:
    uuid = feed.feed("all")
    feed.put("one")
    assert feed.notes() == [["one"]]
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    feed.cloud.clock.advance(seconds=5)
    feed.put("two")
    assert feed.notes(60) == []
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=1)
    assert feed.notes() == [["two"]]
    feed.lambda_.delete_event_source_mapping(UUID=uuid)
    feed.cloud.clock.advance(seconds=5)
    feed.put("three")
    assert feed.notes(60) == []


def test_batches_are_as_large_as_they_may_be(feed: Feed) -> None:
    feed.put(*(str(number) for number in range(25)))
    feed.feed("all", BatchSize=10)
    assert [len(note) for note in feed.notes()] == [10, 10, 5]


def test_batches_gather_for_a_while(feed: Feed) -> None:
    feed.feed("all", BatchSize=5, MaximumBatchingWindowInSeconds=30)
    feed.put("one", "two")
    assert feed.notes(20) == []
    feed.put("three")
    assert feed.notes(20) == [["one", "two", "three"]]
    feed.put(*"abcdef")
    assert feed.notes(1) == [[*"abcde"]]


def test_large_records_make_small_batches(feed: Feed) -> None:
    feed.put(*("x" * 1_000_000 for _ in range(9)))
    feed.feed("sizes")
    sizes = feed.notes()
    assert sum(sizes) == 9 and max(sizes) == 4


def test_children_come_after_their_parents(feed: Feed) -> None:
    feed.feed("all")
    for number in range(10):
        feed.put(f"a{number}", key=str(number))
    feed.kinesis.split_shard(StreamName="readings", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    feed.cloud.clock.advance(seconds=40)
    for number in range(10):
        feed.put(f"b{number}", key=str(number))
    done = [text for note in feed.notes() for text in note]
    for number in range(10):
        assert done.index(f"a{number}") < done.index(f"b{number}")
    assert len(done) == 20
    feed.cloud.clock.advance(hours=30)  # the parent has expired
    feed.put("c")
    assert feed.notes() == [["c"]]


def test_shards_of_tables_follow_one_another(feed: Feed) -> None:
    feed.feed("all", feed.table())
    for number in range(30):
        feed.dynamodb.put_item(TableName="things", Item={"id": {"S": str(number)}})
        feed.cloud.clock.advance(hours=1)
    assert [text for note in feed.notes() for text in note] == [str(number) for number in range(30)]


def test_another_cloud_has_its_own_place_in_the_stream(feed: Feed) -> None:
    feed.feed("all")
    feed.put("one")
    assert feed.notes() == [["one"]]
    feed.cloud.save("then")
    feed.put("two")
    assert feed.notes() == [["two"]]
    feed.cloud.load("then")
    feed.put("other")
    assert feed.notes() == [["other"]]


def test_a_cloud_that_is_forgotten_is_not_polled(feed: Feed) -> None:
    feed.feed("all")
    feed.feed("sizes", feed.table())
    feed.put("one")
    assert feed.notes() == [["one"]]
    feed.cloud.reset()
    feed.cloud.settle()
    assert not feed.cloud.world.agenda._running


def test_processing_goes_on_after_a_restart(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path, seed=None) as cloud:
        feed = Feed(cloud)
        feed.feed("all", MaximumBatchingWindowInSeconds=60)
        feed.put("one")
        assert feed.notes(61) == [["one"]]
        feed.put("two")
        feed.cloud.clock.advance(seconds=1)
    with Cloud(directory=tmp_path, seed=None) as cloud:
        cloud.clock.advance(seconds=61)
        sqs = cloud.client("sqs")
        (message,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="notes")["QueueUrl"])["Messages"]
        assert json.loads(message["Body"]) == ["two"]


def test_a_role_that_may_not_read_any_more(feed: Feed) -> None:
    uuid = feed.feed("all")
    feed.put("one")
    assert feed.notes() == [["one"]]
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    iam = feed.cloud.client("iam")
    iam.detach_role_policy(RoleName="fn", PolicyArn=arn)
    feed.put("two")
    assert feed.notes(30) == []
    result = feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"]
    assert result.startswith("PROBLEM: ") and "not authorized to perform: kinesis:Get" in result
    iam.attach_role_policy(RoleName="fn", PolicyArn=arn)
    assert feed.notes(30) == [["two"]]
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK"


def test_a_shard_is_read_no_more_than_five_times_a_second(feed: Feed) -> None:
    """With AWS's limits. Who polls meets them as anybody does, and reads on later."""
    uuid = feed.feed("all")
    feed.cloud.clock.advance(seconds=1)
    feed.cloud.limits("aws")
    feed.cloud.clock.freeze()
    for number in range(10):
        feed.put(str(number))
    feed.cloud.settle()
    assert [text for note in feed.notes(5) for text in note] == [str(number) for number in range(10)]
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK"
    now = feed.cloud.clock.now().timestamp()
    throttled = feed.cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName="ReadProvisionedThroughputExceeded",
        Dimensions=[{"Name": "StreamName", "Value": "readings"}],
        Statistics=["Sum"],
        StartTime=now - 3600,
        EndTime=now + 60,
        Period=3600,
    )
    assert sum(point["Sum"] for point in throttled["Datapoints"]) > 0


def test_a_stream_that_is_gone_is_a_problem(feed: Feed) -> None:
    uuid = feed.feed("all")
    feed.put("one")
    assert feed.notes() == [["one"]]
    feed.kinesis.delete_stream(StreamName="readings")
    feed.cloud.clock.advance(days=2)
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"].startswith("PROBLEM: ")
    feed.kinesis.create_stream(StreamName="readings", ShardCount=1)
    feed.cloud.clock.advance(minutes=2)
    feed.put("two")
    assert feed.notes() == [["two"]]


def test_a_function_that_is_gone_and_comes_again(feed: Feed) -> None:
    uuid = feed.feed("all")
    feed.cloud.clock.advance(seconds=1)
    feed.lambda_.delete_function(FunctionName="f-app-all")
    feed.put("one")
    feed.cloud.clock.advance(minutes=2)
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"].startswith("PROBLEM: ")
    feed.function("all")
    assert feed.notes(120) == [["one"]]
