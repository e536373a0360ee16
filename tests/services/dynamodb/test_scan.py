"""Scan: whole, by pages, by segments, of tables and indexes, compared with a plain model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.items")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

COUNT = 60


@pytest.fixture
def table(dynamodb: Any, make: Make) -> Any:
    """Sixty items; every third is in the index."""
    make(AttributeDefinitions=attributes(pk="S", g="N"), GlobalSecondaryIndexes=[index("gsi", "g", "pk", "KEYS_ONLY")])
    for number in range(COUNT):
        item = {"pk": {"S": f"{number:03}"}, "n": {"N": str(number)}}
        if number % 3 == 0:
            item["g"] = {"N": str(number % 4)}
        dynamodb.put_item(TableName="table", Item=item)
    return dynamodb


def numbers(pages: Any) -> list[int]:
    return [int(item["pk"]["S"]) for page in pages for item in page["Items"]]


def scan(dynamodb: Any, size: int = 100, **more: Any) -> list[int]:
    """The items of all pages, in the order in which they come."""
    pages = dynamodb.get_paginator("scan").paginate(TableName="table", PaginationConfig={"PageSize": size}, **more)
    return numbers(pages)


def test_pages_have_every_item_once(table: Any) -> None:
    whole = scan(table)
    assert sorted(whole) == list(range(COUNT))
    assert scan(table, 7) == whole


@pytest.mark.parametrize("total", [1, 2, 7, 1_000_000])
def test_segments_share_the_items(table: Any, total: int) -> None:
    segments = range(total) if total < 10 else []
    parts = [scan(table, 5, Segment=segment, TotalSegments=total) for segment in segments]
    assert total > 10 or sorted(number for part in parts for number in part) == list(range(COUNT))
    assert total != 2 or all(parts)
    assert set(scan(table, Segment=total - 1, TotalSegments=total)) <= set(range(COUNT))


def test_an_index_is_scanned_alone_and_by_segments(table: Any) -> None:
    expected = list(range(0, COUNT, 3))
    assert sorted(scan(table, 4, IndexName="gsi")) == expected
    parts = [scan(table, 2, IndexName="gsi", Segment=segment, TotalSegments=3) for segment in range(3)]
    assert sorted(number for part in parts for number in part) == expected
    page = table.scan(TableName="table", IndexName="gsi", Limit=1)
    assert page["Items"][0].keys() == page["LastEvaluatedKey"].keys() == {"pk", "g"}


def test_filters_and_projections(table: Any) -> None:
    found = table.scan(
        TableName="table",
        FilterExpression="n < :n AND attribute_not_exists(g)",
        ExpressionAttributeValues={":n": {"N": "5"}},
        ProjectionExpression="n",
    )
    assert sorted(item["n"]["N"] for item in found["Items"]) == ["1", "2", "4"]
    assert found["Items"][0].keys() == {"n"}
    assert (found["Count"], found["ScannedCount"]) == (3, COUNT)
    of_old = table.scan(
        TableName="table",
        ScanFilter={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "3"}]}},
        AttributesToGet=["pk"],
    )
    assert sorted(numbers([of_old])) == [0, 1, 2]
    assert table.scan(TableName="table", Select="COUNT", ConsistentRead=True)["Count"] == COUNT


START = "The provided starting key is invalid: "


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request when Segment parameter "
            "is present",
        ),
        (
            {"TotalSegments": 2},
            "The Segment parameter is required but was not present in the request when parameter TotalSegments "
            "is present",
        ),
        (
            {"Segment": 2, "TotalSegments": 2},
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            "Segment: 2 is not less than TotalSegments: 2",
        ),
        (
            {"ExclusiveStartKey": {"x": {"S": "a"}}},
            f"{START}The provided key element does not match the schema",
        ),
        ({"IndexName": "nowhere"}, "The table does not have the specified index: nowhere"),
        (
            {"IndexName": "gsi", "ConsistentRead": True},
            "Consistent reads are not supported on global secondary indexes",
        ),
        (
            {"IndexName": "gsi", "ProjectionExpression": "n"},
            "One or more parameter values were invalid: Global secondary index gsi does not project [n]",
        ),
    ],
)
def test_what_a_scan_refuses(table: Any, refused: Refused, parameters: dict[str, Any], message: str) -> None:
    with refused("ValidationException", message):
        table.scan(TableName="table", **parameters)


def test_a_starting_key_belongs_to_its_segment(table: Any, refused: Refused) -> None:
    first = table.scan(TableName="table", Segment=0, TotalSegments=2, Limit=1)
    with refused(
        "ValidationException",
        f"{START}Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
        "TotalSegments: 2 Segment: 1",
    ):
        table.scan(TableName="table", Segment=1, TotalSegments=2, ExclusiveStartKey=first["LastEvaluatedKey"])


def test_a_page_has_at_most_a_megabyte(dynamodb: Any, make: Make) -> None:
    make()
    for number in range(8):
        dynamodb.put_item(TableName="table", Item={"pk": {"S": f"{number:03}"}, "x": {"B": b"x" * 300_000}})
    pages = list(dynamodb.get_paginator("scan").paginate(TableName="table"))
    assert [page["Count"] for page in pages] == [4, 4, 0]
    assert sorted(numbers(pages)) == list(range(8))


KEYS = {
    "S": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4),
    "N": st.integers(-1000, 1000).map(str),
    "B": st.binary(min_size=1, max_size=4),
}


@pytest.mark.parametrize("kind", KEYS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_scans_answer_as_a_plain_model_does(cloud: Cloud, kind: str, data: st.DataObject) -> None:
    """Puts and deletes in any order; then all that is left comes, by pages and segments, once."""
    name = f"model-{kind}"
    cloud.reset()
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=attributes(pk=kind, sk="N"),
        KeySchema=key_schema("pk", "sk"),
        BillingMode="PAY_PER_REQUEST",
    )
    model: dict[Any, Any] = {}
    changes = st.lists(st.tuples(KEYS[kind], st.integers(0, 3), st.booleans()), max_size=20)
    for partition, sort, stays in data.draw(changes):
        key = {"pk": {kind: partition}, "sk": {"N": str(sort)}}
        if stays:
            dynamodb.put_item(TableName=name, Item=key | {"n": {"N": str(len(model))}})
            model[partition, sort] = key | {"n": {"N": str(len(model))}}
        else:
            dynamodb.delete_item(TableName=name, Key=key)
            model.pop((partition, sort), None)
    total = data.draw(st.integers(1, 4))
    found = []
    for segment in range(total):
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=name,
            Segment=segment,
            TotalSegments=total,
            PaginationConfig={"PageSize": data.draw(st.integers(1, 6))},
        )
        found += [item for page in pages for item in page["Items"]]
    assert sorted(found, key=str) == sorted(model.values(), key=str)
    assert dynamodb.describe_table(TableName=name)["Table"]["ItemCount"] == len(model)
