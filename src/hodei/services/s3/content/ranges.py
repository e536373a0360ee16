"""Which bytes of an object a request wants: a Range header or a part number."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.services.s3 import errors
from hodei.services.s3.state import Object, Part

RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")


class Wanted(NamedTuple):
    """The bytes [start, end) of an object. `partial`: the answer is a 206; `part`: the one asked for by its number."""

    start: int
    end: int
    partial: bool = False
    part: Part | None = None

    @property
    def length(self) -> int:
        return self.end - self.start


def wanted(obj: Object, header: str | None, part_number: int | None) -> Wanted:
    """Raises: InvalidRange, InvalidPartNumber, InvalidRequest when both are given."""
    if part_number is not None:
        if header is not None:
            raise errors.InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        return _part(obj, part_number)
    if header is None or (match := RANGE.fullmatch(header)) is None:
        return Wanted(0, obj.size)  # what is not understood, and several ranges, count for nothing
    return _range(obj.size, header, *match.groups())


def _range(size: int, header: str, first: str, last: str) -> Wanted:
    if not first and not last:
        return Wanted(0, size)
    if first and last and int(first) > int(last):
        return Wanted(0, size)
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= size or (not first and int(last) == 0):
        raise errors.InvalidRange(RangeRequested=header, ActualObjectSize=str(size)).with_headers(
            {"Content-Range": f"bytes */{size}"}
        )
    return Wanted(start, end, partial=True)


def _part(obj: Object, number: int) -> Wanted:
    if number < 1 or number > 10_000:
        raise errors.InvalidArgument(
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    count = len(obj.parts) or 1
    if number > count:
        raise errors.InvalidPartNumber(PartNumberRequested=str(number), ActualPartCount=str(count))
    if not obj.parts:
        return Wanted(0, obj.size, partial=obj.size > 0)
    start = sum(part.size for part in obj.parts[: number - 1])
    part = obj.parts[number - 1]
    return Wanted(start, start + part.size, partial=part.size > 0, part=part)
