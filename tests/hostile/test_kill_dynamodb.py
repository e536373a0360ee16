"""`kill -9` under many DynamoDB clients: what was acknowledged is there; indexes, stream and transactions are never half."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]

TABLE = "table"
ACCOUNTS = 8
Key = tuple[str, str]


def key_of(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def pages(client: Any, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(TableName=TABLE, **asked):
        yield from page["Items"]


class Client(Load):
    def connect(self, process: Process) -> None:
        self.dynamodb = process.client("dynamodb")

    def mine(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """The items whose partition key is the load's name, read consistently."""
        condition = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": self.name}}}
        return pages(self.dynamodb, "query", ConsistentRead=True, **condition, **asked)


class Items(Client):
    """Puts, conditional updates, deletions and batches of small and large items in a partition of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: dict[str, str] = {}  # sort key -> label
        self.tried: dict[str, str | None] = {}  # what was under way when the server died

    def step(self) -> None:
        sort = str(self.random.randrange(40))
        match self.random.choices(["put", "update", "delete", "batch"], [5, 3, 2, 2])[0]:
            case "put":
                self.tried = {sort: self.label()}
                self.dynamodb.put_item(TableName=TABLE, Item=self.item(sort))
            case "update" if sort in self.known:
                self.tried = {sort: self.label()}
                self.dynamodb.update_item(
                    TableName=TABLE,
                    Key=key_of(self.name, sort),
                    UpdateExpression="SET label = :new",
                    ConditionExpression="label = :old",
                    ExpressionAttributeValues={":new": {"S": self.tried[sort]}, ":old": {"S": self.known[sort]}},
                )
            case "delete":
                self.tried = {sort: None}
                self.dynamodb.delete_item(TableName=TABLE, Key=key_of(self.name, sort))
            case "batch":
                sorts = map(str, self.random.sample(range(40), 25))
                self.tried = {sort: self.label() if self.random.random() < 0.7 else None for sort in sorts}
                requests = [
                    {"DeleteRequest": {"Key": key_of(self.name, sort)}}
                    if label is None
                    else {"PutRequest": {"Item": self.item(sort)}}
                    for sort, label in self.tried.items()
                ]
                assert not self.dynamodb.batch_write_item(RequestItems={TABLE: requests})["UnprocessedItems"]
        self.settle(self.tried)
        self.tried = {}
        self.acknowledged += 1

    def item(self, sort: str) -> dict[str, Any]:
        label = str(self.tried[sort])
        size = 20_000 if self.random.random() < 0.1 else 10
        return {**key_of(self.name, sort), "label": {"S": label}, "fill": {"S": "x" * size}}

    def settle(self, happened: dict[str, str | None]) -> None:
        for sort, label in happened.items():
            if label is None:
                self.known.pop(sort, None)
            else:
                self.known[sort] = label

    def check(self) -> None:
        found = {item["sk"]["S"]: item["label"]["S"] for item in self.mine()}
        self.settle({sort: label for sort, label in self.tried.items() if found.get(sort) == label})
        self.tried = {}
        assert found == self.known, f"seed {SEED}: of {self.name}"


class Counter(Client):
    """Adds to one counter that others add to as well."""

    def step(self) -> None:
        self.under_way = True
        self.dynamodb.update_item(
            TableName=TABLE,
            Key=key_of("counter", "1"),
            UpdateExpression="ADD hits :one, #me :one",
            ExpressionAttributeNames={"#me": self.name},
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        self.under_way = False
        self.acknowledged += 1

    def check(self) -> None:
        counter = self.dynamodb.get_item(TableName=TABLE, Key=key_of("counter", "1"))["Item"]
        counts = {name: int(count["N"]) for name, count in counter.items() if name not in ("pk", "sk", "label")}
        assert counts.pop("hits") == sum(counts.values())
        assert counts[self.name] - self.acknowledged in ((0, 1) if self.under_way else (0,)), f"seed {SEED}"
        self.acknowledged, self.under_way = counts[self.name], False


class Transfers(Client):
    """Transactions of two accounts and a note in the journal: the sum stays, and the journal explains all balances."""

    def step(self) -> None:
        giver, taker = self.random.sample(range(ACCOUNTS), 2)
        amount, note = self.random.randrange(1, 30), self.label()
        moves = [
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": key_of("bank", f"{self.name}{account}"),
                    "UpdateExpression": "ADD money :n",
                    "ExpressionAttributeValues": {":n": {"N": str(change)}},
                }
            }
            for account, change in ((giver, -amount), (taker, amount))
        ]
        entry = {name: {"N": str(value)} for name, value in (("from", giver), ("to", taker), ("amount", amount))}
        journal = {"Put": {"TableName": TABLE, "Item": {**key_of(self.name, note), **entry}}}
        self.tried = note
        self.dynamodb.transact_write_items(TransactItems=[moves[0], journal, moves[1]])
        self.tried = ""
        self.acknowledged += 1

    def check(self) -> None:
        journal = {item["sk"]["S"]: item for item in self.mine()}
        unheard = {self.tried} & journal.keys()
        assert len(journal) == self.acknowledged + len(unheard), f"seed {SEED}: of {self.name}"
        self.acknowledged, self.tried = len(journal), ""
        expected = dict.fromkeys(range(ACCOUNTS), 0)
        for entry in journal.values():
            giver, taker, amount = (int(entry[name]["N"]) for name in ("from", "to", "amount"))
            expected[giver] -= amount
            expected[taker] += amount
        accounts = [key_of("bank", f"{self.name}{n}") for n in range(ACCOUNTS)]
        answer = self.dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": TABLE, "Key": key}} for key in accounts]
        )
        balances = [int(one["Item"]["money"]["N"]) if one else 0 for one in answer["Responses"]]
        assert balances == list(expected.values()), f"seed {SEED}: of {self.name}"


def create(process: Process) -> None:
    names = ("pk", "sk", "label")
    process.client("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "labels",
                "KeySchema": [{"AttributeName": "label", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def replayed(process: Process) -> dict[Key, dict[str, Any]]:
    """The table as its stream tells it from the beginning."""
    streams = process.client("dynamodbstreams")
    (stream,) = streams.list_streams(TableName=TABLE)["Streams"]
    arn = {"StreamArn": stream["StreamArn"]}
    told: dict[Key, dict[str, Any]] = {}
    for shard in shards(streams, arn):
        at = {"ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**arn, **at)["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                change = record["dynamodb"]
                key = change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"]
                if record["eventName"] == "REMOVE":
                    del told[key]
                else:
                    assert (record["eventName"] == "MODIFY") == (key in told)
                    told[key] = change["NewImage"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return told


def shards(streams: Any, arn: dict[str, str]) -> list[str]:
    """Parents before their children: shard ids bear the time of their beginning."""
    found: list[str] = []
    last: dict[str, str] = {}
    while True:
        page = streams.describe_stream(**arn, **last)["StreamDescription"]
        found += [shard["ShardId"] for shard in page["Shards"]]
        if "LastEvaluatedShardId" not in page:
            return sorted(found)
        last = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


@pytest.mark.feature("cloud.durability", "dynamodb.items", "dynamodb.transactions", "dynamodb.streams")
def test_nothing_acknowledged_is_lost_and_nothing_is_half(tmp_path: Path) -> None:
    loads: list[Load] = [Items("one"), Items("two"), Counter("a"), Counter("b"), Transfers("x"), Transfers("y")]
    with rounds(tmp_path / "data", tmp_path / "log", loads, create) as process:
        dynamodb = process.client("dynamodb")
        table = {(item["pk"]["S"], item["sk"]["S"]): item for item in pages(dynamodb, "scan")}
        indexed = {(item["pk"]["S"], item["sk"]["S"]): item for item in pages(dynamodb, "scan", IndexName="labels")}
        assert indexed == {key: item for key, item in table.items() if "label" in item}
        assert replayed(process) == table
