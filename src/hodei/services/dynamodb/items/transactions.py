"""TransactWriteItems and TransactGetItems: up to 100 items, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import capacity, errors
from hodei.services.dynamodb.capacity import TABLE, Units
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import reads, tokens, writes
from hodei.services.dynamodb.items.reads import Read
from hodei.services.dynamodb.items.writes import Change, Write
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import StoredItem, Table, items
from hodei.services.dynamodb.throttling import conflicts
from hodei.services.dynamodb.throttling.gate import spend_units

Params = Mapping[str, Any]
T = TypeVar("T")
R = TypeVar("R")
Answer = dict[str, Any] | Coroutine[Any, Any, dict[str, Any]]

FACTOR = 2.0  # a transaction goes to each item twice: to prepare and to commit
TRANSACTION_BYTES = 4 * 1024 * 1024
PREPARE: Mapping[str, Callable[[Params], Write]] = {
    "ConditionCheck": writes.check,
    "Put": writes.put,
    "Delete": writes.delete,
    "Update": writes.update,
}
CODES: Mapping[str, str] = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ThrottlingException": "ThrottlingError",
    "TransactionConflictException": "TransactionConflict",
    "ValidationException": "ValidationError",
}


class Target(NamedTuple):
    """What a transaction does with one item. `given` is the table as the caller names it."""

    given: str
    ctx: Context
    table: Table
    asked: Write | Read


@dynamodb.operation("TransactWriteItems")
def transact_write_items(
    ctx: Context,
    *,
    TransactItems: Sequence[Mapping[str, Params]],
    ReturnConsumedCapacity: str = "NONE",
    ReturnItemCollectionMetrics: str = "NONE",
    ClientRequestToken: str | None = None,
) -> Answer:
    """The second time with the same token nothing happens, and what is consumed are units of reading."""
    wanted = [_write(item) for item in TransactItems]
    targets = [Target(given, *table_of(ctx, given), write) for given, write in wanted]

    def commit() -> dict[str, Any]:
        if ClientRequestToken and tokens.spent(ctx, ClientRequestToken, TransactItems):
            return written_before(targets, ReturnConsumedCapacity)
        changed, units = write_all(targets)
        answer: dict[str, Any] = {}
        if ReturnItemCollectionMetrics == "SIZE" and (metrics := _collection_metrics(targets, changed)):
            answer["ItemCollectionMetrics"] = metrics
        return with_capacity(answer, ReturnConsumedCapacity, "Write", targets, units)

    return committed(ctx, ClientRequestToken, targets, commit)


@dynamodb.operation("TransactGetItems")
def transact_get_items(
    ctx: Context, *, TransactItems: Sequence[Mapping[str, Params]], ReturnConsumedCapacity: str = "NONE"
) -> dict[str, Any]:
    wanted = [(item["Get"]["TableName"], reads.read(item["Get"])) for item in TransactItems]
    return read_all([Target(given, *table_of(ctx, given), read) for given, read in wanted], ReturnConsumedCapacity)


def read_all(targets: Sequence[Target], mode: str) -> dict[str, Any]:
    """The answer to a transaction that reads. Raises: TransactionCanceledException, ValidationException."""
    _all_or_nothing(_check_free, targets, _places(targets))
    found = _all_or_nothing(_read, targets)
    responses = [
        {"Item": target.asked.shown(stored)} if stored and isinstance(target.asked, Read) else {}
        for target, stored in zip(targets, found, strict=True)
    ]
    return with_capacity({"Responses": responses}, mode, "Read", targets, map(_read_units, found))


def committed(
    ctx: Context, token: str | None, targets: Sequence[Target], commit: Callable[[], dict[str, Any]]
) -> Answer:
    """What `commit` answers: at once, or after the time for which the setting says that transactions last."""
    seconds = ctx.setting("transaction-seconds")
    return _later(ctx, seconds, token, targets, commit) if seconds else commit()


async def _later(
    ctx: Context, seconds: float, token: str | None, targets: Sequence[Target], commit: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    conflicts.check_token(ctx, token)
    places = _places(targets)
    _all_or_nothing(_check_free, targets, places)
    held = [(target.table.id, place) for target, place in zip(targets, places, strict=True)]
    with conflicts.holding(ctx, held, token):
        await ctx.wait(("transaction", ctx.request_id), ctx.now + seconds)
    return commit()


def write_all(targets: Sequence[Target]) -> tuple[list[Change], list[Units]]:
    """Does what a transaction writes; what it changed and consumed.

    Raises: TransactionCanceledException, ValidationException.
    """
    places = _places(targets)
    changed = _all_or_nothing(_examine, targets, places)
    _check_size(changed)
    return changed, _all_or_nothing(_perform, targets, changed)


def written_before(targets: Sequence[Target], mode: str) -> dict[str, Any]:
    """The answer to a transaction that has been written already: it only reads its items."""
    found = _all_or_nothing(_read, targets)
    return with_capacity({}, mode, "Read", targets, map(_read_units, found))


def _write(item: Mapping[str, Params]) -> tuple[str, Write]:
    """The table's name and the write of one member of TransactItems."""
    if len(item) != 1:
        raise errors.ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
    [(kind, params)] = item.items()
    return params["TableName"], PREPARE[kind](params)


def _all_or_nothing(do: Callable[..., R], targets: Sequence[Target], *more: Sequence[Any]) -> list[R]:
    """What each gives. Raises: TransactionCanceledException that says of each what is wrong with it."""
    results: list[R] = []
    reasons: list[dict[str, Any]] = []
    for arguments in zip(targets, *more, strict=True):
        try:
            results.append(do(*arguments))
            reasons.append({"Code": "None"})
        except AwsError as error:
            if error.code not in CODES:
                raise
            shown = {"Item": error.fields["Item"]} if "Item" in error.fields else {}
            reasons.append({"Code": CODES[error.code], "Message": error.message, **shown})
    if len(results) < len(targets):
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise errors.TransactionCanceledException(
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            CancellationReasons=reasons,
        )
    return results


def _places(targets: Sequence[Target]) -> list[Place]:
    """Raises: ValidationException where two are the same."""
    places = _all_or_nothing(_place, targets)
    if len({(target.table.id, place) for target, place in zip(targets, places, strict=True)}) < len(places):
        raise errors.ValidationException("Transaction request cannot include multiple operations on one item")
    return places


def _place(target: Target) -> Place:
    return target.asked.place(target.table)


def _examine(target: Target, place: Place) -> Change:
    assert isinstance(target.asked, Write)
    return writes.examine(target.ctx, target.table, target.asked, place)


def _perform(target: Target, change: Change) -> Units:
    return writes.perform(target.ctx, change, FACTOR)


def _check_free(target: Target, place: Place) -> None:
    conflicts.check(target.ctx, target.table, place)


def _read(target: Target) -> StoredItem | None:
    place = _place(target)
    stored = items.get(target.ctx, target.table.id, *place)
    spend_units(target.ctx, target.table, "Read", place.partition, _read_units(stored), FACTOR)
    return stored


def _read_units(stored: StoredItem | None) -> Units:
    return {TABLE: capacity.read_units(stored.size if stored else 0, consistent=True)}


def _check_size(changed: Sequence[Change]) -> None:
    if sum(stored.size for change in changed if (stored := change.new or change.old)) > TRANSACTION_BYTES:
        raise errors.ValidationException("The aggregate size of the items in the transaction cannot exceed 4 MB")


def _collection_metrics(targets: Sequence[Target], changed: Sequence[Change]) -> dict[str, list[dict[str, Any]]]:
    metrics: dict[str, list[dict[str, Any]]] = {}
    for target, change in zip(targets, changed, strict=True):
        if target.table.has_local_indexes and change.write.kind != "ConditionCheck":
            one = capacity.collection_metrics(target.ctx, target.table, change.place.partition, change.write.item)
            metrics.setdefault(target.given, []).append(one)
    return metrics


def with_capacity(
    answer: dict[str, Any], mode: str, kind: str, targets: Sequence[Target], units: Iterable[Units]
) -> dict[str, Any]:
    """The answer with what each table has consumed, which is also counted."""
    tables = {target.given: target for target in targets}
    totals: dict[str, Units] = {given: {} for given in tables}
    for target, consumed in zip(targets, units, strict=True):
        capacity.add(
            totals[target.given], {name: units * _factor(target.table, name) for name, units in consumed.items()}
        )
    for given, target in tables.items():
        capacity.record(target.ctx, target.table, kind, totals[given])
    if mode != "NONE":
        answer["ConsumedCapacity"] = [
            capacity.consumed(mode, given, target.table, totals[given], kind) for given, target in tables.items()
        ]
    return answer


def _factor(table: Table, name: str) -> float:
    """Global indexes follow when the transaction is over: their units count once."""
    index = table.index(name)
    return FACTOR if index is None or index.local else 1.0
