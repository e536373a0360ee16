"""Designs that people draw in NoSQL Workbench: one table, overloaded keys, and what programs do with conditions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from boto3.dynamodb.conditions import Attr, Key
from botocore.config import Config

from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.feature("dynamodb.single-table")]

TABLE = "designs"
THREADS, INCREMENTS = 16, 1000
Item = dict[str, Any]


@pytest.fixture
def keys(server: Process) -> dict[str, Any]:
    return {
        "endpoint_url": server.url,
        "region_name": "us-east-1",
        "aws_access_key_id": "111122223333",
        "aws_secret_access_key": "any",
    }


@pytest.fixture
def table(keys: dict[str, Any]) -> Iterator[Any]:
    """The keys PK and SK, and the global index GSI1 on GSI1PK and GSI1SK, that every such design has."""
    dynamodb = boto3.resource("dynamodb", config=Config(max_pool_connections=THREADS), **keys)
    names = {"PK": "HASH", "SK": "RANGE", "GSI1PK": "HASH", "GSI1SK": "RANGE"}
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in names.items()]
    table = dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=schema[:2],
        GlobalSecondaryIndexes=[
            {"IndexName": "GSI1", "KeySchema": schema[2:], "Projection": {"ProjectionType": "ALL"}}
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    yield table
    table.delete()


def put(table: Any, items: list[Item]) -> None:
    with table.batch_writer() as batch:
        for item in items:
            batch.put_item(Item=item)


def found(table: Any, condition: Any, **more: Any) -> list[Item]:
    items: list[Item] = table.query(KeyConditionExpression=condition, **more)["Items"]
    return items


def sort_keys(table: Any, condition: Any, **more: Any) -> list[str]:
    return [item["SK"] for item in found(table, condition, **more)]


def by_index(table: Any, condition: Any, **more: Any) -> list[tuple[str, str]]:
    return [(item["PK"], item["SK"]) for item in found(table, condition, IndexName="GSI1", **more)]


def wins(attempt: Callable[[], Any], client: Any) -> bool:
    """Whether the condition of a write held."""
    try:
        attempt()
    except (client.exceptions.ConditionalCheckFailedException, client.exceptions.TransactionCanceledException):
        return False
    return True


def test_overloaded_keys(table: Any) -> None:
    """A shop: a customer and his orders in one item collection, an order and its lines in another, by the index."""
    items: list[Item] = [{"PK": "CUSTOMER#1", "SK": "PROFILE", "GSI1PK": "EMAIL#ada@example.com", "GSI1SK": "PROFILE"}]
    for n in range(1, 6):
        key = {"PK": "CUSTOMER#1", "SK": f"ORDER#2026-0{n}-01#{n}"}
        items.append({**key, "GSI1PK": f"ORDER#{n}", "GSI1SK": "ORDER", "status": "open" if n > 3 else "sent"})
        items += [
            {"PK": f"ORDER#{n}", "SK": f"LINE#{line}", "GSI1PK": f"PRODUCT#{line}", "GSI1SK": f"ORDER#{n}"}
            for line in range(n)
        ]
    put(table, items)
    customer = Key("PK").eq("CUSTOMER#1")
    newest = sort_keys(table, customer & Key("SK").begins_with("ORDER#"), ScanIndexForward=False, Limit=2)
    assert newest == ["ORDER#2026-05-01#5", "ORDER#2026-04-01#4"]
    assert len(sort_keys(table, customer)) == 6, "the customer with all orders in one query"
    spring = customer & Key("SK").between("ORDER#2026-02", "ORDER#2026-04")
    assert sort_keys(table, spring) == ["ORDER#2026-02-01#2", "ORDER#2026-03-01#3"]
    assert by_index(table, Key("GSI1PK").eq("EMAIL#ada@example.com")) == [("CUSTOMER#1", "PROFILE")]
    assert by_index(table, Key("GSI1PK").eq("PRODUCT#3")) == [("ORDER#4", "LINE#3"), ("ORDER#5", "LINE#3")]
    assert len(sort_keys(table, customer, FilterExpression=Attr("status").eq("open"))) == 2


def test_an_adjacency_list(table: Any) -> None:
    """Many-to-many: an edge is an item of the one node, and by the inverted index of the other."""
    edges = [("STUDENT#a", "COURSE#1"), ("STUDENT#a", "COURSE#2"), ("STUDENT#b", "COURSE#1")]
    put(table, [{"PK": a, "SK": b, "GSI1PK": b, "GSI1SK": a} for a, b in edges])
    put(table, [{"PK": node, "SK": node, "GSI1PK": node, "GSI1SK": node} for edge in edges[1:] for node in edge])
    assert sort_keys(table, Key("PK").eq("STUDENT#a")) == ["COURSE#1", "COURSE#2", "STUDENT#a"]
    students = Key("GSI1PK").eq("COURSE#1") & Key("GSI1SK").begins_with("STUDENT#")
    assert [pk for pk, _ in by_index(table, students)] == ["STUDENT#a", "STUDENT#b"]
    table.delete_item(Key={"PK": "STUDENT#b", "SK": "COURSE#1"})
    assert [pk for pk, _ in by_index(table, students)] == ["STUDENT#a"]


@pytest.mark.feature("dynamodb.indexes")
def test_a_sparse_index(table: Any) -> None:
    """Only what is to be done is in the index, until it is done."""
    put(table, [{"PK": "JOBS", "SK": f"{n:03}", "priority": n % 3} for n in range(60)])
    for n in (10, 20, 30):
        table.update_item(
            Key={"PK": "JOBS", "SK": f"{n:03}"},
            UpdateExpression="SET GSI1PK = :open, GSI1SK = :at",
            ExpressionAttributeValues={":open": "OPEN", ":at": f"{100 - n}"},
        )
    work = Key("GSI1PK").eq("OPEN")
    assert by_index(table, work) == [("JOBS", "030"), ("JOBS", "020"), ("JOBS", "010")]
    table.update_item(Key={"PK": "JOBS", "SK": "020"}, UpdateExpression="REMOVE GSI1PK, GSI1SK")
    assert by_index(table, work) == [("JOBS", "030"), ("JOBS", "010")]
    assert table.scan(IndexName="GSI1", Select="COUNT")["Count"] == 2


def test_hierarchical_sort_keys(table: Any) -> None:
    places = ["ES#BI#Bilbao#1", "ES#BI#Getxo#2", "ES#GI#Donostia#3", "ES#M#Madrid#4", "FR#64#Bayonne#5"]
    put(table, [{"PK": "STORE", "SK": place} for place in places])
    for prefix in ("ES", "ES#BI", "ES#BI#Bilbao", "FR#", "PT", ""):
        at = Key("PK").eq("STORE") & Key("SK").begins_with(prefix) if prefix else Key("PK").eq("STORE")
        assert sort_keys(table, at) == [place for place in places if place.startswith(prefix)]


def test_a_time_series(table: Any) -> None:
    """A partition a day, so that old days are dropped; the newest readings first; a latest item beside them."""
    for day in ("2026-11-01", "2026-11-02"):
        put(table, [{"PK": f"SENSOR#1#{day}", "SK": f"{day}T{hour:02}:00:00Z", "n": hour} for hour in range(24)])
    today = Key("PK").eq("SENSOR#1#2026-11-02")
    assert [item["n"] for item in found(table, today, ScanIndexForward=False, Limit=3)] == [23, 22, 21]
    morning = today & Key("SK").between("2026-11-02T06", "2026-11-02T11:59:59Z")
    assert [item["n"] for item in found(table, morning)] == list(range(6, 12))

    def latest(hour: int) -> bool:
        return wins(
            lambda: table.put_item(
                Item={"PK": "SENSOR#1", "SK": "LATEST", "hour": hour},
                ConditionExpression=Attr("PK").not_exists() | Attr("hour").lt(hour),
            ),
            table.meta.client,
        )

    assert [latest(hour) for hour in (3, 5, 4, 5, 6)] == [True, True, False, False, True]


@pytest.mark.feature("dynamodb.transactions")
def test_a_uniqueness_constraint(table: Any) -> None:
    """A user and the claim on his address in one transaction: of many that want it one gets it, whole."""
    client = table.meta.client

    def register(n: int) -> bool:
        new = {"TableName": TABLE, "ConditionExpression": "attribute_not_exists(PK)"}
        user = {"PK": f"USER#{n}", "SK": "USER", "email": "ada@example.com"}
        claim = {"PK": "EMAIL#ada@example.com", "SK": "CLAIM", "user": n}
        puts = [{"Put": {**new, "Item": user}}, {"Put": {**new, "Item": claim}}]
        return wins(lambda: client.transact_write_items(TransactItems=puts), client)

    with ThreadPoolExecutor(THREADS) as threads:
        won = list(threads.map(register, range(40)))
    assert won.count(True) == 1
    winner = won.index(True)
    assert {(item["PK"], item.get("user")) for item in table.scan()["Items"]} == {
        (f"USER#{winner}", None),
        ("EMAIL#ada@example.com", winner),
    }


def test_optimistic_locking(table: Any) -> None:
    """Read, change, write if the version is still that: no change is lost, though many had to be tried again."""
    table.put_item(Item={"PK": "DOC", "SK": "1", "version": 0, "words": []})
    key = {"PK": "DOC", "SK": "1"}

    def append(word: int) -> int:
        for attempt in range(1000):
            doc = table.get_item(Key=key, ConsistentRead=True)["Item"]
            changed = {**doc, "version": doc["version"] + 1, "words": [*doc["words"], word]}
            same = Attr("version").eq(doc["version"])
            if wins(
                lambda item=changed, same=same: table.put_item(Item=item, ConditionExpression=same), table.meta.client
            ):
                return attempt
        raise AssertionError("it never succeeds")

    with ThreadPoolExecutor(8) as threads:
        attempts = list(threads.map(append, range(100)))
    doc = table.get_item(Key=key)["Item"]
    assert (doc["version"], sorted(doc["words"])) == (100, list(range(100)))
    assert sum(attempts) > 0, "they met"


@pytest.mark.feature("dynamodb.items")
def test_a_thousand_increments_in_threads_are_a_thousand(table: Any) -> None:
    """Each knows its number by the answer, and no number comes twice."""

    def increment(_: int) -> int:
        answer = table.update_item(
            Key={"PK": "COUNTER", "SK": "1"},
            UpdateExpression="ADD hits :one",
            ConditionExpression="attribute_not_exists(hits) OR hits < :most",
            ExpressionAttributeValues={":one": 1, ":most": INCREMENTS},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["hits"])

    with ThreadPoolExecutor(THREADS) as threads:
        numbers = list(threads.map(increment, range(INCREMENTS)))
        assert sorted(numbers) == list(range(1, INCREMENTS + 1))
        assert not any(threads.map(lambda n: wins(lambda: increment(n), table.meta.client), range(20)))


@pytest.mark.feature("dynamodb.items")
def test_a_thousand_increments_by_aiobotocore_are_a_thousand(table: Any, keys: dict[str, Any]) -> None:
    async def run() -> list[int]:
        async with get_session().create_client("dynamodb", config=AioConfig(max_pool_connections=64), **keys) as client:

            async def increment() -> int:
                answer = await client.update_item(
                    TableName=TABLE,
                    Key={"PK": {"S": "COUNTER"}, "SK": {"S": "2"}},
                    UpdateExpression="SET hits = if_not_exists(hits, :none) + :one",
                    ConditionExpression="attribute_not_exists(hits) OR hits < :most",
                    ExpressionAttributeValues={
                        ":none": {"N": "0"},
                        ":one": {"N": "1"},
                        ":most": {"N": str(INCREMENTS)},
                    },
                    ReturnValues="UPDATED_NEW",
                )
                return int(answer["Attributes"]["hits"]["N"])

            numbers = await asyncio.gather(*(increment() for _ in range(INCREMENTS)))
            pages = client.get_paginator("scan").paginate(TableName=TABLE, PaginationConfig={"PageSize": 1})
            assert [item["hits"]["N"] async for page in pages for item in page["Items"]] == [str(INCREMENTS)]
            return numbers

    assert sorted(asyncio.run(run())) == list(range(1, INCREMENTS + 1))


@pytest.mark.feature("dynamodb.transactions")
def test_transfers_in_parallel_keep_the_sum(table: Any) -> None:
    """Between ten accounts, back and forth: reads of all of them in a transaction see one moment."""
    client, accounts = table.meta.client, 10
    put(table, [{"PK": "BANK", "SK": str(n), "money": 10} for n in range(accounts)])

    def transfer(n: int) -> bool:
        giver, taker = n % accounts, (n * 7 + 1) % accounts
        move = [
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": {"PK": "BANK", "SK": str(account)},
                    "UpdateExpression": "SET money = money + :n",
                    "ConditionExpression": "money >= :least",
                    "ExpressionAttributeValues": {":n": amount, ":least": max(0, -amount)},
                }
            }
            for account, amount in ((giver, -7), (taker, 7))
        ]
        return wins(lambda: client.transact_write_items(TransactItems=move), client)

    def total(_: int) -> int:
        gets = [{"Get": {"TableName": TABLE, "Key": {"PK": "BANK", "SK": str(n)}}} for n in range(accounts)]
        return sum(int(one["Item"]["money"]) for one in client.transact_get_items(TransactItems=gets)["Responses"])

    with ThreadPoolExecutor(THREADS) as threads:
        moved = threads.map(transfer, range(400))
        totals = threads.map(total, range(50))
        assert set(totals) == {100}
        outcomes = set(moved)
    assert outcomes == {True, False}
    assert all(item["money"] >= 0 for item in found(table, Key("PK").eq("BANK")))


def test_write_sharding(table: Any) -> None:
    """A hot key in ten shards: written to at random, read together in order."""
    shards = 10
    put(table, [{"PK": f"VOTES#{n * 7 % shards}", "SK": f"{n:04}"} for n in range(500)])
    with ThreadPoolExecutor(shards) as threads:
        pages = threads.map(lambda n: sort_keys(table, Key("PK").eq(f"VOTES#{n}")), range(shards))
        votes = [key for page in pages for key in page]
    assert sorted(votes) == [f"{n:04}" for n in range(500)]


@pytest.mark.feature("dynamodb.ttl")
def test_a_lease_lock(table: Any) -> None:
    """One of many workers holds the lock; when its lease is over another takes it; the old one cannot renew it."""
    client = table.meta.client
    client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})

    def acquire(owner: int, now: int) -> bool:
        return wins(
            lambda: table.put_item(
                Item={"PK": "LOCK", "SK": "deploy", "owner": owner, "expires": now + 60},
                ConditionExpression=Attr("PK").not_exists() | Attr("expires").lt(now) | Attr("owner").eq(owner),
            ),
            client,
        )

    def release(owner: int) -> bool:
        key = {"PK": "LOCK", "SK": "deploy"}
        return wins(lambda: table.delete_item(Key=key, ConditionExpression=Attr("owner").eq(owner)), client)

    later = 2_000_000_000
    with ThreadPoolExecutor(THREADS) as threads:
        held = list(threads.map(lambda owner: acquire(owner, later), range(THREADS)))
    holder = held.index(True)
    other = (holder + 1) % THREADS
    assert held.count(True) == 1
    assert [acquire(holder, later + 30), acquire(other, later + 80), acquire(other, later + 91)] == [True, False, True]
    assert [acquire(holder, later + 92), release(holder), release(other), acquire(holder, later + 93)] == [
        False,
        False,
        True,
        True,
    ]
