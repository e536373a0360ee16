"""Lists by Marker and MaxItems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.iam import errors

T = TypeVar("T")

MOST = 100  # of a page, where MaxItems is not given


def after(ctx: Context, marker: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`."""
    try:
        return pages.after(ctx, marker)
    except ValueError:
        raise errors.ValidationError(f"Invalid Marker: {marker}") from None


def cut(
    ctx: Context, items: Iterable[T], most: int, key: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], dict[str, Any]]:
    """The first page of what comes, and the members of the answer that say whether more is to come."""
    page, marker = pages.cut(ctx, items, most, key)
    return page, {"IsTruncated": True, "Marker": marker} if marker else {"IsTruncated": False}


class Placed(Protocol):
    @property
    def path(self) -> str: ...


P = TypeVar("P", bound=Placed)


def below(prefix: str, records: Iterable[P]) -> Iterator[P]:
    """Those whose path begins with PathPrefix."""
    return (record for record in records if record.path.startswith(prefix))


def listed(ctx: Context, names: Iterable[str], marker: str, most: int) -> tuple[list[str], dict[str, Any]]:
    """A page of names, sorted without regard to case."""
    last = after(ctx, marker)
    ordered = sorted((name.lower(), name) for name in names)
    page, rest = cut(ctx, (place for place in ordered if last is None or place > last), most, lambda place: place)
    return [name for _, name in page], rest
