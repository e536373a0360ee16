"""Items that a transaction holds while it lasts: other writes of them, and other transactions, are refused.

On AWS that is the time between preparing and committing; here it is the setting `transaction-seconds`, 0 by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from hodei.kernel.context import Context
from hodei.kernel.world import World
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.state import Table

Held = tuple[str, Place]  # table id, place

_held: WeakKeyDictionary[World, set[Held | str]] = WeakKeyDictionary()  # only worlds in which something is held


def check(ctx: Context, table: Table, place: Place) -> None:
    """Raises: TransactionConflictException while a transaction holds the item."""
    if _held and (table.id, place) in _held.get(ctx.world, ()):
        ctx.metric("AWS/DynamoDB", "TransactionConflict", 1, "Count", TableName=table.name)
        raise errors.TransactionConflictException()


def check_token(ctx: Context, token: str | None) -> None:
    """Raises: TransactionInProgressException while a transaction with that ClientRequestToken goes on."""
    if token and _held and token in _held.get(ctx.world, ()):
        raise errors.TransactionInProgressException()


@contextmanager
def holding(ctx: Context, places: Iterable[Held], token: str | None) -> Iterator[None]:
    """Hold those items, and the token; nobody else holds one of them."""
    mine: set[Held | str] = {*places, *((token,) if token else ())}
    held = _held.setdefault(ctx.world, set())
    held |= mine
    try:
        yield
    finally:
        held -= mine
        if not held:
            _held.pop(ctx.world, None)
