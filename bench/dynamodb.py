"""What the servers are asked of DynamoDB: items of 1 KB, but where it says otherwise."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

from bench.client import Call, Client

ITEM_BYTES = 1000


def table(client: Client, name: str, sort: bool = False) -> None:
    keys = ["pk", "sk"] if sort else ["pk"]
    client.dynamodb(
        "CreateTable",
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        BillingMode="PAY_PER_REQUEST",
    )
    while client.dynamodb("DescribeTable", TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        pass


def item(number: int, size: int = ITEM_BYTES) -> dict[str, Any]:
    """A few attributes of each kind, and one that fills it up."""
    return {
        "pk": {"S": f"item-{number:012}"},
        "count": {"N": str(number)},
        "tags": {"SS": ["red", "green"]},
        "place": {"M": {"city": {"S": "Oslo"}, "floor": {"N": "3"}}},
        "text": {"S": "x" * (size - 100)},
    }


def put_item(client: Client) -> Iterator[Call]:
    table(client, "put")
    numbers = itertools.count()
    while True:
        yield lambda: client.dynamodb("PutItem", TableName="put", Item=item(next(numbers))) and None


def get_item(client: Client) -> Iterator[Call]:
    table(client, "get")
    write(client, "get", [item(number) for number in range(1000)])
    numbers = itertools.cycle(range(1000))

    def call() -> None:
        key = {"pk": {"S": f"item-{next(numbers):012}"}}
        assert "Item" in client.dynamodb("GetItem", TableName="get", Key=key)

    while True:
        yield call


def update_item(client: Client) -> Iterator[Call]:
    table(client, "update")
    write(client, "update", [item(number) for number in range(100)])
    numbers = itertools.cycle(range(100))

    def call() -> None:
        client.dynamodb(
            "UpdateItem",
            TableName="update",
            Key={"pk": {"S": f"item-{next(numbers):012}"}},
            UpdateExpression="SET #c = #c + :one, place.floor = :floor",
            ConditionExpression="attribute_exists(pk) AND #c >= :zero",
            ExpressionAttributeNames={"#c": "count"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":zero": {"N": "0"}, ":floor": {"N": "4"}},
        )

    while True:
        yield call


def query(client: Client) -> Iterator[Call]:
    """One page of 100 items of 200 bytes."""
    table(client, "query", sort=True)
    rows = [item(number, 200) | {"pk": {"S": "one"}, "sk": {"S": f"{number:06}"}} for number in range(1000)]
    write(client, "query", rows)

    def call() -> None:
        answer = client.dynamodb(
            "Query",
            TableName="query",
            KeyConditionExpression="pk = :pk AND sk >= :from",
            ExpressionAttributeValues={":pk": {"S": "one"}, ":from": {"S": "000500"}},
            Limit=100,
        )
        assert answer["Count"] == 100

    while True:
        yield call


def batch_write(client: Client) -> Iterator[Call]:
    table(client, "batch")
    numbers = itertools.count()
    while True:
        yield lambda: write(client, "batch", [item(next(numbers)) for _ in range(25)])


def transact_write(client: Client) -> Iterator[Call]:
    table(client, "transact")
    numbers = itertools.count()

    def call() -> None:
        puts = [{"Put": {"TableName": "transact", "Item": item(next(numbers))}} for _ in range(10)]
        client.dynamodb("TransactWriteItems", TransactItems=puts)

    while True:
        yield call


def scan(client: Client) -> Iterator[Call]:
    """A page of 1 MB after the other, around and around, of what `fill` has put there."""
    start: list[Any] = [None]

    def call() -> None:
        more = {"ExclusiveStartKey": start[0]} if start[0] else {}
        answer = client.dynamodb("Scan", TableName="scan", **more)
        assert answer["Count"] > 100
        start[0] = answer.get("LastEvaluatedKey")

    while True:
        yield call


def write(client: Client, name: str, items: list[dict[str, Any]]) -> None:
    for at in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": one}} for one in items[at : at + 25]]
        client.dynamodb("BatchWriteItem", RequestItems={name: requests})


def fill(client: Client, count: int, seconds: float) -> int:
    """Make the table that `scan` reads, of up to `count` items within `seconds`; how many there are."""
    client.connection.close()
    table(client, "scan")
    started = time.perf_counter()
    for at in range(0, count, 1000):
        write(client, "scan", [item(number) for number in range(at, at + 1000)])
        if time.perf_counter() - started > seconds:
            return at + 1000
    return count
