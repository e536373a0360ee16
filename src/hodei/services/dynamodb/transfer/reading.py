"""What an export reads, page by page: the table as it was at one moment, or what changed between two.

The moment is held by a backup of type PITR that is not copied to: it has only what items were, where they have changed
since, or change ahead of the reading. What it does not have is in the table as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from hodei.kernel.context import Context
from hodei.services.dynamodb import keys
from hodei.services.dynamodb.backups.copying import HOLE
from hodei.services.dynamodb.state import Backup, StoredItem, Table, items
from hodei.services.dynamodb.transfer.files import Change, Row
from hodei.services.dynamodb.transfer.filters import Filter
from hodei.services.dynamodb.transfer.state import Gathered, gathered

ROWS = 100  # of one page: what is read at once, while others wait
BYTES = 2**18

Place = tuple[bytes, bytes]
Placed = TypeVar("Placed", StoredItem, Gathered)


class Page(NamedTuple):
    """`size` are the bytes of what was read, as DynamoDB counts them; `last` is None on the last page."""

    rows: list[Row]
    size: int
    last: Place | None


def whole(ctx: Context, table: Table, backup: Backup, only: Filter, after: Place) -> Page:
    """The items of the table as it was."""
    living, end = _some(items.scan(ctx, table.id, after=after, **only.bounds))
    then, end_then = _some(items.scan(ctx, backup.items, after=after, **only.bounds))
    last = min((one for one in (end, end_then) if one), default=None)
    found = {(one.partition, one.sort): one for one in (*living, *then)}
    there = [one for place, one in sorted(found.items()) if one.size != HOLE and (last is None or place <= last)]
    rows: list[Row] = [only.part(one.item) for one in there if only.holds(one.item)]
    return Page(rows, sum(one.size for one in there), last)


def changed(ctx: Context, table: Table, backup: Backup, only: Filter, after: Place, *, with_old: bool) -> Page:
    """The items that changed in the window: one line each, however often. What came and went leaves none.

    Whether an item is wanted is asked of what it is at the end, or was if it is gone.
    """
    found, last = _some(gathered.scan(ctx, backup.id, after=after, **only.bounds))
    rows: list[Row] = []
    size = 0
    for one in found:
        stored = items.get(ctx, backup.items, one.partition, one.sort) or items.get(
            ctx, table.id, one.partition, one.sort
        )
        new = stored.item if stored and stored.size != HOLE else None
        if (image := new or one.item) is None:
            continue
        if only.holds(image):
            old = only.part(one.item) if with_old and one.item else None
            rows.append(Change(one.at, keys.key_of(table.key, image), old, only.part(new) if new else None))
        size += one.size + (stored.size if stored and new else 0)
    return Page(rows, size, last)


def _some(scan: Iterator[Placed]) -> tuple[list[Placed], Place | None]:
    """A page full, and the place of the last one, if there may be more."""
    found: list[Placed] = []
    size = 0
    for one in scan:
        found.append(one)
        size += one.size
        if len(found) == ROWS or size >= BYTES:
            return found, (one.partition, one.sort)
    return found, None
