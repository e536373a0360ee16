"""Lists by Marker and Limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.kms import errors

T = TypeVar("T")


def after(ctx: Context, marker: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`. Raises: InvalidMarkerException."""
    try:
        return pages.after(ctx, marker)
    except ValueError:
        raise errors.InvalidMarkerException(marker=marker) from None


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
    page, marker = pages.cut(ctx, items, limit, key)
    return page, {"Truncated": True, "NextMarker": marker} if marker else {"Truncated": False}
