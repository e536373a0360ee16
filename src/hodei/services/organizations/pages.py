"""Lists by NextToken and MaxResults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hodei.kernel import pages
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
    page, following = pages.cut(ctx, (item for item in ordered if key(item) > last), most, lambda item: (key(item),))
    return page, {"NextToken": following} if following else {}


def _last(ctx: Context, token: str) -> str:
    try:
        last = pages.after(ctx, token)
    except ValueError:
        raise errors.InvalidInput("The provided NextToken is not valid.", Reason="INVALID_NEXT_TOKEN") from None
    return str(last[0]) if last else ""
