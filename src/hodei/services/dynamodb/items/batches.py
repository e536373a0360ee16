"""BatchGetItem and BatchWriteItem: many reads, or puts and deletes, in one request, each by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.services.dynamodb import capacity, errors, keys
from hodei.services.dynamodb.capacity import TABLE, Units
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import asked, writes
from hodei.services.dynamodb.items.reads import Read
from hodei.services.dynamodb.items.writes import Write
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, Table, items
from hodei.services.dynamodb.values import EMPTY_VALUE, MANY_VALUES, normalise_item

Params = Mapping[str, Any]

MOST_READS = 100
MOST_WRITES = 25
BATCH_BYTES = 16 * 1024 * 1024
DUPLICATES = "Provided list of item keys contains duplicates"
TOO_MANY = "Too many items requested for the {} call"


class Target(NamedTuple):
    """A table of a batch, as the caller names it, and what is to be done there."""

    given: str
    ctx: Context
    table: Table


@dynamodb.operation("BatchGetItem")
def batch_get_item(
    ctx: Context, *, RequestItems: Mapping[str, Params], ReturnConsumedCapacity: str = "NONE"
) -> dict[str, Any]:
    """What no longer fits into 16 MB comes back as UnprocessedKeys."""
    wanted = {name: _reads(params) for name, params in RequestItems.items()}
    if sum(map(len, wanted.values())) > MOST_READS:
        raise errors.ValidationException(TOO_MANY.format("BatchGetItem"))
    targets = [Target(name, *table_of(ctx, name)) for name in wanted]
    responses: dict[str, list[Item]] = {}
    unprocessed: dict[str, Params] = {}
    report: list[dict[str, Any]] = []
    left = BATCH_BYTES
    for target in targets:
        params, reads = RequestItems[target.given], wanted[target.given]
        _check_distinct(read.place(target.table) for read in reads)
        found, sizes = _read(target, reads, left)
        left -= sum(sizes)
        responses[target.given] = found
        if len(sizes) < len(reads):
            unprocessed[target.given] = {**params, "Keys": params["Keys"][len(sizes) :]}
        consistent = params.get("ConsistentRead", False)
        units = {TABLE: sum(capacity.read_units(size, consistent=consistent) for size in sizes)}
        capacity.record(target.ctx, target.table, "Read", units)
        report.append(capacity.consumed(ReturnConsumedCapacity, target.given, target.table, units))
    answer: dict[str, Any] = {"Responses": responses, "UnprocessedKeys": unprocessed}
    return answer if ReturnConsumedCapacity == "NONE" else answer | {"ConsumedCapacity": report}


def _reads(params: Params) -> list[Read]:
    asked.check_exclusive(params)
    wanted = list(map(normalise_item, params["Keys"]))
    projection = asked.projection(params)
    return [Read(key, projection) for key in wanted]


def _read(target: Target, reads: Sequence[Read], room: int) -> tuple[list[Item], list[int]]:
    """The items found, and the sizes of what was read (0 where nothing is), as far as there is room."""
    found: list[Item] = []
    sizes: list[int] = []
    for read in reads:
        stored = items.get(target.ctx, target.table.id, *read.place(target.table))
        size = stored.size if stored else 0
        if size > room:
            break
        room -= size
        sizes.append(size)
        if stored:
            found.append(read.shown(stored))
    return found, sizes


def _check_distinct(places: Iterable[Place]) -> None:
    listed = list(places)
    if len(set(listed)) < len(listed):
        raise errors.ValidationException(DUPLICATES)


@dynamodb.operation("BatchWriteItem")
def batch_write_item(
    ctx: Context,
    *,
    RequestItems: Mapping[str, Sequence[Params]],
    ReturnConsumedCapacity: str = "NONE",
    ReturnItemCollectionMetrics: str = "NONE",
) -> dict[str, Any]:
    """All is checked before anything is written; then all of it is."""
    wanted = {name: [_write(request) for request in requests] for name, requests in RequestItems.items()}
    if sum(map(len, wanted.values())) > MOST_WRITES:
        raise errors.ValidationException(TOO_MANY.format("BatchWriteItem"))
    placed = list(_placed(ctx, wanted))
    report: list[dict[str, Any]] = []
    metrics: dict[str, list[dict[str, Any]]] = {}
    for target, some in placed:
        units: Units = {}
        for write, place in some:
            change = writes.examine(target.ctx, target.table, write, place)
            capacity.add(units, writes.perform(target.ctx, change))
            if ReturnItemCollectionMetrics == "SIZE" and target.table.has_local_indexes:
                one = capacity.collection_metrics(target.ctx, target.table, place.partition, write.item)
                metrics.setdefault(target.given, []).append(one)
        capacity.record(target.ctx, target.table, "Write", units)
        report.append(capacity.consumed(ReturnConsumedCapacity, target.given, target.table, units))
    answer: dict[str, Any] = {"UnprocessedItems": {}}
    if metrics:
        answer["ItemCollectionMetrics"] = metrics
    return answer if ReturnConsumedCapacity == "NONE" else answer | {"ConsumedCapacity": report}


def _placed(ctx: Context, wanted: Mapping[str, Sequence[Write]]) -> Iterator[tuple[Target, list[tuple[Write, Place]]]]:
    for name, some in wanted.items():
        target = Target(name, *table_of(ctx, name))
        places = [_place(target.table, write) for write in some]
        _check_distinct(places)
        yield target, list(zip(some, places, strict=True))


def _place(table: Table, write: Write) -> Place:
    return keys.of_batched(table, write.item) if write.kind == "Put" else write.place(table)


def _write(request: Params) -> Write:
    if len(request) != 1:
        raise errors.ValidationException(MANY_VALUES if request else EMPTY_VALUE)
    if put := request.get("PutRequest"):
        return writes.put(put)
    return writes.delete(request["DeleteRequest"])
