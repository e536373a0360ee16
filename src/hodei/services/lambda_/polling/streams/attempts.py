"""What becomes of a batch that a function has failed of: it is tried again, as a whole, in halves or from a record on,
or given up.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hodei.services.lambda_.polling.streams.items import Item

LONGEST_PAUSE = 60.0


class Piece(NamedTuple):
    """Records that go to the function together. Splitting counts among the invokes, not among the retries."""

    items: Sequence[Item]
    retries: int = 0
    invokes: int = 0


def pause(tries: int) -> float:
    """Seconds after so many of them."""
    return min(2.0 ** (tries - 1), LONGEST_PAUSE) if tries else 0.0


def remaining(piece: Piece, failed: int, settings: Mapping[str, Any]) -> list[Piece]:
    """What is to be tried of a piece after one more invoke, which has failed of its record number `failed` and so of
    all behind it."""
    rest, invokes = piece.items[failed:], piece.invokes + 1
    if settings["BisectBatchOnFunctionError"]:
        if failed:
            return [Piece(rest, piece.retries, invokes)]
        if half := len(rest) // 2:
            return [Piece(rest[:half], piece.retries, invokes), Piece(rest[half:], piece.retries, invokes)]
    return [Piece(rest, piece.retries + 1, invokes)]


def exhausted(piece: Piece, settings: Mapping[str, Any]) -> bool:
    """Whether a piece may not be tried once more."""
    most: int = settings["MaximumRetryAttempts"]
    return 0 <= most < piece.retries


def stale(piece: Piece, now: float, kept: float, settings: Mapping[str, Any]) -> int:
    """How many of the records, which are in the order of their age, are too old."""
    age = settings["MaximumRecordAgeInSeconds"]
    oldest = now - (min(age, kept) if age >= 0 else kept)
    return sum(item.at < oldest for item in piece.items)
