"""Math on lines of metrics, as expressions: SUM(METRICS("error")) / m1 * 100."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 100
TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
ESCAPED = re.compile(r"\\(.)")
SAME = {"&&": "AND", "||": "OR"}
LEVELS = (("OR",), ("AND",), ("==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/"))


class Malformed(ValueError):
    """What is no expression; the message says why."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Name:
    """A line, or a word that a function knows: REPEAT, ASC."""

    name: str


@dataclass(frozen=True)
class Array:
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Negative:
    operand: Node


@dataclass(frozen=True)
class Binary:
    operator: str  # + - * / ^ == != < > <= >= AND OR
    left: Node
    right: Node


Node = Number | Text | Name | Array | Call | Negative | Binary


def parse(text: str) -> Node:
    """Raises: Malformed."""
    parser = _Parser(list(_tokens(text)))
    node = parser.level(0, 0)
    if (left := parser.peek()) is not None:
        raise Malformed(f"unexpected {left[1]!r}")
    return node


def calls(node: Node) -> Iterator[str]:
    """The functions that an expression calls."""
    match node:
        case Call(function=function, arguments=parts):
            yield function
            for part in parts:
                yield from calls(part)
        case Array(items=parts):
            for part in parts:
                yield from calls(part)
        case Negative(operand=operand):
            yield from calls(operand)
        case Binary(left=left, right=right):
            yield from calls(left)
            yield from calls(right)


Token = tuple[str, str]


def _tokens(text: str) -> Iterator[Token]:
    text, at = text.rstrip(), 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise Malformed(f"cannot read {text[at : at + 20]!r}")
        kind, at = found.lastgroup or "", found.end()
        value = found[kind]
        if kind == "name" and value in ("AND", "OR"):
            kind = "operator"
        yield kind, SAME.get(value, value)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *operators: str) -> str | None:
        if (token := self.peek()) and token[0] == "operator" and token[1] in operators:
            self._at += 1
            return token[1]
        return None

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            token = self.peek()
            raise Malformed(f"{operator!r} is expected" + (f", not {token[1]!r}" if token else " at the end"))

    def level(self, number: int, depth: int) -> Node:
        """Operators of one level of binding and all that bind more, the left ones first."""
        if depth > DEEPEST:
            raise Malformed("it is nested too deeply")
        if number == len(LEVELS):
            return self._signed(depth)
        node = self.level(number + 1, depth)
        while operator := self._take(*LEVELS[number]):
            node = Binary(operator, node, self.level(number + 1, depth))
        return node

    def _signed(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise Malformed("it is nested too deeply")
        if self._take("-"):
            return Negative(self._signed(depth + 1))
        if self._take("+"):
            return self._signed(depth + 1)
        node = self._single(depth)
        return Binary("^", node, self._signed(depth + 1)) if self._take("^") else node

    def _single(self, depth: int) -> Node:
        if self._take("("):
            node = self.level(0, depth + 1)
            self._expect(")")
            return node
        if self._take("["):
            return Array(self._list("]", depth))
        token = self.peek()
        if token is None or token[0] == "operator":
            raise Malformed("an operand is expected" + (f", not {token[1]!r}" if token else " at the end"))
        self._at += 1
        kind, value = token
        if kind == "number":
            return Number(float(value))
        if kind == "text":
            return Text(ESCAPED.sub(r"\1", value[1:-1]))
        return Call(value, self._list(")", depth)) if self._take("(") else Name(value)

    def _list(self, end: str, depth: int) -> tuple[Node, ...]:
        if self._take(end):
            return ()
        items = [self.level(0, depth + 1)]
        while self._take(","):
            items.append(self.level(0, depth + 1))
        self._expect(end)
        return tuple(items)
