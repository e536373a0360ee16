"""Streams in many parts at a time: each key in order, nothing lost."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from hodei.engines.kpl import UserRecord, aggregated
from hodei.testing import Cloud

from .streams import STREAM, Feed

pytestmark = pytest.mark.feature("lambda.event-sources")


@pytest.fixture
def feed(cloud: Cloud) -> Feed:
    return Feed(cloud)


def test_a_key_that_fails_does_not_block_those_of_other_lanes(feed: Feed) -> None:
    feed.feed("fails", ParallelizationFactor=10, BatchSize=1)
    feed.put("poison", key="bad")
    for number in range(30):
        feed.put(f"good {number}", key=f"k{number}")
    done = [text for note in feed.notes(5) for text in note if text != "poison"]
    assert 20 <= len(done) < 31
    assert [text for note in feed.notes(60) for text in note if text != "poison"] == []
    feed.put("more", key=f"k{done[0].split()[1]}")
    assert ["more"] in feed.notes(5)


def test_what_is_done_behind_what_is_not_is_not_done_again(feed: Feed) -> None:
    uuid = feed.feed("fails", ParallelizationFactor=5, BatchSize=1)
    feed.put("poison", key="bad")
    for number in range(10):
        feed.put(f"good {number}", key=f"k{number}")
    before = {text for note in feed.notes(5) for text in note}
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    feed.cloud.clock.advance(seconds=5)
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert {text for note in feed.notes(60) for text in note} == {"poison"}
    feed.lambda_.update_event_source_mapping(UUID=uuid, ParallelizationFactor=1, MaximumRetryAttempts=0)
    after = [text for note in feed.notes(60) for text in note]
    assert before | set(after) == {"poison", *(f"good {number}" for number in range(10))}


def test_items_of_a_table_are_in_order(feed: Feed) -> None:
    feed.feed("whole", feed.table(), ParallelizationFactor=4)
    for number in range(40):
        item = {"id": {"S": f"k{number % 7}"}, "n": {"N": str(number)}}
        feed.dynamodb.put_item(TableName="things", Item=item)
    seen = defaultdict(list)
    for event in feed.notes(5):
        for record in event["Records"]:
            image = record["dynamodb"]["NewImage"]
            seen[image["id"]["S"]].append(int(image["n"]["N"]))
    assert sorted(number for numbers in seen.values() for number in numbers) == list(range(40))
    assert all(numbers == sorted(numbers) for numbers in seen.values())


@pytest.mark.feature("kinesis.kcl-kpl")
def test_aggregated_records_are_taken_apart(feed: Feed) -> None:
    users = [UserRecord(f"user{number % 2}", f"r{number}".encode()) for number in range(5)]
    put = feed.kinesis.put_record(StreamName="readings", PartitionKey="a", Data=aggregated(users))
    feed.feed("whole", BatchSize=2)
    records = [record["kinesis"] for event in feed.notes() for record in event["Records"]]
    assert [record["partitionKey"] for record in records] == ["user0", "user1", "user0", "user1", "user0"]
    assert {record["sequenceNumber"] for record in records} == {put["SequenceNumber"]}


@pytest.mark.feature("kinesis.kcl-kpl")
def test_what_is_done_of_an_aggregated_record_is_not_done_again(feed: Feed) -> None:
    users = [UserRecord("k", text.encode()) for text in ("a", "b", "poison", "c")]
    feed.kinesis.put_record(StreamName="readings", PartitionKey="a", Data=aggregated(users))
    uuid = feed.feed("fails", BatchSize=1)
    assert feed.notes(0.5) == [["a"], ["b"], ["poison"]]
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    feed.cloud.clock.advance(seconds=5)
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True, MaximumRetryAttempts=1)
    assert feed.notes(30) == [["poison"], ["c"]]


def test_a_consumer_with_a_share_of_its_own(feed: Feed) -> None:
    made = feed.kinesis.register_stream_consumer(StreamARN=STREAM, ConsumerName="fan")["Consumer"]
    feed.cloud.clock.advance(seconds=60)
    uuid = feed.feed("whole", made["ConsumerARN"])
    feed.put("pushed")
    (event,) = feed.notes()
    assert event["Records"][0]["kinesis"]["data"] == "cHVzaGVk"
    assert event["Records"][0]["eventSourceARN"] == made["ConsumerARN"]
    feed.put("again")
    assert len(feed.notes()) == 1
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK"
    feed.kinesis.deregister_stream_consumer(ConsumerARN=made["ConsumerARN"])
    feed.put("for nobody")
    assert feed.notes(60) == []
    result = feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"]
    assert result.startswith("PROBLEM: ")


@pytest.mark.parametrize("seed", [1, 2])
def test_resharding_and_failures_lose_nothing(cloud: Cloud, seed: int) -> None:
    """Every record is processed, those of a key in order, and done again only with one that failed."""
    chance, feed = random.Random(seed), Feed(cloud, shards=3)
    options = {"ParallelizationFactor": 5, "BatchSize": 4, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    feed.feed("chance", environment={"SEED": str(seed)}, **options)
    sent = defaultdict(list)
    count = 0
    for step in range(6):
        for _ in range(40):
            key, count = f"k{chance.randrange(12)}", count + 1
            feed.put(f"{key} {count}", key=key)
            sent[key].append(f"{key} {count}")
        if step in (1, 3):
            feed.kinesis.update_shard_count(
                StreamName="readings", TargetShardCount=5 if step == 1 else 3, ScalingType="UNIFORM_SCALING"
            )
        cloud.clock.advance(seconds=chance.choice([0, 1, 40]))
    done = defaultdict(list)
    for text in [text for note in feed.notes(900) for text in note]:
        done[text.split()[0]].append(text)
    assert done == sent
