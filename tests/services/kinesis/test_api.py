"""What other services use of Kinesis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import hodei.services.kinesis.api as api
from hodei.testing import Cloud

from .conftest import ACCOUNT, Make

pytestmark = pytest.mark.feature("kinesis.streams")


def inside(cloud: Cloud, function: Callable[[Any], Any]) -> Any:
    """Run something in a batch, as another service does."""

    def run() -> Any:
        ctx = cloud.world.context("sqs", account=ACCOUNT, region="us-east-1")
        with ctx.store.batch():
            return function(ctx)

    return cloud._runner.call(run)


def test_records_are_put_and_read(cloud: Cloud, make: Make) -> None:
    stream = make(shards=2)

    def put(ctx: Any) -> list[dict[str, Any]]:
        there, found = api.open_stream(ctx, stream.arn)
        return api.put_records(there, found, [api.Put("k", b"one", "0"), api.Put("k", b"two", str(2**128 - 1))])

    answers = inside(cloud, put)
    assert [answer["ShardId"][-1] for answer in answers] == ["0", "1"]

    def read(ctx: Any) -> list[tuple[bytes, str, int, bool]]:
        there, found = api.open_stream(ctx, stream.arn)
        told = []
        for shard in api.shards_of(there, found):
            page = api.read(there, found, shard, api.start(there, found, shard, "TRIM_HORIZON"), limit=10)
            (record,) = page.records
            number = api.sequence_number(found, shard.index, record.number)
            told.append((record.data, number, page.next - record.number, page.ended))
        return told

    first, second = inside(cloud, read)
    assert first == (b"one", answers[0]["SequenceNumber"], 1, False)
    assert second == (b"two", answers[1]["SequenceNumber"], 1, False)


def test_families(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    kinesis.split_shard(StreamName="stream", ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")

    def look(ctx: Any) -> Any:
        there, found = api.open_stream(ctx, stream.arn)
        parent, *others = api.shards_of(there, found)
        assert api.shard_of(there, found, 0) == parent
        page = api.read(there, found, parent, 0)
        return page.ended, [one.index for one in api.children(there, parent)], [api.parents(one) for one in others]

    assert inside(cloud, look) == (True, [1, 2], [[0], [0]])


def test_waiting_for_records(cloud: Cloud, make: Make) -> None:
    stream = make()

    async def wait() -> list[bytes]:
        ctx = cloud.world.context("sqs", account=ACCOUNT, region="us-east-1")
        there, found = api.open_stream(ctx, stream.arn)
        (shard,) = api.shards_of(there, found)
        number = api.start(there, found, shard, "TRIM_HORIZON")
        await api.wait(there, shard, number, there.now + 3600)
        return [record.data for record in api.read(there, found, shard, number).records]

    future = cloud._runner.submit(asyncio.wait_for(wait(), 10))
    stream.put("awaited")
    assert future.result(10) == [b"awaited"]
