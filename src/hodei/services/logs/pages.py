"""Lists by nextToken and limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.logs import errors

T = TypeVar("T")
MOST = 50


def after(ctx: Context, token: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`. Raises: InvalidParameterException."""
    try:
        return pages.after(ctx, token)
    except ValueError:
        raise invalid_token() from None


def cut(
    ctx: Context, items: Iterable[T], most: int, key: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], dict[str, Any]]:
    """The first page of what comes, and the member of the answer that says that more is to come."""
    page, token = pages.cut(ctx, items, most, key)
    return page, {"nextToken": token} if token else {}


def invalid_token() -> AwsError:
    return errors.InvalidParameterException(reason="The specified nextToken is invalid.")
