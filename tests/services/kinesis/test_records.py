"""Records: written to the shard of their key, read in order from any place."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import ACCOUNT, Make, Refused

pytestmark = pytest.mark.feature("kinesis.streams")


def test_what_is_put_is_read_in_order(make: Make) -> None:
    stream = make()
    put = [stream.put(str(number)) for number in range(5)]
    page = stream.get(stream.iterator())
    assert [record["Data"] for record in page["Records"]] == [b"0", b"1", b"2", b"3", b"4"]
    assert [record["SequenceNumber"] for record in page["Records"]] == [one["SequenceNumber"] for one in put]
    assert {record["PartitionKey"] for record in page["Records"]} == {"key"}
    assert page["MillisBehindLatest"] == 0
    assert stream.get(page["NextShardIterator"])["Records"] == []
    numbers = [int(one["SequenceNumber"]) for one in put]
    assert numbers == sorted(set(numbers))
    assert {number.bit_length() for number in numbers} == {186}


def test_the_hash_of_the_key_decides_the_shard(make: Make) -> None:
    stream = make(shards=4)
    for key in ("a", "b", "c", "dé", "x" * 256):
        digest = int(hashlib.md5(key.encode()).hexdigest(), 16)
        given = stream.put(key, key)
        (shard,) = [one for one in stream.shards() if one["ShardId"] == given["ShardId"]]
        held = shard["HashKeyRange"]
        assert int(held["StartingHashKey"]) <= digest <= int(held["EndingHashKey"])
        assert stream.put("again", key)["ShardId"] == given["ShardId"]


def test_an_explicit_hash_key(make: Make, refused: Refused) -> None:
    stream = make(shards=2)
    top = str(2**128 - 1)
    assert stream.put(ExplicitHashKey="0")["ShardId"] == "shardId-000000000000"
    assert stream.put(ExplicitHashKey=top)["ShardId"] == "shardId-000000000001"
    with refused("InvalidArgumentException", "ExplicitHashKey must be in the range: [0, 2^128-1]"):
        stream.put(ExplicitHashKey=str(2**128))


def test_put_records_answers_each_in_its_place(make: Make, kinesis: Any) -> None:
    stream = make(shards=2)
    records: list[dict[str, Any]] = [
        {"Data": str(number).encode(), "PartitionKey": "k", "ExplicitHashKey": "0" if number % 2 else str(2**128 - 1)}
        for number in range(4)
    ]
    answer = kinesis.put_records(StreamName="stream", Records=records)
    assert answer["FailedRecordCount"] == 0
    assert [one["ShardId"][-1] for one in answer["Records"]] == ["1", "0", "1", "0"]
    assert stream.read("shardId-000000000000") == ["1", "3"]
    assert stream.read("shardId-000000000001") == ["0", "2"]


@pytest.mark.feature("kinesis.consumers")
def test_iterators(cloud: Cloud, make: Make) -> None:
    stream = make()
    first = stream.put("first")
    cloud.clock.advance(seconds=10)
    middle = cloud.clock.now()
    cloud.clock.advance(seconds=10)
    second = stream.put("second")
    latest = stream.iterator(kind="LATEST")
    third = stream.put("third")
    everything = ["first", "second", "third"]
    assert stream.read() == everything
    assert stream.read(kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=first["SequenceNumber"]) == everything
    assert stream.read(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first["SequenceNumber"]) == everything[1:]
    assert stream.read(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=second["SequenceNumber"]) == ["third"]
    assert stream.read(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=third["SequenceNumber"]) == []
    assert stream.read(kind="AT_TIMESTAMP", Timestamp=middle) == everything[1:]
    assert [record["Data"] for record in stream.get(latest)["Records"]] == [b"third"]


def test_what_iterators_are_refused(cloud: Cloud, make: Make, refused: Refused) -> None:
    stream, other = make(shards=2), make("other")
    number = stream.put(ExplicitHashKey="0")["SequenceNumber"]
    cloud.clock.advance(seconds=2)
    make("later").put()
    foreign = (
        f"used in GetShardIterator on shard shardId-000000000000 in stream stream under account {ACCOUNT} is invalid"
    )
    with refused("InvalidArgumentException", foreign):
        stream.iterator(kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber="12345")
    with refused("InvalidArgumentException", "It encodes shardId-000000000000, while it was used in a call to a shard"):
        stream.iterator("shardId-000000000001", "AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)
    with refused("InvalidArgumentException", "timestampInMillis parameter cannot be greater"):
        stream.iterator(kind="AT_TIMESTAMP", Timestamp=cloud.clock.now() + timedelta(hours=1))
    with refused("InvalidArgumentException"):
        stream.iterator(kind="AT_TIMESTAMP")
    with refused("InvalidArgumentException"):
        stream.iterator(kind="AFTER_SEQUENCE_NUMBER")
    with refused("ResourceNotFoundException", "shardId-000000000007"):
        other.iterator("shardId-000000000007")
    with refused("InvalidArgumentException"):
        stream.get("nonsense")
    with refused("ResourceNotFoundException", f"Stream none under account {ACCOUNT} not found."):
        stream.kinesis.put_record(StreamName="none", Data=b"", PartitionKey="k")


@pytest.mark.feature("kinesis.consumers")
def test_an_iterator_lives_five_minutes(cloud: Cloud, make: Make, refused: Refused) -> None:
    stream = make()
    iterator = stream.iterator()
    cloud.clock.advance(seconds=299)
    following = stream.get(iterator)["NextShardIterator"]
    cloud.clock.advance(seconds=2)
    with refused("ExpiredIteratorException", "tolerated delay of 300000 milliseconds"):
        stream.get(iterator)
    assert stream.get(following)["Records"] == []


def test_pages_and_how_far_behind_they_are(cloud: Cloud, make: Make) -> None:
    stream = make()
    for number in range(3):
        stream.put(str(number))
        cloud.clock.advance(seconds=10)
    page = stream.get(stream.iterator(), Limit=2)
    assert len(page["Records"]) == 2
    assert 20_000 <= page["MillisBehindLatest"] < 22_000
    rest = stream.get(page["NextShardIterator"])
    assert [record["Data"] for record in rest["Records"]] == [b"2"]
    assert rest["MillisBehindLatest"] == 0


def test_a_page_has_ten_mebibytes(make: Make) -> None:
    stream = make(MaxRecordSizeInKiB=10240)
    for number in range(3):
        stream.put(bytes(4 * 2**20), str(number))
    page = stream.get(stream.iterator())
    assert len(page["Records"]) == 2
    assert len(stream.get(page["NextShardIterator"])["Records"]) == 1


def test_sizes(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    stream.put(bytes(2**20 - 3))
    with refused("ValidationException", "Member must have length less than or equal to 1048576"):
        stream.put(bytes(2**20))
    kinesis.update_max_record_size(StreamARN=stream.arn, MaxRecordSizeInKiB=10240)
    assert stream.summary()["MaxRecordSizeInKiB"] == 10240
    stream.put(bytes(10 * 2**20 - 3))
    with refused("ValidationException", "10485760"):
        stream.put(bytes(10 * 2**20))
    records = [{"Data": bytes(4 * 2**20), "PartitionKey": "k"}] * 3
    with refused("InvalidArgumentException", "Records size exceeds"):
        kinesis.put_records(StreamName="stream", Records=records)


def test_the_order_that_a_producer_asks_for(make: Make, refused: Refused) -> None:
    stream = make()
    first = stream.put("1")
    second = stream.put("2", SequenceNumberForOrdering=first["SequenceNumber"])
    assert int(second["SequenceNumber"]) > int(first["SequenceNumber"])
    with refused("InvalidArgumentException", "ExclusiveMinimumSequenceNumber"):
        stream.put("3", SequenceNumberForOrdering="17")


def test_retention(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    stream.put("old")
    cloud.clock.advance(hours=23)
    assert stream.read() == ["old"]
    stream.put("new")
    cloud.clock.advance(hours=1, seconds=1)
    assert stream.read() == ["new"]
    with refused("InvalidArgumentException", "Minimum allowed retention period is 24 hours"):
        kinesis.decrease_stream_retention_period(StreamName="stream", RetentionPeriodHours=23)
    with refused("InvalidArgumentException", "Maximum allowed retention period is 8760 hours"):
        kinesis.increase_stream_retention_period(StreamName="stream", RetentionPeriodHours=8761)
    with refused("InvalidArgumentException", "Use IncreaseRetentionPeriod API"):
        kinesis.decrease_stream_retention_period(StreamName="stream", RetentionPeriodHours=48)
    kinesis.increase_stream_retention_period(StreamName="stream", RetentionPeriodHours=8760)
    with refused("InvalidArgumentException", "Use DecreaseRetentionPeriod API"):
        kinesis.increase_stream_retention_period(StreamName="stream", RetentionPeriodHours=48)
    assert stream.summary()["RetentionPeriodHours"] == 8760
    assert stream.read() == ["new"]  # what was too old does not come back
    cloud.clock.advance(days=364)
    assert stream.read() == ["new"]
    cloud.clock.advance(days=2)
    assert stream.read() == []


def test_a_shorter_retention_period_takes_records_away(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    kinesis.increase_stream_retention_period(StreamName="stream", RetentionPeriodHours=72)
    stream.put("old")
    cloud.clock.advance(hours=30)
    stream.put("new")
    kinesis.decrease_stream_retention_period(StreamName="stream", RetentionPeriodHours=24)
    assert stream.read() == ["new"]
    cloud.clock.advance(minutes=1)
    assert rows(cloud) == 1


def test_rows_go_when_nobody_may_read_them(cloud: Cloud, make: Make) -> None:
    stream = make(shards=2)
    for number in range(50):
        stream.put(str(number), str(number))
    assert rows(cloud) == 50
    cloud.clock.advance(hours=25)
    assert rows(cloud) == 0
    stream.put("again")
    cloud.clock.advance(hours=25)
    assert rows(cloud) == 0


def test_rows_go_with_their_stream(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    stream.put()
    kinesis.delete_stream(StreamName="stream")
    assert rows(cloud) == 0
    again = make()
    assert again.read() == []


def rows(cloud: Cloud) -> int:
    from hodei.services.kinesis.state import records

    def count() -> int:
        return records.count(cloud.world.context("kinesis", account=ACCOUNT, region="us-east-1"))

    return int(cloud._runner.call(count))


def test_a_dry_run_writes_nothing(make: Make, refused: Refused, kinesis: Any) -> None:
    stream = make()
    with refused("DryRunOperationException"):
        stream.put(DryRun=True)
    with refused("DryRunOperationException"):
        stream.iterator(DryRun=True)
    with refused("DryRunOperationException"):
        kinesis.get_records(ShardIterator=stream.iterator(), DryRun=True)
    assert stream.read() == []


def test_events_are_delivered_to_a_stream(cloud: Cloud, make: Make) -> None:
    stream = make()

    def deliver() -> None:
        ctx = cloud.world.context("sqs", account=ACCOUNT, region="us-east-1")
        with ctx.store.batch():
            ctx.deliver(stream.arn, b'{"an": "event"}', source="events.amazonaws.com")

    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "kinesis:PutRecord",
                "Resource": stream.arn,
            }
        ],
    }
    stream.kinesis.put_resource_policy(ResourceARN=stream.arn, Policy=json.dumps(policy))
    cloud._runner.call(deliver)
    cloud.settle()
    assert [json.loads(one) for one in stream.read()] == [{"an": "event"}]


def test_only_what_is_named(make: Make, kinesis: Any, refused: Refused) -> None:
    make()
    with refused("InvalidArgumentException"):
        kinesis.describe_stream()
    with refused("ValidationException", "partitionKey"):
        kinesis.put_record(StreamName="stream", Data=b"x")
    with pytest.raises(ClientError, match=r"AccessDenied|not found"):
        kinesis.get_shard_iterator(
            StreamARN="arn:aws:kinesis:us-east-1:111111111111:stream/stream",
            ShardId="shardId-000000000000",
            ShardIteratorType="LATEST",
        )
