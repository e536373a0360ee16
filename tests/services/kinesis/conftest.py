from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

ACCOUNT = "000000000000"
ARN = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/"


class Stream:
    """A stream and the client to use it with."""

    def __init__(self, kinesis: Any, name: str) -> None:
        self.kinesis = kinesis
        self.name = name
        self.arn = ARN + name

    def put(self, data: str | bytes = b"data", key: str = "key", **more: Any) -> dict[str, Any]:
        raw = data.encode() if isinstance(data, str) else data
        answer = self.kinesis.put_record(StreamName=self.name, Data=raw, PartitionKey=key, **more)
        return dict(answer)

    def put_many(self, *entries: tuple[str, str]) -> list[dict[str, Any]]:
        """(data, key) of each."""
        records = [{"Data": data.encode(), "PartitionKey": key} for data, key in entries]
        answer = self.kinesis.put_records(StreamName=self.name, Records=records)
        return list(answer["Records"])

    def shards(self, **more: Any) -> list[dict[str, Any]]:
        pages = self.kinesis.get_paginator("list_shards").paginate(StreamName=self.name, **more)
        return [shard for page in pages for shard in page["Shards"]]

    def open(self) -> list[str]:
        return [
            shard["ShardId"] for shard in self.shards() if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        ]

    def iterator(self, shard: str = "shardId-000000000000", kind: str = "TRIM_HORIZON", **more: Any) -> str:
        answer = self.kinesis.get_shard_iterator(StreamName=self.name, ShardId=shard, ShardIteratorType=kind, **more)
        return str(answer["ShardIterator"])

    def get(self, iterator: str, **more: Any) -> dict[str, Any]:
        return dict(self.kinesis.get_records(ShardIterator=iterator, **more))

    def read(self, shard: str = "shardId-000000000000", kind: str = "TRIM_HORIZON", **more: Any) -> list[str]:
        """The data of all records from a place on."""
        iterator: str | None = self.iterator(shard, kind, **more)
        found: list[str] = []
        while iterator:
            page = self.get(iterator)
            found += [record["Data"].decode() for record in page["Records"]]
            iterator = page.get("NextShardIterator") if page["Records"] else None
        return found

    def summary(self) -> dict[str, Any]:
        return dict(self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"])


@pytest.fixture
def kinesis(cloud: Cloud) -> Any:
    """It takes no for an answer: what is throttled is not tried again."""
    return cloud.client("kinesis", config=Config(retries={"total_max_attempts": 1}))


Make = Callable[..., Stream]


@pytest.fixture
def make(kinesis: Any) -> Make:
    def make(name: str = "stream", shards: int = 1, **more: Any) -> Stream:
        count = {"ShardCount": shards} if shards else {}
        kinesis.create_stream(StreamName=name, **count, **more)
        return Stream(kinesis, name)

    return make


Refused = Callable[..., Any]


@pytest.fixture
def refused() -> Refused:
    """`with refused(code, text):` a call fails with that code, and that text in its message."""
    from contextlib import contextmanager

    @contextmanager
    def check(code: str, text: str = "") -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert (error["Code"], text in error["Message"]) == (code, True), error

    return check
