"""Parses the texts of expressions; what does not depend on names and values is checked here, once for a text."""

from __future__ import annotations

from typing import NoReturn

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions.lexer import Token, near, partners, tokens
from hodei.services.dynamodb.expressions.nodes import (
    Action,
    Alias,
    Call,
    ConditionNode,
    Element,
    Junction,
    Operand,
    Path,
    Test,
    Value,
)
from hodei.services.dynamodb.expressions.reserved import RESERVED

EXPRESSION_SIZE = 4096
OPERATORS = 300
PATH_LEVELS = 32
REDUNDANT = "The expression has redundant parentheses;"
TOO_MANY = "The expression contains too many operators; operator count: {}"
LAST_INDEX = 2**31 - 1
COMPARISONS = frozenset(("=", "<>", "<", "<=", ">", ">="))
CONDITION_FUNCTIONS = frozenset(
    ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains")
)
UPDATE_FUNCTIONS = frozenset(("if_not_exists", "list_append"))
FUNCTIONS = CONDITION_FUNCTIONS | UPDATE_FUNCTIONS | {"size"}
SECTIONS = frozenset(("SET", "REMOVE", "ADD", "DELETE"))
TEST_WORDS = COMPARISONS | {"BETWEEN", "IN"}
SIGNS = ("+", "-")
CONDITION_WORDS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN"))


class Parser:
    """The common part of the languages: tokens, document paths, operands."""

    keywords: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    refusal = ""
    order: tuple[str, ...] = ("reserved",)  # of several faults in a well-formed text AWS tells the first of these

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.kind = text, kind
        if len(text.encode()) > EXPRESSION_SIZE:
            self.fail("Expression size has exceeded the maximum allowed size;")
        self.tokens = tokens(text)
        if len(self.tokens) == 1:
            self.fail("The expression can not be empty;")
        self.partners = partners(self.tokens)
        self.at = 0
        self.depth = 0
        self.operators = 0
        self.faults: dict[str, str] = {}

    def fail(self, reason: str) -> NoReturn:
        raise errors.ValidationException(f"Invalid {self.kind}: {reason}")

    def fault(self, sort: str, reason: str) -> None:
        self.faults.setdefault(sort, reason)

    def finish(self) -> None:
        if self.token.kind != "end":
            self.syntax_error()
        if self.operators > OPERATORS:
            self.fault("operators", TOO_MANY.format(self.operators))
        for sort in self.order:
            if sort in self.faults:
                self.fail(self.faults[sort])

    def syntax_error(self) -> NoReturn:
        around = near(self.text, self.tokens, self.at)
        self.fail(f'Syntax error; token: "{self.token.text}", near: "{around}"')

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def accept(self, word: str) -> bool:
        if self.tokens[self.at].word == word:
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            self.syntax_error()

    def nest(self) -> None:
        """Entered for each level of nesting: a level needs an operator, or its parentheses are redundant."""
        self.depth += 1
        if self.depth > OPERATORS:
            self.fail(REDUNDANT if self.operators < OPERATORS else TOO_MANY.format(self.operators))

    def path(self) -> Path:
        elements: list[Element] = [self.name()]
        while True:
            if self.accept("."):
                elements.append(self.name())
            elif self.accept("["):
                elements.append(self.index())
                self.expect("]")
            else:
                break
        if len(elements) > PATH_LEVELS:
            self.fail(f"The document path has too many nesting levels; nesting levels: {len(elements)}")
        return Path(tuple(elements))

    def name(self) -> Element:
        token = self.token
        if token.kind == "alias":
            self.at += 1
            return Alias(token.text)
        if token.kind != "name" or token.word in self.keywords:
            self.syntax_error()
        if token.word in RESERVED:
            self.fault("reserved", f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
        self.at += 1
        return token.text

    def index(self) -> int:
        token = self.token
        if token.kind != "number":
            self.syntax_error()
        self.at += 1
        if len(token.text) > 10 or int(token.text) > LAST_INDEX:
            self.fail(f"List index is not within the allowable range; index: [{token.text}]")
        return int(token.text)

    def operand(self) -> Operand:
        """A path, a value, a function, or one of them in parentheses."""
        token = self.token
        if token.kind == "value":
            self.at += 1
            return Value(token.text)
        if token.kind == "name" and self.tokens[self.at + 1].word == "(" and token.word not in self.keywords:
            return self.call()
        if token.word != "(":
            return self.path()
        self.nest()
        self.at += 1
        self.check_parentheses()
        inner = self.operand()
        self.expect(")")
        self.depth -= 1
        return inner

    def call(self) -> Call:
        name = self.token.text
        self.operators += 1
        self.nest()
        if name not in FUNCTIONS:
            self.fault("function", f"Invalid function name; function: {name}")
        elif name not in self.functions:
            self.fault("function", f"The function is not allowed in {self.refusal}; function: {name}")
        self.at += 2
        args = [self.operand()]
        while self.accept(","):
            args.append(self.operand())
        self.expect(")")
        self.depth -= 1
        call = Call(name, tuple(args))
        self.check_arguments(call.args)
        return call

    def after_parenthesis(self) -> str:
        """The word after the closing of the parenthesis that opens here."""
        closing = self.partners.get(self.at)
        return "" if closing is None else self.tokens[closing + 1].word

    def check_parentheses(self) -> None:
        """Parentheses, the first just passed, that hold nothing but another pair are refused."""
        closing = self.partners.get(self.at)
        if closing is not None and self.partners.get(self.at - 1) == closing + 1:
            self.fault("parentheses", REDUNDANT)

    def check_arguments(self, args: tuple[Operand, ...]) -> None:
        """What may not be an operand of a function or an operator."""


def joined(operator: str, parts: list[ConditionNode]) -> ConditionNode:
    return parts[0] if len(parts) == 1 else Junction(operator, tuple(parts))


class ConditionParser(Parser):
    keywords = CONDITION_WORDS
    functions = CONDITION_FUNCTIONS | {"size"}
    refusal = "a condition expression"
    order = ("parentheses", "function", "misuse", "reserved", "operators")

    def parse(self) -> ConditionNode:
        node = self.condition()
        self.finish()
        return node

    def condition(self) -> ConditionNode:
        """ORs of ANDs; in one method, so that hostile nesting costs few frames."""
        either: list[ConditionNode] = []
        both = [self.primary()]
        while (word := self.token.word) in ("AND", "OR"):
            self.at += 1
            self.operators += 1
            if word == "OR":
                either.append(joined("AND", both))
                both = []
            both.append(self.primary())
        return joined("OR", [*either, joined("AND", both)])

    def primary(self) -> ConditionNode:
        if self.token.word == "NOT":
            self.nest()
            self.at += 1
            self.operators += 1
            node: ConditionNode = Junction("NOT", (self.primary(),))
        elif self.token.word == "(" and self.after_parenthesis() not in TEST_WORDS:
            self.nest()
            self.at += 1
            self.check_parentheses()
            node = self.condition()
            self.expect(")")
        else:
            return self.test(self.operand())
        self.depth -= 1
        return node

    def test(self, left: Operand) -> ConditionNode:
        word = self.token.word
        if word in COMPARISONS:
            self.at += 1
            args = [left, self.operand()]
        elif self.accept("BETWEEN"):
            args = [left, self.operand()]
            self.expect("AND")
            args.append(self.operand())
        elif self.accept("IN"):
            args = [left, *self.options()]
        elif isinstance(left, Call):
            if left.name == "size":
                self.misuse(left.name)
            return left
        else:
            self.syntax_error()
        self.operators += 1
        self.check_arguments(tuple(args))
        return Test(word, tuple(args))

    def options(self) -> list[Operand]:
        self.expect("(")
        options = [self.operand()]
        while self.accept(","):
            options.append(self.operand())
        self.expect(")")
        return options

    def check_arguments(self, args: tuple[Operand, ...]) -> None:
        for arg in args:
            if isinstance(arg, Call) and arg.name != "size" and arg.name in self.functions:
                self.misuse(arg.name)

    def misuse(self, name: str) -> None:
        self.fault("misuse", f"The function is not allowed to be used this way in an expression; function: {name}")


class UpdateParser(Parser):
    keywords = SECTIONS
    functions = UPDATE_FUNCTIONS
    refusal = "an update expression"
    order = ("parentheses", "reserved", "function", "section", "operators")

    def parse(self) -> tuple[Action, ...]:
        actions: list[Action] = []
        seen: set[str] = set()
        while self.token.kind != "end":
            section = self.token.word
            if section not in SECTIONS:
                self.syntax_error()
            if section in seen:
                self.fault("section", f'The "{section}" section can only be used once in an update expression;')
            seen.add(section)
            self.at += 1
            actions.append(self.action(section))
            while self.accept(","):
                actions.append(self.action(section))
        self.finish()
        return tuple(actions)

    def action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Action(section, path)
        if section == "SET":
            self.expect("=")
            return Action(section, path, self.sum())
        if self.token.kind != "value":
            self.syntax_error()
        self.at += 1
        return Action(section, path, Value(self.tokens[self.at - 1].text))

    def sum(self) -> Operand:
        if self.token.word == "(" and self.after_parenthesis() not in SIGNS:
            self.nest()
            self.at += 1
            self.check_parentheses()
            inner = self.sum()
            self.expect(")")
            self.depth -= 1
            return inner
        left = self.operand()
        for sign in SIGNS:
            if self.accept(sign):
                self.operators += 1
                return Call(sign, (left, self.operand()))
        return left


class ProjectionParser(Parser):
    def parse(self) -> tuple[Path, ...]:
        paths = [self.path()]
        while self.accept(","):
            paths.append(self.path())
        self.finish()
        return tuple(paths)
