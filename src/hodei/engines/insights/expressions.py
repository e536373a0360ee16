"""Expressions: parsed to functions of a row."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hodei.engines import linear
from hodei.engines.insights.functions import FUNCTIONS, ceiling_to, floor_to
from hodei.engines.insights.lexer import Token, Tokens, blamed
from hodei.engines.insights.values import InvalidQuery, Row, Time, UnsupportedQuery, equal, number, order, text

Evaluate = Callable[[Row], Any]
TIME, MESSAGE = "@timestamp", "@message"
UNMASKED = "unmask(@message)"  # a message as it came, whatever is hidden in it
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": math.pow,
    "%": operator.mod,
}  # fmt: skip
BITS, DIGITS = 63, 18  # of whole numbers; greater ones are floating
MOST_BRANCHES = 10  # of case
PLAIN = re.compile(r"[A-Za-z0-9 _:.,;@#=+-]+")


class Window:
    """From when to when (ms) a query looks; it is said when it runs."""

    start = end = 0


class Scope:
    """The fields that a query can name at a point, and where they are in a row."""

    def __init__(self, window: Window, *, source: bool) -> None:
        self.window = window
        self.places: dict[str, int] = {}
        self.aliases: dict[str, Callable[[str], int]] = {}  # of the sides of a join: what finds their fields
        self.read: dict[str, int] = {}  # those that come from the events
        self._source = source
        self.width = 1  # the first is the event's place

    def find(self, name: str) -> int:
        """Where a field is. One that nothing has made comes from the events, or else is always empty."""
        if (at := self.places.get(name)) is None:
            alias, _, field = name.partition(".")
            if field and alias in self.aliases:
                return self.aliases[alias](field)
            at = self.add(name)
            if self._source:
                self.read[name] = at
        return at

    def add(self, name: str) -> int:
        """A place for a field that is made from now on."""
        self.places[name] = at = self.width
        self.width += 1
        return at


@dataclass(frozen=True)
class Expression:
    """`needles`: texts of which all stand in the messages of rows for which it is true, where it says so; those of
    `escaped` may be written with escapes in there. `clue` is an expression that is found in them."""

    evaluate: Evaluate
    name: str = ""  # of a field by itself
    fields: frozenset[str] = frozenset()
    needles: tuple[str, ...] = ()
    escaped: tuple[str, ...] = ()
    clue: str = ""
    constant: Any = field(default=None, compare=False)


Values = Callable[[], frozenset[str]]  # those of a field of a query within the query, which has run when it is called


class Parser:
    """Expressions of the tokens, in a scope. `aggregate` turns calls of functions of many rows into expressions,
    `nested` reads a query within the query, which is asked for the values of a field."""

    def __init__(
        self,
        tokens: Tokens,
        scope: Scope,
        aggregate: Callable[[str, Parser], Expression | None] | None = None,
        nested: Callable[[str], Values] | None = None,
    ) -> None:
        self.tokens = tokens
        self.scope = scope
        self._aggregate = aggregate
        self._nested = nested

    def expression(self) -> Expression:
        parts = [self._and()]
        while self.tokens.take("or"):
            parts.append(self._and())
        if len(parts) == 1:
            return parts[0]
        tests = [part.evaluate for part in parts]
        return Expression(lambda row: any(test(row) for test in tests), fields=_fields(*parts))

    def _and(self) -> Expression:
        parts = [self._not()]
        while self.tokens.take("and"):
            parts.append(self._not())
        if len(parts) == 1:
            return parts[0]
        tests = [part.evaluate for part in parts]
        return Expression(
            lambda row: all(test(row) for test in tests),
            fields=_fields(*parts),
            needles=tuple(needle for part in parts for needle in part.needles),
            escaped=tuple(needle for part in parts for needle in part.escaped),
            clue=next((part.clue for part in parts if part.clue), ""),
        )

    def _not(self) -> Expression:
        if self.tokens.take("not", "!"):
            inner = self._not()
            test = inner.evaluate
            return Expression(lambda row: not test(row), fields=inner.fields)
        return self.comparison()

    def comparison(self) -> Expression:
        left = self._sum()
        if self.tokens.take("=~"):
            return self._like(left, wanted=True)
        if sign := self.tokens.take("=", "!=", *ORDER):
            return _compared(sign.text, left, self._sum(), own=self._is_source(left))
        negated = bool(self.tokens.next.word == "not" and self.tokens.peek().word in ("like", "in"))
        if negated:
            self.tokens.any()
        if self.tokens.take("like"):
            return self._like(left, wanted=not negated)
        if self.tokens.take("in"):
            return self._in(left, wanted=not negated)
        return left

    def _is_source(self, expression: Expression) -> bool:
        name = expression.name
        return name in self.scope.read and self.scope.places[name] == self.scope.read[name]

    def _like(self, left: Expression, *, wanted: bool) -> Expression:
        token, value = self.tokens.kind("string", "regex"), left.evaluate
        search, literal, clue = _searching(token)
        of_message = wanted and left.name == MESSAGE
        needles = (literal,) if literal and of_message else ()

        def test(row: Row) -> bool:
            found = value(row)
            return found is not None and search(found if isinstance(found, str) else text(found)) is wanted

        return Expression(test, fields=left.fields, needles=needles, clue=clue if of_message else "")

    def _in(self, left: Expression, *, wanted: bool) -> Expression:
        if self._nested and self.tokens.next.text == "(":
            return self._in_query(left, self._nested(left.name), wanted=wanted)
        self.tokens.expect("[")
        options = [self._sum()]
        while self.tokens.take(","):
            options.append(self._sum())
        self.tokens.expect("]")
        value = left.evaluate

        def test(row: Row) -> bool:
            found = value(row)
            return found is not None and any(equal(found, option.evaluate(row)) for option in options) is wanted

        return Expression(test, fields=_fields(left, *options))

    def _in_query(self, left: Expression, values: Values, *, wanted: bool) -> Expression:
        value = left.evaluate

        def test(row: Row) -> bool:
            found = value(row)
            return found is not None and (text(found) in values()) is wanted

        return Expression(test, fields=left.fields)

    def _sum(self) -> Expression:
        left = self._product()
        while sign := self.tokens.take("+", "-"):
            left = _arithmetic(sign.text, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._power()
        while sign := self.tokens.take("*", "/", "%"):
            left = _arithmetic(sign.text, left, self._power())
        return left

    def _power(self) -> Expression:
        left = self._unary()
        if self.tokens.take("^"):
            return _arithmetic("^", left, self._power())
        return left

    def _unary(self) -> Expression:
        if self.tokens.take("-"):
            return _arithmetic("-", _constant(0), self._unary())
        return self._primary()

    def _primary(self) -> Expression:
        token = self.tokens.any()
        match token.kind:
            case "number":
                whole = token.text.isdigit() and len(token.text) <= DIGITS
                return _constant(int(token.text) if whole else float(token.text))
            case "string":
                return _constant(token.text)
            case "name" if self.tokens.next.text == "(" and "`" not in token.text:
                return self._call(token)
            case "name":
                return self.field(field_name(token))
        if token.text == "(":
            inner = self.expression()
            self.tokens.expect(")")
            return inner
        raise blamed(token, "unexpected symbol found")

    def field(self, name: str) -> Expression:
        if name.lower() in ("true", "false"):
            return _constant(name.lower() == "true")
        root = name.partition(".")[0]
        if (
            name not in self.scope.places
            and root != name
            and self.scope.places.get(root)
            and root not in self.scope.read
        ):
            return self._member(root, name)
        at = self.scope.find(name)
        return Expression(operator.itemgetter(at), name=name, fields=frozenset({name}))

    def _member(self, root: str, name: str) -> Expression:
        """Of a map or list that the query has made: jsonParse(...) as x | ... x.a[0]."""
        at, steps = self.scope.places[root], name.split(".")[1:]
        return Expression(lambda row: walk(row[at], steps), name=name, fields=frozenset({root}))

    def _call(self, token: Token) -> Expression:
        name = token.text.lower()
        self.tokens.expect("(")
        if self._aggregate and (found := self._aggregate(name, self)):
            return found
        match name:
            case "bin":
                floor, at = floor_to(self._period()), self.scope.find(TIME)
                return Expression(lambda row: floor(row[at]), fields=frozenset({TIME}))
            case "datefloor" | "dateceil":
                return self._rounded(floor_to if name == "datefloor" else ceiling_to)
            case "now":
                self.tokens.expect(")")
                now = self.scope.find("@now")
                return Expression(lambda row: row[now] // 1000, fields=frozenset({"@now"}))
            case "querystarttime" | "queryendtime" | "querytimerange":
                return self._window(name)
            case "unmask":
                return self._unmasked()
            case "case" | "if":
                return self._if(token)
        if name not in FUNCTIONS:
            raise blamed(token, "unknown function")
        function, arguments = FUNCTIONS[name], self.arguments()
        if not function.least <= len(arguments) <= function.most:
            raise blamed(token, "wrong number of arguments of")
        return _called(function.call, arguments)

    def _unmasked(self) -> Expression:
        if self.arguments()[0].name != MESSAGE:
            raise UnsupportedQuery("Hodei unmasks @message, not single fields.")
        return replace(self.field(UNMASKED), name="")

    def _window(self, name: str) -> Expression:
        self.tokens.expect(")")
        window = self.scope.window
        found: dict[str, Callable[[], int]] = {
            "querystarttime": lambda: window.start,
            "queryendtime": lambda: window.end,
            "querytimerange": lambda: window.end - window.start,
        }
        value = found[name]
        return Expression(lambda row: value())

    def _period(self) -> str:
        period = self.tokens.kind("period").text
        self.tokens.expect(")")
        return period

    def _rounded(self, rounding: Callable[[str], Callable[[int], Time]]) -> Expression:
        value = self.expression()
        self.tokens.expect(",")
        to, evaluate = rounding(self._period()), value.evaluate

        def rounded(row: Row) -> Time | None:
            at = number(evaluate(row))
            return None if at is None else to(int(at))

        return Expression(rounded, fields=value.fields)

    def _if(self, token: Token) -> Expression:
        """if(condition, value, otherwise), case(condition, value, ..., otherwise)."""
        parts = self.arguments()
        if not 2 <= len(parts) <= 2 * MOST_BRANCHES + 1:
            raise blamed(token, "wrong number of arguments of")
        pairs = [(parts[at].evaluate, parts[at + 1].evaluate) for at in range(0, len(parts) - 1, 2)]
        otherwise = parts[-1].evaluate if len(parts) % 2 else lambda row: None

        def chosen(row: Row) -> Any:
            return (
                next((value(row) for test, value in pairs if test(row)), None)
                if any(test(row) for test, _ in pairs)
                else otherwise(row)
            )

        return Expression(chosen, fields=_fields(*parts))

    def arguments(self) -> list[Expression]:
        """Those of a call, whose opening bracket was taken."""
        if self.tokens.take(")"):
            return []
        found = [self.expression()]
        while self.tokens.take(","):
            found.append(self.expression())
        self.tokens.expect(")")
        return found


def field_name(token: Token) -> str:
    """a.`b c`[0] is a.b c.0"""
    return re.sub(r"\[(\d+)\]", r".\1", token.text).replace("`", "")


def walk(value: Any, steps: list[str]) -> Any:
    """What a value has below it, None if nothing. Names with dots in them are found too."""
    for at, step in enumerate(steps):
        if isinstance(value, dict):
            rest = ".".join(steps[at:]) if at + 1 < len(steps) else step
            if rest in value:
                return value[rest]
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _fields(*parts: Expression) -> frozenset[str]:
    return frozenset[str]().union(*(part.fields for part in parts))


def _constant(value: Any) -> Expression:
    return Expression(lambda row: value, constant=value)


def _searching(token: Token) -> tuple[Callable[[str], bool], str, str]:
    """How a text is searched, and what then is in it for sure: a text or an expression."""
    if token.kind == "string":
        wanted = token.text
        return lambda found: wanted in found, wanted, ""
    body, _, flags = token.text[1:].rpartition("/")
    expression = regex(body, flags).expression
    literal = body if re.fullmatch(r"[\w \-:=@,;#%&<>~\"']+", body) and not flags else ""
    if literal:
        return lambda found: literal in found, literal, ""
    return lambda found: expression.search(found) is not None, "", _clue(expression, flags)


def _clue(expression: re.Pattern[str], flags: str) -> str:
    return f"(?i){expression.pattern}" if "i" in flags else expression.pattern


def regex(body: str, flags: str = "") -> linear.Named:
    """Raises: InvalidQuery, UnsupportedQuery."""
    try:
        return linear.named(body.replace(r"\/", "/"), re.I if "i" in flags else 0)
    except linear.InvalidExpression as error:
        raise InvalidQuery(f"invalid regular expression: {error}") from None
    except linear.Unbounded as error:
        raise UnsupportedQuery(f"Hodei has {error}") from None


def _compared(sign: str, left: Expression, right: Expression, *, own: bool) -> Expression:
    one, other, fields = left.evaluate, right.evaluate, _fields(left, right)
    wanted = right.constant
    if sign == "=":
        plain = own and isinstance(wanted, str) and PLAIN.fullmatch(wanted) and number(wanted) is None
        escaped = (wanted,) if plain and not left.name.startswith("@") else ()
        return Expression(lambda row: equal(one(row), other(row)), fields=fields, escaped=escaped)
    if sign == "!=":

        def differ(row: Row) -> bool:
            first, second = one(row), other(row)
            return first is not None and second is not None and not equal(first, second)

        return Expression(differ, fields=fields)
    compare = ORDER[sign]

    def ordered(row: Row) -> bool:
        first, second = one(row), other(row)
        if first is None or second is None:
            return False
        a, b = order(first), order(second)
        return a[0] == b[0] and bool(compare(a[1], b[1]))

    return Expression(ordered, fields=fields)


def _arithmetic(sign: str, left: Expression, right: Expression) -> Expression:
    one, other, calculate = left.evaluate, right.evaluate, ARITHMETIC[sign]

    def result(row: Row) -> Any:
        a, b = number(one(row)), number(other(row))
        if a is None or b is None:
            return None
        try:
            found = calculate(a, b)
            if isinstance(found, int):
                return found if found.bit_length() <= BITS else float(found)
            return found if math.isfinite(found) else None
        except (ArithmeticError, ValueError):
            return None

    return Expression(result, fields=_fields(left, right))


def _called(call: Callable[..., Any], arguments: list[Expression]) -> Expression:
    values = [argument.evaluate for argument in arguments]
    fields = _fields(*arguments)
    if len(values) == 1:
        (value,) = values
        return Expression(lambda row: call(value(row)), fields=fields)
    return Expression(lambda row: call(*[value(row) for value in values]), fields=fields)
