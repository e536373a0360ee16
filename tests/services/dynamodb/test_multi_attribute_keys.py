"""Global secondary indexes whose partition and sort keys have several attributes each."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, key_schema

pytestmark = pytest.mark.feature("dynamodb.indexes")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
Item = dict[str, Any]

NOT_SUPPORTED = "Query key condition not supported"


def schema(hashes: str, ranges: str = "") -> list[dict[str, str]]:
    """schema("a b", "c d"): two attributes of each kind."""
    kinds = [(hashes, "HASH"), (ranges, "RANGE")]
    return [{"AttributeName": name, "KeyType": kind} for names, kind in kinds for name in names.split()]


def global_index(hashes: str, ranges: str = "", name: str = "index", projection: str = "ALL") -> Item:
    return {"IndexName": name, "KeySchema": schema(hashes, ranges), "Projection": {"ProjectionType": projection}}


MATCHES = global_index("cup region", "stage score match")
TYPES = attributes(pk="S", cup="S", region="S", stage="S", score="N", match="B")


@pytest.fixture
def matches(make: Make) -> Item:
    """A table of matches, with an index by cup and region, in it by stage, score and match."""
    return make("matches", AttributeDefinitions=TYPES, GlobalSecondaryIndexes=[MATCHES])


def match(pk: str, cup: str, region: str, stage: str, score: int | str, name: bytes) -> Item:
    return {
        "pk": {"S": pk},
        "cup": {"S": cup},
        "region": {"S": region},
        "stage": {"S": stage},
        "score": {"N": str(score)},
        "match": {"B": name},
    }


@pytest.fixture
def put(dynamodb: Any, matches: Item) -> Callable[..., Item]:
    def put(*values: Any) -> Item:
        item = match(*values)
        dynamodb.put_item(TableName="matches", Item=item)
        return item

    return put


CUP = {"cup": {"S": "w"}, "region": {"S": "eu"}}
BOTH = "cup = :cup AND #region = :region"


def ask(dynamodb: Any, condition: str = "", values: Item | None = None, **more: Any) -> dict[str, Any]:
    """A page of what is in the partition ("w", "eu") under a condition on the sort key."""
    expression = BOTH + (f" AND {condition}" if condition else "")
    names = {"#region": "region"} | ({"#match": "match"} if "#match" in condition else {})
    return dict(
        dynamodb.query(
            TableName="matches",
            IndexName="index",
            KeyConditionExpression=expression,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": value for name, value in (CUP | (values or {})).items()},
            **more,
        )
    )


def names(items: list[Item]) -> list[str]:
    return [item["pk"]["S"] for item in items]


def test_the_schema_is_described(dynamodb: Any, matches: Item) -> None:
    [described] = dynamodb.describe_table(TableName="matches")["Table"]["GlobalSecondaryIndexes"]
    assert described["KeySchema"] == schema("cup region", "stage score match")


def test_the_largest_key(dynamodb: Any, make: Make) -> None:
    letters = dict.fromkeys("abcdefgh", "S")
    index = global_index("a b c d", "e f g h")
    make(AttributeDefinitions=attributes(pk="S", **letters), GlobalSecondaryIndexes=[index])
    item = {"pk": {"S": "x"}, **{name: {"S": name} for name in letters}}
    dynamodb.put_item(TableName="table", Item=item)
    found = dynamodb.query(
        TableName="table",
        IndexName="index",
        KeyConditionExpression=" AND ".join(f"{name} = :{name}" for name in letters),
        ExpressionAttributeValues={f":{name}": {"S": name} for name in letters},
    )
    assert found["Items"] == [item]


@pytest.mark.parametrize(
    ("hashes", "ranges"), [("a b c d e", ""), ("a", "b c d e f"), ("a a", ""), ("a", "b b"), ("", "a b c")]
)
def test_keys_that_no_index_can_have(make: Make, hashes: str, ranges: str) -> None:
    used = dict.fromkeys(f"{hashes} {ranges}".split(), "S")
    with pytest.raises(ClientError) as caught:
        make(
            AttributeDefinitions=attributes(pk="S", **used),
            GlobalSecondaryIndexes=[global_index(hashes, ranges)],
        )
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "KeySchema" in caught.value.response["Error"]["Message"]


def test_hashes_come_first(make: Make) -> None:
    mixed = [*schema("a", "b"), *schema("c")]
    index = {"IndexName": "index", "KeySchema": mixed, "Projection": {"ProjectionType": "ALL"}}
    with pytest.raises(ClientError, match="HASH key types must come before RANGE key types"):
        make(AttributeDefinitions=attributes(pk="S", a="S", b="S", c="S"), GlobalSecondaryIndexes=[index])


def test_tables_and_local_indexes_have_one_attribute_of_each(make: Make, refused: Refused) -> None:
    used = {"AttributeDefinitions": attributes(pk="S", a="S")}
    second = "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
    with refused("ValidationException", second):
        make(KeySchema=schema("pk a"), **used)
    with refused("ValidationException", second):
        make(
            AttributeDefinitions=attributes(pk="S", sk="S", a="S"),
            KeySchema=key_schema("pk", "sk"),
            LocalSecondaryIndexes=[global_index("pk a")],
        )


def test_only_items_with_every_attribute_are_in_the_index(dynamodb: Any, put: Callable[..., Item]) -> None:
    whole = put("whole", "w", "eu", "final", 1, b"m")
    for name in ("cup", "region", "stage", "score", "match"):
        part = {key: value for key, value in whole.items() if key != name} | {"pk": {"S": f"no {name}"}}
        dynamodb.put_item(TableName="matches", Item=part)
    assert dynamodb.scan(TableName="matches", IndexName="index")["Items"] == [whole]
    assert ask(dynamodb)["Items"] == [whole]
    dynamodb.update_item(TableName="matches", Key={"pk": {"S": "whole"}}, UpdateExpression="REMOVE score")
    assert ask(dynamodb)["Items"] == []


def test_partitions_are_told_apart_by_all_attributes(dynamodb: Any, put: Callable[..., Item]) -> None:
    put("one", "we", "u", "final", 1, b"m")
    put("other", "w", "eu", "final", 1, b"m")
    assert names(ask(dynamodb)["Items"]) == ["other"]


SORTED = [
    ("a", "final", -2, b"x"),
    ("b", "final", 0, b"x"),
    ("c", "final", "0.5", b"x"),
    ("d", "final", 10, b"\x00"),
    ("e", "final", 10, b"\x00\x00"),
    ("f", "final", 10, b"\x01"),
    ("g", "final", 10, b"\xff"),
    ("h", "final", 9000, b"x"),
    ("i", "final\x00", 1, b"x"),
    ("j", "finals", -1, b"x"),
    ("k", "semi", 3, b"x"),
]


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("", {}, "abcdefghijk"),
        ("stage = :s", {"s": {"S": "final"}}, "abcdefgh"),
        ("stage > :s", {"s": {"S": "final"}}, "ijk"),
        ("stage >= :s", {"s": {"S": "finals"}}, "jk"),
        ("stage < :s", {"s": {"S": "finals"}}, "abcdefghi"),
        ("stage <= :s", {"s": {"S": "final"}}, "abcdefgh"),
        ("begins_with(stage, :s)", {"s": {"S": "final"}}, "abcdefghij"),
        ("begins_with(stage, :s)", {"s": {"S": "final\x00"}}, "i"),
        ("stage BETWEEN :s AND :t", {"s": {"S": "final\x00"}, "t": {"S": "finals"}}, "ij"),
        ("stage = :s AND score = :n", {"s": {"S": "final"}, "n": {"N": "10"}}, "defg"),
        ("stage = :s AND score > :n", {"s": {"S": "final"}, "n": {"N": "0"}}, "cdefgh"),
        ("stage = :s AND score >= :n", {"s": {"S": "final"}, "n": {"N": "0"}}, "bcdefgh"),
        ("stage = :s AND score < :n", {"s": {"S": "final"}, "n": {"N": "10"}}, "abc"),
        ("stage = :s AND score <= :n", {"s": {"S": "final"}, "n": {"N": "-2"}}, "a"),
        ("score BETWEEN :n AND :m AND stage = :s", {"s": {"S": "final"}, "n": {"N": "-1"}, "m": {"N": "9"}}, "bc"),
        (
            "stage = :s AND score = :n AND #match > :b",
            {"s": {"S": "final"}, "n": {"N": "10"}, "b": {"B": b"\x00"}},
            "efg",
        ),
        (
            "stage = :s AND score = :n AND begins_with(#match, :b)",
            {"s": {"S": "final"}, "n": {"N": "10"}, "b": {"B": b"\x00"}},
            "de",
        ),
        (
            "stage = :s AND score = :n AND #match = :b",
            {"s": {"S": "final"}, "n": {"N": "10"}, "b": {"B": b"\xff"}},
            "g",
        ),
    ],
)
def test_conditions_from_left_to_right(
    dynamodb: Any, put: Callable[..., Item], condition: str, values: Item, found: str
) -> None:
    for pk, stage, score, name in random.Random(1).sample(SORTED, len(SORTED)):
        put(pk, "w", "eu", stage, score, name)
    put("z", "w", "us", "final", 10, b"x")
    assert "".join(names(ask(dynamodb, condition, values)["Items"])) == found
    backward = ask(dynamodb, condition, values, ScanIndexForward=False)
    assert "".join(names(backward["Items"])) == found[::-1]


def test_pages(dynamodb: Any, put: Callable[..., Item]) -> None:
    for pk, stage, score, name in SORTED:
        put(pk, "w", "eu", stage, score, name)
    found, start = "", {}
    while True:
        page = ask(dynamodb, "stage = :s", {"s": {"S": "final"}}, Limit=3, **start)
        found += "".join(names(page["Items"]))
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"] == page["Items"][-1]
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert found == "abcdefgh"
    scanned = dynamodb.scan(TableName="matches", IndexName="index", Limit=4)
    rest = dynamodb.scan(TableName="matches", IndexName="index", ExclusiveStartKey=scanned["LastEvaluatedKey"])
    assert "".join(names(scanned["Items"] + rest["Items"])) == "abcdefghijk"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("cup = :a", "Query condition missed key schema element: region"),
        ("cup = :a AND stage = :a", "Query condition missed key schema element: region"),
        ("cup = :a AND #region > :a", NOT_SUPPORTED),
        ("cup = :a AND begins_with(#region, :a)", NOT_SUPPORTED),
        ("cup = :a AND #region = :a AND score = :n", "Query condition missed key schema element: stage"),
        ("cup = :a AND #region = :a AND stage > :a AND score = :n", NOT_SUPPORTED),
        ("cup = :a AND #region = :a AND begins_with(stage, :a) AND score > :n", NOT_SUPPORTED),
        (
            "cup = :a AND #region = :a AND stage = :n",
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        ("cup = :a AND #region = :a AND unknown_one = :a", "Query condition missed key schema element: stage"),
    ],
)
def test_conditions_that_fit_no_key(
    dynamodb: Any, matches: Item, refused: Refused, expression: str, message: str
) -> None:
    used = {":a": {"S": "x"}} | ({":n": {"N": "1"}} if ":n" in expression else {})
    with refused("ValidationException", message):
        dynamodb.query(
            TableName="matches",
            IndexName="index",
            KeyConditionExpression=expression,
            ExpressionAttributeValues=used,
            **({"ExpressionAttributeNames": {"#region": "region"}} if "#region" in expression else {}),
        )


def test_ordinary_keys_take_two_conditions(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(AttributeDefinitions=attributes(pk="S", sk="S"), KeySchema=key_schema("pk", "sk"))
    with refused("ValidationException", "Conditions can be of length 1 or 2 only"):
        dynamodb.query(
            TableName="table",
            KeyConditionExpression="pk = :a AND sk = :a AND unknown_one = :a",
            ExpressionAttributeValues={":a": {"S": "x"}},
        )


def test_a_filter_is_not_for_keys(dynamodb: Any, matches: Item, refused: Refused) -> None:
    with refused(
        "ValidationException",
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: score",
    ):
        ask(dynamodb, "", {"n": {"N": "1"}}, FilterExpression="score = :n")


def test_keys_have_types_and_sizes(dynamodb: Any, put: Callable[..., Item], refused: Refused) -> None:
    item = match("x", "w", "eu", "final", 1, b"m")
    with refused(
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for Index Key score Expected: N Actual: S "
        "IndexName: index",
    ):
        dynamodb.put_item(TableName="matches", Item=item | {"score": {"S": "1"}})
    with refused(
        "ValidationException",
        "One or more parameter values were invalid: "
        "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    ):
        dynamodb.put_item(TableName="matches", Item=item | {"stage": {"S": "s" * 600}, "match": {"B": b"m" * 600}})
    put("x", "w", "eu", "s" * 600, 1, b"m")
    with refused(
        "ValidationException",
        "The update expression attempted to update the secondary index key beyond allowed size limits",
    ):
        dynamodb.update_item(
            TableName="matches",
            Key={"pk": {"S": "x"}},
            UpdateExpression="SET #m = :m",
            ExpressionAttributeNames={"#m": "match"},
            ExpressionAttributeValues={":m": {"B": b"m" * 600}},
        )


def test_an_index_of_a_live_table(dynamodb: Any, make: Make) -> None:
    make("matches")
    items = [match(pk, "w", "eu", stage, score, name) for pk, stage, score, name in SORTED]
    for item in [*items, {"pk": {"S": "other"}}, match("long", "w", "eu", "s" * 1000, 1, b"m" * 100)]:
        dynamodb.put_item(TableName="matches", Item=item)
    dynamodb.update_table(
        TableName="matches", AttributeDefinitions=TYPES, GlobalSecondaryIndexUpdates=[{"Create": MATCHES}]
    )
    assert "".join(names(ask(dynamodb)["Items"])) == "abcdefghijk"
    [described] = dynamodb.describe_table(TableName="matches")["Table"]["GlobalSecondaryIndexes"]
    assert (described["KeySchema"], described["ItemCount"]) == (MATCHES["KeySchema"], 11)


def test_projections_hold_every_key(dynamodb: Any, make: Make) -> None:
    index = global_index("cup region", "stage score match", projection="KEYS_ONLY")
    make("matches", AttributeDefinitions=TYPES, GlobalSecondaryIndexes=[index])
    item = match("x", "w", "eu", "final", 1, b"m")
    dynamodb.put_item(TableName="matches", Item=item | {"more": {"S": "not projected"}})
    assert ask(dynamodb)["Items"] == [item]


@pytest.mark.feature("dynamodb.partiql")
def test_partiql_reads_such_an_index(dynamodb: Any, put: Callable[..., Item]) -> None:
    for pk, stage, score, name in SORTED:
        put(pk, "w", "eu", stage, score, name)
    put("z", "w", "us", "final", 10, b"x")

    def select(where: str) -> str:
        statement = f'SELECT pk FROM "matches"."index" WHERE {where}'
        return "".join(names(dynamodb.execute_statement(Statement=statement)["Items"]))

    both = "cup = 'w' AND region = 'eu'"
    assert select(f"{both} AND stage = 'final' AND score > 0") == "cdefgh"
    assert select(f"{both} AND score = 10") == "defg"
    assert select(f"{both} AND stage = 'final' AND score < 9 ORDER BY stage DESC") == "cba"
    assert select("cup IN ['w', 'v'] AND region IN ['us', 'eu'] AND stage = 'final' AND score > 9") == "zdefgh"
    assert select("cup = 'w' AND stage = 'semi'") == "k"


def test_an_index_agrees_with_a_model(cloud: Cloud, dynamodb: Any, put: Callable[..., Item]) -> None:
    chance = random.Random(7)
    texts = ["", "a", "b", "ab", "a\x00", "a\x00b", "a\x01", "é"]
    items: dict[str, tuple[str, Decimal, bytes]] = {}
    for number in range(120):
        pk = f"{number % 80:03}"
        stage = chance.choice(texts[1:])
        score = Decimal(chance.choice(["-10", "-1", "0", "0.001", "1", "2", "10", "100"]))
        name = chance.choice([b"\x00", b"\x00\x00", b"\x00\xff", b"\x01", b"\xff", b"\xff\xff"])
        put(pk, "w", "eu", stage, str(score), name)
        items[pk] = (stage, score, name)
    ordered = sorted(items, key=lambda pk: (items[pk][0].encode(), *items[pk][1:]))
    found = [items[pk] for pk in names(ask(dynamodb)["Items"])]
    assert found == [items[pk] for pk in ordered]
    for stage in texts[1:]:
        for low in (Decimal(-1), Decimal("0.001"), Decimal(2)):
            condition, values = "stage = :s AND score >= :n", {"s": {"S": stage}, "n": {"N": str(low)}}
            expected = [items[pk] for pk in ordered if items[pk][0] == stage and items[pk][1] >= low]
            assert [items[pk] for pk in names(ask(dynamodb, condition, values)["Items"])] == expected
