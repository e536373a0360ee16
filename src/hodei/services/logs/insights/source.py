"""What a query sees of events: fields that begin with @, and those that JSON messages and Lambda's have.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, TypeVar

from hodei.engines import linear
from hodei.engines.insights import UNMASKED, Query, Row, Time, walk
from hodei.engines.jsonfields import Reader
from hodei.services.logs.events import chunks
from hodei.services.logs.events.chunks import Batch, Masking, Span
from hodei.services.logs.events.search import Bodies

T = TypeVar("T")
Fill = Callable[[Sequence[str]], dict[int, Sequence[Any]]]  # what texts have of fields, by the places of those
OF_TIMES = frozenset({"@timestamp", "@logStream", "@log", "@ingestionTime", "@now", "@ptr"})  # not of messages
MEGABYTE = 1_000_000
LAMBDA = re.compile(r"(?P<type>START|END|REPORT) RequestId: (?P<requestId>[\w-]+)")
MEASURES = {
    "@duration": (re.compile(r"\tDuration: ([\d.]+) ms"), 1),
    "@billedDuration": (re.compile(r"\tBilled Duration: ([\d.]+) ms"), 1),
    "@initDuration": (re.compile(r"\tInit Duration: ([\d.]+) ms"), 1),
    "@memorySize": (re.compile(r"\tMemory Size: (\d+) MB"), MEGABYTE),
    "@maxMemoryUsed": (re.compile(r"\tMax Memory Used: (\d+) MB"), MEGABYTE),
}


class Source:
    """Turns the events of one group into the rows of a query, and lets those go through it: called in a thread.

    `streams` are the names of streams by their ids; `group` is the number that stands in the places of its rows.
    """

    def __init__(
        self,
        query: Query,
        log: str,
        group: int,
        streams: Mapping[str, str],
        times: tuple[int, int],
        now: int,
        mask: Masking | None,
    ) -> None:
        self.scanned = self.bytes = 0
        self._mask = mask
        self._query = query
        self._log, self._group, self._streams = log, group, streams
        self._start, self._end = times
        self._now = now
        self._fillers = [fill for fill in (_of_json(query), _of_lambda(query)) if fill]
        self._reads = not query.fields.keys() <= OF_TIMES
        self._needles = [needle.encode() for needle in query.needles]
        self._escaped = query.escaped
        self._clues = [linear.Clue(clue) for clue in query.clues]

    def __call__(self, bodies: Bodies) -> None:
        for span, body in bodies:
            raw = chunks.inflated(body)
            self.bytes += len(raw)
            if not self._reads:
                self._push(span, chunks.without_messages(raw), [])
            elif self._may_match(raw) or self._mask:
                batch = chunks.decoded(raw)
                self._push(span, self._mask(batch) if self._mask else batch, batch.messages)

    def _may_match(self, raw: bytes) -> bool:
        return all(needle in raw for needle in self._needles) and (
            b"\\u" in raw or all(needle.encode() in raw for needle in self._escaped)
        )

    def _push(self, span: Span, batch: Batch, unmasked: list[str]) -> None:
        wanted = chunks.within(batch, span, self._start, self._end)
        self.scanned += len(wanted)
        messages, read = batch.messages, batch.read
        for clue in self._clues:
            found = clue.among(messages)
            wanted = found if len(wanted) == len(messages) else sorted({*wanted}.intersection(found))
        for needle in self._query.needles:
            wanted = [at for at in wanted if needle in messages[at]]
        for needle in self._escaped:
            wanted = [at for at in wanted if needle in read[at] or "\\u" in read[at]]
        wanted = self._query.recent(batch.times, wanted)
        rows = self._rows(span, batch, wanted)
        if at := self._query.fields.get(UNMASKED):
            for row, number in zip(rows, wanted):
                row[at] = unmasked[number]
        if self._query.early:
            rows = self._query.sift(rows)
            for at, column in self._filled([row[-1] for row in rows]).items():
                for row, value in zip(rows, column):
                    row[at] = value
        self._query.push(rows)

    def _filled(self, texts: Sequence[str]) -> dict[int, Sequence[Any]]:
        """The fields that stand in messages, by their places."""
        return {at: column for fill in self._fillers for at, column in fill(texts).items()} if texts else {}

    def _rows(self, span: Span, batch: Batch, wanted: Sequence[int]) -> list[Row]:
        """Rows with the fields that all events have, and the others too if no early stages do without.

        What those are read from stands in the last place besides.
        """
        fields = self._query.fields
        times = _picked(batch.times, wanted)
        stream = int(span.stream, 16)
        places = list(zip(times, repeat(stream), [span.number + at for at in wanted], repeat(self._group)))
        columns: list[Iterable[Any]] = [places, *[repeat(None)] * self._query.width]
        texts = _picked(batch.read, wanted) if self._reads else []
        columns[-1] = texts or repeat("")
        ready: dict[str, Callable[[], Iterable[Any]]] = {
            "@log": lambda: repeat(self._log),
            "@logStream": lambda: repeat(self._streams.get(span.stream)),
            "@now": lambda: repeat(Time(self._now)),
            "@timestamp": lambda: map(Time, times),
            "@message": lambda: _picked(batch.messages, wanted),
            "@ptr": lambda: places,
            "@ingestionTime": lambda: map(Time, _picked(chunks.ingested(batch), wanted)),
        }
        for name, values in ready.items():
            if name in fields:
                columns[fields[name]] = values()
        if not self._query.early:
            for at, column in self._filled(texts).items():
                columns[at] = column
        return list(map(list, zip(*columns)))


def _picked(column: Sequence[T], wanted: Sequence[int]) -> Sequence[T]:
    return column if len(wanted) == len(column) else [column[at] for at in wanted]


def _of_json(query: Query) -> Fill | None:
    wanted = {name: at for name, at in query.fields.items() if not name.startswith("@")}
    if not wanted:
        return None
    roots = list(dict.fromkeys(part for name in wanted for part in (name, name.partition(".")[0])))
    read, nothing = Reader(roots), (None,) * len(roots)
    plain = [(at, roots.index(name)) for name, at in wanted.items()]
    below = [
        (at, roots.index(name.partition(".")[0]), name.split(".")[1:]) for name, at in wanted.items() if "." in name
    ]

    def fill(texts: Sequence[str]) -> dict[int, Sequence[Any]]:
        found = list(zip(*[members or nothing for members in read.each(texts)]))
        columns: dict[int, Sequence[Any]] = {at: found[root] for at, root in plain}
        for at, root, steps in below:
            columns[at] = [
                walk(value, steps) if whole is None and value is not None else whole
                for whole, value in zip(columns[at], found[root])
            ]
        return columns

    return fill


def _of_lambda(query: Query) -> Fill | None:
    wanted = {name: at for name, at in query.fields.items() if name in MEASURES}
    names = {name: query.fields[f"@{name}"] for name in ("type", "requestId") if f"@{name}" in query.fields}
    if not wanted and not names:
        return None

    def fill(texts: Sequence[str]) -> dict[int, Sequence[Any]]:
        found = [LAMBDA.match(text) for text in texts]
        columns: dict[int, Sequence[Any]] = {
            at: [match and match[group] for match in found] for group, at in names.items()
        }
        for name, at in wanted.items():
            expression, unit = MEASURES[name]
            columns[at] = [
                float(amount[1]) * unit if match and (amount := expression.search(text)) else None
                for match, text in zip(found, texts)
            ]
        return columns

    return fill


def fields_of(message: str) -> dict[str, Any]:
    """All fields of a message by their names, as GetLogRecord and GetLogGroupFields have them."""
    import msgspec

    found: dict[str, Any] = {}
    try:
        value = msgspec.json.decode(message) if message.startswith("{") else None
    except msgspec.DecodeError:
        value = None
    if isinstance(value, dict):
        _flatten(found, "", value)
    if lambda_ := LAMBDA.match(message):
        found |= {f"@{name}": text for name, text in lambda_.groupdict().items()}
        for name, (expression, unit) in MEASURES.items():
            if amount := expression.search(message):
                found[name] = float(amount[1]) * unit
    return found


MOST_FIELDS = 200  # of a JSON event that are discovered


def _flatten(found: dict[str, Any], prefix: str, value: Any) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list) and inner:
            _flatten(found, f"{prefix}{key}.", inner)
        elif inner is not None and len(found) < MOST_FIELDS:
            found[f"{prefix}{key}"] = inner
