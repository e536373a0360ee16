"""Lists by Marker and Limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from hodei.kernel.context import Context
from hodei.services.kms import errors

T = TypeVar("T")


def after(ctx: Context, marker: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`. Raises: InvalidMarkerException."""
    if not marker:
        return None
    try:
        operation, *key = ctx.read_token(marker)
    except ValueError:
        operation, key = "", []
    if operation != ctx.operation:
        raise errors.InvalidMarkerException(marker=marker)
    return tuple(key)


def check_limit(limit: int, most: int) -> None:
    """Raises: ValidationException. The model allows 1000 everywhere, some lists less."""
    if limit > most:
        raise errors.ValidationException(
            reason=f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )


def cut(
    ctx: Context, items: Iterable[T], limit: int, key: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], dict[str, Any]]:
    """The first page of what comes, and the members of the answer that say whether more is to come."""
    page = list(islice(items, limit + 1))
    if len(page) <= limit:
        return page, {"Truncated": False}
    return page[:limit], {"Truncated": True, "NextMarker": ctx.token(ctx.operation, *key(page[limit - 1]))}
