"""Query: of tables and indexes, compared with a plain model."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.conditions import Key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.items", "dynamodb.indexes")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
Item = dict[str, Any]

INVALID = "One or more parameter values were invalid: "
OF_P = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}


@pytest.fixture
def scores(dynamodb: Any, make: Make) -> Any:
    """Ten items of partition p with a numeric sort key; indexes by `level`, which every second one has."""
    make(
        AttributeDefinitions=attributes(pk="S", sk="N", level="S"),
        KeySchema=key_schema("pk", "sk"),
        LocalSecondaryIndexes=[index("local", "pk", "level", "KEYS_ONLY")],
        GlobalSecondaryIndexes=[
            index("global", "level", "sk", "INCLUDE", "extra"),
            index("all", "level", "sk"),
        ],
    )
    for number in range(-5, 5):
        item = {"pk": {"S": "p"}, "sk": {"N": str(number)}, "extra": {"S": "e"}, "spare": {"S": "o"}}
        if number % 2 == 0:
            item["level"] = {"S": "high" if number > 0 else "low"}
        dynamodb.put_item(TableName="table", Item=item)
    return dynamodb


def sorts(answer: dict[str, Any]) -> list[int]:
    return [int(item["sk"]["N"]) for item in answer["Items"]]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("sk = :a", ["2"], [2]),
        ("sk < :a", ["-3"], [-5, -4]),
        ("sk <= :a", ["-3"], [-5, -4, -3]),
        ("sk > :a", ["3"], [4]),
        ("sk >= :a", ["3.0"], [3, 4]),
        ("sk BETWEEN :a AND :b", ["-1", "1"], [-1, 0, 1]),
        (":a <= sk", ["4"], [4]),
    ],
)
def test_ranges_of_numbers(scores: Any, condition: str, values: list[str], expected: list[int]) -> None:
    given = dict(zip((":a", ":b"), ({"N": value} for value in values), strict=False))
    found = scores.query(
        TableName="table",
        KeyConditionExpression=f"pk = :p AND {condition}",
        ExpressionAttributeValues={":p": {"S": "p"}, **given},
    )
    assert sorts(found) == expected
    assert found["Count"] == found["ScannedCount"] == len(expected)


def test_pages_by_limit_in_both_directions(scores: Any) -> None:
    for forward in (True, False):
        pages = scores.get_paginator("query").paginate(
            TableName="table", **OF_P, ScanIndexForward=forward, PaginationConfig={"PageSize": 3}
        )
        found = [sorts(page) for page in pages]
        assert [len(page) for page in found] == [3, 3, 3, 1]
        assert [sort for page in found for sort in page] == sorted(range(-5, 5), reverse=not forward)


def test_a_limit_that_is_reached_leaves_a_key_even_at_the_end(scores: Any) -> None:
    found = scores.query(TableName="table", **OF_P, Limit=10)
    assert found["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"N": "4"}}
    after = scores.query(TableName="table", **OF_P, ExclusiveStartKey=found["LastEvaluatedKey"])
    assert (after["Items"], after["Count"], after["ScannedCount"]) == ([], 0, 0)
    assert "LastEvaluatedKey" not in scores.query(TableName="table", **OF_P, Limit=11)


def test_filters_are_applied_after_reading(scores: Any) -> None:
    values = {":p": {"S": "p"}, ":l": {"S": "high"}}
    found = scores.query(
        TableName="table",
        KeyConditionExpression="pk = :p",
        FilterExpression="#level = :l",
        ExpressionAttributeNames={"#level": "level"},
        ExpressionAttributeValues=values,
        Limit=8,
    )
    assert sorts(found) == [2]
    assert (found["Count"], found["ScannedCount"]) == (1, 8)
    assert found["LastEvaluatedKey"]["sk"] == {"N": "2"}


def test_a_global_index_is_sparse_and_has_what_it_projects(scores: Any) -> None:
    by_level = {
        "IndexName": "global",
        "KeyConditionExpression": "#level = :l",
        "ExpressionAttributeNames": {"#level": "level"},
        "ExpressionAttributeValues": {":l": {"S": "low"}},
    }
    found = scores.query(TableName="table", **by_level)
    assert sorts(found) == [-4, -2, 0]
    assert found["Items"][0].keys() == {"pk", "sk", "level", "extra"}
    page = scores.query(TableName="table", **by_level, Limit=2)
    assert page["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"N": "-2"}, "level": {"S": "low"}}
    rest = scores.query(TableName="table", **by_level, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert sorts(rest) == [0]


def test_an_item_that_moves_in_an_index_is_where_it_belongs(scores: Any) -> None:
    def of(level: str) -> list[int]:
        return sorts(
            scores.query(
                TableName="table",
                IndexName="all",
                KeyConditions={"level": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": level}]}},
            )
        )

    key = {"pk": {"S": "p"}, "sk": {"N": "2"}}
    assert of("high") == [2, 4]
    scores.update_item(
        TableName="table",
        Key=key,
        UpdateExpression="SET #level = :l",
        ExpressionAttributeNames={"#level": "level"},
        ExpressionAttributeValues={":l": {"S": "low"}},
    )
    assert (of("high"), of("low")) == ([4], [-4, -2, 0, 2])
    scores.update_item(
        TableName="table", Key=key, UpdateExpression="REMOVE #level", ExpressionAttributeNames={"#level": "level"}
    )
    scores.delete_item(TableName="table", Key={"pk": {"S": "p"}, "sk": {"N": "0"}})
    assert (of("high"), of("low")) == ([4], [-4, -2])
    indexes = scores.describe_table(TableName="table")["Table"]["GlobalSecondaryIndexes"]
    assert {found["IndexName"]: found["ItemCount"] for found in indexes} == {"global": 3, "all": 3}


def test_an_index_of_a_live_table_leaves_out_what_cannot_be_its_key(dynamodb: Any, make: Make) -> None:
    make()
    groups: list[dict[str, Any]] = [{"S": "g"}, {"N": "1"}, {"S": ""}, {"S": "x" * 2049}, {"NULL": True}]
    for number, group in enumerate(groups):
        dynamodb.put_item(TableName="table", Item={"pk": {"S": str(number)}, "g": group})
    dynamodb.update_table(
        TableName="table",
        AttributeDefinitions=attributes(pk="S", g="S"),
        GlobalSecondaryIndexUpdates=[{"Create": index("late", "g")}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName="table")
    found = dynamodb.scan(TableName="table", IndexName="late")
    assert [item["pk"]["S"] for item in found["Items"]] == ["0"]


def test_a_local_index_fetches_what_it_lacks(scores: Any) -> None:
    def local(**more: Any) -> dict[str, Any]:
        return dict(scores.query(TableName="table", IndexName="local", **OF_P, **more))

    assert [item["level"]["S"] for item in local()["Items"]] == ["high", "high", "low", "low", "low"]
    assert local()["Items"][0].keys() == {"pk", "sk", "level"}
    assert local(Select="ALL_ATTRIBUTES")["Items"][0].keys() == {"pk", "sk", "level", "extra", "spare"}
    assert local(ProjectionExpression="spare", Limit=1)["Items"] == [{"spare": {"S": "o"}}]
    assert local(Select="ALL_PROJECTED_ATTRIBUTES")["Items"] == local()["Items"]


def test_select(scores: Any, refused: Refused) -> None:
    counted = scores.query(TableName="table", **OF_P, Select="COUNT")
    assert (counted["Count"], counted["ScannedCount"]) == (10, 10)
    assert "Items" not in counted
    chosen = scores.query(TableName="table", **OF_P, Select="SPECIFIC_ATTRIBUTES", ProjectionExpression="sk", Limit=1)
    assert chosen["Items"] == [{"sk": {"N": "-5"}}]
    with refused(
        "ValidationException",
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    ):
        scores.query(TableName="table", **OF_P, Select="SPECIFIC_ATTRIBUTES")
    with refused("ValidationException", "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"):
        scores.query(TableName="table", **OF_P, Select="ALL_ATTRIBUTES", ProjectionExpression="sk")
    with refused("ValidationException", "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"):
        scores.query(TableName="table", **OF_P, Select="ALL_PROJECTED_ATTRIBUTES")


def test_what_an_index_refuses(scores: Any, refused: Refused) -> None:
    by_level = {
        "TableName": "table",
        "IndexName": "global",
        "KeyConditions": {"level": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "low"}]}},
    }
    with refused("ValidationException", "The table does not have the specified index: nowhere"):
        scores.query(TableName="table", IndexName="nowhere", **OF_P)
    with refused("ValidationException", "Consistent reads are not supported on global secondary indexes"):
        scores.query(**by_level, ConsistentRead=True)
    with refused(
        "ValidationException",
        f"{INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index global "
        "because its projection type is not ALL",
    ):
        scores.query(**by_level, Select="ALL_ATTRIBUTES")
    with refused("ValidationException", f"{INVALID}Global secondary index global does not project [spare]"):
        scores.query(**by_level, AttributesToGet=["spare", "sk"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"ExclusiveStartKey": {"pk": {"S": "p"}}},
            "The provided starting key is invalid",
        ),
        (
            {"ExclusiveStartKey": {"pk": {"S": "q"}, "sk": {"N": "1"}}},
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        (
            {
                "ExclusiveStartKey": {"pk": {"S": "p"}, "sk": {"N": "1"}},
                "KeyConditionExpression": "pk = :p AND sk > :s",
                "ExpressionAttributeValues": {":p": {"S": "p"}, ":s": {"N": "1"}},
            },
            "The provided starting key does not match the range key predicate",
        ),
        (
            {"FilterExpression": "sk > :s", "ExpressionAttributeValues": {":p": {"S": "p"}, ":s": {"N": "1"}}},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
        ),
        (
            {"ExpressionAttributeValues": {":p": {"N": "1"}}},
            f"{INVALID}Condition parameter type does not match schema type",
        ),
        (
            {"ExpressionAttributeValues": {":p": {"S": "p"}, ":x": {"N": "1"}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}",
        ),
        (
            {"KeyConditionExpression": "sk = :p"},
            "Query condition missed key schema element: pk",
        ),
    ],
)
def test_what_a_query_refuses(scores: Any, refused: Refused, parameters: dict[str, Any], message: str) -> None:
    with refused("ValidationException", message):
        scores.query(TableName="table", **(OF_P | parameters))


def test_a_query_needs_a_condition(scores: Any, refused: Refused) -> None:
    with refused(
        "ValidationException",
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    ):
        scores.query(TableName="table")
    with refused("ResourceNotFoundException", "Requested resource not found"):
        scores.query(TableName="nowhere", **OF_P)


def test_a_page_ends_with_the_item_that_crosses_a_megabyte(dynamodb: Any, make: Make) -> None:
    make(AttributeDefinitions=attributes(pk="S", sk="N"), KeySchema=key_schema("pk", "sk"))
    for number in range(5):
        item = {"pk": {"S": "p"}, "sk": {"N": str(number)}, "x": {"S": "x" * 300_000}}
        dynamodb.put_item(TableName="table", Item=item)
    first = dynamodb.query(TableName="table", **OF_P, ProjectionExpression="sk")
    assert sorts(first) == [0, 1, 2, 3]
    rest = dynamodb.query(TableName="table", **OF_P, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert sorts(rest) == [4]
    assert "LastEvaluatedKey" not in rest


def test_the_resource_api_queries(cloud: Cloud, scores: Any) -> None:
    table = cloud.resource("dynamodb").Table("table")
    found = table.query(KeyConditionExpression=Key("pk").eq("p") & Key("sk").between(1, 3), ScanIndexForward=False)
    assert [item["sk"] for item in found["Items"]] == [3, 2, 1]


NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6
) | st.sampled_from(
    [Decimal(text) for text in ("0", "1E-130", "-1E-130", "9E+125", "-9E+125", "1E+20", "123456789012345678")]
)
SORT_KEYS: dict[str, st.SearchStrategy[Any]] = {
    "S": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
    "N": NUMBERS,
    "B": st.binary(min_size=1, max_size=5),
}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def wire(kind: str, value: Any) -> dict[str, Any]:
    return {kind: str(value) if kind == "N" else value}


def plain(value: dict[str, Any]) -> Any:
    [(kind, content)] = value.items()
    return Decimal(content) if kind == "N" else content.encode() if kind == "S" else content


@pytest.mark.parametrize("kind", SORT_KEYS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_queries_answer_as_a_plain_model_does(cloud: Cloud, kind: str, data: st.DataObject) -> None:
    """Every operator, in both directions, page by page."""
    dynamodb = cloud.client("dynamodb")
    name = f"model-{kind}"
    dynamodb.delete_table(TableName=name) if name in dynamodb.list_tables()["TableNames"] else None
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=attributes(pk="S", sk=kind),
        KeySchema=key_schema("pk", "sk"),
        BillingMode="PAY_PER_REQUEST",
    )
    keys = SORT_KEYS[kind]
    model: dict[str, dict[Any, Item]] = {"p": {}, "q": {}}
    for number, (partition, sort) in enumerate(
        data.draw(st.lists(st.tuples(st.sampled_from("pq"), keys), max_size=15))
    ):
        item = {"pk": {"S": partition}, "sk": wire(kind, sort), "number": {"N": str(number)}}
        dynamodb.put_item(TableName=name, Item=item)
        model[partition][plain(item["sk"])] = item
    sign = data.draw(st.sampled_from(list(OPERATORS)))
    bound = (
        wire(kind, data.draw(st.sampled_from(list(model["p"].values())))["sk"][kind])
        if model["p"]
        else {kind: wire(kind, data.draw(keys))[kind]}
    )
    forward = data.draw(st.booleans())
    pages = dynamodb.get_paginator("query").paginate(
        TableName=name,
        KeyConditionExpression=f"pk = :p AND sk {sign} :s",
        ExpressionAttributeValues={":p": {"S": "p"}, ":s": bound},
        ScanIndexForward=forward,
        PaginationConfig={"PageSize": data.draw(st.integers(1, 5))},
    )
    found = [item["number"] for page in pages for item in page["Items"]]
    expected = sorted(key for key in model["p"] if OPERATORS[sign](key, plain(bound)))
    assert found == [model["p"][key]["number"] for key in (expected if forward else reversed(expected))]


def in_order(item: Item) -> str:
    """An item as a text that does not depend on the order of its attributes."""
    return repr(sorted(item.items()))


CHANGES = st.tuples(
    st.sampled_from("pq"),
    st.integers(0, 2),
    st.sampled_from(["put", "update", "remove", "delete", "batch", "transaction"]),
    st.sampled_from(["", "x", "y"]),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, max_size=25))
def test_indexes_have_what_the_items_say_after_any_writes(
    cloud: Cloud, changes: list[tuple[str, int, str, str]]
) -> None:
    cloud.reset()
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        AttributeDefinitions=attributes(pk="S", sk="N", g="S"),
        KeySchema=key_schema("pk", "sk"),
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[index("gsi", "g", "", "KEYS_ONLY"), index("all", "g", "sk")],
        LocalSecondaryIndexes=[index("lsi", "pk", "g", "INCLUDE", "n")],
    )
    model: dict[tuple[str, int], Item] = {}
    for number, (partition, sort, change, group) in enumerate(changes):
        key: Item = {"pk": {"S": partition}, "sk": {"N": str(sort)}}
        at = partition, sort
        new = {**key, "n": {"N": str(number)}, "more": {"S": "m"}, **({"g": {"S": group}} if group else {})}
        if change == "put":
            dynamodb.put_item(TableName="table", Item=new)
        elif change == "batch":
            dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": new}}]})
        elif change == "transaction":
            dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "table", "Item": new}}])
        elif change == "delete":
            dynamodb.delete_item(TableName="table", Key=key)
            model.pop(at, None)
            continue
        else:
            expression = "SET g = :g" if change == "update" and group else "REMOVE g"
            values = {"ExpressionAttributeValues": {":g": {"S": group}}} if "SET" in expression else {}
            dynamodb.update_item(TableName="table", Key=key, UpdateExpression=expression, **values)
            new = {name: value for name, value in model.get(at, key).items() if name != "g"}
            new |= {"g": {"S": group}} if values else {}
        model[at] = new
    grouped = [item for item in model.values() if "g" in item]
    for name, has in (("gsi", {"pk", "sk", "g"}), ("all", None), ("lsi", {"pk", "sk", "g", "n"})):
        found = dynamodb.scan(TableName="table", IndexName=name)["Items"]
        expected = [{key: item[key] for key in item if has is None or key in has} for item in grouped]
        assert sorted(map(in_order, found)) == sorted(map(in_order, expected))
    described = dynamodb.describe_table(TableName="table")["Table"]
    assert described["ItemCount"] == len(model)
    assert {found["ItemCount"] for found in described["GlobalSecondaryIndexes"]} == {len(grouped)}
