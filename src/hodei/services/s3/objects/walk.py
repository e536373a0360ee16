"""Walking a key range as S3's listings do: by prefix, with keys rolled up at a delimiter, from after a marker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import quote_plus

from hodei.kernel.keys import text_end
from hodei.services.s3 import errors

PAGE_LIMIT = 1000
INTEGER_LIMIT = 2**31 - 1


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


R = TypeVar("R", bound=Keyed)


class Start(NamedTuple):
    """Where to begin: at `key`, or behind it with all that it stands for."""

    key: str
    inclusive: bool = True


class Span(NamedTuple):
    """Bounds of a scan: the keyword arguments `start`, `after` and `end` of a table's `scan`."""

    start: tuple[str, ...] | None
    after: tuple[str, ...] | None
    end: tuple[str, ...] | None


class Page(NamedTuple, Generic[R]):
    """`entries` are records and, in order among them, common prefixes (plain text)."""

    entries: list[R | str]
    truncated: bool

    @property
    def records(self) -> list[R]:
        return [entry for entry in self.entries if not isinstance(entry, str)]

    @property
    def prefixes(self) -> list[str]:
        return [entry for entry in self.entries if isinstance(entry, str)]


def walk(scan: Callable[[Span], Iterator[R]], *, prefix: str, delimiter: str, start: Start | None) -> Iterator[R | str]:
    """Records whose keys begin with `prefix`, and the common prefixes that `delimiter` makes of some, in order.

    `scan` gives the records of a span of keys. The keys under a common prefix are jumped over, not read.
    """
    beyond = text_end(prefix)
    end = None if beyond is None else (beyond,)
    while start is not None:
        here, start = start, None
        span = Span((here.key,), None, end) if here.inclusive else Span(None, (here.key,), end)
        for record in scan(span):
            group = rolled_up(record.key, prefix, delimiter)
            if group is None:
                yield record
                continue
            yield group
            behind = text_end(group)
            start = None if behind is None else Start(behind)
            break


def rolled_up(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix that a key is part of; None if it is listed by itself."""
    if not delimiter or not key.startswith(prefix):
        return None
    position = key.find(delimiter, len(prefix))
    return None if position < 0 else key[: position + len(delimiter)]


def after(marker: str, prefix: str, delimiter: str) -> Start | None:
    """Where a listing goes on behind a marker; None: nowhere.

    A marker within a common prefix stands for the whole of it, even where other keys of it come after the marker.
    """
    if marker < prefix or not marker:
        return Start(prefix)
    if (group := rolled_up(marker, prefix, delimiter)) is None:
        return Start(marker, inclusive=False)
    behind = text_end(group)
    return None if behind is None else Start(behind)


def page(entries: Iterator[R | str], limit: int) -> Page[R]:
    """The first `limit` entries, and whether there are more. A page of none counts as whole, as on AWS."""
    found = list(itertools.islice(entries, limit + 1)) if limit else []
    return Page(found[:limit], len(found) > limit)


def check_limit(value: int, argument: str) -> int:
    """The size of a page that was asked for, at most 1000."""
    if not 0 <= value <= INTEGER_LIMIT:
        raise errors.InvalidArgument(
            f"Argument {argument} must be an integer between 0 and {INTEGER_LIMIT}",
            ArgumentName=argument,
            ArgumentValue=str(value),
        )
    return min(value, PAGE_LIMIT)


def encoder(encoding: str | None) -> Callable[[str], str]:
    """How names are written into the answer: as they are, or URL-encoded as S3 does it."""
    return str if encoding is None else url_encoded


def url_encoded(text: str) -> str:
    return quote_plus(text, safe="/*").replace("~", "%7E")


def echoed(encode: Callable[[str], str], **given: Any) -> Mapping[str, Any]:
    """Those of the parameters that were given, as the answer repeats them."""
    return {name: encode(value) for name, value in given.items() if value}
