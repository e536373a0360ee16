"""Items that a transaction holds while it lasts: other writes of them, and other transactions, are refused.

On AWS that is the time between preparing and committing; here it is the setting `transaction-seconds`, 0 by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.state import Table

Held = tuple[str, Place]  # table id, place


class Memory:
    def __init__(self) -> None:
        self.held: set[Held | str] = set()  # items, and tokens of transactions

    def forget(self) -> None:
        self.held.clear()


def check(ctx: Context, table: Table, place: Place) -> None:
    """Raises: TransactionConflictException while a transaction holds the item."""
    if (table.id, place) in ctx.world.memory(Memory).held:
        ctx.metric("AWS/DynamoDB", "TransactionConflict", 1, "Count", TableName=table.name)
        raise errors.TransactionConflictException()


def check_token(ctx: Context, token: str | None) -> None:
    """Raises: TransactionInProgressException while a transaction with that ClientRequestToken goes on."""
    if token and token in ctx.world.memory(Memory).held:
        raise errors.TransactionInProgressException()


@contextmanager
def holding(ctx: Context, places: Iterable[Held], token: str | None) -> Iterator[None]:
    """Hold those items, and the token; nobody else holds one of them."""
    mine: set[Held | str] = {*places, *((token,) if token else ())}
    held = ctx.world.memory(Memory).held
    held |= mine
    try:
        yield
    finally:
        held -= mine
