"""Metrics Insights: SELECT AVG(Latency) FROM SCHEMA("Shop", Host) WHERE Host != 'a' GROUP BY Host LIMIT 5.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hodei.engines.metricmath.expressions import Malformed

TOKEN = re.compile(r"""\s*(?:("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|([A-Za-z0-9_.]+)|(!=|[=(),]))""")
FUNCTIONS = ("AVG", "COUNT", "MAX", "MIN", "SUM")
KEYWORDS = frozenset(["SELECT", "FROM", "SCHEMA", "WHERE", "GROUP", "BY", "ORDER", "LIMIT", "AND", "ASC", "DESC"])


@dataclass(frozen=True)
class Condition:
    """That a dimension has a value, or has not."""

    key: str
    equal: bool
    value: str


@dataclass(frozen=True)
class Query:
    """`schema` are the very dimensions that metrics must have; None: any. `order` is the function to sort groups by."""

    function: str
    metric: str
    namespace: str
    schema: frozenset[str] | None
    where: tuple[Condition, ...]
    group: tuple[str, ...]
    order: str | None
    descending: bool
    limit: int | None


@dataclass(frozen=True)
class _Token:
    kind: str  # name, value, word, sign
    text: str

    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""


def _tokens(text: str) -> Iterator[_Token]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise Malformed(f"cannot read {text[at : at + 20]!r}")
        at = found.end()
        kind = ("name", "value", "word", "sign")[(found.lastindex or 1) - 1]
        raw = found[found.lastindex or 1]
        yield _Token(kind, re.sub(r"\\(.)", r"\1", raw[1:-1]) if kind in ("name", "value") else raw)


def is_query(text: str) -> bool:
    """Whether it is one, not an expression of metric math: right or wrong."""
    return text.lstrip()[:7].upper().rstrip() == "SELECT"


def parse(text: str) -> Query:
    """Raises: Malformed."""
    return _Parser(list(_tokens(text))).query()


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._left = tokens

    def _word(self, *words: str) -> bool:
        """Take keywords if they come."""
        if [token.word() for token in self._left[: len(words)]] == list(words):
            del self._left[: len(words)]
            return True
        return False

    def _need(self, *words: str) -> None:
        if not self._word(*words):
            raise Malformed(f"{' '.join(words)} is expected")

    def _sign(self, sign: str) -> bool:
        if self._left and self._left[0] == _Token("sign", sign):
            del self._left[0]
            return True
        return False

    def _need_sign(self, sign: str) -> None:
        if not self._sign(sign):
            raise Malformed(f"{sign!r} is expected")

    def _name(self) -> str:
        """An identifier: keywords and what has other signs stand in double quotes."""
        if self._left and self._left[0].kind in ("name", "word") and self._left[0].word() not in KEYWORDS:
            return self._left.pop(0).text
        raise Malformed("a name is expected" + (f", not {self._left[0].text!r}" if self._left else " at the end"))

    def _function(self) -> str:
        name = self._left[0].word() if self._left else ""
        if name not in FUNCTIONS:
            raise Malformed(f"one of {', '.join(FUNCTIONS)} is expected")
        del self._left[0]
        return name

    def query(self) -> Query:
        self._need("SELECT")
        function = self._function()
        self._need_sign("(")
        metric = self._name()
        self._need_sign(")")
        self._need("FROM")
        namespace, schema = self._source()
        where = tuple(self._conditions()) if self._word("WHERE") else ()
        group = tuple(self._names()) if self._word("GROUP", "BY") else ()
        order, descending = self._order() if self._word("ORDER", "BY") else (None, False)
        limit = self._limit() if self._word("LIMIT") else None
        if self._left:
            raise Malformed(f"unexpected {self._left[0].text!r}")
        return Query(function, metric, namespace, schema, where, group, order, descending, limit)

    def _source(self) -> tuple[str, frozenset[str] | None]:
        if not self._word("SCHEMA"):
            return self._name(), None
        self._need_sign("(")
        namespace, *labels = self._names()
        self._need_sign(")")
        return namespace, frozenset(labels)

    def _names(self) -> Iterator[str]:
        yield self._name()
        while self._sign(","):
            yield self._name()

    def _conditions(self) -> Iterator[Condition]:
        while True:
            key = self._name()
            equal = self._sign("=")
            if not equal:
                self._need_sign("!=")
            if not self._left or self._left[0].kind != "value":
                raise Malformed("a value in single quotes is expected")
            yield Condition(key, equal, self._left.pop(0).text)
            if not self._word("AND"):
                return

    def _order(self) -> tuple[str, bool]:
        function = self._function()
        self._need_sign("(")
        self._need_sign(")")
        descending = self._word("DESC")
        if not descending:
            self._word("ASC")
        return function, descending

    def _limit(self) -> int:
        if self._left and self._left[0].text.isdecimal() and 1 <= int(self._left[0].text) <= 500:
            return int(self._left.pop(0).text)
        raise Malformed("LIMIT must be a number from 1 to 500")
