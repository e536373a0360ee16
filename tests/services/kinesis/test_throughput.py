"""The throughput of shards, where it has an end."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, Make, Refused

pytestmark = pytest.mark.feature("kinesis.streams")
SHARD = "shardId-000000000000"


@pytest.fixture
def limited(cloud: Cloud) -> Cloud:
    cloud.set("kinesis", "throttling", "aws")
    cloud.clock.freeze()
    return cloud


def test_without_it_nothing_is_throttled(cloud: Cloud, make: Make) -> None:
    stream = make()
    cloud.clock.freeze()
    for _ in range(3):
        stream.put(bytes(2**20 - 3))
        stream.read()


def test_a_thousand_records_a_second(limited: Cloud, make: Make, refused: Refused) -> None:
    stream = make()
    for _ in range(2):
        answers = stream.put_many(*((str(number), "k") for number in range(400)))
        assert not [one for one in answers if "ErrorCode" in one]
    answers = stream.put_many(*((str(number), "k") for number in range(400)))
    failed = [one for one in answers if "ErrorCode" in one]
    assert len(failed) == 200
    assert failed[0] == {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": f"Rate exceeded for shard {SHARD} in stream stream under account {ACCOUNT}.",
    }
    with refused("ProvisionedThroughputExceededException", "Rate exceeded for shard"):
        stream.put()
    limited.clock.advance(seconds=1)
    stream.put()


def test_a_mebibyte_a_second_for_each_shard(limited: Cloud, make: Make, refused: Refused) -> None:
    stream = make(shards=2)
    stream.put(bytes(2**20 - 3), ExplicitHashKey="0")
    with refused("ProvisionedThroughputExceededException"):
        stream.put(bytes(2), ExplicitHashKey="0")
        stream.put(bytes(2), ExplicitHashKey="0")
    stream.put(bytes(100), ExplicitHashKey=str(2**128 - 1))


def test_reads(limited: Cloud, make: Make, refused: Refused) -> None:
    stream = make()
    iterator = stream.iterator()
    for _ in range(5):
        iterator = stream.get(iterator)["NextShardIterator"]
    with refused("ProvisionedThroughputExceededException", f"Rate exceeded for Shard - {ACCOUNT}/stream/{SHARD}"):
        stream.get(iterator)
    limited.clock.advance(seconds=1)
    stream.get(iterator)


def test_after_ten_mebibytes_a_shard_rests_for_five_seconds(limited: Cloud, make: Make, refused: Refused) -> None:
    stream = make()
    for _ in range(10):
        stream.put(bytes(2**20 - 3))
        limited.clock.advance(seconds=1)
    page = stream.get(stream.iterator())
    assert len(page["Records"]) == 10
    limited.clock.advance(seconds=3)
    with refused("ProvisionedThroughputExceededException"):
        stream.get(page["NextShardIterator"])
    limited.clock.advance(seconds=2)
    stream.get(page["NextShardIterator"])


@pytest.mark.feature("kinesis.consumers")
def test_a_consumer_has_two_mebibytes_a_second_of_its_own(limited: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    consumer = kinesis.register_stream_consumer(StreamARN=stream.arn, ConsumerName="reader")["Consumer"]
    for _ in range(8):
        stream.put(bytes(2**20 - 3))
        limited.clock.advance(seconds=1)
    answer = kinesis.subscribe_to_shard(
        ConsumerARN=consumer["ConsumerARN"], ShardId=SHARD, StartingPosition={"Type": "TRIM_HORIZON"}
    )
    begun, counts, times = limited.clock.now(), [], []
    found = iter(answer["EventStream"])
    counts.append(len(next(found)["SubscribeToShardEvent"]["Records"]))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        while sum(counts) < 8:
            waiting = pool.submit(next, found)
            while not waiting.done():
                limited.clock.advance(seconds=0.25)
            counts.append(len(waiting.result()["SubscribeToShardEvent"]["Records"]))
            times.append((limited.clock.now() - begun).total_seconds())
    assert max(counts) == 2
    assert times[-1] >= 3
    answer["EventStream"].close()


def test_it_comes_with_awss_limits(cloud: Cloud, make: Make, refused: Refused) -> None:
    stream = make()
    cloud.clock.freeze()
    cloud.limits("aws")
    iterator = stream.iterator()
    for _ in range(5):
        stream.get(iterator)
    with refused("ProvisionedThroughputExceededException"):
        stream.get(iterator)
