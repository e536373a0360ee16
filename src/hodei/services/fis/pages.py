"""Lists by nextToken and maxResults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.fis import errors

T = TypeVar("T")

MOST = 100


def after(ctx: Context, token: str | None) -> tuple[Any, ...] | None:
    """The key of the last item of the page before. Raises: ValidationException."""
    try:
        return pages.after(ctx, token or "")
    except ValueError:
        raise errors.ValidationException(reason="The pagination token is not valid.") from None


def cut(
    ctx: Context, items: Iterable[T], most: int, key: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], dict[str, str]]:
    """The first page of what comes, and the nextToken of the answer, if more is to come."""
    page, token = pages.cut(ctx, items, most, key)
    return page, {"nextToken": token} if token else {}
