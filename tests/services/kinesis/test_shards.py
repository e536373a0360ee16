"""Shards are split and merged; their children are read after them."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, Make, Refused, Stream

pytestmark = pytest.mark.feature("kinesis.streams")
FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
TOP = 2**128 - 1


def covered(stream: Stream) -> list[tuple[int, int]]:
    """The ranges of the open shards, in order: they take each hash key once."""
    held = sorted(
        (int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]))
        for shard in stream.shards(ShardFilter={"Type": "AT_LATEST"})
    )
    assert held[0][0] == 0
    assert held[-1][1] == TOP
    assert all(one[1] + 1 == other[0] for one, other in pairwise(held))
    return held


def test_a_split(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    stream.put("before")
    iterator = stream.iterator()
    half = 2**127
    kinesis.split_shard(StreamName="stream", ShardToSplit=FIRST, NewStartingHashKey=str(half))
    parent, low, high = stream.shards()
    assert low["ParentShardId"] == high["ParentShardId"] == FIRST
    assert low["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(half - 1)}
    assert high["HashKeyRange"] == {"StartingHashKey": str(half), "EndingHashKey": str(TOP)}
    end = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    assert end < int(low["SequenceNumberRange"]["StartingSequenceNumber"])
    assert stream.put("low", ExplicitHashKey="0")["ShardId"] == low["ShardId"]
    assert stream.put("high", ExplicitHashKey=str(half))["ShardId"] == high["ShardId"]
    page = stream.get(iterator)
    assert [record["Data"] for record in page["Records"]] == [b"before"]
    assert "NextShardIterator" not in page
    assert page["ChildShards"] == [
        {"ShardId": one["ShardId"], "ParentShards": [FIRST], "HashKeyRange": one["HashKeyRange"]} for one in (low, high)
    ]
    again = f"Shard {FIRST} in stream stream under account {ACCOUNT} has already been merged or split"
    with refused("InvalidArgumentException", again):
        kinesis.split_shard(StreamName="stream", ShardToSplit=FIRST, NewStartingHashKey="5")
    for key in ("0", "1", str(half)):
        with refused(
            "InvalidArgumentException", f"NewStartingHashKey {key} used in SplitShard() on shard {low['ShardId']}"
        ):
            kinesis.split_shard(StreamName="stream", ShardToSplit=low["ShardId"], NewStartingHashKey=key)
    with refused(
        "ResourceNotFoundException", "Could not find shard shardId-000000000009 in stream stream under account"
    ):
        kinesis.split_shard(StreamName="stream", ShardToSplit="shardId-000000000009", NewStartingHashKey="5")


def test_a_merge(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make(shards=3)
    with refused("InvalidArgumentException", "are not an adjacent pair of shards eligible for merging"):
        kinesis.merge_shards(StreamName="stream", ShardToMerge=FIRST, AdjacentShardToMerge="shardId-000000000002")
    kinesis.merge_shards(StreamName="stream", ShardToMerge=SECOND, AdjacentShardToMerge=FIRST)
    child = stream.shards()[-1]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (SECOND, FIRST)
    assert child["HashKeyRange"]["StartingHashKey"] == "0"
    assert len(covered(stream)) == 2
    page = stream.get(stream.iterator(FIRST))
    assert page["ChildShards"][0]["ParentShards"] == [SECOND, FIRST]


@pytest.mark.parametrize(("before", "after"), [(1, 2), (4, 8), (4, 2), (4, 3), (3, 5), (5, 5), (2, 4)])
def test_update_shard_count(make: Make, kinesis: Any, before: int, after: int) -> None:
    stream = make(shards=before)
    answer = kinesis.update_shard_count(StreamName="stream", TargetShardCount=after, ScalingType="UNIFORM_SCALING")
    answer.pop("ResponseMetadata")
    counts = {"CurrentShardCount": before, "TargetShardCount": after}
    assert answer == {"StreamName": "stream", "StreamARN": stream.arn, **counts}
    held = covered(stream)
    sizes = {end - start + 1 for start, end in held}
    assert len(held) == after == stream.summary()["OpenShardCount"]
    assert max(sizes) - min(sizes) < after


def test_how_far_the_shard_count_goes(make: Make, kinesis: Any, refused: Refused, cloud: Cloud) -> None:
    make(shards=4)

    def scale(count: int) -> None:
        kinesis.update_shard_count(StreamName="stream", TargetShardCount=count, ScalingType="UNIFORM_SCALING")

    with refused("InvalidArgumentException", "more than twice"):
        scale(9)
    with refused("InvalidArgumentException", "less than half"):
        scale(1)
    for number in range(10):
        scale(4 + number % 2)
    with refused("LimitExceededException"):
        scale(4)
    cloud.clock.advance(days=1)
    scale(4)


def test_nothing_is_lost_and_keys_stay_in_order_over_many_reshards(make: Make, kinesis: Any) -> None:
    """Reading parents before their children gives the records of each key in the order of writing."""
    stream = make(shards=2)
    keys = [f"key{number}" for number in range(20)]
    for turn, count in enumerate((3, 6, 4, 7, 5)):
        for number in range(3):
            stream.put_many(*((f"{turn * 3 + number}", key) for key in keys))
        kinesis.update_shard_count(StreamName="stream", TargetShardCount=count, ScalingType="UNIFORM_SCALING")
    found: dict[str, list[int]] = defaultdict(list)
    for shard in stream.shards():
        iterator: str | None = stream.iterator(shard["ShardId"])
        while iterator:
            page = stream.get(iterator)
            for record in page["Records"]:
                found[record["PartitionKey"]].append(int(record["Data"]))
            iterator = page.get("NextShardIterator") if page["Records"] else None
    assert found == {key: list(range(15)) for key in keys}


def test_list_shards(make: Make, kinesis: Any, refused: Refused, cloud: Cloud) -> None:
    stream = make(shards=5)
    page = kinesis.list_shards(StreamName="stream", MaxResults=2)
    assert [shard["ShardId"][-1] for shard in page["Shards"]] == ["0", "1"]
    rest = kinesis.list_shards(NextToken=page["NextToken"])
    assert [shard["ShardId"][-1] for shard in rest["Shards"]] == ["2", "3", "4"]
    assert len(kinesis.list_shards(StreamName="stream", ExclusiveStartShardId=SECOND)["Shards"]) == 3
    with refused("InvalidArgumentException", "NextToken and StreamName cannot be provided together."):
        kinesis.list_shards(StreamName="stream", NextToken=page["NextToken"])
    with refused("InvalidArgumentException"):
        kinesis.list_shards(NextToken="forged")
    cloud.clock.advance(seconds=301)
    with refused("ExpiredNextTokenException"):
        kinesis.list_shards(NextToken=page["NextToken"])
    with refused("ResourceNotFoundException"):
        kinesis.list_shards(StreamName="stream", StreamCreationTimestamp=cloud.clock.now())
    assert len(stream.shards()) == 5


def test_shard_filters(make: Make, kinesis: Any, cloud: Cloud) -> None:
    stream = make(shards=1)
    cloud.clock.advance(hours=1)
    kinesis.split_shard(StreamName="stream", ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    split = cloud.clock.now()
    cloud.clock.advance(hours=1)

    def ids(kind: str, **more: Any) -> list[int]:
        return [int(shard["ShardId"][-1]) for shard in stream.shards(ShardFilter={"Type": kind, **more})]

    assert ids("AT_LATEST") == [1, 2]
    assert ids("AT_TRIM_HORIZON") == [0]
    assert ids("FROM_TRIM_HORIZON") == [0, 1, 2]
    assert ids("AFTER_SHARD_ID", ShardId=FIRST) == [1, 2]
    before, after = split - timedelta(minutes=30), split + timedelta(minutes=30)
    assert ids("AT_TIMESTAMP", Timestamp=before) == [0]
    assert ids("AT_TIMESTAMP", Timestamp=after) == [1, 2]
    assert ids("FROM_TIMESTAMP", Timestamp=before) == [0, 1, 2]
    assert ids("FROM_TIMESTAMP", Timestamp=after) == [1, 2]
    cloud.clock.advance(hours=22, minutes=30)
    assert ids("AT_TRIM_HORIZON") == [0]
    cloud.clock.advance(hours=1)
    assert ids("FROM_TRIM_HORIZON") == [1, 2]  # the parent has expired
    assert ids("AT_TRIM_HORIZON") == [1, 2]
    cloud.clock.advance(hours=10)
    assert len(kinesis.describe_stream(StreamName="stream")["StreamDescription"]["Shards"]) == 2
