from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

Records = list[dict[str, Any]]


@pytest.fixture
def dynamodb(cloud: Cloud) -> Any:
    return cloud.client("dynamodb")


@pytest.fixture
def streams(cloud: Cloud) -> Any:
    return cloud.client("dynamodbstreams")


@pytest.fixture
def make(dynamodb: Any) -> Callable[..., str]:
    """Make a table with the string key pk and a stream; the stream's ARN ("" without one)."""

    def make(name: str = "table", view: str = "NEW_AND_OLD_IMAGES", **params: Any) -> str:
        defaults = {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": view},
            **({} if "ProvisionedThroughput" in params else {"BillingMode": "PAY_PER_REQUEST"}),
        }
        return str(dynamodb.create_table(**(defaults | params))["TableDescription"].get("LatestStreamArn", ""))

    return make


@pytest.fixture
def put(dynamodb: Any) -> Callable[..., None]:
    def put(key: str, table: str = "table", **more: Any) -> None:
        dynamodb.put_item(TableName=table, Item={"pk": {"S": key}, **more})

    return put


@pytest.fixture
def refused() -> Callable[..., AbstractContextManager[None]]:
    """The calls inside fail with that code and a message that has these words."""

    @contextmanager
    def refused(code: str, words: str = "") -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert error["Code"] == code
        assert words in error["Message"]
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    return refused


def shards(streams: Any, arn: str) -> list[dict[str, Any]]:
    """All shards of a stream, page by page."""
    found: list[dict[str, Any]] = []
    start: dict[str, str] = {}
    while True:
        page = streams.describe_stream(StreamArn=arn, Limit=2, **start)["StreamDescription"]
        found += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            return found
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def iterator(streams: Any, arn: str, kind: str = "TRIM_HORIZON", shard: str = "", **more: Any) -> str:
    """An iterator of a shard, by default the stream's first."""
    shard = shard or shards(streams, arn)[0]["ShardId"]
    answer = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)
    return str(answer["ShardIterator"])


def drain(streams: Any, start: str, **more: Any) -> Records:
    """What a shard has from an iterator on: up to its end, or until it gives nothing more."""
    found: Records = []
    following: str | None = start
    while following:
        page = streams.get_records(ShardIterator=following, **more)
        if not page["Records"]:
            break
        found += page["Records"]
        following = page.get("NextShardIterator")
    return found


def everything(streams: Any, arn: str) -> Records:
    """The records of all shards, parents before children."""
    return [
        record
        for shard in shards(streams, arn)
        for record in drain(streams, iterator(streams, arn, shard=shard["ShardId"]))
    ]
