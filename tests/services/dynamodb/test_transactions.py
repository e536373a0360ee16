"""TransactWriteItems and TransactGetItems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index

pytestmark = pytest.mark.feature("dynamodb.transactions")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

MISMATCH = "The provided key element does not match the schema"
ONE = {":one": {"N": "1"}}


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def put(name: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "table", "Item": key(name), **more}}


def add(name: str, **more: Any) -> dict[str, Any]:
    expression = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": ONE}
    return {"Update": {"TableName": "table", "Key": key(name), **expression, **more}}


def delete(name: str, **more: Any) -> dict[str, Any]:
    return {"Delete": {"TableName": "table", "Key": key(name), **more}}


def check(name: str, condition: str, **more: Any) -> dict[str, Any]:
    return {"ConditionCheck": {"TableName": "table", "Key": key(name), "ConditionExpression": condition, **more}}


def write(dynamodb: Any, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(dynamodb.transact_write_items(TransactItems=list(steps), **more))


def everything(dynamodb: Any) -> dict[str, Any]:
    return {item["pk"]["S"]: item for item in dynamodb.scan(TableName="table")["Items"]}


def cancelled(call: Callable[[], Any]) -> list[dict[str, Any]]:
    """The reasons for which a transaction is cancelled."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    codes = ", ".join(reason["Code"] for reason in response["CancellationReasons"])
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["Error"]["Message"] == (
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    )
    return list(response["CancellationReasons"])


def test_all_is_written(dynamodb: Any, make: Make) -> None:
    make()
    write(dynamodb, put("old"), put("there"))
    write(dynamodb, put("new"), add("n"), delete("old"), check("there", "attribute_exists(pk)"))
    assert everything(dynamodb) == {"new": key("new"), "n": key("n") | {"n": {"N": "1"}}, "there": key("there")}


def test_or_nothing_and_the_reasons_come_in_order(dynamodb: Any, make: Make) -> None:
    make()
    write(dynamodb, put("a", Item=key("a") | {"n": {"S": "text"}}))
    before = everything(dynamodb)
    show = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    reasons = cancelled(
        lambda: write(
            dynamodb,
            put("new"),
            add("a"),
            check("b", "attribute_exists(pk)", **show),
            put("c", ConditionExpression="attribute_exists(pk)"),
        )
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    wrong = "An operand in the update expression has an incorrect data type"
    assert reasons == [{"Code": "None"}, {"Code": "ValidationError", "Message": wrong}, failed, failed]
    (reason,) = cancelled(lambda: write(dynamodb, delete("a", ConditionExpression="attribute_not_exists(pk)", **show)))
    assert reason == failed | {"Item": before["a"]}
    assert everything(dynamodb) == before


def test_what_does_not_fit_the_table_cancels(dynamodb: Any, make: Make) -> None:
    make(AttributeDefinitions=attributes(pk="S", g="S"), GlobalSecondaryIndexes=[index("gsi", "g")])
    wrong = {"TableName": "table", "Key": {"x": {"S": "a"}}}
    assert cancelled(lambda: write(dynamodb, put("a"), {"Delete": wrong})) == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": MISMATCH},
    ]
    assert cancelled(lambda: dynamodb.transact_get_items(TransactItems=[{"Get": wrong}])) == [
        {"Code": "ValidationError", "Message": MISMATCH}
    ]
    (reason,) = cancelled(lambda: write(dynamodb, put("a", Item=key("a") | {"g": {"N": "1"}})))
    assert reason["Message"] == (
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"
    )
    assert everything(dynamodb) == {}


def test_transactions_that_are_refused_outright(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    with refused("ValidationException", "Transaction request cannot include multiple operations on one item"):
        write(dynamodb, put("a"), check("a", "attribute_exists(pk)"))
    with refused("ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete"):
        write(dynamodb, put("a") | delete("b"))
    with refused("ResourceNotFoundException", "Requested resource not found"):
        write(dynamodb, put("a"), put("b", TableName="nowhere"))
    with refused("ValidationException", 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'):
        write(dynamodb, put("a"), put("b", ConditionExpression="a ="))
    assert everything(dynamodb) == {}


def test_reads_see_one_moment_in_the_order_asked(dynamodb: Any, make: Make) -> None:
    make()
    write(dynamodb, put("a", Item=key("a") | {"n": {"N": "1"}}), put("b"))
    gets = [
        {"Get": {"TableName": "table", "Key": key("b")}},
        {"Get": {"TableName": "table", "Key": key("none")}},
        {"Get": {"TableName": "table", "Key": key("a"), "ProjectionExpression": "n"}},
    ]
    found = dynamodb.transact_get_items(TransactItems=gets)["Responses"]
    assert found == [{"Item": key("b")}, {}, {"Item": {"n": {"N": "1"}}}]


def test_a_token_makes_a_transaction_happen_once_in_ten_minutes(
    cloud: Cloud, dynamodb: Any, make: Make, refused: Refused
) -> None:
    make()

    def count() -> str:
        return str(everything(dynamodb)["a"]["n"]["N"])

    first = write(dynamodb, add("a"), ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    again = write(dynamodb, add("a"), ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    assert count() == "1"
    units = {"TableName": "table", "CapacityUnits": 2.0}
    assert first["ConsumedCapacity"] == [units | {"WriteCapacityUnits": 2.0}]
    assert again["ConsumedCapacity"] == [units | {"ReadCapacityUnits": 2.0}]
    with refused(
        "IdempotentParameterMismatchException",
        "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent "
        "token that was already used.",
    ):
        write(dynamodb, add("b"), ClientRequestToken="once")
    cloud.clock.advance(minutes=9)
    write(dynamodb, add("a"), ClientRequestToken="once")
    assert count() == "1"
    cloud.clock.advance(minutes=1)
    write(dynamodb, add("a"), ClientRequestToken="once")
    assert count() == "2"


def test_a_cancelled_transaction_does_not_use_up_its_token(dynamodb: Any, make: Make) -> None:
    make()
    step = put("a", ConditionExpression="attribute_not_exists(pk)")
    write(dynamodb, put("a"))
    cancelled(lambda: write(dynamodb, step, ClientRequestToken="token"))
    write(dynamodb, delete("a"))
    write(dynamodb, step, ClientRequestToken="token")
    assert everything(dynamodb) == {"a": key("a")}


def test_old_tokens_are_forgotten(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    from hodei.kernel.tables import Place
    from hodei.services.dynamodb.state import tokens

    make()
    place = Place(cloud.world.store, "000000000000", "us-east-1")
    write(dynamodb, add("a"))
    cloud.clock.advance(minutes=5)
    write(dynamodb, add("b"))
    assert tokens.count(place) == 2
    cloud.clock.advance(minutes=6)
    assert tokens.count(place) == 1
    cloud.clock.advance(minutes=5)
    assert tokens.count(place) == 0


def test_transactions_may_name_tables_by_arn(dynamodb: Any, make: Make) -> None:
    arn = make()["TableArn"]
    write(dynamodb, put("a", TableName=arn))
    got = dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": arn, "Key": key("a")}}])
    assert got["Responses"] == [{"Item": key("a")}]


def test_a_transaction_has_at_most_a_hundred_items_and_four_megabytes(
    dynamodb: Any, make: Make, refused: Refused
) -> None:
    make()
    write(dynamodb, *(put(str(number)) for number in range(100)))
    assert len(everything(dynamodb)) == 100
    with pytest.raises(ClientError, match="Member must have length less than or equal to 100"):
        write(dynamodb, *(put(str(number)) for number in range(101)))
    large = {"x": {"B": b"x" * 400_000}}
    with refused("ValidationException", "The aggregate size of the items in the transaction cannot exceed 4 MB"):
        write(dynamodb, *(put(f"n{number}", Item=key(f"n{number}") | large) for number in range(11)))
    assert len(everything(dynamodb)) == 100


EMPTY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: pk"
)


@pytest.mark.parametrize("write", [put(""), add(""), delete("")])
def test_an_empty_key_to_be_written_cancels(dynamodb: Any, make: Make, write: dict[str, Any]) -> None:
    make()
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(TransactItems=[delete("a"), write])
    reason = {"Code": "ValidationError", "Message": EMPTY}
    assert caught.value.response["CancellationReasons"] == [{"Code": "None"}, reason]


def test_an_empty_key_to_be_read_cancels(dynamodb: Any, make: Make) -> None:
    make()
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": "table", "Key": key("")}}])
    assert caught.value.response["CancellationReasons"] == [{"Code": "ValidationError", "Message": EMPTY}]
