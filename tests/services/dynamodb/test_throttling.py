"""Throughput that has an end, where `throttling` is "aws": capacity, burst, partitions, growth of on-demand tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index

Make = Callable[..., dict[str, Any]]

TABLE_EXCEEDED = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
ONE_SHOT = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def dynamodb(cloud: Cloud) -> Any:
    cloud.set("dynamodb", "throttling", "aws")
    cloud.clock.freeze()
    return cloud.client("dynamodb", config=ONE_SHOT)


def provisioned(read: int, write: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


def put(dynamodb: Any, key: str, size: int = 1, **more: Any) -> Any:
    item = {"pk": {"S": key}, "x": {"S": "x" * (size * 1024 - 3 - len(key))}, **more}
    return dynamodb.put_item(TableName="table", Item=item)


def until_throttled(do: Callable[[], Any], most: int = 10_000) -> tuple[int, dict[str, Any]]:
    """How often it could be done, and the answer that ended it."""
    for count in range(most):
        try:
            do()
        except ClientError as error:
            return count, error.response
    return most, {}


def fill(dynamodb: Any, name: str, keys: list[str], size: int = 1) -> list[str]:
    """Writes items in batches; the keys that came back."""
    left = []
    for at in range(0, len(keys), 25):
        requests = [
            {"PutRequest": {"Item": {"pk": {"S": key}, "x": {"S": "x" * (size * 1024 - 100)}}}}
            for key in keys[at : at + 25]
        ]
        try:
            answer = dynamodb.batch_write_item(RequestItems={name: requests})
        except ClientError:
            left += keys[at : at + 25]
            continue
        left += [request["PutRequest"]["Item"]["pk"]["S"] for request in answer["UnprocessedItems"].get(name, ())]
    return left


@pytest.mark.feature("dynamodb.capacity")
def test_nothing_is_throttled_unless_asked_for(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 1))
    cloud.set("dynamodb", "throttling", "off")
    assert until_throttled(lambda: put(dynamodb, "a", 10), 50) == (50, {})


@pytest.mark.feature("dynamodb.capacity")
def test_provisioned_capacity_saves_up_five_minutes(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(2, 1))
    assert until_throttled(lambda: put(dynamodb, "a"))[0] == 1
    cloud.clock.advance(minutes=10)
    done, answer = until_throttled(lambda: put(dynamodb, "a"))
    assert done == 300
    assert answer["Error"] == {"Code": "ProvisionedThroughputExceededException", "Message": TABLE_EXCEEDED}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["ThrottlingReasons"] == [
        {
            "reason": "TableWriteProvisionedThroughputExceeded",
            "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/table",
        }
    ]
    cloud.clock.advance(seconds=3)
    assert until_throttled(lambda: put(dynamodb, "a"))[0] == 3
    assert until_throttled(lambda: dynamodb.get_item(TableName="table", Key={"pk": {"S": "a"}}))[0] == 1200


@pytest.mark.feature("dynamodb.capacity")
def test_more_capacity_holds_at_once(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 1))
    assert until_throttled(lambda: put(dynamodb, "a"))[0] == 1
    dynamodb.update_table(TableName="table", **provisioned(1, 20))
    cloud.clock.advance(seconds=1)
    assert until_throttled(lambda: put(dynamodb, "a"))[0] == 20


@pytest.mark.feature("dynamodb.capacity")
def test_a_failed_condition_costs_capacity(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 2))
    put(dynamodb, "a")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.delete_item(TableName="table", Key={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)")
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        put(dynamodb, "b")


@pytest.mark.feature("dynamodb.capacity")
def test_an_index_without_capacity_holds_its_table_back(dynamodb: Any, make: Make) -> None:
    make(
        **provisioned(100, 100),
        AttributeDefinitions=attributes(pk="S", g="S"),
        GlobalSecondaryIndexes=[index("by-g", "g") | provisioned(1, 1)],
    )
    put(dynamodb, "a", g={"S": "1"})
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException) as refused:
        put(dynamodb, "b", g={"S": "1"})
    assert "one or more global secondary indexes" in refused.value.response["Error"]["Message"]
    [reason] = refused.value.response["ThrottlingReasons"]
    assert reason["reason"] == "IndexWriteProvisionedThroughputExceeded"
    assert reason["resource"].endswith("table/table/index/by-g")
    assert "Item" not in dynamodb.get_item(TableName="table", Key={"pk": {"S": "b"}})
    put(dynamodb, "c")


@pytest.mark.feature("dynamodb.capacity")
def test_batches_give_back_what_they_could_not_do(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(2, 4))
    left = fill(dynamodb, "table", [f"{n}" for n in range(10)])
    assert left == ["4", "5", "6", "7", "8", "9"]
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.batch_write_item(RequestItems={"table": [{"DeleteRequest": {"Key": {"pk": {"S": "0"}}}}]})
    keys = [{"pk": {"S": f"{n}"}} for n in range(10)]
    answer = dynamodb.batch_get_item(RequestItems={"table": {"Keys": keys}})
    assert [item["pk"]["S"] for item in answer["Responses"]["table"]] == ["0", "1", "2", "3"]
    assert answer["UnprocessedKeys"] == {"table": {"Keys": keys[4:]}}
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.batch_get_item(RequestItems={"table": {"Keys": keys}})
    cloud.clock.advance(minutes=1)
    assert fill(dynamodb, "table", left) == []


@pytest.mark.feature("dynamodb.capacity")
def test_queries_and_scans_are_throttled(dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 100))
    put(dynamodb, "a", 8)
    assert dynamodb.scan(TableName="table")["Count"] == 1
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.query(
            TableName="table", KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": {"S": "a"}}
        )


@pytest.mark.feature("dynamodb.capacity")
def test_a_transaction_costs_twice_and_says_which_write_was_too_much(dynamodb: Any, make: Make) -> None:
    make(**provisioned(10, 3))
    writes = [{"Put": {"TableName": "table", "Item": {"pk": {"S": key}}}} for key in "abc"]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.transact_write_items(TransactItems=writes)
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "None", "ProvisionedThroughputExceeded"]
    assert reasons[2] == {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_EXCEEDED}
    assert dynamodb.scan(TableName="table")["Count"] == 0


@pytest.mark.feature("dynamodb.partitions")
def test_a_hot_key_is_throttled_where_many_keys_are_not(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(10, 20_000))
    done, answer = until_throttled(lambda: put(dynamodb, "hot", 100))
    assert done == 10  # of 1,000 units
    assert answer["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert answer["ThrottlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    cloud.clock.advance(seconds=1)
    assert fill(dynamodb, "table", [f"key {n}" for n in range(50)], 100) == []


@pytest.mark.feature("dynamodb.partitions", "cloud.elastic")
def test_a_partition_that_stays_hot_is_split(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 900))  # one partition
    cloud.clock.advance(minutes=10)
    keys = [f"key {n}" for n in range(20)]

    def a_second() -> int:
        cloud.clock.advance(seconds=1)
        return 20 - len(fill(dynamodb, "table", keys, 100))

    assert a_second() == 10
    for _ in range(65):
        a_second()
    cloud.clock.advance(minutes=10)  # of capacity of the table as a whole
    assert a_second() > 15


@pytest.mark.feature("dynamodb.partitions")
def test_one_hot_key_cannot_be_divided(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    for _ in range(70):
        until_throttled(lambda: put(dynamodb, "hot", 200))
        cloud.clock.advance(seconds=1)
    done, answer = until_throttled(lambda: put(dynamodb, "hot", 200))
    assert done == 5
    assert answer["Error"]["Code"] == "ThrottlingException"
    assert answer["Error"]["Message"].startswith("Throughput exceeds the current capacity of your table or index.")
    assert answer["throttlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"


@pytest.mark.feature("dynamodb.capacity", "cloud.elastic")
def test_an_on_demand_table_takes_twice_its_peak_of_half_an_hour_ago(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    keys = [f"key {n}" for n in range(150)]

    def a_second(count: int) -> int:
        cloud.clock.advance(seconds=1)
        return count - len(fill(dynamodb, "table", keys[:count], 100))

    assert a_second(30) == 30
    assert a_second(150) < 60  # 4,000 units in four partitions
    cloud.clock.advance(minutes=31)
    assert a_second(30) == 30


@pytest.mark.feature("dynamodb.capacity")
def test_the_maximum_of_an_on_demand_table_holds(dynamodb: Any, make: Make) -> None:
    make(OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 5})
    done, answer = until_throttled(lambda: put(dynamodb, "a"))
    assert done == 5
    assert answer["Error"] == {
        "Code": "ThrottlingException",
        "Message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    }


@pytest.mark.feature("dynamodb.capacity")
def test_the_sdk_waits_until_there_is_capacity(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    """What SDKs do with a throttled call: ask again; here time goes on 1,000 times as fast."""
    make(**provisioned(1, 1))
    cloud.clock.run(1000)
    patient = cloud.client("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 8}))
    for n in range(3):
        put(patient, f"{n}", 10)


@pytest.mark.feature("dynamodb.capacity")
def test_what_is_throttled_is_counted(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 1))
    until_throttled(lambda: put(dynamodb, "a"))
    cloud.save("now")  # flushes the open minute
    points = (point for _, _, point in cloud.world.metrics.datapoints.all(cloud.world.store))
    recorded = {
        (point.name, point.dimensions.replace("\t", "=").replace("\n", ",")): point.sample.total
        for point in points
        if point.resolution == 60
    }
    assert recorded["WriteThrottleEvents", "TableName=table"] == 1
    assert recorded["WriteProvisionedThroughputThrottleEvents", "TableName=table"] == 1
    assert recorded["ThrottledRequests", "Operation=PutItem,TableName=table"] == 1
    assert recorded["ConsumedWriteCapacityUnits", "TableName=table"] == 1


@pytest.mark.feature("dynamodb.capacity")
def test_partiql_is_throttled_statement_by_statement(dynamodb: Any, make: Make) -> None:
    make(**provisioned(1, 1))
    put(dynamodb, "a", 8)
    statements = [{"Statement": f"SELECT * FROM \"table\" WHERE pk = '{key}'", "ConsistentRead": True} for key in "aa"]
    answers = dynamodb.batch_execute_statement(Statements=statements)["Responses"]
    assert [answer.get("Error", {}).get("Code") for answer in answers] == [None, "ProvisionedThroughputExceeded"]
    assert answers[1]["Error"]["Message"] == TABLE_EXCEEDED
