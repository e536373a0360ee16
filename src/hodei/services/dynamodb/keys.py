"""Where an item lies: its key attributes, checked against a key schema, as bytes that the store orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.expressions.updates import Update
from hodei.services.dynamodb.state import Index, Item, Key, Table
from hodei.services.dynamodb.values import AttributeValue, composed_bytes, hashed, invalid, partition_bytes, sort_bytes

PARTITION_BYTES = 2048
SORT_BYTES = 1024
MISMATCH = "The provided key element does not match the schema"
UPDATED = "The update expression attempted to update"
_NOTHING: Mapping[str, Any] = {}
KINDS = {"S": "string", "B": "binary"}


Part = tuple[str, Any]  # type and content of a key attribute


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


def of_batched(table: Table, item: Item) -> Place:
    """As `of_item`, in the words of batches: those of keys that are looked up."""
    found = place(table.key, item, _mismatch)
    check_index_keys(table, item)
    return found


def of_index_key(key: Key, item: Item) -> Place:
    """The place in an index of an item of which these are the keys. Raises: ValidationException."""
    return place(key, item, _mismatch)


def place(key: Key, item: Item, refuse: Callable[[str, str, Item], AwsError]) -> Place:
    """The place by a key schema. `refuse` makes the error of a key attribute that is missing or of another type."""
    if key.composed:
        parts = [(kind, _scalar(item, name, kind, refuse)) for name, kind in zip(key.names, key.types, strict=True)]
        for some, limit in _halves(key, parts):
            if _too_long(some, limit):
                raise invalid(_TOO_LONG[limit])
        return _place(key, parts)
    names, types = key.names, key.types
    partition = _scalar(item, names[0], types[0], refuse)
    _check_size(partition, PARTITION_BYTES)
    if len(names) == 1:
        return Place(partition_bytes(types[0], partition), b"")
    sort = _scalar(item, names[1], types[1], refuse)
    _check_size(sort, SORT_BYTES)
    return Place(partition_bytes(types[0], partition), sort_bytes(types[1], sort))


def index_place(key: Key, item: Item) -> Place | None:
    """The place of an item in an index; None if it has none there: indexes are sparse.

    A new index meets items whose attributes cannot be its keys, which writes to a table that has it may not have.
    """
    parts: list[Part] = []
    for name, kind in zip(key.names, key.types, strict=True):
        if not (scalar := item.get(name, _NOTHING).get(kind)):
            return None
        parts.append((kind, scalar))
    if key.composed:
        return None if any(_too_long(some, limit) for some, limit in _halves(key, parts)) else _place(key, parts)
    partition, *sort = parts
    if _over(partition[1], PARTITION_BYTES) or (sort and _over(sort[0][1], SORT_BYTES)):
        return None
    return Place(partition_bytes(*partition), sort_bytes(*sort[0]) if sort else b"")


def _halves(key: Key, parts: Sequence[Part]) -> tuple[tuple[Sequence[Part], int], tuple[Sequence[Part], int]]:
    """The parts of the partition key and those of the sort key, with the bytes that each may have together."""
    return (parts[: key.partitions], PARTITION_BYTES), (parts[key.partitions :], SORT_BYTES)


def _place(key: Key, parts: Sequence[Part]) -> Place:
    at = key.partitions
    return Place(hashed(_joined(parts[:at])), _joined(parts[at:]))


def _joined(parts: Sequence[Part]) -> bytes:
    return sort_bytes(*parts[0]) if len(parts) == 1 else composed_bytes(parts)


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
            raise _empty(
                "A value specified for a secondary index key is not supported. The AttributeValue for a key "
                f"attribute cannot contain an empty {KINDS[kind]} value. IndexName: {index.name}, IndexKey: {name}"
            )
        _check_size(value[kind], limit)
    for limit in _exceeded(table, item):
        raise invalid(_TOO_LONG[limit])


def check_updated(table: Table, item: Item) -> None:
    """As `check_index_keys`, of what an update makes of an item, in the words that AWS has for this."""
    for _, name, kind, limit in _index_keys(table):
        if (value := item.get(name)) is None:
            continue
        if kind not in value:
            raise errors.ValidationException(f"{UPDATED} the secondary index key to unsupported type")
        if not value[kind]:
            raise _empty(
                f"{UPDATED} a secondary index key to a value that is not supported. The AttributeValue for a "
                f"key attribute cannot contain an empty {KINDS[kind]} value."
            )
        if _length(value[kind]) > limit:
            raise _too_large()
    for _ in _exceeded(table, item):
        raise _too_large()


def _too_large() -> AwsError:
    return errors.ValidationException(f"{UPDATED} the secondary index key beyond allowed size limits")


def _exceeded(table: Table, item: Item) -> Iterator[int]:
    """The limits that attributes of index keys exceed together."""
    for index in table.indexes:
        if index.key.composed:
            parts = _parts(index.key)
            for limit in (PARTITION_BYTES, SORT_BYTES):
                if _too_long(
                    [(kind, item[name][kind]) for name, kind, most in parts if most == limit and name in item], limit
                ):
                    yield limit


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
    """Name, type and most bytes of each attribute."""
    return [
        (name, kind, PARTITION_BYTES if at < key.partitions else SORT_BYTES)
        for at, (name, kind) in enumerate(zip(key.names, key.types, strict=True))
    ]


def _scalar(item: Item, name: str, kind: str, refuse: Callable[[str, str, Item], AwsError]) -> Any:
    value = item.get(name)
    if value is None or kind not in value:
        raise refuse(name, kind, item)
    scalar = value[kind]
    if not scalar:
        raise _empty(f"The AttributeValue for a key attribute cannot contain an empty {KINDS[kind]} value. Key: {name}")
    return scalar


def _empty(reason: str) -> AwsError:
    return errors.ValidationException(f"One or more parameter values are not valid. {reason}")


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
    if _over(scalar, limit):
        raise invalid(_TOO_LONG[limit])


def _over(scalar: Any, limit: int) -> bool:
    return len(scalar) > limit // 4 and _length(scalar) > limit


def _too_long(parts: Sequence[Part], limit: int) -> bool:
    """Whether attributes have more bytes than that together."""
    return sum(_length(content) for _, content in parts) > limit


def _length(scalar: Any) -> int:
    return len(scalar) if isinstance(scalar, bytes) else len(scalar.encode())


def partition(key: Key, values: Sequence[AttributeValue]) -> bytes:
    """The partition that a key condition's values, which are of the key's types, name. Raises: ValidationException."""
    names = key.names[: key.partitions]
    whole = Key(names=names, types=key.types[: key.partitions], partitions=key.partitions)
    return place(whole, dict(zip(names, values, strict=True)), _mismatch).partition
