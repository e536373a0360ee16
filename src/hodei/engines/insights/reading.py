"""Reading queries: commands, one after the other, to stages that rows go through."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from hodei.engines.insights import clauses, combining, sequences, stages
from hodei.engines.insights.aggregates import NAMES, PERCENTILES, Maker, maker
from hodei.engines.insights.expressions import (
    MESSAGE,
    TIME,
    Expression,
    Parser,
    Scope,
    Values,
    Window,
    field_name,
    regex,
)
from hodei.engines.insights.lexer import Tokens, blamed
from hodei.engines.insights.nested import Nested, Table
from hodei.engines.insights.parsing import by_expression, by_glob
from hodei.engines.insights.stages import Stage
from hodei.engines.insights.texts import array
from hodei.engines.insights.values import InvalidQuery, Row, UnsupportedQuery

if TYPE_CHECKING:
    from hodei.engines.insights.query import Query

DEFAULT = ("@timestamp", MESSAGE)
POINTER = "@ptr"
PATTERN_FIELDS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")
FREQUENCY = "_approxcount"
DIFF_FIELDS = ("@differenceEventCount", "@differenceDescription")
UNSUPPORTED = {
    "anomaly", "unmask", "appendcols", "cidrlookup", "fillmissing", "logcompare", "outlier", "relevantfields",
    "sessionize",
}  # fmt: skip


class Reader:
    """What is read of a query: its stages, the fields that there are after them, and those to show.

    Of a query within another one, `text` is what is left of the tokens of that. Without `most` its rows come all, and
    in any order.
    """

    def __init__(self, text: str | Tokens, most: int | None) -> None:
        self._most = most
        self._inside = isinstance(text, Tokens)
        self._tokens = Tokens(text) if isinstance(text, str) else text
        self.source: clauses.Groups | None = None
        self.indexed: list[str] = []
        self.nested: list[Nested] = []
        self.tables: list[Table] = []
        self.window = Window()
        self._scope = self._first = Scope(self.window, source=True)
        self._stages: list[Stage] = []
        self._filters: list[Expression] = []  # those that stand at the beginning
        self._shown: list[str] = []
        self._display: list[str] | None = None
        self._aggregated = False  # its rows are no events any more
        self._sorted = False
        self._chosen = False  # which fields are shown
        self._read()

    def _names(self) -> list[str]:
        names = self._display if self._display is not None else list(dict.fromkeys(self._shown))
        return names if self._aggregated else [*names, POINTER]

    def _read(self) -> None:
        self._tokens.take("|")
        while True:
            self._command()
            if self._tokens.next.kind == "end" or (self._inside and self._tokens.next.text == ")"):
                break
            self._tokens.expect("|")
        if self._most is not None:
            self._complete(self._most)

    def _complete(self, most: int) -> None:
        """What is the case where a query says nothing of it: the fields to show, the order, the number of rows."""
        if not self._aggregated:
            if not self._chosen:
                self._shown = [*DEFAULT, *self._shown]
            for name in self._names():
                self._scope.find(name)
        self._in_order()
        self._cut(most)

    def _command(self) -> None:
        token = self._tokens.kind("name")
        command = token.text.lower()
        if command in UNSUPPORTED:
            raise UnsupportedQuery(f"The command {token.text} of Logs Insights QL is not implemented by Hodei.")
        known: dict[str, Callable[[], None]] = {
            "fields": self._fields,
            "display": self._displayed,
            "filter": self._filter,
            "where": self._filter,
            "stats": self._stats,
            "sort": self._sort,
            "limit": self._limit,
            "parse": self._parse,
            "dedup": self._dedup,
            "pattern": self._pattern,
            "unnest": self._unnest,
            "source": self._source,
            "filterindex": self._filter_index,
            "join": self._join,
            "lookup": self._lookup,
            "diff": self._diff,
            "expand": self._expand,
            "countfrequent": self._count_frequent,
            "count_frequent": self._count_frequent,
            "accum": self._accum,
            "autoregress": self._autoregress,
            "filldown": self._filldown,
            "addtotals": self._addtotals,
        }
        if command not in known:
            raise blamed(token, "unexpected symbol found")
        known[command]()

    def _parser(self) -> Parser:
        return Parser(self._tokens, self._scope, nested=self._values)

    def _named(self, parse: Callable[[], Expression]) -> tuple[str, Expression]:
        """An expression and its name: the one given, or its text."""
        start = self._tokens.next.start
        expression = parse()
        written = self._tokens.query[start : self._tokens.previous.end]
        if self._tokens.take("as"):
            return field_name(self._tokens.kind("name")), expression
        return expression.name or written, expression

    def _fields(self) -> None:
        made: list[tuple[int, Any]] = []
        while True:
            name, expression = self._named(lambda: self._parser().expression())
            if expression.name != name or name not in self._scope.places:  # the latter: members of maps
                made.append((self._scope.add(name), expression.evaluate))
            self._shown.append(name)
            self._chosen = True
            if not self._tokens.take(","):
                break
        if made:
            self._stages.append(stages.Assign(made))

    def _displayed(self) -> None:
        self._shown, self._display = [], None
        self._fields()
        self._display, self._shown = self._shown, []

    def _filter(self) -> None:
        self._let_through(self._parser().expression())

    def _let_through(self, expression: Expression) -> None:
        if len(self._filters) == len(self._stages):
            self._filters.append(expression)
        self._stages.append(stages.Filter(expression.evaluate))

    def _sort(self) -> None:
        self._tokens.take("by")  # as AWS's samples write
        keys: list[tuple[Any, bool]] = []
        names = []
        while True:
            value = self._parser().expression()
            names.append(value.name)
            direction = self._tokens.take("asc", "desc")
            keys.append((value.evaluate, bool(direction and direction.word == "desc")))
            if not self._tokens.take(","):
                break
        by_time = names == [TIME] and keys[0][1] and not self._aggregated
        self._stages.append(stages.Sort(() if by_time else keys))  # as events are sorted anyway
        self._sorted = True

    def _limit(self) -> None:
        most = int(self._tokens.kind("number").text)
        self._in_order()
        self._cut(most)

    def _cut(self, most: int) -> None:
        last = self._stages[-1] if self._stages else None
        if isinstance(last, stages.Sort):
            last.most = most
        self._stages.append(stages.Limit(most))

    def _in_order(self) -> None:
        """Events are the newest first, where no order is asked for."""
        if not self._aggregated and not self._sorted:
            self._stages.append(stages.Sort())
            self._sorted = True

    def _dedup(self) -> None:
        values = [self._parser().expression().evaluate]
        while self._tokens.take(","):
            values.append(self._parser().expression().evaluate)
        self._in_order()
        self._stages.append(stages.Dedup(values))

    def _parse(self) -> None:
        value = self._parser().field(MESSAGE)
        if self._tokens.next.kind == "name":
            value = self._parser().field(field_name(self._tokens.any()))
        token = self._tokens.kind("string", "regex")
        if token.kind == "regex":
            body, _, flags = token.text[1:].rpartition("/")
            expression, groups = regex(body, flags)
            take, count = by_expression(expression), expression.groups
        else:
            take, count, groups = by_glob(token.text), token.text.count("*"), {}
        if not groups or self._tokens.next.word == "as":
            self._tokens.expect("as")
            groups = {name: at for at, name in enumerate(self._names_given(), 1)}
            if count != len(groups):
                raise InvalidQuery("the number of fields of parse is not that of what the pattern takes out")
        places = [(at - 1, self._scope.add(name)) for name, at in groups.items()]
        self._stages.append(stages.Parse(value.evaluate, take, places))
        self._shown += groups

    def _names_given(self) -> list[str]:
        names = [field_name(self._tokens.kind("name"))]
        while self._tokens.take(","):
            names.append(field_name(self._tokens.kind("name")))
        return names

    def _unnest(self) -> None:
        value = self._parser().field(field_name(self._tokens.kind("name")))
        self._tokens.expect("into")
        name = field_name(self._tokens.kind("name"))
        self._stages.append(stages.Unnest(value.evaluate, self._scope.add(name)))
        self._shown.append(name)

    def _expand(self) -> None:
        """A row for each element of a list, or of the JSON text of one."""
        value = self._parser().field(field_name(self._tokens.kind("name")))
        evaluate = value.evaluate

        def elements(row: Row) -> Any:
            found = evaluate(row)
            listed = array(found)
            return found if listed is None else listed

        self._stages.append(stages.Unnest(elements, self._scope.find(value.name)))

    def _count_frequent(self) -> None:
        """Counts here are exact."""
        names = self._names_given()
        values = [self._parser().field(name).evaluate for name in names]
        after = Scope(self.window, source=False)
        for name in [*names, FREQUENCY]:
            at = after.add(name)
        self._stages.append(stages.Stats(values, [maker("count", None, None)], [], after))
        self._stages.append(stages.Sort([(lambda row: row[at], True)]))
        self._scope, self._aggregated, self._sorted = after, True, True
        self._shown, self._display = [*names, FREQUENCY], None

    # in the order of the rows

    def _accum(self) -> None:
        value = self._parser().field(field_name(self._tokens.kind("name")))
        name = field_name(self._tokens.kind("name")) if self._tokens.take("as") else value.name
        self._in_order()
        self._stages.append(sequences.Accumulate(value.evaluate, self._scope.add(name)))
        self._shown.append(name)

    def _autoregress(self) -> None:
        value = self._parser().field(field_name(self._tokens.kind("name")))
        alias = field_name(self._tokens.kind("name")) if self._tokens.take("as") else ""
        depths = clauses.lags(self._tokens)
        single = alias if len(depths) == 1 else ""
        names = {depth: single or f"{alias or value.name}_p{depth}" for depth in depths}
        self._in_order()
        self._stages.append(
            sequences.Lag(value.evaluate, [(depth, self._scope.add(name)) for depth, name in names.items()])
        )
        self._shown += names.values()

    def _filldown(self) -> None:
        patterns = clauses.patterns(self._tokens)
        names = [one for one in patterns if "*" not in one] or ([] if patterns else self._shown)
        names += [name for name in self._shown if any("*" in one and fnmatchcase(name, one) for one in patterns)]
        self._in_order()
        self._stages.append(sequences.FillDown([self._scope.find(name) for name in names]))

    def _addtotals(self) -> None:
        clause = clauses.totals(self._tokens)
        places = [self._scope.find(name) for name in clause.fields or dict.fromkeys(self._shown)]
        self._in_order()
        total = self._scope.add(clause.name) if clause.rows else None
        self._stages.append(sequences.Totals(places, self._scope, total=total, columns=clause.columns))
        self._shown += [clause.name] if clause.rows else []

    def _stats(self) -> None:
        makers: list[Maker] = []
        after = Scope(self.window, source=False)
        pending: list[tuple[str, Expression]] = []
        slots: list[int] = []

        def aggregate(name: str, parser: Parser) -> Expression | None:
            if name not in NAMES:
                return None
            makers.append(self._aggregate(name))
            slot = len(slots)
            slots.append(0)
            return Expression(lambda row: row[slots[slot]])

        while True:
            pending.append(self._named(lambda: Parser(self._tokens, self._scope, aggregate).expression()))
            if not self._tokens.take(","):
                break
        groups: list[Any] = []
        names: list[str] = []
        if self._tokens.take("by"):
            while True:
                name, expression = self._named(lambda: self._parser().expression())
                names.append(name)
                groups.append(expression.evaluate)
                if not self._tokens.take(","):
                    break
        for name in names:
            after.add(name)
        slots[:] = [after.add(f"\0{number}") for number in range(len(makers))]
        for name, _ in pending:
            after.add(name)
        self._stages.append(stages.Stats(groups, makers, [expression.evaluate for _, expression in pending], after))
        self._scope, self._aggregated, self._sorted = after, True, False
        self._shown, self._display = [*names, *(name for name, _ in pending)], None

    def _aggregate(self, name: str) -> Maker:
        """An aggregate, whose opening bracket was taken."""
        if name == "count" and self._tokens.take("*"):
            self._tokens.expect(")")
            return maker(name, None, None)
        parser = self._parser()
        arguments = parser.arguments()
        value = arguments[0].evaluate if arguments else None
        percent = arguments[1].constant if len(arguments) == 2 and name in PERCENTILES else None
        return maker(name, value, percent)

    def _pattern(self) -> None:
        self._patterns_of(self._parser().expression())

    def _patterns_of(self, value: Expression) -> None:
        after = Scope(self.window, source=False)
        self._stages.append(stages.Patterns(value.evaluate, after))
        self._scope, self._aggregated = after, True
        self._shown, self._display = list(PATTERN_FIELDS), None
        for name in self._shown:
            after.add(name)

    # with something else

    def _source(self) -> None:
        if self._stages or self._shown or self.source:
            raise blamed(self._tokens.previous, "unexpected symbol found")
        self.source = clauses.groups(self._tokens)

    def _filter_index(self) -> None:
        while True:
            if self._tokens.peek().word not in ("=", "in"):
                self._tokens.any()
                raise self._tokens.unexpected()
            self.indexed.append(field_name(self._tokens.next))
            self._let_through(self._parser().comparison())
            if not self._tokens.take("and"):
                break

    def _query(self, text: str | Tokens, most: int | None) -> Query:
        from hodei.engines.insights.query import Query  # which is a Reader

        return Query(text, most)

    def _within(self) -> Nested:
        """A query in brackets."""
        if self._inside:
            raise blamed(self._tokens.next, "no query within a query within a query:")
        self._tokens.expect("(")
        nested = Nested(self._query(self._tokens, None))
        self._tokens.expect(")")
        self.nested.append(nested)
        return nested

    def _values(self, name: str) -> Values:
        """Those of the field of that name of a query in brackets, or of its only field."""
        nested = self._within()
        fields = nested.query.chosen
        field = name if name in fields else fields[0] if len(fields) == 1 else None
        if field is None:
            raise InvalidQuery(f"the subquery must return the field {name}")
        return lambda: nested.values(field)

    @property
    def chosen(self) -> list[str]:
        """The fields that it says to show."""
        return [name for name in self._names() if name != POINTER] if self._chosen or self._aggregated else []

    def show(self, name: str) -> None:
        """Show a field of events, too."""
        self._scope.find(name)
        self._shown.append(name)

    def _join(self) -> None:
        token, scope = self._tokens.previous, self._scope
        if scope.aliases or self._inside:
            raise blamed(token, "only one join in a query, and none within another one:")
        clause = clauses.join(self._tokens)
        right = self._within()
        if right.query.source is None or right.query._stages:
            raise InvalidQuery("the right side of a join is a SOURCE and nothing else", token.start, token.end)
        values = [(self._parser().field(name).evaluate, other) for name, other in clause.keys]
        stage = combining.Join(right, values, outer=clause.outer)
        for _, name in values:
            right.query.show(name)

        def of_right(name: str) -> int:
            right.query.show(name)
            stage.places[name] = at = scope.add(f"{clause.right}.{name}")
            return at

        scope.aliases = {clause.left: scope.find, clause.right: of_right}
        self._stages.append(stage)

    def _lookup(self) -> None:
        clause = clauses.lookup(self._tokens)
        values = [self._parser().field(field).evaluate for _, field in clause.keys]
        table = Table(clause.table, [column for column, _ in clause.keys], clause.output)
        places = [self._scope.find(name) for name in clause.output]
        self._stages.append(combining.Lookup(table, values, places))
        self.tables.append(table)
        self._shown += clause.output

    def _diff(self) -> None:
        token = self._tokens.previous
        before = self._tokens.query[: token.start].rstrip().removesuffix("|")
        if not isinstance(self._stages[-1] if self._stages else None, stages.Patterns):
            if self._aggregated or self._inside:
                raise blamed(token, "no patterns to compare before")
            before = f"{before} | pattern {MESSAGE}" if before else f"pattern {MESSAGE}"
            self._patterns_of(self._parser().field(MESSAGE))
        earlier = Nested(self._query(before, None), clauses.period(self._tokens))
        self.nested.append(earlier)
        self._stages.append(combining.Diff(earlier, self._scope, [self._scope.add(name) for name in DIFF_FIELDS]))
        self._shown += DIFF_FIELDS
