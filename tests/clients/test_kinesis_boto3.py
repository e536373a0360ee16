"""Enhanced fan-out over a real connection, by boto3, which speaks HTTP/1.1."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Timer
from typing import Any

import pytest

pytestmark = [pytest.mark.socket, pytest.mark.feature("kinesis.consumers")]
SHARD = "shardId-000000000000"


def test_records_are_pushed_as_they_come(connect: Callable[..., Any]) -> None:
    kinesis = connect("kinesis")
    kinesis.create_stream(StreamName="pushed", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="pushed")["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
    answer = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId=SHARD, StartingPosition={"Type": "TRIM_HORIZON"})
    put = {"StreamName": "pushed", "Data": b"late", "PartitionKey": "k"}
    begun = time.monotonic()
    later = Timer(0.3, kinesis.put_record, kwargs=put)
    later.start()
    found = []
    for event in answer["EventStream"]:
        found += [record["Data"] for record in event["SubscribeToShardEvent"]["Records"]]
        if found:
            break
    later.join()
    assert found == [b"late"]
    assert 0.3 <= time.monotonic() - begun < 4  # pushed, and not asked for again
    answer["EventStream"].close()
