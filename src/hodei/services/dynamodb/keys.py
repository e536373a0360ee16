"""Where an item lies: its key attributes, checked against a key schema, as bytes that the store orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.expressions.updates import Update
from hodei.services.dynamodb.state import Index, Item, Key, Table
from hodei.services.dynamodb.values import AttributeValue, invalid, partition_bytes, sort_bytes

PARTITION_BYTES = 2048
SORT_BYTES = 1024
MISMATCH = "The provided key element does not match the schema"
UPDATED = "The update expression attempted to update"
KINDS = {"S": "string", "B": "binary"}


class Place(NamedTuple):
    """The position of an item in its table, or of an entry in its index."""

    partition: bytes
    sort: bytes


def of_key(table: Table, key: Item) -> Place:
    """The place of the item that a `Key` names. Raises: ValidationException unless it fits the schema exactly."""
    names = table.key.names
    if len(key) != len(names):
        raise errors.ValidationException(MISMATCH)
    return place(table.key, key, _mismatch)


def of_item(table: Table, item: Item) -> Place:
    """The place of an item that is to be put, whose index keys are checked too. Raises: ValidationException."""
    found = place(table.key, item, _unfit)
    check_index_keys(table, item)
    return found


def place(key: Key, item: Item, refuse: Callable[[str, str, Item], AwsError]) -> Place:
    """The place by a key schema. `refuse` makes the error of a key attribute that is missing or of another type."""
    partition = _scalar(item, key.partition, key.partition_type, refuse)
    _check_size(partition, PARTITION_BYTES)
    if not key.sort:
        return Place(partition_bytes(key.partition_type, partition), b"")
    sort = _scalar(item, key.sort, key.sort_type, refuse)
    _check_size(sort, SORT_BYTES)
    return Place(partition_bytes(key.partition_type, partition), sort_bytes(key.sort_type, sort))


def index_place(key: Key, item: Item) -> Place | None:
    """The place of an item in an index; None if it has none there: indexes are sparse.

    A new index meets items whose attributes cannot be its keys, which writes to a table that has it may not have.
    """
    content: list[Any] = []
    for name, kind, limit in _parts(key):
        scalar = item.get(name, {}).get(kind)
        if not scalar or (len(scalar) > limit // 4 and _length(scalar) > limit):
            return None
        content.append(scalar)
    sort = sort_bytes(key.sort_type, content[1]) if key.sort else b""
    return Place(partition_bytes(key.partition_type, content[0]), sort)


def check_index_types(table: Table, item: Mapping[str, AttributeValue]) -> None:
    """Raises: ValidationException for an attribute that is an index's key and of another type."""
    for index, name, kind, _ in _index_keys(table):
        if (value := item.get(name)) is not None and kind not in value:
            raise invalid(
                f"Type mismatch for Index Key {name} Expected: {kind} Actual: {next(iter(value))} "
                f"IndexName: {index.name}"
            )


def check_index_keys(table: Table, item: Item) -> None:
    """Of an item to be put. Raises: ValidationException for a key of an index of another type, empty or too long."""
    check_index_types(table, item)
    for index, name, kind, limit in _index_keys(table):
        if (value := item.get(name)) is None:
            continue
        if not value[kind]:
            raise errors.ValidationException(
                "One or more parameter values are not valid. A value specified for a secondary index key is not "
                f"supported. The AttributeValue for a key attribute cannot contain an empty {KINDS[kind]} value. "
                f"IndexName: {index.name}, IndexKey: {name}"
            )
        _check_size(value[kind], limit)


def check_updated(table: Table, item: Item) -> None:
    """As `check_index_keys`, of what an update makes of an item, in the words that AWS has for this."""
    for _, name, kind, limit in _index_keys(table):
        if (value := item.get(name)) is None:
            continue
        if kind not in value:
            raise errors.ValidationException(f"{UPDATED} the secondary index key to unsupported type")
        if not value[kind]:
            raise errors.ValidationException(
                f"One or more parameter values are not valid. {UPDATED} a secondary index key to a value that is not "
                f"supported. The AttributeValue for a key attribute cannot contain an empty {KINDS[kind]} value."
            )
        if _length(value[kind]) > limit:
            raise errors.ValidationException(f"{UPDATED} the secondary index key beyond allowed size limits")


def _index_keys(table: Table) -> Iterator[tuple[Index, str, str, int]]:
    """The attributes that are keys of indexes: name, type, most bytes."""
    for index in table.indexes:
        for name, kind, limit in _parts(index.key):
            yield index, name, kind, limit


def check_scalars(table: Table, *expressions: Condition | Projection | Update | None) -> None:
    """Raises: ValidationException for an expression that reaches into a key attribute."""
    nested = {name for expression in expressions if expression for name in expression.nested}
    if not nested:
        return
    kinds = [("Key", table.key), *(("IndexKey", index.key) for index in table.indexes)]
    if found := next((f"{kind}: {name}" for kind, key in kinds for name in key.names if name in nested), None):
        raise errors.ValidationException(
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " + found
        )


def key_of(key: Key, item: Item) -> Item:
    """The key attributes of an item."""
    return {name: item[name] for name in key.names}


def _parts(key: Key) -> list[tuple[str, str, int]]:
    parts = [(key.partition, key.partition_type, PARTITION_BYTES)]
    return [*parts, (key.sort, key.sort_type, SORT_BYTES)] if key.sort else parts


def _scalar(item: Item, name: str, kind: str, refuse: Callable[[str, str, Item], AwsError]) -> Any:
    value = item.get(name)
    if value is None or kind not in value:
        raise refuse(name, kind, item)
    scalar = value[kind]
    if not scalar:
        raise errors.ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty {KINDS[kind]} value. Key: {name}"
        )
    return scalar


def _mismatch(name: str, kind: str, item: Item) -> AwsError:
    return errors.ValidationException(MISMATCH)


def _unfit(name: str, kind: str, item: Item) -> AwsError:
    if (value := item.get(name)) is None:
        return invalid(f"Missing the key {name} in the item")
    return invalid(f"Type mismatch for key {name} expected: {kind} actual: {next(iter(value))}")


_TOO_LONG = {  # "of2048" is AWS's own
    PARTITION_BYTES: "Size of hashkey has exceeded the maximum size limit of2048 bytes",
    SORT_BYTES: "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
}


def _check_size(scalar: Any, limit: int) -> None:
    if len(scalar) > limit // 4 and _length(scalar) > limit:
        raise invalid(_TOO_LONG[limit])


def _length(scalar: Any) -> int:
    return len(scalar) if isinstance(scalar, bytes) else len(scalar.encode())


def partition(key: Key, value: AttributeValue) -> bytes:
    """The partition that a key condition's value, which is of the key's type, names. Raises: ValidationException."""
    return place(Key(partition=key.partition, partition_type=key.partition_type), {key.partition: value}, _mismatch)[0]
