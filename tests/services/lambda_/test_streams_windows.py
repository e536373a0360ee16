"""Tumbling windows: functions with a state."""

from __future__ import annotations

import pytest

from hodei.testing import Cloud

from .streams import STREAM, Feed

pytestmark = pytest.mark.feature("lambda.event-sources")


@pytest.fixture
def feed(cloud: Cloud) -> Feed:
    return Feed(cloud)


def to_the_next(cloud: Cloud, seconds: int) -> float:
    """Go to the beginning of a window."""
    now = cloud.clock.now().timestamp()
    cloud.clock.advance(seconds=seconds - now % seconds + 0.001)
    return cloud.clock.now().timestamp() // seconds * seconds


def test_totals_of_windows(feed: Feed) -> None:
    feed.feed("totals", TumblingWindowInSeconds=60)
    to_the_next(feed.cloud, 60)
    feed.put("a", "b")
    feed.cloud.clock.advance(seconds=20)
    feed.put("c")
    assert feed.notes(10) == []
    ((start, end, count, early),) = feed.notes(40)
    assert (count, early) == (3, False)
    assert start.endswith(":00Z") and end.endswith(":00Z") and start < end
    assert feed.notes(300) == []
    feed.put("d")
    assert [note[2] for note in feed.notes(120)] == [1]


def test_windows_of_what_is_in_the_stream_already(feed: Feed) -> None:
    to_the_next(feed.cloud, 60)
    for count in (1, 2, 3):
        feed.put(*"x" * count)
        feed.cloud.clock.advance(seconds=60)
    feed.feed("totals", TumblingWindowInSeconds=60)
    assert [note[2] for note in feed.notes(5)] == [1, 2, 3]


def test_what_the_function_is_told(feed: Feed) -> None:
    feed.feed("stateful", TumblingWindowInSeconds=30)
    start = to_the_next(feed.cloud, 30)
    feed.put("a")
    feed.cloud.clock.advance(seconds=2)
    feed.put("b")
    first, second, last = feed.notes(40)
    assert [event["state"] for event in (first, second, last)] == [{}, {"n": 1}, {"n": 2}]
    assert [event["isFinalInvokeForWindow"] for event in (first, second, last)] == [False, False, True]
    assert last["Records"] == [] and last["shardId"] == "shardId-000000000000"
    assert last["eventSourceARN"] == STREAM and last["isWindowTerminatedEarly"] is False
    assert last["window"]["start"] != last["window"]["end"] and start > 0


def test_an_answer_without_a_state_is_a_failure(feed: Feed) -> None:
    destination = feed.destination()
    feed.feed("all", TumblingWindowInSeconds=30, MaximumRetryAttempts=1, DestinationConfig=destination)
    feed.put("a")
    assert feed.notes(10) == [["a"], ["a"]]
    (record,) = feed.received("dead")
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_a_large_state_ends_a_window_early(feed: Feed) -> None:
    feed.feed("totals", TumblingWindowInSeconds=60, environment={"PAD": str(2**20)})
    to_the_next(feed.cloud, 60)
    feed.put("a")
    assert [note[2:] for note in feed.notes(5)] == [[1, True]]
    assert feed.notes(100) == []


def test_the_end_of_a_shard_ends_its_window(feed: Feed) -> None:
    feed.feed("totals", TumblingWindowInSeconds=900)
    to_the_next(feed.cloud, 900)
    feed.put("a", "b")
    feed.kinesis.split_shard(StreamName="readings", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    feed.cloud.clock.advance(seconds=40)
    feed.put("c")
    assert [note[2] for note in feed.notes(5)] == [2]
    assert [note[2] for note in feed.notes(900)] == [1]


def test_a_window_outlasts_a_pause(feed: Feed) -> None:
    uuid = feed.feed("totals", TumblingWindowInSeconds=300)
    to_the_next(feed.cloud, 300)
    feed.put("a", "b")
    feed.cloud.clock.advance(seconds=1)
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    feed.cloud.clock.advance(seconds=5)
    feed.put("c")
    feed.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert [note[2] for note in feed.notes(300)] == [3]


@pytest.mark.feature("dynamodb.streams")
def test_changes_of_a_table_have_windows_too(feed: Feed) -> None:
    feed.feed("totals", feed.table(), TumblingWindowInSeconds=60)
    to_the_next(feed.cloud, 60)
    for name in "abc":
        feed.dynamodb.put_item(TableName="things", Item={"id": {"S": name}})
    assert [note[2] for note in feed.notes(70)] == [3]
