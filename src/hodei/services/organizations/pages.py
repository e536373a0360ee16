"""Lists by NextToken and MaxResults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from hodei.kernel.context import Context
from hodei.services.organizations import errors

T = TypeVar("T")

MOST = 20  # of a page


def cut(
    ctx: Context, items: Iterable[T], key: Callable[[T], str], token: str, most: int
) -> tuple[list[T], dict[str, Any]]:
    """The page behind `token` of what is sorted by `key`, and the member of the answer that says how to go on."""
    last = _last(ctx, token)
    ordered = sorted(items, key=key)
    page = list(islice((item for item in ordered if key(item) > last), most + 1))
    if len(page) <= most:
        return page, {}
    return page[:most], {"NextToken": ctx.token(ctx.operation, key(page[most - 1]))}


def _last(ctx: Context, token: str) -> str:
    if not token:
        return ""
    try:
        operation, key = ctx.read_token(token)
    except ValueError:
        operation, key = "", ""
    if operation != ctx.operation:
        raise errors.InvalidInput("The provided NextToken is not valid.", Reason="INVALID_NEXT_TOKEN")
    return str(key)
