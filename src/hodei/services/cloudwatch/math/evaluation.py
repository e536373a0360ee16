"""Expressions worked out, over the metrics and the other expressions of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from hodei.engines.metricmath import expressions
from hodei.engines.metricmath.expressions import Array, Binary, Call, Malformed, Name, Negative, Node, Number, Text
from hodei.engines.metricmath.insights import is_query
from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.cloudwatch.data import connectors, labels, queries
from hodei.services.cloudwatch.data.queries import Found, Frame, Query, bad
from hodei.services.cloudwatch.math import anomalies, functions, insights, searching
from hodei.services.cloudwatch.math.values import Value, combine, derived, each, grid, lines_of

MINUTE = 60
Connected = Mapping[connectors.Asked, list[Found]]
parse = lru_cache(maxsize=1024)(expressions.parse)


class Evaluation:
    """The values of the queries of one request. Raises: ValidationError, with the expression that is wrong."""

    def __init__(self, ctx: Context, asked: Sequence[Query], frame: Frame, connected: Connected | None = None) -> None:
        self.ctx = ctx
        self.frame = frame
        self.asked = {query.id: query for query in asked}
        self._values: dict[str, Value] = {}
        self._connected = connected
        self._under_way: list[str] = []
        self._period = max((query.period for query in asked), default=0) or MINUTE

    def lines(self, query: Query) -> list[Found]:
        """The lines of a query that returns data, labelled as far as they are not to be told from all others."""
        value = self.value(query.id)
        if isinstance(value, float):
            raise self._wrong(query, "it is a number, not a time series")
        if not query.expression:
            return [value] if isinstance(value, Found) else value
        found = lines_of(value)
        several = isinstance(value, list)
        named = [line.label or default for line, default in zip(found, labels.defaults(found))] if several else []
        prefix = query.label if query.label is not None else ""
        return [
            Found(
                query.id,
                f"{prefix} {named[number]}".strip() if several else prefix,
                line.values,
                query.period or line.period,
                line.metric if several else None,
                line.stat,
                attributes=line.attributes,
                status=line.status,
                messages=line.messages,
            )
            for number, line in enumerate(found)
        ]

    def value(self, id: str) -> Value:
        if id not in self._values:
            query = self.asked[id]
            if id in self._under_way:
                raise self._wrong(query, "it depends on itself")
            self._under_way.append(id)
            self._values[id] = self._of(query)
            self._under_way.pop()
        return self._values[id]

    def _of(self, query: Query) -> Value:
        if not query.expression:
            return queries.read(self.ctx, query, self.frame)
        try:
            if is_query(query.expression):
                return insights.lines(self.ctx, query, self.frame, query.period or self._period)
            return self.work_out(parse(query.expression))
        except Malformed as error:
            raise self._wrong(query, str(error)) from None

    def _wrong(self, query: Query, reason: str) -> Exception:
        return bad(f"Error in expression '{query.id}': {reason}")

    def work_out(self, node: Node) -> Value:
        match node:
            case Number(value=value):
                return value
            case Name(name=name):
                if name not in self.asked:
                    raise Malformed(f"there is no metric or expression {name}")
                return self.value(name)
            case Array(items=items):
                return [line for item in items for line in lines_of(self.work_out(item))]
            case Negative(operand=operand):
                return combine(functions.OPERATORS["*"], -1.0, self.work_out(operand))
            case Binary(operator=operator, left=left, right=right):
                return combine(functions.OPERATORS[operator], self.work_out(left), self.work_out(right))
            case Call():
                return self._call(node)
            case Text():
                raise Malformed("a text has no place there")

    # functions

    def _call(self, call: Call) -> Value:
        name, given = call.function, call.arguments
        if name in functions.REDUCERS:
            return functions.reduce(name, self.work_out(self._one(call)))
        if name in functions.POINTWISE:
            return functions.pointwise(name, self.work_out(self._one(call)))
        if name in functions.MOMENTS:
            return self._line(call, lambda line: functions.moments(name, line, self._grid(line)))
        if name in ("DIFF", "DIFF_TIME", "RATE"):
            return self._line(call, lambda line: functions.steps(name, line))
        if name == connectors.FUNCTION and self._connected is not None:
            return self._lambda(call, self._connected)
        if name in NOT_HERE:
            raise NotImplementedByHodei(f"The function {name} of metric math is not implemented by Hodei.")
        if (special := _SPECIAL.get(name)) is None:
            raise Malformed(f"there is no function {name}")
        fewest, most, function = special
        if not fewest <= len(given) <= most:
            raise Malformed(
                f"{name} expects {fewest} to {most} arguments" if most > fewest else f"{name} expects {most}"
            )
        return function(self, given)

    def _one(self, call: Call) -> Node:
        if len(call.arguments) != 1:
            raise Malformed(f"{call.function} expects one argument")
        return call.arguments[0]

    def _line(self, call: Call, function: Callable[[Found], Found]) -> Value:
        return each(function, self.work_out(self._one(call)))

    def _grid(self, line: Found) -> range:
        return grid(self.frame, line.period, self.ctx.now)

    def _array(self, node: Node) -> list[Found]:
        return lines_of(self.work_out(node))

    def _number(self, node: Node) -> float:
        value = self.work_out(node)
        if not isinstance(value, float):
            raise Malformed("a number is expected")
        return value

    def _metrics(self, given: Sequence[Node]) -> Value:
        """Those of the request whose ids contain a text."""
        part = given[0].value if given and isinstance(given[0], Text) else ""
        found = [query for query in self.asked.values() if query.metric and part in query.id]
        return [line for query in found for line in lines_of(self.value(query.id))]

    def _fill(self, given: Sequence[Node]) -> Value:
        filler: Value | str
        if isinstance(given[1], Name) and given[1].name in ("REPEAT", "LINEAR"):
            filler = given[1].name
        else:
            filler = self.work_out(given[1])
        return each(lambda line: functions.fill(line, filler, self._grid(line)), self.work_out(given[0]))

    def _if(self, given: Sequence[Node]) -> Value:
        condition, yes, *no = (self.work_out(one) for one in given)
        return functions.choose(condition, yes, no[0] if no else None)

    def _period_of(self, given: Sequence[Node]) -> Value:
        if not isinstance(given[0], Name) or given[0].name not in self.asked or not self.asked[given[0].name].metric:
            raise Malformed("PERIOD expects a metric, not the result of an expression")
        return float(self.asked[given[0].name].period)

    def _slice(self, given: Sequence[Node]) -> Value:
        start, *end = (int(self._number(one)) for one in given[1:])
        return self._array(given[0])[max(start, 0) : max(end[0], 0) if end else None]

    def _sort(self, given: Sequence[Node]) -> Value:
        by, order = (one.name if isinstance(one, Name) else "" for one in given[1:3])
        most = int(self._number(given[3])) if len(given) > 3 else None
        return functions.sort(self._array(given[0]), by, order, most)

    def _at(self, number: int, given: Sequence[Node]) -> Value:
        if not (found := self._array(given[0])):
            raise Malformed("the array of time series is empty")
        return found[number]

    def _search(self, given: Sequence[Node]) -> Value:
        text, stat, *period = given
        if not isinstance(text, Text) or not isinstance(stat, Text):
            raise Malformed("SEARCH expects a search and a statistic as texts")
        seconds = int(self._number(period[0])) if period else self._period
        return searching.lines(self.ctx, text.value, stat.value, seconds, self.frame)

    def _band(self, given: Sequence[Node]) -> Value:
        width = self._number(given[1]) if len(given) > 1 else 2.0
        line = self.work_out(given[0])
        if not isinstance(line, Found):
            raise Malformed("ANOMALY_DETECTION_BAND expects a time series")
        return anomalies.band(self, given[0], line, width)

    def _lambda(self, call: Call, connected: Connected) -> Value:
        connectors.arguments(call)
        asked = call, max(self.asked[self._under_way[-1]].period or self._period, MINUTE)
        if asked not in connected:
            raise connectors.Wanted(asked)
        return connected[asked]

    def _time_series(self, given: Sequence[Node]) -> Value:
        value = self._number(given[0])
        line = Found("", "", {}, self._period)
        return derived(line, ((at, value) for at in self._grid(line)))


_SPECIAL: dict[str, tuple[int, int, Callable[[Evaluation, Sequence[Node]], Value]]] = {
    "ANOMALY_DETECTION_BAND": (1, 2, Evaluation._band),
    "FILL": (2, 2, Evaluation._fill),
    "FIRST": (1, 1, lambda self, given: self._at(0, given)),
    "IF": (2, 3, Evaluation._if),
    "LAST": (1, 1, lambda self, given: self._at(-1, given)),
    "METRICS": (0, 1, Evaluation._metrics),
    "METRIC_COUNT": (1, 1, lambda self, given: float(len(self._array(given[0])))),
    "PERIOD": (1, 1, Evaluation._period_of),
    "REMOVE_EMPTY": (1, 1, lambda self, given: [line for line in self._array(given[0]) if line.values]),
    "RUNNING_SUM": (1, 1, lambda self, given: each(functions.running_sum, self.work_out(given[0]))),
    "SEARCH": (2, 3, Evaluation._search),
    "SLICE": (2, 3, Evaluation._slice),
    "SORT": (3, 4, Evaluation._sort),
    "TIME_SERIES": (1, 1, Evaluation._time_series),
}

# LAMBDA is here where the caller can wait: for GetMetricData.
NOT_HERE = ("DB_PERF_INSIGHTS", "EXPLORER", "INSIGHT_RULE_METRIC", "LAMBDA", "SERVICE_QUOTA")
