"""Streams and shards: listed, described, switched on and off; iterators."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import Cloud

from .conftest import drain, everything, iterator, shards

pytestmark = pytest.mark.feature("dynamodb.streams")

Make = Callable[..., str]
Put = Callable[..., None]
Refused = Callable[..., Any]


def keys(records: list[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]


def switch(dynamodb: Any, view: str = "") -> dict[str, Any]:
    """Switch the stream of the table on (with a view) or off."""
    specification = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
    answer = dynamodb.update_table(TableName="table", StreamSpecification=specification)
    return dict(answer["TableDescription"])


def test_a_stream_is_described(cloud: Cloud, dynamodb: Any, streams: Any, make: Make) -> None:
    arn = make()
    described = dynamodb.describe_table(TableName="table")["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert described["LatestStreamArn"] == arn == f"{described['TableArn']}/stream/{described['LatestStreamLabel']}"
    found = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    created = found.pop("CreationRequestDateTime")
    (shard,) = found.pop("Shards")
    assert found == {
        "StreamArn": arn,
        "StreamLabel": described["LatestStreamLabel"],
        "StreamStatus": "ENABLED",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        "TableName": "table",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    assert re.fullmatch(r"shardId-\d{20}-[0-9a-f]{8}", shard["ShardId"])
    assert re.fullmatch(r"\d{21,40}", shard["SequenceNumberRange"].pop("StartingSequenceNumber"))
    assert shard == {"ShardId": shard["ShardId"], "SequenceNumberRange": {}}
    assert abs(created - cloud.clock.now()) < timedelta(minutes=1)


def test_streams_are_listed_page_by_page(cloud: Cloud, dynamodb: Any, streams: Any, make: Make) -> None:
    arns = [make(name) for name in ("one", "two", "three")]
    make("none", StreamSpecification={"StreamEnabled": False})
    listed = streams.list_streams()
    assert sorted(one["StreamArn"] for one in listed["Streams"]) == sorted(arns)
    assert "LastEvaluatedStreamArn" not in listed
    page = streams.list_streams(Limit=2)
    assert [one["TableName"] for one in page["Streams"]] == ["one", "three"]
    assert page["LastEvaluatedStreamArn"] == arns[2]
    rest = streams.list_streams(ExclusiveStartStreamArn=page["LastEvaluatedStreamArn"])["Streams"]
    assert rest == [{"StreamArn": arns[1], "TableName": "two", "StreamLabel": arns[1].rpartition("/")[2]}]
    assert [one["StreamArn"] for one in streams.list_streams(TableName="three")["Streams"]] == [arns[2]]
    assert streams.list_streams(TableName="none")["Streams"] == []
    for elsewhere in ({"region_name": "eu-west-1"}, {"account": "123456789012"}):
        assert cloud.client("dynamodbstreams", **elsewhere).list_streams()["Streams"] == []


def test_a_stream_that_is_off_can_be_read_for_a_day(
    cloud: Cloud, dynamodb: Any, streams: Any, make: Make, put: Put, refused: Refused
) -> None:
    first = make()
    put("a")
    off = switch(dynamodb)
    assert "StreamSpecification" not in off
    assert off["LatestStreamArn"] == first
    put("b")
    second = switch(dynamodb, "KEYS_ONLY")["LatestStreamArn"]
    assert second != first
    put("c")
    assert [one["StreamArn"] for one in streams.list_streams(TableName="table")["Streams"]] == [first, second]
    assert keys(everything(streams, first)) == ["a"]
    assert keys(everything(streams, second)) == ["c"]
    described = streams.describe_stream(StreamArn=first)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert "EndingSequenceNumber" in described["Shards"][0]["SequenceNumberRange"]
    assert "NextShardIterator" not in streams.get_records(ShardIterator=iterator(streams, first))
    cloud.clock.advance(hours=23)
    assert keys(everything(streams, first)) == ["a"]
    cloud.clock.advance(hours=2)
    with refused("ResourceNotFoundException", f"Requested resource not found: Stream: {first} not found"):
        streams.describe_stream(StreamArn=first)
    assert [one["StreamArn"] for one in streams.list_streams()["Streams"]] == [second]


def test_the_stream_of_a_deleted_table_can_be_read_for_a_day(
    cloud: Cloud, dynamodb: Any, streams: Any, make: Make, put: Put
) -> None:
    arn = make()
    put("a")
    dynamodb.delete_table(TableName="table")
    again = make()
    assert again != arn
    assert keys(everything(streams, arn)) == ["a"]
    assert everything(streams, again) == []
    cloud.clock.advance(hours=25)
    assert [one["StreamArn"] for one in streams.list_streams()["Streams"]] == [again]


def test_at_the_pace_of_aws_switching_takes_some_seconds(cloud: Cloud, dynamodb: Any, streams: Any, make: Make) -> None:
    cloud.set("dynamodb", "lifecycle", "aws")

    def status() -> str:
        return str(streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"])

    arn = make()
    assert status() == "ENABLING"
    cloud.clock.advance(minutes=1)
    assert status() == "ENABLED"
    switch(dynamodb)
    assert status() == "DISABLING"
    cloud.clock.advance(minutes=1)
    assert status() == "DISABLED"


def test_shards_roll_and_records_stay_in_order(cloud: Cloud, dynamodb: Any, streams: Any, make: Make, put: Put) -> None:
    arn = make(ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 3000})
    for hour in range(24):
        for key in "abcdefgh":
            put(key, hour={"N": str(hour)})
        cloud.clock.advance(hours=1)
    found = shards(streams, arn)
    assert [shard["ShardId"] for shard in found] == sorted(shard["ShardId"] for shard in found)
    assert sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in found) == 4
    lineages: dict[str, set[str]] = {}
    seen: dict[str, list[int]] = {key: [] for key in "abcdefgh"}
    for shard in found:
        records = drain(streams, iterator(streams, arn, shard=shard["ShardId"]))
        root = shard.get("ParentShardId", shard["ShardId"])
        lineage = lineages[shard["ShardId"]] = lineages.get(root, set())
        for record in records:
            (key,) = keys([record])
            seen[key].append(int(record["dynamodb"]["NewImage"]["hour"]["N"]))
            lineage.add(key)
    assert all(hours == list(range(hours[0], 24)) for hours in seen.values())
    assert all(hours[0] <= 1 for hours in seen.values())
    together = [frozenset(lineage) for lineage in lineages.values()]
    assert sum(len(lineage) for lineage in set(together)) == 8


def test_shards_split_as_the_table_grows(cloud: Cloud, dynamodb: Any, streams: Any, make: Make) -> None:
    arn = make(ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10})
    (parent,) = shards(streams, arn)
    dynamodb.update_table(
        TableName="table", ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 1500}
    )
    cloud.clock.advance(hours=5)
    closed, *children = shards(streams, arn)
    assert closed["ShardId"] == parent["ShardId"]
    ending = int(closed["SequenceNumberRange"]["EndingSequenceNumber"])
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    assert all(int(child["SequenceNumberRange"]["StartingSequenceNumber"]) > ending for child in children)
    child_filter = {"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
    only = streams.describe_stream(StreamArn=arn, ShardFilter=child_filter)["StreamDescription"]["Shards"]
    assert only == children
    cloud.clock.advance(hours=4)
    child_filter["ShardId"] = children[0]["ShardId"]
    only = streams.describe_stream(StreamArn=arn, ShardFilter=child_filter)["StreamDescription"]["Shards"]
    assert len(only) == 1
    assert "NextShardIterator" not in streams.get_records(
        ShardIterator=iterator(streams, arn, shard=children[0]["ShardId"])
    )


def test_records_are_trimmed_after_a_day(cloud: Cloud, streams: Any, make: Make, put: Put, refused: Refused) -> None:
    arn = make()
    put("a")
    cloud.clock.advance(hours=3)
    put("b")
    (shard,) = shards(streams, arn)
    record = drain(streams, iterator(streams, arn))[0]
    old = {"shard": shard["ShardId"], "SequenceNumber": record["dynamodb"]["SequenceNumber"]}
    cloud.clock.advance(hours=20, minutes=55)
    start = iterator(streams, arn)
    assert keys(drain(streams, start)) == ["a", "b"]
    cloud.clock.advance(minutes=10)
    assert keys(drain(streams, iterator(streams, arn, shard=shard["ShardId"]))) == ["b"]
    for use in (
        lambda: streams.get_records(ShardIterator=start),
        lambda: iterator(streams, arn, "AT_SEQUENCE_NUMBER", **old),
    ):
        with refused("TrimmedDataAccessException"):
            use()
    cloud.clock.advance(hours=4)
    assert shard["ShardId"] not in [one["ShardId"] for one in shards(streams, arn)]
    with refused("ResourceNotFoundException", "Requested resource not found: Shard does not exist"):
        iterator(streams, arn, shard=shard["ShardId"])


def test_an_iterator_begins_where_it_says(cloud: Cloud, streams: Any, make: Make, put: Put) -> None:
    arn = make()
    cloud.clock.freeze()
    moments = []
    for key in "abc":
        put(key)
        cloud.clock.advance(seconds=10)
        moments.append(cloud.clock.now())
    latest = iterator(streams, arn, "LATEST")
    put("d")
    numbers = [one["dynamodb"]["SequenceNumber"] for one in everything(streams, arn)]

    def read(kind: str, **more: Any) -> list[str]:
        return keys(drain(streams, iterator(streams, arn, kind, **more)))

    assert read("TRIM_HORIZON") == ["a", "b", "c", "d"]
    assert read("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == ["b", "c", "d"]
    assert read("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == ["c", "d"]
    assert read("AT_TIMESTAMP", Timestamp=moments[1]) == ["c", "d"]
    assert read("AT_TIMESTAMP", Timestamp=moments[0] - timedelta(days=3)) == ["a", "b", "c", "d"]
    assert read("LATEST") == []
    assert keys(drain(streams, latest)) == ["d"]
    assert latest.startswith(f"{arn}|1|")


def test_an_iterator_lives_for_fifteen_minutes(
    cloud: Cloud, streams: Any, make: Make, put: Put, refused: Refused
) -> None:
    arn = make()
    cloud.clock.freeze()
    first = iterator(streams, arn)
    cloud.clock.advance(minutes=15)
    second = streams.get_records(ShardIterator=first)["NextShardIterator"]
    cloud.clock.advance(seconds=1)
    with refused("ExpiredIteratorException"):
        streams.get_records(ShardIterator=first)
    put("a")
    assert keys(streams.get_records(ShardIterator=second)["Records"]) == ["a"]


def test_answers_carry_a_checksum_and_requests_a_signature(cloud: Cloud, streams: Any, refused: Refused) -> None:
    headers = streams.list_streams()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-crc32"] == str(zlib.crc32(b'{"Streams":[]}'))
    unsigned = cloud.client("dynamodbstreams", config=Config(signature_version=UNSIGNED))
    with refused("MissingAuthenticationTokenException", "Request is missing Authentication Token"):
        unsigned.list_streams()


def test_bad_requests_are_refused(streams: Any, make: Make, refused: Refused) -> None:
    arn = make()
    (shard,) = shards(streams, arn)
    unknown = f"{arn[:-1]}x"
    with refused("ResourceNotFoundException", f"Requested resource not found: Stream: {unknown} not found"):
        streams.describe_stream(StreamArn=unknown)
    with refused("ResourceNotFoundException", f"Requested resource not found: Stream: {unknown} not found"):
        iterator(streams, unknown, shard=shard["ShardId"])
    with refused("ValidationException"):
        streams.describe_stream(StreamArn="arn:aws:dynamodb:us-east-1:000000000000:table/table")
    with refused("ResourceNotFoundException", "Requested resource not found: Shard does not exist"):
        iterator(streams, arn, shard="shardId-00000001414576573621-f55eea83")
    with refused("ValidationException", "at 'shardIteratorType' failed to satisfy constraint"):
        iterator(streams, arn, "SOMEWHERE")
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"):
        with refused("ValidationException"):
            iterator(streams, arn, kind)
    with refused("ValidationException"):
        iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber="x" * 21)
    with refused("ValidationException"):
        streams.get_records(ShardIterator="nonsense")
    with refused("ValidationException"):
        streams.get_records(ShardIterator=iterator(streams, arn)[:-4] + "AAAA")
    with refused("ValidationException", "Member must have value less than or equal to 1000"):
        streams.get_records(ShardIterator=iterator(streams, arn), Limit=1001)
    for call in (streams.list_streams, lambda **limit: streams.describe_stream(StreamArn=arn, **limit)):
        with refused("ValidationException", "Member must have value less than or equal to 100"):
            call(Limit=101)
