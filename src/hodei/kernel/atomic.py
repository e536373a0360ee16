"""Handlers and the store: an operation is atomic because it runs on the loop without a pause, in one batch."""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from hodei.kernel.store import Store

T = TypeVar("T")


def in_batch(store: Store, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a plain function as one batch: committed when it returns, dropped when it raises."""
    store.begin()
    try:
        result = function(*args, **kwargs)
    except BaseException:
        store.rollback()
        raise
    store.commit()
    return result


async def in_batches(store: Store, coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine so that each stretch between two real waits is one batch, committed before the wait."""
    return await _drive(store, coroutine)


@types.coroutine
def _drive(store: Store, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    value: Any = None
    error: BaseException | None = None
    while True:
        store.begin()
        try:
            waiting = coroutine.send(value) if error is None else coroutine.throw(error)
        except StopIteration as done:
            store.commit()
            return done.value  # type: ignore[no-any-return]
        except BaseException:
            store.rollback()
            raise
        store.commit()
        value = error = None
        try:
            value = yield waiting
        except BaseException as raised:
            error = raised
