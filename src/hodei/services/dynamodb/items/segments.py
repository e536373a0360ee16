"""The segments of a parallel Scan: equal parts of the hashes of partition keys."""

from __future__ import annotations

from typing import NamedTuple

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.items.pages import Position

HASHES = 2**64


class Segment(NamedTuple):
    """One of `total` parts; a scan that is not parallel has the only one."""

    number: int = 0
    total: int = 1

    @property
    def start(self) -> Position:
        return (self._edge(self.number),)

    @property
    def end(self) -> Position | None:
        return (self._edge(self.number + 1),) if self.number + 1 < self.total else None

    def has(self, position: Position) -> bool:
        return self.start <= position and (self.end is None or position < self.end)

    def _edge(self, number: int) -> bytes:
        return (HASHES * number // self.total).to_bytes(8, "big")


def segment_of(number: int | None, total: int | None) -> Segment:
    """Raises: ValidationException when one is given without the other, or there is no such segment."""
    if number is None and total is None:
        return Segment()
    if total is None:
        raise _missing("TotalSegments", "Segment parameter")
    if number is None:
        raise _missing("Segment", "parameter TotalSegments")
    if number >= total:
        raise errors.ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {number} is not less than TotalSegments: {total}"
        )
    return Segment(number, total)


def _missing(name: str, present: str) -> AwsError:
    return errors.ValidationException(
        f"The {name} parameter is required but was not present in the request when {present} is present"
    )
