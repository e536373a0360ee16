"""What is written into a stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import drain, everything, iterator

pytestmark = pytest.mark.feature("dynamodb.streams")

Make = Callable[..., str]
Put = Callable[..., None]

A = {"pk": {"S": "a"}}


def change(dynamodb: Any) -> None:
    """Insert, modify and remove the item "a"."""
    dynamodb.put_item(TableName="table", Item={**A, "n": {"N": "1"}})
    dynamodb.update_item(
        TableName="table", Key=A, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "2"}}
    )
    dynamodb.delete_item(TableName="table", Key=A)


OLD, NEW = {**A, "n": {"N": "1"}}, {**A, "n": {"N": "2"}}


@pytest.mark.parametrize(
    ("view", "images", "sizes"),
    [
        ("KEYS_ONLY", [{}, {}, {}], [3, 3, 3]),
        ("NEW_IMAGE", [{"NewImage": OLD}, {"NewImage": NEW}, {}], [9, 9, 3]),
        ("OLD_IMAGE", [{}, {"OldImage": OLD}, {"OldImage": NEW}], [3, 9, 9]),
        (
            "NEW_AND_OLD_IMAGES",
            [{"NewImage": OLD}, {"NewImage": NEW, "OldImage": OLD}, {"OldImage": NEW}],
            [9, 15, 9],
        ),
    ],
)
def test_a_record_has_what_the_view_says(
    cloud: Cloud, dynamodb: Any, streams: Any, make: Make, view: str, images: list[Any], sizes: list[int]
) -> None:
    arn = make(view=view)
    cloud.clock.freeze()
    now = cloud.clock.now().replace(microsecond=0)
    change(dynamodb)
    records = everything(streams, arn)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    for record, image, size in zip(records, images, sizes, strict=True):
        assert {key: record[key] for key in record if key not in ("eventID", "eventName", "dynamodb")} == {
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
        }
        assert re.fullmatch("[0-9a-f]{32}", record["eventID"])
        number = record["dynamodb"].pop("SequenceNumber")
        assert re.fullmatch(r"\d{21,40}", number)
        assert record["dynamodb"] == {
            "ApproximateCreationDateTime": now,
            "Keys": A,
            "StreamViewType": view,
            "SizeBytes": size,
            **image,
        }
    assert len({record["eventID"] for record in records}) == 3
    assert everything(streams, arn)[0]["eventID"] == records[0]["eventID"]


def test_sequence_numbers_rise(dynamodb: Any, streams: Any, make: Make) -> None:
    arn = make()
    items = [{"PutRequest": {"Item": {"pk": {"S": str(number)}}}} for number in range(25)]
    for _ in range(4):
        dynamodb.batch_write_item(RequestItems={"table": items})
        dynamodb.batch_write_item(
            RequestItems={"table": [{"DeleteRequest": {"Key": one["PutRequest"]["Item"]}} for one in items]}
        )
    numbers = [record["dynamodb"]["SequenceNumber"] for record in everything(streams, arn)]
    assert len(numbers) == 200
    assert numbers == sorted(set(numbers))
    assert [int(number) for number in numbers] == sorted(map(int, numbers))


def test_a_write_that_changes_nothing_makes_no_record(dynamodb: Any, streams: Any, make: Make, put: Put) -> None:
    arn = make()
    put("a", tags={"SS": ["x", "y"]}, n={"N": "10"})
    put("a", tags={"SS": ["y", "x"]}, n={"N": "1e1"})
    dynamodb.update_item(TableName="table", Key=A)
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "none"}})
    put("a", tags={"SS": ["y", "z"]}, n={"N": "10"})
    assert [record["eventName"] for record in everything(streams, arn)] == ["INSERT", "MODIFY"]


def test_transactions_and_batches_are_in_the_stream_only_if_they_succeed(
    dynamodb: Any, streams: Any, make: Make
) -> None:
    arn = make()
    put = {"TableName": "table", "Item": A}
    condition = {"TableName": "table", "Key": {"pk": {"S": "b"}}, "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"ConditionCheck": condition}])
    assert everything(streams, arn) == []
    dynamodb.transact_write_items(
        TransactItems=[{"Put": put}, {"Delete": {**condition, "ConditionExpression": "attribute_not_exists(pk)"}}]
    )
    assert [record["dynamodb"]["Keys"] for record in everything(streams, arn)] == [A]


@pytest.mark.feature("dynamodb.ttl")
def test_what_time_to_live_deletes_bears_the_name_of_the_service(
    cloud: Cloud, dynamodb: Any, streams: Any, make: Make, put: Put
) -> None:
    arn = make()
    dynamodb.update_time_to_live(
        TableName="table", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    put("a", expires={"N": str(int(cloud.clock.now().timestamp()) + 60)})
    put("b")
    cloud.clock.advance(minutes=2)
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "b"}})
    *_, expired, deleted = everything(streams, arn)
    assert expired["eventName"] == deleted["eventName"] == "REMOVE"
    assert expired["dynamodb"]["OldImage"]["pk"] == {"S": "a"}
    assert expired["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert "userIdentity" not in deleted


def test_a_page_has_as_many_records_as_asked_for_and_one_megabyte(streams: Any, make: Make, put: Put) -> None:
    arn = make(view="NEW_IMAGE")
    for number in range(7):
        put(f"{number}", data={"B": b"x" * 300_000})
    first = streams.get_records(ShardIterator=iterator(streams, arn), Limit=2)
    assert len(first["Records"]) == 2
    second = streams.get_records(ShardIterator=first["NextShardIterator"])
    assert len(second["Records"]) == 3
    third = streams.get_records(ShardIterator=second["NextShardIterator"])
    assert len(third["Records"]) == 2
    last = streams.get_records(ShardIterator=third["NextShardIterator"])
    assert last["Records"] == []
    put("later")
    assert [one["dynamodb"]["Keys"]["pk"]["S"] for one in drain(streams, last["NextShardIterator"])] == ["later"]


def test_the_numbers_go_on_after_a_restart(tmp_path: Any) -> None:
    specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    with Cloud(directory=tmp_path) as cloud:
        cloud.clock.freeze()
        dynamodb = cloud.client("dynamodb")
        arn = dynamodb.create_table(
            TableName="table",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification=specification,
        )["TableDescription"]["LatestStreamArn"]
        for key in "abc":
            dynamodb.put_item(TableName="table", Item={"pk": {"S": key}})
        before = everything(cloud.client("dynamodbstreams"), arn)
    with Cloud(directory=tmp_path) as cloud:
        cloud.client("dynamodb").put_item(TableName="table", Item={"pk": {"S": "d"}})
        after = everything(cloud.client("dynamodbstreams"), arn)
    assert after[:3] == before
    assert after[3]["dynamodb"]["SequenceNumber"] > before[-1]["dynamodb"]["SequenceNumber"]
