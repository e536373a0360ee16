"""One page of a Query or Scan: rows in order up to Limit or 1 MB, then the filter, then what is wanted of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors, indexing, keys
from hodei.services.dynamodb.capacity import TABLE, Units, consumed, read_units, record
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.state import Index, IndexEntry, Item, Key, StoredItem, Table, index_entries, items
from hodei.services.dynamodb.throttling.gate import spend_units
from hodei.services.dynamodb.values import invalid

PAGE_BYTES = 1024 * 1024
Row = StoredItem | IndexEntry
Position = tuple[bytes, ...]  # the parts of a row's key that follow the table or index


class ReadOptions(TypedDict, total=False):
    """What Query and Scan have in common."""

    IndexName: str
    Select: str
    Limit: int
    ConsistentRead: bool
    AttributesToGet: list[str]
    ConditionalOperator: str
    ProjectionExpression: str
    FilterExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, Any]


class Wanted(NamedTuple):
    """What is asked of the rows that are read."""

    select: str
    filter: Condition | None
    projection: Projection | None
    consistent: bool
    limit: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """The table, or the index of it, that is read; `ctx` is the table's place."""

    ctx: Context
    table: Table
    index: Index | None

    @property
    def key(self) -> Key:
        return self.index.key if self.index else self.table.key

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that say where in the source an item is: those of a LastEvaluatedKey."""
        if self.index is None:
            return self.table.key.names
        return tuple(dict.fromkeys((*self.index.key.names, *self.table.key.names)))

    def rows(self, *prefix: bytes, **bounds: Any) -> Iterator[Row]:
        """The rows below a part of the key, in order; `bounds` as those of `Table.scan`."""
        if self.index is None:
            return items.scan(self.ctx, self.table.id, *prefix, **bounds)
        return index_entries.scan(self.ctx, self.table.id, self.index.name, *prefix, **bounds)


def source_of(ctx: Context, table: Table, given: ReadOptions) -> Source:
    """Raises: ValidationException for an index that is not there, or that cannot be read so."""
    if (name := given.get("IndexName")) is None:
        return Source(ctx, table, None)
    if (index := table.index(name)) is None:
        raise errors.ValidationException(f"The table does not have the specified index: {name}")
    if index.local:
        return Source(ctx, table, index)
    if given.get("ConsistentRead"):
        raise errors.ValidationException("Consistent reads are not supported on global secondary indexes")
    if index.status == "CREATING":
        raise errors.ValidationException(f"Cannot read from backfilling global secondary index: {name}")
    if given.get("Select") == "ALL_ATTRIBUTES" and index.projection != "ALL":
        raise invalid(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {name} "
            "because its projection type is not ALL"
        )
    return Source(ctx, table, index)


def check_select(given: Mapping[str, Any]) -> None:
    """That Select goes with the rest. Raises: ValidationException."""
    select = given.get("Select")
    named = next((name for name in ("ProjectionExpression", "AttributesToGet") if name in given), None)
    if named and select not in (None, "SPECIFIC_ATTRIBUTES"):
        what = "only the Count" if select == "COUNT" else select
        raise errors.ValidationException(f"Cannot specify the {named} when choosing to get {what}")
    if select == "SPECIFIC_ATTRIBUTES" and not named:
        raise errors.ValidationException(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in given:
        raise errors.ValidationException("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")


def check_wanted(source: Source, wanted: Wanted) -> None:
    """That it can be had: a global index gives only what it has. Raises: ValidationException."""
    keys.check_scalars(source.table, wanted.filter, wanted.projection)
    missing = _not_projected(source, wanted)
    if missing and source.index and not source.index.local:
        raise invalid(f"Global secondary index {source.index.name} does not project [{', '.join(sorted(missing))}]")


def read_page(source: Source, wanted: Wanted, rows: Iterable[Row]) -> tuple[dict[str, Any], Units]:
    """The answer, but for its ConsumedCapacity, and the read units."""
    found: list[Row] = []
    size = 0
    last: Row | None = None
    for row in rows:
        found.append(row)
        size += row.size
        if len(found) == wanted.limit or size > PAGE_BYTES:
            last = row
            break
    scanned = len(found)
    units: Units = {TABLE: 0.0}
    units[source.index.name if source.index else TABLE] = read_units(size, consistent=wanted.consistent)
    if wanted.select == "ALL_ATTRIBUTES" or _not_projected(source, wanted):
        found = _fetched(source, wanted, found, units)
    answer = _answer(wanted, [row.item for row in found])
    answer["ScannedCount"] = scanned
    if last:
        answer["LastEvaluatedKey"] = {name: last.item[name] for name in source.names}
    spend_units(source.ctx, source.table, "Read", found[0].partition if found else b"", units)
    record(source.ctx, source.table, "Read", units)
    _count_returned(source, answer["Count"])
    return answer, units


def _count_returned(source: Source, count: int) -> None:
    ctx, table = source.ctx, source.table
    ctx.metric("AWS/DynamoDB", "ReturnedItemCount", count, "Count", TableName=table.name, Operation=ctx.operation)


def _answer(wanted: Wanted, found: list[Item]) -> dict[str, Any]:
    if wanted.filter:
        found = [item for item in found if wanted.filter.holds(item)]
    if wanted.select == "COUNT":
        return {"Count": len(found)}
    if wanted.projection:
        found = [wanted.projection.of(item) for item in found]
    return {"Items": found, "Count": len(found)}


def _not_projected(source: Source, wanted: Wanted) -> set[str]:
    """The attributes asked for that the index does not have."""
    if not source.index or not wanted.projection:
        return set()
    has = indexing.projected(source.table, source.index)
    return set() if has is None else wanted.projection.names - has


def _fetched(source: Source, wanted: Wanted, rows: list[Row], units: Units) -> list[Row]:
    """The items behind the entries of a local index: each is read, and paid for, by itself."""
    if source.index is None or source.index.projection == "ALL":
        return rows
    found: list[Row] = []
    for row in rows:
        assert isinstance(row, IndexEntry)
        stored = items.get(source.ctx, row.table, row.base_partition, row.base_sort)
        assert stored, "an entry of a local index has its item"
        units[TABLE] += read_units(stored.size, consistent=wanted.consistent)
        found.append(stored)
    return found


def with_capacity(answer: dict[str, Any], mode: str, given: str, table: Table, units: Units) -> dict[str, Any]:
    if mode != "NONE":
        answer["ConsumedCapacity"] = consumed(mode, given, table, units)
    return answer
