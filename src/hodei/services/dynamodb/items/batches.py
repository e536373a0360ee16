"""BatchGetItem and BatchWriteItem: many reads, or puts and deletes, in one request, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import capacity, errors, keys
from hodei.services.dynamodb.capacity import TABLE, Units
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import asked, writes
from hodei.services.dynamodb.items.reads import Read
from hodei.services.dynamodb.items.writes import Write
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, Table, items
from hodei.services.dynamodb.throttling.gate import spend_units
from hodei.services.dynamodb.values import MANY_VALUES, normalise_item

Params = Mapping[str, Any]

MOST_READS = 100
MOST_WRITES = 25
LATER = errors.THROTTLED | {"TransactionConflictException"}
BATCH_BYTES = 16 * 1024 * 1024
DUPLICATES = "Provided list of item keys contains duplicates"
TOO_MANY = "Too many items requested for the {} call"


class Target(NamedTuple):
    """A table of a batch, as the caller names it, and what is to be done there."""

    given: str
    ctx: Context
    table: Table


class Refused:
    """What of a batch could not be done for lack of throughput, or for a transaction: it goes back to the caller."""

    def __init__(self) -> None:
        self._error: AwsError | None = None
        self._some_done = False

    def done(self, do: Callable[..., object], *arguments: Any) -> bool:
        """Whether it could be done."""
        try:
            do(*arguments)
        except AwsError as error:
            if error.code not in LATER:
                raise
            self._error = error
            return False
        self._some_done = True
        return True

    def check(self) -> None:
        """Raises: the error, if nothing at all could be done."""
        if self._error and not self._some_done:
            raise self._error


@dynamodb.operation("BatchGetItem")
def batch_get_item(
    ctx: Context, *, RequestItems: Mapping[str, Params], ReturnConsumedCapacity: str = "NONE"
) -> dict[str, Any]:
    """What no longer fits into 16 MB comes back as UnprocessedKeys."""
    wanted = {name: _reads(params) for name, params in RequestItems.items()}
    if sum(map(len, wanted.values())) > MOST_READS:
        raise errors.ValidationException(TOO_MANY.format("BatchGetItem"))
    placed = [_located(Target(name, *table_of(ctx, name)), reads) for name, reads in wanted.items()]
    responses: dict[str, list[Item]] = {}
    unprocessed: dict[str, Params] = {}
    report: list[dict[str, Any]] = []
    left = BATCH_BYTES
    refused = Refused()
    for target, reads in placed:
        params = RequestItems[target.given]
        consistent = params.get("ConsistentRead", False)
        found, sizes = _read(target, reads, left, consistent, refused)
        left -= sum(sizes)
        responses[target.given] = found
        if len(sizes) < len(reads):
            unprocessed[target.given] = {**params, "Keys": params["Keys"][len(sizes) :]}
        units = {TABLE: sum(capacity.read_units(size, consistent=consistent) for size in sizes)}
        capacity.record(target.ctx, target.table, "Read", units)
        report.append(capacity.consumed(ReturnConsumedCapacity, target.given, target.table, units))
    refused.check()
    answer: dict[str, Any] = {"Responses": responses, "UnprocessedKeys": unprocessed}
    return answer if ReturnConsumedCapacity == "NONE" else answer | {"ConsumedCapacity": report}


def _reads(params: Params) -> list[Read]:
    """What is to be read of one table. Raises: ValidationException."""
    asked.check_exclusive(params)
    projection = asked.projection(params)
    reads: dict[str, Read] = {}
    for given in params["Keys"]:
        read = Read(normalise_item(given), projection)
        if reads.setdefault(repr(sorted(read.key.items())), read) is not read:
            raise errors.ValidationException(DUPLICATES)
    return list(reads.values())


def _located(target: Target, reads: Iterable[Read]) -> tuple[Target, list[tuple[Read, Place]]]:
    """Where in its table all of it is. Raises: ValidationException."""
    return target, [(read, read.place(target.table)) for read in reads]


def _read(
    target: Target, reads: Sequence[tuple[Read, Place]], room: int, consistent: bool, refused: Refused
) -> tuple[list[Item], list[int]]:
    """The items found, and the sizes of what was read (0 where nothing is), as far as there are room and capacity."""
    found: list[Item] = []
    sizes: list[int] = []
    for read, place in reads:
        stored = items.get(target.ctx, target.table.id, *place)
        size = stored.size if stored else 0
        units = {TABLE: capacity.read_units(size, consistent=consistent)}
        if size > room or not refused.done(spend_units, target.ctx, target.table, "Read", place.partition, units):
            break
        room -= size
        sizes.append(size)
        if stored:
            found.append(read.shown(stored))
    return found, sizes


@dynamodb.operation("BatchWriteItem")
def batch_write_item(
    ctx: Context,
    *,
    RequestItems: Mapping[str, Sequence[Params]],
    ReturnConsumedCapacity: str = "NONE",
    ReturnItemCollectionMetrics: str = "NONE",
) -> dict[str, Any]:
    """All is checked before anything is written; what then meets a limit comes back as UnprocessedItems."""
    if any(len(request) != 1 for requests in RequestItems.values() for request in requests):
        raise errors.ValidationException(MANY_VALUES)  # AWS says so of a request that is neither, too
    wanted = {name: list(map(_write, requests)) for name, requests in RequestItems.items()}
    if sum(map(len, wanted.values())) > MOST_WRITES:
        raise errors.ValidationException(TOO_MANY.format("BatchWriteItem"))
    placed = list(_placed(ctx, wanted))
    report: list[dict[str, Any]] = []
    metrics: dict[str, list[dict[str, Any]]] = {}
    unprocessed: dict[str, list[Params]] = {}
    refused = Refused()
    for target, some in placed:
        units: Units = {}
        for (write, place), request in zip(some, RequestItems[target.given], strict=True):
            if not refused.done(_perform, target, write, place, units):
                unprocessed.setdefault(target.given, []).append(request)
            elif ReturnItemCollectionMetrics == "SIZE" and target.table.has_local_indexes:
                one = capacity.collection_metrics(target.ctx, target.table, place.partition, write.item)
                metrics.setdefault(target.given, []).append(one)
        capacity.record(target.ctx, target.table, "Write", units)
        report.append(capacity.consumed(ReturnConsumedCapacity, target.given, target.table, units))
    refused.check()
    answer: dict[str, Any] = {"UnprocessedItems": unprocessed}
    if metrics:
        answer["ItemCollectionMetrics"] = metrics
    return answer if ReturnConsumedCapacity == "NONE" else answer | {"ConsumedCapacity": report}


def _perform(target: Target, write: Write, place: Place, units: Units) -> None:
    change = writes.examine(target.ctx, target.table, write, place)
    capacity.add(units, writes.perform(target.ctx, change))


def _placed(ctx: Context, wanted: Mapping[str, Sequence[Write]]) -> Iterator[tuple[Target, list[tuple[Write, Place]]]]:
    for name, some in wanted.items():
        target = Target(name, *table_of(ctx, name))
        placed: dict[Place, Write] = {}
        for write in some:
            if placed.setdefault(_place(target.table, write), write) is not write:
                raise errors.ValidationException(DUPLICATES)
        yield target, [(write, place) for place, write in placed.items()]


def _place(table: Table, write: Write) -> Place:
    return keys.of_batched(table, write.item) if write.kind == "Put" else write.place(table)


def _write(request: Params) -> Write:
    if put := request.get("PutRequest"):
        return writes.put(put)
    return writes.delete(request["DeleteRequest"])
