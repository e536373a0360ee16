"""TransactionConflict, provoked by the setting `transaction-seconds`: transactions then last, and hold their items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("dynamodb.transactions")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

ONGOING = "Transaction is ongoing for the item"


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def puts(*names: str) -> list[dict[str, Any]]:
    return [{"Put": {"TableName": "table", "Item": key(name)}} for name in names]


@pytest.fixture
def lasting(cloud: Cloud, dynamodb: Any, make: Make) -> Callable[..., Any]:
    """Inside, a transaction that puts items of those names is under way; afterwards it has ended."""
    make()
    cloud.clock.freeze()
    cloud.set("dynamodb", "transaction-seconds", 5.0)

    @contextmanager
    def lasting(*names: str, **params: Any) -> Iterator[Future[Any]]:
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(dynamodb.transact_write_items, TransactItems=puts(*names), **params)
            while not cloud.world.agenda._polls:
                pass
            yield future
            cloud.clock.advance(seconds=5)
            future.result(timeout=10)

    return lasting


def test_writes_of_an_item_in_a_transaction_conflict(
    dynamodb: Any, lasting: Callable[..., Any], refused: Refused
) -> None:
    with lasting("a", "b"):
        with refused("TransactionConflictException", ONGOING):
            dynamodb.put_item(TableName="table", Item=key("a"))
        with refused("TransactionConflictException", ONGOING):
            dynamodb.update_item(TableName="table", Key=key("b"))
        with refused("TransactionConflictException", ONGOING):
            dynamodb.delete_item(TableName="table", Key=key("b"))
        dynamodb.put_item(TableName="table", Item=key("c"))
        assert "Item" not in dynamodb.get_item(TableName="table", Key=key("a"))
    assert dynamodb.scan(TableName="table")["Count"] == 3
    dynamodb.put_item(TableName="table", Item=key("a"))


def test_transactions_conflict_with_each_other(dynamodb: Any, lasting: Callable[..., Any]) -> None:
    with lasting("a"):
        for cancelled in (
            lambda: dynamodb.transact_write_items(TransactItems=puts("c", "a")),
            lambda: dynamodb.transact_get_items(
                TransactItems=[{"Get": {"TableName": "table", "Key": key(name)}} for name in "ca"]
            ),
        ):
            with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as error:
                cancelled()
            assert error.value.response["CancellationReasons"] == [
                {"Code": "None"},
                {"Code": "TransactionConflict", "Message": ONGOING},
            ]


def test_batches_give_back_what_a_transaction_holds(dynamodb: Any, lasting: Callable[..., Any]) -> None:
    with lasting("a"):
        requests = [{"PutRequest": {"Item": key(name)}} for name in "ab"]
        answer = dynamodb.batch_write_item(RequestItems={"table": requests})
        assert answer["UnprocessedItems"] == {"table": requests[:1]}


def test_a_token_is_in_progress_until_its_transaction_ends(
    dynamodb: Any, lasting: Callable[..., Any], refused: Refused
) -> None:
    with (
        lasting("a", ClientRequestToken="once"),
        refused(
            "TransactionInProgressException", "The transaction with the given request token is already in progress."
        ),
    ):
        dynamodb.transact_write_items(TransactItems=puts("a"), ClientRequestToken="once")
