"""Changes of tables in Kinesis data streams."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("dynamodb.kinesis")
Make = Callable[..., dict[str, Any]]
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
SHARD = "shardId-000000000000"


@pytest.fixture
def kinesis(cloud: Cloud) -> Any:
    client = cloud.client("kinesis")
    client.create_stream(StreamName="changes", ShardCount=1)
    return client


def sent(cloud: Cloud, kinesis: Any) -> list[dict[str, Any]]:
    """What is in all shards of the stream, a shard after the other."""
    cloud.clock.advance(seconds=2)
    found = []
    for shard in kinesis.list_shards(StreamName="changes")["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName="changes", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += [json.loads(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
    return found


def test_changes_are_sent_as_aws_writes_them(cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any) -> None:
    make()
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    before = cloud.clock.now().timestamp() * 1000
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "a"}, "bytes": {"B": b"\x00\xff"}})
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "a"}, "bytes": {"B": b"\x00\xff"}})  # changes nothing
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "a"}})
    first, second, third = sent(cloud, kinesis)
    assert before - 1 <= first["dynamodb"].pop("ApproximateCreationDateTime") <= before + 10_000
    assert len(first.pop("eventID")) == 36
    image = {"pk": {"S": "a"}, "bytes": {"B": base64.b64encode(b"\x00\xff").decode()}}
    assert first == {
        "awsRegion": "us-east-1",
        "eventName": "INSERT",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "table",
        "dynamodb": {"Keys": {"pk": {"S": "a"}}, "NewImage": image, "SizeBytes": 13},
        "eventSource": "aws:dynamodb",
    }
    assert (second["eventName"], second["dynamodb"]["OldImage"]) == ("MODIFY", image)
    assert third["eventName"] == "REMOVE"
    assert "NewImage" not in third["dynamodb"]


def test_the_precision_of_times(cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any) -> None:
    make()
    micro = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    dynamodb.enable_kinesis_streaming_destination(
        TableName="table", StreamArn=STREAM, EnableKinesisStreamingConfiguration=micro
    )
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "a"}})
    (change,) = sent(cloud, kinesis)
    assert change["dynamodb"]["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    at = change["dynamodb"]["ApproximateCreationDateTime"] / 1e6
    assert abs(at - cloud.clock.now().timestamp()) < 60


def test_it_can_be_switched_off(cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any) -> None:
    make()
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "before"}})
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "while"}})
    dynamodb.disable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "after"}})
    assert [change["dynamodb"]["Keys"]["pk"]["S"] for change in sent(cloud, kinesis)] == ["while"]


def test_a_stream_that_is_not_there_fails(dynamodb: Any, make: Make) -> None:
    make()
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    (found,) = dynamodb.describe_kinesis_streaming_destination(TableName="table")["KinesisDataStreamDestinations"]
    assert found["DestinationStatus"] == "ENABLE_FAILED"


def test_what_finds_no_throughput_is_sent_later_and_in_order(
    cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any
) -> None:
    make()
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    cloud.set("kinesis", "throttling", "aws")
    cloud.clock.freeze()
    for number in range(8):
        item = {"pk": {"S": "same"}, "number": {"N": str(number)}, "much": {"S": "x" * 300_000}}
        dynamodb.put_item(TableName="table", Item=item)
    assert len(sent(cloud, kinesis)) < 8
    cloud.clock.advance(seconds=10)
    cloud.set("kinesis", "throttling", "off")
    found = [change["dynamodb"]["NewImage"]["number"]["N"] for change in sent(cloud, kinesis)]
    assert found == [str(number) for number in range(8)]


def test_a_stream_that_comes_back_gets_what_it_has_missed(
    cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any
) -> None:
    make()
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    kinesis.delete_stream(StreamName="changes")
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "missed"}})
    cloud.clock.advance(seconds=30)
    kinesis.create_stream(StreamName="changes", ShardCount=3)
    assert [change["dynamodb"]["Keys"] for change in sent(cloud, kinesis)] == [{"pk": {"S": "missed"}}]


def test_each_item_has_its_shard_and_expiry_is_told(cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any) -> None:
    make()
    kinesis.update_shard_count(StreamName="changes", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    spec = {"Enabled": True, "AttributeName": "until"}
    dynamodb.update_time_to_live(TableName="table", TimeToLiveSpecification=spec)
    cloud.clock.advance(hours=2)
    until = str(int(cloud.clock.now().timestamp()) + 60)
    for turn in range(3):
        for key in "abcdef":
            dynamodb.put_item(
                TableName="table", Item={"pk": {"S": key}, "turn": {"N": str(turn)}, "until": {"N": until}}
            )
    cloud.clock.advance(hours=1)
    turns: dict[str, list[str]] = {}
    for change in sent(cloud, kinesis):
        told = change["dynamodb"]
        if change["eventName"] == "REMOVE":
            assert change["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
            turns[told["Keys"]["pk"]["S"]].append("gone")
        else:
            turns.setdefault(told["Keys"]["pk"]["S"], []).append(told["NewImage"]["turn"]["N"])
    assert turns == {key: ["0", "1", "2", "gone"] for key in "abcdef"}


def test_what_it_costs(cloud: Cloud, dynamodb: Any, make: Make, kinesis: Any) -> None:
    make()
    dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=STREAM)
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "a"}, "much": {"S": "x" * 1500}})
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "a"}})
    lines = cloud.bill.lines(service="dynamodb", usage_type="ChangeDataCaptureUnits-Kinesis")
    assert sum(line.quantity for line in lines) == 4
