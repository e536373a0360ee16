"""Literals: strings, numbers, TRUE, NULL, [lists], <<sets>>, {'tuples': ...}, and ? for parameters."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.services.dynamodb import numbers
from hodei.services.dynamodb.partiql.lexer import Token, malformed, tokens
from hodei.services.dynamodb.partiql.statements import Literal
from hodei.services.dynamodb.values import AttributeValue, invalid, kind_of

NESTING = 64  # more than any item may have, which the item is refused for
STARTS = frozenset(("[", "<<", "{", "?", "-", "+", "TRUE", "FALSE", "NULL"))
ENDS = {"[": ("]", "RIGHT_BRACKET"), "<<": (">>", "RIGHT_DOUBLE_ANGLE_BRACKET"), "{": ("}", "RIGHT_CURLY")}


def constant(value: AttributeValue) -> Literal:
    return lambda parameters: value


def parameter(position: int) -> Literal:
    return lambda parameters: parameters[position]


def list_of(elements: Sequence[Literal]) -> Literal:
    return lambda parameters: {"L": [element(parameters) for element in elements]}


def tuple_of(members: dict[str, Literal]) -> Literal:
    return lambda parameters: {"M": {name: member(parameters) for name, member in members.items()}}


def set_of(elements: Sequence[Literal]) -> Literal:
    def build(parameters: Sequence[AttributeValue]) -> AttributeValue:
        values = [element(parameters) for element in elements]
        kinds = {kind_of(value) for value in values}
        if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
            raise invalid("The elements of a set must be strings, numbers or binaries, all of one type")
        [kind] = kinds
        return {kind + "S": [value[kind] for value in values]}

    return build


class Reader:
    """Reads tokens; the part of the parser that knows literals. `parameters` counts those passed."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0
        self.parameters = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def accept(self, word: str) -> bool:
        """Passes a keyword, a sign, or a word that is none of the keywords (RETURNING)."""
        if self.token.word == word:
            self.at += 1
            return True
        return False

    def expect(self, word: str, reason: str) -> None:
        if not self.accept(word):
            raise malformed(reason)

    def unexpected(self) -> Exception:
        """The error for a token that begins no expression."""
        return malformed("Unexpected keyword" if self.token.kind == "keyword" else "Unexpected term")

    def nest(self) -> None:
        self.depth += 1
        if self.depth > NESTING:
            raise malformed("Unexpected term")

    def literal(self) -> Literal:
        token = self.next()
        match token.word:
            case "?":
                self.parameters += 1
                return parameter(self.parameters - 1)
            case "TRUE" | "FALSE":
                return constant({"BOOL": token.word == "TRUE"})
            case "NULL":
                return constant({"NULL": True})
            case "+" | "-" if self.token.kind == "number":
                return constant({"N": numbers.canonical(token.word + self.next().text)})
            case "[" | "<<" | "{":
                return self.collection(token.word)
        if token.kind == "number":
            return constant({"N": numbers.canonical(token.text)})
        if token.kind == "string":
            return constant({"S": token.text})
        self.at -= 1
        raise self.unexpected()

    def collection(self, opening: str) -> Literal:
        self.nest()
        closing, name = ENDS[opening]
        members: dict[str, Literal] = {}
        elements: list[Literal] = []
        while self.token.word != closing:
            if opening == "{":
                key = self.next()
                if key.kind != "string":
                    raise malformed("Unexpected term")
                self.expect(":", "Expected COLON")
                members[key.text] = self.literal()
            else:
                elements.append(self.literal())
            if not self.accept(","):
                break
        self.expect(closing, f"Expected {name}")
        self.depth -= 1
        if opening == "{":
            return tuple_of(members)
        return list_of(elements) if opening == "[" else set_of(elements)
