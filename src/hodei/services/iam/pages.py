"""Lists by Marker and MaxItems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Protocol, TypeVar

from hodei.kernel.context import Context
from hodei.services.iam import errors

T = TypeVar("T")

MOST = 100  # of a page, where MaxItems is not given


def after(ctx: Context, marker: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before, for a table's `after`."""
    if not marker:
        return None
    try:
        operation, *key = ctx.read_token(marker)
    except ValueError:
        operation, key = "", []
    if operation != ctx.operation:
        raise errors.ValidationError(f"Invalid Marker: {marker}")
    return tuple(key)


def cut(
    ctx: Context, items: Iterable[T], most: int, key: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], dict[str, Any]]:
    """The first page of what comes, and the members of the answer that say whether more is to come."""
    page = list(islice(items, most + 1))
    if len(page) <= most:
        return page, {"IsTruncated": False}
    return page[:most], {"IsTruncated": True, "Marker": ctx.token(ctx.operation, *key(page[most - 1]))}


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
