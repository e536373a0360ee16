"""Lists by Marker and MaxItems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.lambda_ import rules

T = TypeVar("T")
MOST = 50
MANY = 10000  # MaxItems, if nothing is said: as many as there are on a page


def after(ctx: Context, marker: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`. Raises: InvalidParameterValueException."""
    try:
        return pages.after(ctx, marker)
    except ValueError:
        raise rules.invalid("Invalid pagination token") from None


def cut(
    ctx: Context, items: Iterable[T], wanted: int, key: Callable[[T], tuple[Any, ...]], most: int = MOST
) -> tuple[list[T], dict[str, str]]:
    """The first page of what comes, and where the next one begins: as many as are wanted, but not more than `most`."""
    page, marker = pages.cut(ctx, items, min(wanted, most), key)
    return page, {"NextMarker": marker} if marker else {}
