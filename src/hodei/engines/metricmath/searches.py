"""Searches for metrics: {AWS/EC2,InstanceId} CPU OR MetricName="Disk Reads" NOT Env=test.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hodei.engines.metricmath.expressions import DEEPEST, Malformed

SCHEMA = re.compile(r"\s*\{([^}]*)\}")
PART = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,"]+)\s*(?:,|$)')
TOKEN = re.compile(
    r'\s*(?:([()])|(AND|OR|NOT)\b|((?:"(?:[^"\\]|\\.)*"|[^\s()="{}]+)(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|\([^)]*\)|[^\s()"]+))?))'
)
HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Candidate:
    """A metric that may be meant."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


Test = Callable[[Candidate], bool]


def parse(text: str) -> Test:
    """Whether a metric is meant. Raises: Malformed."""
    schema: tuple[str, ...] = ()
    if found := SCHEMA.match(text):
        schema = tuple(_parts(found[1]))
        text = text[found.end() :]
    parser = _Parser(list(_tokens(text)))
    test = parser.either(0)
    if parser.left:
        raise Malformed(f"unexpected {parser.left[0]!r} in the search")
    if not schema:
        return test
    namespace, names = schema[0], frozenset(schema[1:])
    return lambda one: one.namespace == namespace and one.dimensions.keys() == names and test(one)


def _parts(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = PART.match(text, at)
        if found is None:
            raise Malformed(f"cannot read the schema {text!r}")
        yield _plain(found[1].strip())
        at = found.end()


def _plain(text: str) -> str:
    return text[1:-1].replace('\\"', '"') if text.startswith('"') else text


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise Malformed(f"cannot read {text[at : at + 20]!r} in the search")
        yield found[0].strip()
        at = found.end()


class _Parser:
    """Terms that stand side by side must all hold."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def _take(self, token: str) -> bool:
        if self.left and self.left[0] == token:
            del self.left[0]
            return True
        return False

    def either(self, depth: int) -> Test:
        if depth > DEEPEST:
            raise Malformed("the search is nested too deeply")
        tests = [self._all(depth)]
        while self._take("OR"):
            tests.append(self._all(depth))
        return lambda one: any(test(one) for test in tests)

    def _all(self, depth: int) -> Test:
        tests = []
        while self.left and self.left[0] not in ("OR", ")"):
            self._take("AND")
            tests.append(self._single(depth))
        return lambda one: all(test(one) for test in tests)

    def _single(self, depth: int) -> Test:
        if self._take("NOT"):
            negated = self._single(depth + 1)
            return lambda one: not negated(one)
        if self._take("("):
            inner = self.either(depth + 1)
            if not self._take(")"):
                raise Malformed("a closing parenthesis lacks in the search")
            return inner
        if not self.left or self.left[0] in ("OR", "AND", ")"):
            raise Malformed("a term is expected in the search")
        return _term(self.left.pop(0))


def _term(text: str) -> Test:
    key, equals, value = _divided(text)
    if not equals:
        matches = _matcher(text)
        return lambda one: any(map(matches, _texts(one)))
    name = _plain(key)
    if value.startswith("("):
        tests = [_matcher(part) for part in re.split(r"\s+OR\s+", value[1:-1].strip())]
        return lambda one: any(test(_value(one, name)) for test in tests)
    matches = _matcher(value)
    return lambda one: matches(_value(one, name))


def _divided(text: str) -> tuple[str, str, str]:
    if text.startswith('"'):
        end = text.index('"', 1) + 1
        key, rest = text[:end], text[end:].lstrip()
        return (key, "=", rest[1:].lstrip()) if rest.startswith("=") else (text, "", "")
    key, equals, value = text.partition("=")
    return key.rstrip(), equals, value.lstrip()


def _value(one: Candidate, name: str) -> str:
    """Of a property: those of metrics, or a dimension."""
    return {"MetricName": one.name, "Namespace": one.namespace, ":aws.AccountId": ""}.get(
        name, one.dimensions.get(name, "")
    )


def _texts(one: Candidate) -> Iterator[str]:
    yield one.namespace
    yield one.name
    for name, value in one.dimensions.items():
        yield name
        yield value


def _matcher(term: str) -> Callable[[str], bool]:
    """In quotes the whole text is meant, else words in it: those between signs, and the parts of CamelCase."""
    if term.startswith('"'):
        whole = _plain(term)
        return lambda text: text == whole
    wanted = {word.lower() for word in WORD.findall(term)}
    return lambda text: bool(text) and wanted <= _words(text)


def _words(text: str) -> set[str]:
    found = {word.lower() for word in WORD.findall(text)}
    return found | {hump.lower() for hump in HUMP.findall(text)}
