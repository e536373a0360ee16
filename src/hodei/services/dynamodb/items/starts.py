"""ExclusiveStartKeys: where a page goes on, and AWS's words for keys where none can, which differ with what is read."""

from __future__ import annotations

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors, keys
from hodei.services.dynamodb.items.pages import Position, Source
from hodei.services.dynamodb.items.segments import Segment
from hodei.services.dynamodb.state import Item
from hodei.services.dynamodb.values import normalise_item

INVALID = "The provided starting key is invalid"


def checked(key: Item | None) -> Item | None:
    """An ExclusiveStartKey with its values checked. Raises: ValidationException."""
    try:
        return None if key is None else normalise_item(key)
    except errors.ValidationException as error:
        raise invalid(error.message) from None


def invalid(reason: str) -> AwsError:
    return errors.ValidationException(f"{INVALID}: {reason}")


def position(source: Source, start: Item) -> Position:
    """The key of the row that an ExclusiveStartKey names. Raises: ValidationException if it can name none."""
    if source.index is None:
        return keys.of_key(source.table, start)
    if start.keys() != set(source.names):
        raise errors.ValidationException(INVALID)
    place = keys.of_index_key(source.index.key, start)
    try:
        return (*place, *keys.of_key(source.table, keys.key_of(source.table.key, start)))
    except errors.ValidationException as error:
        raise invalid(error.message) from None


def of_query(source: Source, start: Item) -> Position:
    """As `position`, of a Query."""
    if start.keys() != set(source.names):
        raise errors.ValidationException(INVALID)
    return position(source, start)


def of_scan(source: Source, segment: Segment, start: Item) -> Position:
    """As `position`, of a Scan. Raises: ValidationException also for a key in another segment."""
    try:
        found = position(source, start)
    except errors.ValidationException as error:
        raise (error if source.index else invalid(error.message)) from None
    if not segment.has(found):
        raise invalid(
            "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
            f"TotalSegments: {segment.total} Segment: {segment.number}"
        )
    return found
