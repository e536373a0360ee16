"""Generated arithmetic, conditions and updates, held against plain models that share no code with the service."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import numbers
from hodei.services.dynamodb.expressions import Placeholders, parse_condition, parse_update

pytestmark = pytest.mark.feature("dynamodb.items")

Value = dict[str, Any]
EXACT = Context(prec=600)


# Numbers

decimals = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent, EXACT),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.integers(-130, 87),
).filter(lambda number: not number or number.adjusted() >= -130)


def text_of(number: Decimal) -> str:
    """Plain notation without superfluous zeros."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) if number else "0"


@given(decimals, decimals)
def test_sums_and_differences_are_those_of_decimals_or_are_refused(left: Decimal, right: Decimal) -> None:
    for exact, add in ((EXACT.add, text_of(right)), (EXACT.subtract, numbers.negated(text_of(right)))):
        expected = exact(left, right).normalize(EXACT)
        fits = not expected or (len(expected.as_tuple().digits) <= 38 and -130 <= expected.adjusted() <= 125)
        if fits:
            assert numbers.add(text_of(left), add) == text_of(expected)
        else:
            with pytest.raises(AwsError):
                numbers.add(text_of(left), add)


# Conditions: pairs of a text and what it says of an item

words = st.text("ab", max_size=2)
scalars = st.one_of(
    words.map(lambda text: {"S": text}),
    st.integers(-2, 3).map(lambda number: {"N": str(number)}),
    words.map(lambda text: {"B": text.encode()}),
    st.booleans().map(lambda truth: {"BOOL": truth}),
    st.just({"NULL": True}),
    st.sets(words, min_size=1).map(lambda some: {"SS": sorted(some)}),
    st.sets(st.integers(-2, 3), min_size=1).map(lambda some: {"NS": [str(one) for one in some]}),
)
documents = st.one_of(
    scalars,
    st.lists(scalars, max_size=2).map(lambda some: {"L": some}),
    st.dictionaries(st.sampled_from(["x", "y"]), scalars, max_size=2).map(lambda some: {"M": some}),
)
ordered = scalars.filter(lambda value: kind_of(value) in "SNB")
items = st.dictionaries(st.sampled_from(["a", "b", "c"]), documents)
PATHS: Mapping[str, tuple[str | int, ...]] = {
    "a": ("a",), "b": ("b",), "c": ("c",), "a.x": ("a", "x"), "b.y": ("b", "y"), "a[0]": ("a", 0), "c[1]": ("c", 1),
}  # fmt: skip
SIZED = ("S", "B", "SS", "NS", "L", "M")


def kind_of(value: Value) -> str:
    return next(iter(value))


def plain(value: Value) -> tuple[str, Any]:
    """What compares as the value does."""
    [(kind, content)] = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind in ("SS", "NS"):
        return kind, frozenset(map(Decimal, content)) if kind == "NS" else frozenset(content)
    if kind == "L":
        return kind, [plain(one) for one in content]
    return (kind, {name: plain(one) for name, one in content.items()}) if kind == "M" else (kind, content)


def found(item: Mapping[str, Value], steps: tuple[str | int, ...]) -> Value | None:
    value: Value | None = {"M": dict(item)}
    for step in steps:
        held: Any = (value or {}).get("M" if isinstance(step, str) else "L", ())
        value = held[step] if (step in held if isinstance(step, str) else step < len(held)) else None
    return value


Asked = tuple[str, Callable[[Mapping[str, Value]], bool]]


class Conditions:
    """Draws conditions, and gathers the values that they refer to."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.values: dict[str, Value] = {}

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.data.draw(strategy)

    def given(self, value: Value) -> str:
        name = f":v{len(self.values)}"
        self.values[name] = value
        return name

    def condition(self, depth: int = 0) -> Asked:
        kind = self.draw(st.sampled_from(["test"] if depth > 2 else ["test", "test", "and", "or", "not"]))
        if kind == "test":
            tests = (self.comparison, self.sized, self.between, self.among, self.existing, self.typed, self.related)
            drawn: Asked = self.draw(st.sampled_from(tests))()
            return drawn
        text, holds = self.condition(depth + 1)
        if kind == "not":
            return f"NOT ({text})", lambda item: not holds(item)
        other, also = self.condition(depth + 1)
        if kind == "and":
            return f"({text}) AND ({other})", lambda item: holds(item) and also(item)
        return f"({text}) OR ({other})", lambda item: holds(item) or also(item)

    def path(self) -> tuple[str, tuple[str | int, ...]]:
        drawn: tuple[str, tuple[str | int, ...]] = self.draw(st.sampled_from(sorted(PATHS.items())))
        return drawn

    def comparison(self) -> Asked:
        text, steps = self.path()
        operator = self.draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
        value = self.draw(documents if operator in ("=", "<>") else ordered)
        return f"{text} {operator} {self.given(value)}", lambda item: compared(found(item, steps), operator, value)

    def sized(self) -> Asked:
        text, steps = self.path()
        number = self.draw(st.integers(0, 2))
        value = {"N": str(number)}

        def holds(item: Mapping[str, Value]) -> bool:
            there = found(item, steps)
            return there is not None and kind_of(there) in SIZED and len(there[kind_of(there)]) > number

        return f"size({text}) > {self.given(value)}", holds

    def between(self) -> Asked:
        text, steps = self.path()
        low = self.draw(ordered)
        high = self.draw(ordered.filter(lambda value: value.keys() == low.keys() and plain(value) >= plain(low)))

        def holds(item: Mapping[str, Value]) -> bool:
            there = found(item, steps)
            return compared(there, ">=", low) and compared(there, "<=", high)

        return f"{text} BETWEEN {self.given(low)} AND {self.given(high)}", holds

    def among(self) -> Asked:
        text, steps = self.path()
        options = self.draw(st.lists(documents, min_size=1, max_size=3))
        names = ", ".join(map(self.given, options))
        return f"{text} IN ({names})", lambda item: any(compared(found(item, steps), "=", one) for one in options)

    def existing(self) -> Asked:
        text, steps = self.path()
        if self.draw(st.booleans()):
            return f"attribute_exists({text})", lambda item: found(item, steps) is not None
        return f"attribute_not_exists({text})", lambda item: found(item, steps) is None

    def typed(self) -> Asked:
        text, steps = self.path()
        kind = self.draw(st.sampled_from(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]))
        return f"attribute_type({text}, {self.given({'S': kind})})", lambda item: kind in (found(item, steps) or {})

    def related(self) -> Asked:
        text, steps = self.path()
        if self.draw(st.booleans()):
            prefix = self.draw(ordered.filter(lambda value: "N" not in value))
            [(kind, start)] = prefix.items()
            return f"begins_with({text}, {self.given(prefix)})", lambda item: begun(found(item, steps), kind, start)
        part = self.draw(scalars)
        return f"contains({text}, {self.given(part)})", lambda item: contained(found(item, steps), part)


def begun(whole: Value | None, kind: str, start: Any) -> bool:
    return whole is not None and kind in whole and whole[kind][: len(start)] == start


def compared(left: Value | None, operator: str, right: Value) -> bool:
    if operator in ("=", "<>"):
        return (left is not None and plain(left) == plain(right)) is (operator == "=")
    if left is None or left.keys() != right.keys():
        return False
    ours, theirs = plain(left)[1], plain(right)[1]
    return bool({"<": ours < theirs, "<=": ours <= theirs, ">": ours > theirs, ">=": ours >= theirs}[operator])


def contained(whole: Value | None, part: Value) -> bool:
    if whole is None:
        return False
    [(kind, content)], [(part_kind, sought)] = whole.items(), part.items()
    if kind == "L":
        return any(plain(one) == plain(part) for one in content)
    if kind in ("SS", "NS"):
        return part_kind == kind[0] and plain(part)[1] in plain(whole)[1]
    return kind == part_kind and kind in ("S", "B") and sought in content


@settings(max_examples=200)
@given(item=items, data=st.data())
def test_conditions_hold_as_a_plain_model_says(item: dict[str, Value], data: st.DataObject) -> None:
    conditions = Conditions(data)
    text, holds = conditions.condition()
    parsed = parse_condition(text, Placeholders(None, conditions.values or None))
    assert parsed.holds(item) is holds(item), text


# Updates: one action for each top-level attribute, so that none overlap

TARGETS = ("n", "fresh", "ss", "l", "l[0]", "l[7]", "l.x", "m", "m.n", "m.fresh", "m.l[1]", "m.gone.x", "fresh.x")
OLD: dict[str, Value] = {
    "n": {"N": "5"}, "ss": {"SS": ["a", "b"]}, "l": {"L": [{"N": "0"}, {"N": "1"}]},
    "m": {"M": {"n": {"N": "2"}, "l": {"L": [{"S": "p"}, {"S": "q"}]}}},
}  # fmt: skip
GIVEN: dict[str, Value] = {
    ":n": {"N": "3"}, ":s": {"S": "z"}, ":l": {"L": [{"S": "end"}]}, ":ss": {"SS": ["b", "c"]}, ":ab": {"SS": ["a", "b"]},
}  # fmt: skip
ASSIGNED = (":s", ":n", "m.n", "gone", "n + :n", "m.n - :n", "ss + :n", "if_not_exists(gone, :s)", "if_not_exists(n, :s)",
            "list_append(l, :l)", "list_append(:l, m.l)", "list_append(n, :l)", "gone - :n")  # fmt: skip


class Refused(Exception):
    """The model's own."""


def steps_of(path: str) -> tuple[str | int, ...]:
    return tuple(int(one) if one.isdigit() else one for one in path.replace("]", "").replace("[", ".").split("."))


def operand(text: str) -> Value:
    value = GIVEN.get(text) or found(OLD, steps_of(text))
    if value is None:
        raise Refused
    return value


def assigned(text: str) -> Value:
    if text.startswith("if_not_exists("):
        path, other = text[14:-1].split(", ")
        return found(OLD, steps_of(path)) or operand(other)
    if text.startswith("list_append("):
        left, right = map(operand, text[12:-1].split(", "))
        if "L" not in left or "L" not in right:
            raise Refused
        return {"L": left["L"] + right["L"]}
    if " " in text:
        one, sign, two = text.split()
        left, right = operand(one), operand(two)
        if "N" not in left or "N" not in right:
            raise Refused
        return {"N": str(int(left["N"]) + int(right["N"]) * (1 if sign == "+" else -1))}
    return operand(text)


def changed(section: str, path: str, text: str) -> Value | None:
    """The new value at a path; None for none."""
    if section == "REMOVE":
        return None
    if section == "SET":
        return assigned(text)
    old, value = found(OLD, steps_of(path)), GIVEN[text]
    if old is not None and old.keys() != value.keys():
        raise Refused
    if section == "ADD":
        if old is None:
            return value
        if "N" in value:
            return {"N": str(int(old["N"]) + int(value["N"]))}
        return {"SS": old["SS"] + [one for one in value["SS"] if one not in old["SS"]]}
    left = [one for one in (old or {}).get("SS", []) if one not in value["SS"]]
    return {"SS": left} if left else None


def written(item: dict[str, Value], steps: tuple[str | int, ...], value: Value | None) -> None:
    parent = found(item, steps[:-1])
    last = steps[-1]
    content: Any = item if len(steps) == 1 else (parent or {}).get("M" if isinstance(last, str) else "L")
    if content is None:
        raise Refused
    there = last in content if isinstance(content, dict) else last < len(content)  # type: ignore[operator]
    if value is None:
        if there:
            del content[last]
    elif there or isinstance(content, dict):
        content[last] = value
    else:
        content.append(value)


actions = st.lists(
    st.one_of(
        st.tuples(st.just("SET"), st.sampled_from(TARGETS), st.sampled_from(ASSIGNED)),
        st.tuples(st.just("REMOVE"), st.sampled_from(TARGETS), st.just("")),
        st.tuples(st.just("ADD"), st.sampled_from(TARGETS), st.sampled_from([":n", ":ss"])),
        st.tuples(st.just("DELETE"), st.sampled_from(TARGETS), st.sampled_from([":ss", ":ab"])),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda action: steps_of(action[1])[0],
)


@settings(max_examples=200)
@given(actions)
def test_updates_do_what_a_plain_model_does(actions: list[tuple[str, str, str]]) -> None:
    texts: dict[str, list[str]] = {}
    for section, path, text in actions:
        texts.setdefault(section, []).append(f"{path} = {text}" if section == "SET" else f"{path} {text}")
    expression = " ".join(f"{section} {', '.join(some)}" for section, some in texts.items())
    expected: dict[str, Value] | None = copy.deepcopy(OLD)
    try:
        values = [changed(*action) for action in actions]
        for (_, path, _), value in zip(actions, values, strict=True):
            written(expected or {}, steps_of(path), value)
    except Refused:
        expected = None
    try:
        result, _ = parse_update(expression, Placeholders(None, GIVEN)).apply(OLD, ("id",))
    except AwsError as refusal:
        assert refusal.code == "ValidationException"
        assert expected is None, (expression, refusal.message)
    else:
        assert result == expected, expression


@example([5], [4])  # what is appended is not at the index that it was given
@given(st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True), st.lists(st.integers(0, 6), max_size=3))
def test_elements_of_one_list_are_set_and_removed_by_their_old_indexes(puts: list[int], gone: list[int]) -> None:
    gone = [index for index in dict.fromkeys(gone) if index not in puts]
    text = "SET " + ", ".join(f"l[{index}] = :v{index}" for index in puts)
    text += (" REMOVE " + ", ".join(f"l[{index}]" for index in gone)) if gone else ""
    values = {f":v{index}": {"S": f"new {index}"} for index in puts}
    old = {"l": {"L": [{"S": f"old {index}"} for index in range(4)]}}
    result, _ = parse_update(text, Placeholders(None, values)).apply(old, ())
    kept = [f"new {index}" if index in puts else f"old {index}" for index in range(4) if index not in gone]
    assert [one["S"] for one in result["l"]["L"]] == [*kept, *(f"new {index}" for index in sorted(puts) if index > 3)]
