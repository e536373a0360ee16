"""Parses statements.

What is refused is told in the words of PartiQL's own parser, which AWS passes on
(https://github.com/partiql/partiql-lang-kotlin).
"""

from __future__ import annotations

from functools import lru_cache

from hodei.services.dynamodb.expressions.conditions import tests
from hodei.services.dynamodb.expressions.nodes import (
    Action,
    Call,
    ConditionNode,
    Element,
    Junction,
    Operand,
    Path,
    Test,
    Value,
)
from hodei.services.dynamodb.expressions.parser import COMPARISONS, joined
from hodei.services.dynamodb.expressions.updates import Plan
from hodei.services.dynamodb.partiql.lexer import malformed
from hodei.services.dynamodb.partiql.literals import STARTS, Reader
from hodei.services.dynamodb.partiql.statements import (
    Delete,
    Exists,
    Insert,
    Literal,
    Order,
    Parsed,
    Select,
    Statement,
    Update,
)

CONDITIONS = {"ATTRIBUTE_TYPE": "attribute_type", "BEGINS_WITH": "begins_with", "CONTAINS": "contains"}
OPERANDS = {"SIZE": "size", "LIST_APPEND": "list_append", "IF_NOT_EXISTS": "if_not_exists"}
SETS = {"SET_ADD": "ADD", "SET_DELETE": "DELETE"}
COUNTS = {"size": 1}  # the other functions have two arguments
MISSING = Call("missing", ())  # an operand that stands for no value
SIGNS = {"!=": "<>"}
UPDATING = frozenset(("list_append", "if_not_exists", "+", "-"))
TESTING = frozenset(("size",))
LISTS = {"[": "]", "(": ")", "<<": ">>"}

Expression = Operand | ConditionNode


class Parser(Reader):
    """Recursive descent; `parse` gives the statement with its literals apart, so that it serves every request."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.literals: list[Literal] = []

    def parse(self) -> Parsed:
        statement = self.statement()
        self.accept(";")
        if self.token.kind != "end":
            raise malformed("Unexpected token after expression")
        return Parsed(statement, tuple(self.literals), self.parameters)

    def statement(self) -> Statement:
        if self.accept("SELECT"):
            return self.select()
        if self.accept("INSERT"):
            return self.insert()
        if self.accept("UPDATE"):
            return self.update()
        if self.accept("DELETE"):
            return self.delete()
        if self.accept("EXISTS"):
            self.expect("(", "Expected LEFT_PAREN")
            self.expect("SELECT", "Expected data manipulation")
            select = self.select()
            self.expect(")", "Expected RIGHT_PAREN")
            return Exists(select)
        raise malformed("Expected data manipulation")

    def select(self) -> Select:
        paths: list[Path] = []
        if not self.accept("*"):
            if self.token.word == "FROM":
                raise malformed("Cannot have empty SELECT list")
            paths.append(self.path())
            while self.accept(","):
                paths.append(self.path())
        self.expect("FROM", "Expected FROM after SELECT list")
        table, index = self.identifier(), ""
        if self.accept("."):
            index = self.identifier()
        if self.token.word == "-":
            raise malformed("Unexpected from source")
        where = self.where()
        order: list[Order] = []
        if self.accept("ORDER"):
            self.expect("BY", "Expected BY")
            order.append(self.order())
            while self.accept(","):
                order.append(self.order())
        return Select(table, index, tuple(paths), where, tuple(order))

    def order(self) -> Order:
        name = self.identifier()
        descending = self.accept("DESC")
        if not descending:
            self.accept("ASC")
        return Order(name, descending)

    def insert(self) -> Insert:
        self.expect("INTO", "Unexpected keyword")
        table = self.identifier()
        if not self.accept("VALUE"):
            self.accept("(")
            raise self.unexpected()
        return Insert(table, self.value())

    def update(self) -> Update:
        table = self.identifier()
        actions: list[Action] = []
        while self.token.word in ("SET", "REMOVE"):
            if self.next().word == "REMOVE":
                actions.append(Action("REMOVE", self.path()))
                continue
            actions.append(self.assignment())
            while self.accept(","):
                actions.append(self.assignment())
        if not actions:
            raise malformed("Expected data manipulation")
        return Update(table, Plan(tuple(actions)), self.where(), self.returning())

    def assignment(self) -> Action:
        path = self.path()
        self.expect("=", "Expected EQ")
        operation = SETS.get(self.token.word)
        if operation is None:
            new = self.operand()
            check_calls((new,), UPDATING)
            return Action("SET", path, new)
        self.next()
        source, change = self.arguments()
        if source != path or not isinstance(change, Value):
            raise malformed("Unexpected term")
        return Action(operation, path, change)

    def delete(self) -> Delete:
        self.expect("FROM", "Expected FROM after DELETE")
        table, where, returning = self.identifier(), self.where(), self.returning()
        if returning not in ("NONE", "ALL_OLD"):
            raise malformed("Unexpected term")
        return Delete(table, where, returning)

    def returning(self) -> str:
        if not self.accept("RETURNING"):
            return "NONE"
        which, time = self.next().word, self.next().word
        if which not in ("ALL", "MODIFIED") or time not in ("OLD", "NEW") or not self.accept("*"):
            raise malformed("Unexpected term")
        return f"{which if which == 'ALL' else 'UPDATED'}_{time}"

    def identifier(self) -> str:
        token = self.next()
        if token.kind != "name":
            self.at -= 1
            raise self.unexpected()
        return token.text

    def path(self) -> Path:
        elements: list[Element] = [self.identifier()]
        while True:
            if self.accept("."):
                elements.append(self.identifier())
            elif self.accept("["):
                step = self.next()
                if step.kind == "string":
                    elements.append(step.text)
                elif step.kind == "number" and step.text.isdigit():
                    elements.append(int(step.text))
                else:
                    raise malformed("Unexpected term")
                self.expect("]", "Expected RIGHT_BRACKET")
            else:
                return Path(tuple(elements))

    def where(self) -> ConditionNode | None:
        if not self.accept("WHERE"):
            return None
        node = conditional(self.either())
        for test in tests(node):
            check_calls(test.args, TESTING)
        return node

    def either(self) -> Expression:
        first = self.both()
        if self.token.word != "OR":
            return first
        parts = [conditional(first)]
        while self.accept("OR"):
            parts.append(conditional(self.both()))
        return joined("OR", parts)

    def both(self) -> Expression:
        first = self.negation()
        if self.token.word != "AND":
            return first
        parts = [conditional(first)]
        while self.accept("AND"):
            parts.append(conditional(self.negation()))
        return joined("AND", parts)

    def negation(self) -> Expression:
        if not self.accept("NOT"):
            return self.comparison()
        self.nest()
        inner = Junction("NOT", (conditional(self.negation()),))
        self.depth -= 1
        return inner

    def comparison(self) -> Expression:
        left = self.sum()
        sign = SIGNS.get(self.token.word, self.token.word)
        if sign in COMPARISONS:
            self.next()
            return compared(sign, operand(left), self.operand())
        if self.accept("IS"):
            return self.kind(operand(left))
        negated = self.accept("NOT")
        node: ConditionNode
        if self.accept("BETWEEN"):
            low = self.operand()
            self.expect("AND", "Expected AND after BETWEEN")
            node = Test("BETWEEN", (operand(left), low, self.operand()))
        elif self.accept("IN"):
            node = Test("IN", (operand(left), *self.options()))
        elif negated:
            raise self.unexpected()
        else:
            return left
        return Junction("NOT", (node,)) if negated else node

    def kind(self, left: Operand) -> ConditionNode:
        """What follows IS: NOT, MISSING, NULL."""
        negated = self.accept("NOT")
        if self.accept("MISSING"):
            return compared("<>" if negated else "=", left, MISSING)
        self.expect("NULL", "Expected type name")
        self.literals.append(lambda parameters: {"S": "NULL"})
        node = Call("attribute_type", (left, Value(f":{len(self.literals) - 1}")))
        return Junction("NOT", (node,)) if negated else node

    def options(self) -> list[Operand]:
        closing = LISTS.get(self.next().word)
        if closing is None:
            raise malformed("Unexpected term")
        options = [self.operand()]
        while self.accept(","):
            options.append(self.operand())
        self.expect(closing, "Unexpected term")
        return options

    def operand(self) -> Operand:
        return operand(self.sum())

    def sum(self) -> Expression:
        left = self.term()
        while self.token.word in ("+", "-"):
            sign = self.next().word
            left = Call(sign, (operand(left), operand(self.term())))
        return left

    def term(self) -> Expression:
        token = self.token
        if token.kind in ("string", "number") or token.word in STARTS:
            return self.value()
        if self.accept("MISSING"):
            return MISSING
        if self.accept("("):
            self.nest()
            inner = self.either()
            self.expect(")", "Expected RIGHT_PAREN")
            self.depth -= 1
            return inner
        if token.word and self.tokens[self.at + 1].word == "(":
            return self.call()
        return self.path()

    def value(self) -> Value:
        self.literals.append(self.literal())
        return Value(f":{len(self.literals) - 1}")

    def call(self) -> Call:
        word = self.next().word
        name = CONDITIONS.get(word) or OPERANDS.get(word)
        if name is None:
            raise malformed("Unexpected term")
        return Call(name, self.arguments(COUNTS.get(name, 2)))

    def arguments(self, count: int = 2) -> tuple[Operand, ...]:
        self.expect("(", "Expected LEFT_PAREN")
        self.nest()
        found = [self.operand()]
        while self.accept(","):
            found.append(self.operand())
        self.expect(")", "Expected RIGHT_PAREN")
        self.depth -= 1
        if len(found) != count:
            raise malformed("Unexpected term")
        return tuple(found)


def is_condition(node: Expression) -> bool:
    return isinstance(node, (Test, Junction)) or (isinstance(node, Call) and node.name.startswith(CONDITION_NAMES))


CONDITION_NAMES = (*CONDITIONS.values(), "attribute_exists", "attribute_not_exists")


def conditional(node: Expression) -> ConditionNode:
    """A node that is a condition. Raises: ValidationException for an operand."""
    if is_condition(node):
        return node  # type: ignore[return-value]
    raise malformed("Unexpected term")


def operand(node: Expression) -> Operand:
    """A node that is an operand. Raises: ValidationException for a condition."""
    if is_condition(node):
        raise malformed("Unexpected term")
    return node  # type: ignore[return-value]


def check_calls(operands: tuple[Operand, ...], allowed: frozenset[str]) -> None:
    """Raises: ValidationException for functions that are not for this part of a statement."""
    for call in operands:
        if isinstance(call, Call):
            if call.name not in allowed:
                raise malformed("Unexpected term")
            check_calls(call.args, allowed)


def compared(sign: str, left: Operand, right: Operand) -> ConditionNode:
    """A comparison; with MISSING it asks whether there is an attribute."""
    if left is MISSING:
        left, right = right, left
    if right is not MISSING:
        return Test(sign, (left, right))
    if not isinstance(left, Path) or sign not in ("=", "<>"):
        raise malformed("Unexpected term")
    return Call("attribute_not_exists" if sign == "=" else "attribute_exists", (left,))


@lru_cache(512)
def parse(text: str) -> Parsed:
    """Raises: ValidationException with AWS's text."""
    return Parser(text).parse()
