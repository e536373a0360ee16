"""Records of streams that functions fail of: tried again, split, given up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.services.lambda_.polling.streams import attempts
from hodei.testing import ACCOUNT, Cloud

from .streams import QUEUES, STREAM, Feed

pytestmark = pytest.mark.feature("lambda.event-sources")


@pytest.fixture
def feed(cloud: Cloud) -> Feed:
    return Feed(cloud)


def metric(cloud: Cloud, name: str, **dimensions: str) -> float:
    """The sum of a metric of the last hour."""
    now = cloud.clock.now()
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now.timestamp() - 3600,
        EndTime=now.timestamp() + 60,
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


@pytest.mark.feature("patterns.poison-messages")
def test_a_record_that_fails_blocks_its_shard_until_it_is_given_up(feed: Feed) -> None:
    given = {"DestinationConfig": feed.destination(), "MaximumRetryAttempts": 2, "BatchSize": 1}
    uuid = feed.feed("fails", MetricsConfig={"Metrics": ["EventCount"]}, **given)
    put = feed.kinesis.put_record(StreamName="readings", PartitionKey="k", Data=b"poison")
    feed.put("good")
    assert feed.notes(0.5) == [["poison"]]
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    assert feed.notes(60) == [["poison"], ["poison"], ["good"]]
    (record,) = feed.received("dead")
    info = record.pop("KinesisBatchInfo")
    assert info.pop("approximateArrivalOfFirstRecord") == info.pop("approximateArrivalOfLastRecord")
    assert info == {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": put["SequenceNumber"],
        "endSequenceNumber": put["SequenceNumber"],
        "batchSize": 1,
        "streamArn": STREAM,
    }
    assert record["requestContext"].pop("requestId") and record.pop("timestamp").endswith("Z")
    assert record == {
        "requestContext": {
            "functionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f-app-fails",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
    }
    counts = {"Polled": 2, "Invoked": 4, "FailedInvoke": 3, "Dropped": 1, "OnFailureDestinationDelivered": 1}
    for name, count in counts.items():
        assert metric(feed.cloud, f"{name}EventCount", EventSourceMappingUUID=uuid) == count, name


@pytest.mark.feature("patterns.poison-messages")
def test_what_is_given_up_is_told_even_if_the_queue_fails_for_a_while(feed: Feed) -> None:
    given = {"DestinationConfig": feed.destination(), "MaximumRetryAttempts": 0, "BatchSize": 1}
    uuid = feed.feed("answers", MetricsConfig={"Metrics": ["EventCount"]}, environment={"ANSWER": "1/"}, **given)
    feed.cloud.fault(service="sqs", operation="SendMessage", error="InternalFailure", rate=0.7)
    feed.put("one", "two", "three", "four")
    feed.cloud.clock.advance(minutes=10)
    feed.cloud.clear_faults()
    feed.cloud.clock.advance(minutes=10)
    assert len(feed.received("dead")) == 4
    assert metric(feed.cloud, "OnFailureDestinationDeliveredEventCount", EventSourceMappingUUID=uuid) == 4


@pytest.mark.feature("patterns.poison-messages")
def test_a_batch_that_fails_is_split_until_the_bad_record_is_alone(feed: Feed) -> None:
    feed.put(*"abcde", "poison", *"fg")
    given = {"DestinationConfig": feed.destination(), "MaximumRetryAttempts": 1}
    feed.feed("fails", BisectBatchOnFunctionError=True, **given)
    notes = feed.notes(60)
    assert notes == [
        [*"abcde", "poison", *"fg"],
        [*"abcd"],
        ["e", "poison", *"fg"],
        ["e", "poison"],
        ["e"],
        ["poison"],
        ["poison"],
        [*"fg"],
    ]
    (record,) = feed.received("dead")
    assert record["KinesisBatchInfo"]["batchSize"] == 1


def test_a_record_that_fails_for_ever_goes_with_the_stream(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "LONGEST_PAUSE", 600.0)  # a day has many minutes
    arn = feed.table()
    feed.feed("fails", arn, BatchSize=1)
    feed.dynamodb.put_item(TableName="things", Item={"id": {"S": "poison"}})
    feed.cloud.clock.advance(seconds=10)
    feed.dynamodb.put_item(TableName="things", Item={"id": {"S": "good"}})
    assert len(feed.notes(3600)) > 6
    feed.cloud.clock.advance(hours=22.9)
    feed.dynamodb.put_item(TableName="things", Item={"id": {"S": "late"}})
    assert feed.notes(3 * 3600)[-1] == ["late"]


def test_a_part_of_a_batch_can_fail(feed: Feed) -> None:
    feed.put("a", "b", "poison", "c")
    given = {"DestinationConfig": feed.destination(), "MaximumRetryAttempts": 2}
    feed.feed("some", FunctionResponseTypes=["ReportBatchItemFailures"], **given)
    assert feed.notes(30) == [["a", "b", "poison", "c"], ["poison", "c"], ["poison", "c"]]
    (record,) = feed.received("dead")
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}
    assert record["KinesisBatchInfo"]["batchSize"] == 2


@pytest.mark.feature("patterns.poison-messages")
def test_with_splitting_a_part_that_fails_is_split_there(feed: Feed) -> None:
    feed.put("a", "b", "poison", "c")
    given = {"DestinationConfig": feed.destination(), "MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": True}
    feed.feed("some", FunctionResponseTypes=["ReportBatchItemFailures"], **given)
    assert feed.notes(30) == [["a", "b", "poison", "c"], ["poison", "c"], ["poison"], ["c"]]
    (record,) = feed.received("dead")
    assert record["KinesisBatchInfo"]["batchSize"] == 1


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        ("null", True),
        ("{}", True),
        ('""', True),
        ('{"batchItemFailures": null}', True),
        ('{"batchItemFailures": []}', True),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', False),
        ('{"batchItemFailures": [{"itemIdentifier": null}]}', False),
        ('{"batchItemFailures": [{"foo": "1"}]}', False),
        ('{"batchItemFailures": [{"itemIdentifier": "1"}]}', False),
        ('"nonsense"', False),
    ],
)
def test_answers_that_mean_success_and_failure(feed: Feed, answer: str, done: bool) -> None:
    feed.put("a")
    given = {"MaximumRetryAttempts": 1, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    feed.feed("answers", environment={"ANSWER": answer}, **given)
    assert len(feed.notes(30)) == (1 if done else 2)


@pytest.mark.feature("patterns.load-shedding")
def test_what_is_too_old_is_given_up_for_what_is_newer(feed: Feed) -> None:
    feed.put("stale", "old")
    feed.cloud.clock.advance(minutes=5)
    feed.put("fresh")
    feed.feed("all", MaximumRecordAgeInSeconds=60, DestinationConfig=feed.destination())
    assert feed.notes() == [["fresh"]]
    (record,) = feed.received("dead")
    assert record["KinesisBatchInfo"]["batchSize"] == 2 and "responseContext" not in record
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 1


@pytest.mark.feature("patterns.load-shedding")
def test_what_becomes_too_old_while_it_fails_is_given_up(feed: Feed) -> None:
    feed.feed("fails", MaximumRecordAgeInSeconds=60, DestinationConfig=feed.destination())
    feed.put("poison")
    notes = feed.notes(300)
    (record,) = feed.received("dead")
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == len(notes) + 1


def test_throttles_are_no_retries(feed: Feed) -> None:
    name = "f-app-all"
    uuid = feed.feed("all", MaximumRetryAttempts=0, DestinationConfig=feed.destination(), Enabled=False)
    feed.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    feed.put("patient")
    assert feed.notes(600) == [] and feed.received("dead") == []
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "PROBLEM: Rate Exceeded."
    feed.lambda_.delete_function_concurrency(FunctionName=name)
    assert feed.notes(90) == [["patient"]]


@pytest.mark.feature("patterns.poison-messages")
def test_what_is_given_up_goes_to_a_bucket_with_the_records(feed: Feed) -> None:
    s3 = feed.cloud.client("s3")
    s3.create_bucket(Bucket="failures")
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::failures"}}
    arn = feed.table("KEYS_ONLY")
    uuid = feed.feed("fails", arn, MaximumRetryAttempts=0, DestinationConfig=destination)
    feed.dynamodb.put_item(TableName="things", Item={"id": {"S": "poison"}})
    feed.cloud.clock.advance(seconds=5)
    (found,) = s3.list_objects_v2(Bucket="failures")["Contents"]
    record = json.loads(s3.get_object(Bucket="failures", Key=found["Key"])["Body"].read())
    info = record["DDBStreamBatchInfo"]
    day = feed.cloud.clock.now()
    assert found["Key"].startswith(f"aws/lambda/{uuid}/{info['shardId']}/{day:%Y/%m/%d}/{day:%Y-%m-%dT%H.}")
    (change,) = record["payload"]["Records"]
    assert change["dynamodb"]["Keys"] == {"id": {"S": "poison"}}
    assert change["dynamodb"]["SequenceNumber"] == info["startSequenceNumber"]
    assert info["streamArn"] == arn and len(info["approximateArrivalOfFirstRecord"]) == len("2024-11-18T14:36:44Z")


def test_a_destination_that_is_gone_does_not_block(feed: Feed) -> None:
    feed.feed("fails", MaximumRetryAttempts=0, DestinationConfig=feed.destination())
    feed.sqs.delete_queue(QueueUrl=feed.sqs.get_queue_url(QueueName="dead")["QueueUrl"])
    feed.put("poison")
    feed.cloud.clock.advance(seconds=5)
    feed.put("good")
    assert feed.notes(5)[-1] == ["good"]
    assert metric(feed.cloud, "DestinationDeliveryFailures", FunctionName="f-app-fails") == 1


def test_a_batch_that_is_tried_again_is_the_same_after_a_pause(feed: Feed) -> None:
    """Disabled and enabled again: with the records and the retries that it had."""
    given: dict[str, Any] = {"MaximumRetryAttempts": 4, "DestinationConfig": feed.destination()}
    uuid = feed.feed("fails", **given)
    feed.put("poison")
    assert feed.notes(2.5) == [["poison"]] * 2
    feed.put("good")
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    assert feed.notes(30) == []
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert feed.notes(120) == [["poison"]] * 3 + [["good"]]
    (record,) = feed.received("dead")
    assert record["requestContext"]["approximateInvokeCount"] == 5


def test_how_old_records_are_when_they_are_done(feed: Feed) -> None:
    feed.put("a")
    feed.cloud.clock.advance(seconds=100)
    feed.feed("all")
    assert feed.notes() == [["a"]]
    assert 100_000 <= metric(feed.cloud, "IteratorAge", FunctionName="f-app-all") < 110_000


def test_of_what_nobody_wants_the_function_hears_nothing(feed: Feed) -> None:
    pattern = {"data": {"kind": ["order"]}, "partitionKey": [{"prefix": "shop"}]}
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    uuid = feed.feed("all", FilterCriteria=criteria, MetricsConfig={"Metrics": ["EventCount"]})
    order, note = json.dumps({"kind": "order"}), json.dumps({"kind": "note"})
    feed.put(order, note, "no JSON", key="shop-1")
    feed.put(order, key="other")
    assert feed.notes() == [[order]]
    assert metric(feed.cloud, "FilteredOutEventCount", EventSourceMappingUUID=uuid) == 3
    feed.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria={})
    assert feed.notes(5) == []


def test_changes_are_filtered_as_they_are(feed: Feed) -> None:
    pattern = {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"n": {"N": ["5", "7"]}}}}
    arn = feed.table()
    feed.feed("all", arn, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    for number in (1, 5, 2, 7):
        feed.dynamodb.put_item(TableName="things", Item={"id": {"S": f"i{number % 2}"}, "n": {"N": str(number)}})
    assert [text for note in feed.notes() for text in note] == ["i1", "i1"]


def test_queues_count_their_events_too(feed: Feed) -> None:
    url = feed.sqs.create_queue(QueueName="jobs")["QueueUrl"]
    name = feed.function("sizes")
    criteria = {"Filters": [{"Pattern": json.dumps({"body": [{"prefix": "a"}]})}]}
    given = {"MetricsConfig": {"Metrics": ["EventCount"]}, "FilterCriteria": criteria}
    mapping = feed.lambda_.create_event_source_mapping(EventSourceArn=f"{QUEUES}:jobs", FunctionName=name, **given)
    for body in ("a1", "a2", "b"):
        feed.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sum(feed.notes(5)) == 2
    counts = {"Polled": 3, "FilteredOut": 1, "Invoked": 2, "FailedInvoke": 0, "Deleted": 3}
    for what, count in counts.items():
        assert metric(feed.cloud, f"{what}EventCount", EventSourceMappingUUID=mapping["UUID"]) == count, what


@pytest.mark.parametrize("source", ["kinesis", "dynamodbstreams"])
def test_nothing_is_lost_or_doubled_where_a_stream_is_read_with_trouble(feed: Feed, source: str) -> None:
    feed.feed("all", STREAM if source == "kinesis" else feed.table(), BatchSize=2)
    for operation in ("GetRecords", "GetShardIterator"):
        for what in (
            {"error": "InternalFailure"},
            {"error": "ProvisionedThroughputExceededException"},
            {"reset": True},
        ):
            feed.cloud.fault(service=source, operation=operation, role="fn", rate=0.25, **what)
    labels = [f"{number}" for number in range(12)]
    for label in labels:
        if source == "kinesis":
            feed.put(label)
        else:
            feed.dynamodb.put_item(TableName="things", Item={"id": {"S": label}})
        feed.cloud.clock.advance(seconds=2)
    found = [label for batch in feed.notes(1800) for label in batch]
    assert found == labels
    assert sum(fault.hits for fault in feed.cloud.faults()) > 0
