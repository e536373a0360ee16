"""Pages of what is described."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.application_autoscaling import errors

MOST = 50
T = TypeVar("T")


def after(ctx: Context, token: str) -> tuple[Any, ...] | None:
    """Raises: InvalidNextTokenException."""
    try:
        return pages.after(ctx, token)
    except ValueError:
        raise errors.InvalidNextTokenException() from None


def cut(ctx: Context, items: Iterable[T], most: int, key: Callable[[T], tuple[Any, ...]]) -> tuple[list[T], Any]:
    """A page of what comes, and the members of the answer that tell of the next one. Raises: ValidationException."""
    if not 1 <= most <= MOST:
        raise errors.ValidationException(reason=f"The maximum number of results must be between 1 and {MOST}")
    page, token = pages.cut(ctx, items, most, key)
    return page, {"NextToken": token} if token else {}
