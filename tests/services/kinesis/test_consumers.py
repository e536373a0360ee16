"""Enhanced fan-out."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Iterator
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, Make, Refused

pytestmark = pytest.mark.feature("kinesis.consumers")
SHARD = "shardId-000000000000"
TRIM_HORIZON = {"Type": "TRIM_HORIZON"}


def register(kinesis: Any, arn: str, name: str = "reader", **more: Any) -> str:
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name, **more)["Consumer"]
    assert consumer["ConsumerStatus"] == "CREATING"
    return str(consumer["ConsumerARN"])


def events(answer: Any) -> Iterator[dict[str, Any]]:
    return (event["SubscribeToShardEvent"] for event in answer["EventStream"])


def test_consumers_are_registered(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    arn = register(kinesis, stream.arn, Tags={"a": "1"})
    assert arn.startswith(f"{stream.arn}/consumer/reader:")
    described = kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    assert (
        described
        == kinesis.describe_stream_consumer(StreamARN=stream.arn, ConsumerName="reader")["ConsumerDescription"]
    )
    assert described["ConsumerStatus"] == "ACTIVE"
    assert described["StreamARN"] == stream.arn
    assert kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("ResourceInUseException", "already exists"):
        register(kinesis, stream.arn)
    with refused("ResourceInUseException", "consumers"):
        kinesis.delete_stream(StreamName="stream")
    assert stream.summary()["ConsumerCount"] == 1
    kinesis.deregister_stream_consumer(ConsumerARN=arn)
    with refused("ResourceNotFoundException"):
        kinesis.describe_stream_consumer(ConsumerARN=arn)
    register(kinesis, stream.arn)
    kinesis.delete_stream(StreamName="stream", EnforceConsumerDeletion=True)


def test_consumers_are_listed_and_there_are_not_too_many(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    for number in range(20):
        register(kinesis, stream.arn, f"reader{number:02}")
    with refused("LimitExceededException", "20"):
        register(kinesis, stream.arn, "one-too-many")
    page = kinesis.list_stream_consumers(StreamARN=stream.arn, MaxResults=15)
    rest = kinesis.list_stream_consumers(StreamARN=stream.arn, NextToken=page["NextToken"])
    names = [one["ConsumerName"] for one in page["Consumers"] + rest["Consumers"]]
    assert names == [f"reader{number:02}" for number in range(20)]


def test_five_are_made_at_a_time(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    cloud.set("kinesis", "lifecycle", "aws")
    for number in range(5):
        arn = register(kinesis, stream.arn, str(number))
    with refused("LimitExceededException", "CREATING"):
        register(kinesis, stream.arn, "sixth")
    with refused("ResourceInUseException"):
        kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=TRIM_HORIZON)
    cloud.clock.advance(seconds=11)
    register(kinesis, stream.arn, "sixth")
    kinesis.deregister_stream_consumer(StreamARN=stream.arn, ConsumerName="1")
    found = kinesis.describe_stream_consumer(StreamARN=stream.arn, ConsumerName="1")["ConsumerDescription"]
    assert found["ConsumerStatus"] == "DELETING"
    cloud.clock.advance(seconds=11)
    assert stream.summary()["ConsumerCount"] == 5


def test_records_are_pushed(make: Make, kinesis: Any) -> None:
    stream = make()
    arn = register(kinesis, stream.arn)
    put = stream.put("before")
    answer = kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=TRIM_HORIZON)
    found = events(answer)
    first = next(found)
    (record,) = first["Records"]
    assert record.pop("ApproximateArrivalTimestamp")
    assert record == {"Data": b"before", "PartitionKey": "key", "SequenceNumber": put["SequenceNumber"]}
    assert (first["MillisBehindLatest"], first["ContinuationSequenceNumber"]) == (0, put["SequenceNumber"])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(next, found)
        stream.put("pushed")
        assert [record["Data"] for record in waiting.result(5)["Records"]] == [b"pushed"]
    answer["EventStream"].close()


def test_positions(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make(shards=2)
    arn = register(kinesis, stream.arn)
    put = [stream.put(str(number), ExplicitHashKey="0") for number in range(3)]

    def first(**position: Any) -> list[bytes]:
        cloud.clock.advance(seconds=6)
        answer = kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=position)
        event = next(events(answer))
        answer["EventStream"].close()
        return [record["Data"] for record in event["Records"]]

    number = put[1]["SequenceNumber"]
    assert first(Type="AT_SEQUENCE_NUMBER", SequenceNumber=number) == [b"1", b"2"]
    assert first(Type="AFTER_SEQUENCE_NUMBER", SequenceNumber=number) == [b"2"]
    assert first(Type="LATEST") == []
    assert first(Type="AT_TIMESTAMP", Timestamp=cloud.clock.now()) == []
    with refused("InvalidArgumentException", "It encodes shardId-000000000000"):
        kinesis.subscribe_to_shard(
            ConsumerARN=arn,
            ShardId="shardId-000000000001",
            StartingPosition={"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": number},
        )
    with refused("DryRunOperationException"):
        kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=TRIM_HORIZON, DryRun=True)


def test_a_subscription_ends_after_five_minutes(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    arn = register(kinesis, stream.arn)
    cloud.clock.freeze()
    found = events(kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=TRIM_HORIZON))
    assert next(found)["Records"] == []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        rest = pool.submit(list, found)
        for _ in range(61):
            cloud.clock.advance(seconds=5)
        quiet = rest.result(5)
    assert all(event["Records"] == [] for event in quiet)
    assert all("ContinuationSequenceNumber" in event for event in quiet)


def test_a_later_call_takes_over(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    arn = register(kinesis, stream.arn)
    call = {"ConsumerARN": arn, "ShardId": SHARD, "StartingPosition": TRIM_HORIZON}
    first = kinesis.subscribe_to_shard(**call)
    next(events(first))
    with refused("ResourceInUseException", f"exists for this consumer: {ACCOUNT}:stream:{SHARD}:reader"):
        kinesis.subscribe_to_shard(**call)
    cloud.clock.advance(seconds=6)
    second = kinesis.subscribe_to_shard(**call)
    with refused("ResourceInUseException"):
        list(events(first))
    stream.put("for the second")
    found = (record["Data"] for event in events(second) for record in event["Records"])
    assert next(found) == b"for the second"
    second["EventStream"].close()


def test_the_end_of_a_closed_shard(make: Make, kinesis: Any) -> None:
    stream = make()
    arn = register(kinesis, stream.arn)
    stream.put("last")
    found = events(kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=TRIM_HORIZON))
    assert [record["Data"] for record in next(found)["Records"]] == [b"last"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        rest = pool.submit(list, found)
        kinesis.split_shard(StreamName="stream", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
        end = rest.result(5)[-1]
    assert [child["ShardId"][-1] for child in end["ChildShards"]] == ["1", "2"]
    assert "ContinuationSequenceNumber" not in end


def test_a_stream_that_goes_ends_its_subscriptions(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    arn = register(kinesis, stream.arn)
    found = events(kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=TRIM_HORIZON))
    next(found)
    kinesis.delete_stream(StreamName="stream", EnforceConsumerDeletion=True)
    with refused("ResourceNotFoundException", "not found"):
        list(found)


def test_policies_of_consumers(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    arn = register(kinesis, stream.arn)
    other = cloud.client("kinesis", account="111111111111")
    call = {"ConsumerARN": arn, "ShardId": SHARD, "StartingPosition": TRIM_HORIZON}
    with refused("AccessDeniedException"):
        other.subscribe_to_shard(**call)
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": ["kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer"],
        "Resource": arn,
    }
    kinesis.put_resource_policy(ResourceARN=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    stream.put("shared")
    answer = other.subscribe_to_shard(**call)
    assert next(events(answer))["Records"][0]["Data"] == b"shared"
    answer["EventStream"].close()
    assert other.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]["ConsumerName"] == "reader"
