"""Pages of a list, whose tokens hold for the operation that gave them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hodei.kernel.context import Context

T = TypeVar("T")


def after(ctx: Context, token: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`; None of the first page.

    Raises: ValueError for a token that this operation has not given out.
    """
    if not token:
        return None
    operation, *key = ctx.read_token(token)
    if operation != ctx.operation:
        raise ValueError(f"a token of {operation}")
    return tuple(key)


def cut(ctx: Context, items: Iterable[T], most: int, key: Callable[[T], tuple[Any, ...]]) -> tuple[list[T], str]:
    """The first page of what comes, and the token of the next one ("": there is none)."""
    page = list(islice(items, most + 1))
    if len(page) <= most:
        return page, ""
    return page[:most], ctx.token(ctx.operation, *key(page[most - 1]))
