"""Update expressions: checked against a request's placeholders, then applied to items."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from hodei.services.dynamodb import errors, numbers
from hodei.services.dynamodb.expressions import paths
from hodei.services.dynamodb.expressions.nodes import Action, Alias, Call, Operand, Path, Value
from hodei.services.dynamodb.expressions.operands import (
    Item,
    Read,
    check_count,
    check_kinds,
    check_path,
    compile_path,
    compile_value,
    fail,
)
from hodei.services.dynamodb.expressions.parser import UpdateParser
from hodei.services.dynamodb.expressions.paths import Steps
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.values import NESTING, AttributeValue, depth_of, invalid, kind_of

KIND = "UpdateExpression"
KIND_NAMES = {
    "S": "STRING", "N": "NUMBER", "B": "BINARY", "M": "MAP", "L": "LIST", "NULL": "NULL", "BOOL": "BOOLEAN",
}  # fmt: skip
SETS = frozenset(("SS", "NS", "BS"))
ADDABLE = SETS | {"N"}
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
WRONG_PATH = "The document path provided in the update expression is invalid for update"
NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"


class Plan:
    """What is made of a text once: the actions, what they refer to, and how their operands are read.

    `mismatch` is what ADD and DELETE say of an attribute of another type.
    """

    def __init__(self, actions: tuple[Action, ...], mismatch: str = WRONG_TYPE) -> None:
        self.actions = actions
        self.mismatch = mismatch
        found = [part for action in actions for part in references(action.path, action.operand)]
        self.aliases = tuple(dict.fromkeys(part.name for part in found if isinstance(part, Alias)))
        self.values = tuple(dict.fromkeys(part.name for part in found if isinstance(part, Value)))

    @cached_property
    def reads(self) -> list[Read | None]:
        """Compiled once the checks have passed for the first time: what they refuse cannot be compiled."""
        return [compile_operand(action.operand) if action.operand else None for action in self.actions]


@lru_cache(2048)
def plan(text: str) -> Plan:
    return Plan(UpdateParser(text, KIND).parse())


def references(*operands: Operand | None) -> Iterator[Alias | Value]:
    """The names and values that operands refer to, as they are written."""
    for operand in operands:
        if isinstance(operand, Path):
            yield from (part for part in operand.elements if isinstance(part, Alias))
        elif isinstance(operand, Call):
            yield from references(*operand.args)
        elif operand:
            yield operand


@lru_cache(2048)
def targets(planned: Plan, names: tuple[str, ...]) -> tuple[Steps, ...]:
    """The paths that a plan writes, with these names for its aliases. Raises: ValidationException if they overlap."""
    given = dict(zip(planned.aliases, names))
    found = tuple(
        tuple([given[part.name] if isinstance(part, Alias) else part for part in action.path.elements])
        for action in planned.actions
    )
    paths.check_apart(found, KIND)
    return found


class Update:
    """An update with everything it refers to; `paths` are those it writes, one for each action."""

    __slots__ = ("_given", "_plan", "paths")

    def __init__(self, planned: Plan, given: Placeholders, targets: tuple[Steps, ...]) -> None:
        self._plan = planned
        self._given = given
        self.paths = targets

    @property
    def nested(self) -> set[str]:
        """The top-level attributes that it writes into."""
        return {str(steps[0]) for steps in self.paths if len(steps) > 1}

    @property
    def literals(self) -> dict[str, AttributeValue]:
        """What is known of attributes without the old item: the given values that they are set to, or changed by."""
        return {
            str(steps[0]): self._given.values[action.operand.name]
            for action, steps in zip(self._plan.actions, self.paths)
            if len(steps) == 1 and isinstance(action.operand, Value)
        }

    def check_keys(self, key_names: Collection[str]) -> None:
        """Raises: ValidationException where a part of the key would be written."""
        written = {steps[0] for steps in self.paths}
        if found := next((name for name in key_names if name in written), None):
            raise invalid(f"Cannot update attribute {found}. This attribute is part of the key")

    def apply(self, item: Item, key_names: Collection[str]) -> tuple[dict[str, AttributeValue], tuple[Steps, ...]]:
        """The item updated (the given one stays as it is) and the paths touched.

        Every operand is read from the item as it was. Raises: ValidationException with AWS's text.
        """
        self.check_keys(key_names)
        writes = list(self._writes(item))
        if any(len(steps) > 1 for steps in self.paths):
            writes.sort(key=by_index)
        draft = Draft(item)
        for steps, value in writes:
            if value is not None:
                draft.put(steps, value)
        for steps, value in reversed(writes):
            if value is None:
                draft.remove(steps, there=paths.at(item, steps) is not None)
        return draft.item, self.paths

    def _writes(self, item: Item) -> Iterator[tuple[Steps, AttributeValue | None]]:
        """What is to be where in the end; None: nothing."""
        for action, read, steps in zip(self._plan.actions, self._plan.reads, self.paths):
            if read is None:
                yield steps, None
                continue
            operand = read(item, self._given)
            if operand is None:
                raise errors.ValidationException(NO_ATTRIBUTE)
            if action.section == "SET":
                check_depth(steps, operand)
                yield steps, operand
                continue
            old = paths.at(item, steps)
            if old is not None and old.keys() != operand.keys():
                raise errors.ValidationException(self._plan.mismatch)
            yield steps, added(old, operand) if action.section == "ADD" else deleted(old, operand)


def by_index(write: tuple[Steps, AttributeValue | None]) -> list[tuple[bool, Any]]:
    """Orders writes by path: what is put past the end of a list is appended in order, and removed from its end on."""
    return [(isinstance(step, int), step) for step in write[0]]


def check_depth(steps: Steps, value: AttributeValue) -> None:
    if len(steps) - 1 + depth_of(value) > NESTING:
        raise errors.ValidationException("Nesting Levels have exceeded supported limits")


def added(old: AttributeValue | None, operand: AttributeValue) -> AttributeValue:
    """ADD: the sum of numbers, the union of sets, two lists (in AttributeUpdates only) as one."""
    if old is None:
        return operand
    [(kind, content)] = operand.items()
    if kind == "N":
        return {"N": numbers.add(old["N"], content)}
    if kind == "L":
        return {"L": [*old["L"], *content]}
    return {kind: list(dict.fromkeys([*old[kind], *content]))}


def deleted(old: AttributeValue | None, operand: AttributeValue) -> AttributeValue | None:
    """DELETE: the set without the operand's members; an empty set does not exist."""
    if old is None:
        return None
    [(kind, content)] = operand.items()
    gone = set(content)
    left = [member for member in old[kind] if member not in gone]
    return {kind: left} if left else None


class Draft:
    """An item being changed: maps and lists are copied where they are first written to, and only there."""

    def __init__(self, item: Item) -> None:
        self.item = dict(item)
        self._own: dict[int, AttributeValue] = {}  # by identity: the copies made here

    def put(self, steps: Steps, value: AttributeValue) -> None:
        content, last = self._parent(steps)
        if isinstance(content, list) and last >= len(content):
            content.append(value)
        else:
            content[last] = value

    def remove(self, steps: Steps, *, there: bool) -> None:
        """`there` is of the item before: by now something may have been appended to a list in the path's place."""
        content, last = self._parent(steps)
        if there:
            del content[last]

    def _parent(self, steps: Steps) -> tuple[Any, Any]:
        """The content of the map or list that holds the last step, and that step."""
        content: Any = self.item
        for step, following in pairwise(steps):
            kind = "M" if isinstance(following, str) else "L"
            value = content[step] if has(content, step) else {}
            if kind not in value:
                raise errors.ValidationException(WRONG_PATH)
            if id(value) not in self._own:
                value = {kind: value[kind].copy()}
                self._own[id(value)] = value
                content[step] = value
            content = value[kind]
        return content, steps[-1]


def has(content: dict[str, Any] | list[Any], step: Any) -> bool:
    """Whether a map has a name or a list an index."""
    return step in content if isinstance(content, dict) else step < len(content)


def parse_update(text: str, given: Placeholders) -> Update:
    """The UpdateExpression of a request. Raises: ValidationException with AWS's text."""
    planned = plan(text)
    names = tuple([given.name(alias, KIND) for alias in planned.aliases])
    for name in planned.values:
        given.value(name, KIND)
    update = Update(planned, given, targets(planned, names))
    for action in planned.actions:
        if action.operand:
            check(action.section, action.operand, given)
    return update


def check(section: str, operand: Operand, given: Placeholders) -> None:
    """The operand of an action. Raises: ValidationException where it cannot be of the right type."""
    if isinstance(operand, Call):
        check_call(operand, given)
    elif isinstance(operand, Value) and section != "SET":
        found = kind_of(given.values[operand.name])
        if found not in (ADDABLE if section == "ADD" else SETS):
            raise fail(
                KIND,
                f"Incorrect operand type for operator or function; operator: {section}, "
                f"operand type: {KIND_NAMES[found]}, typeSet: ALLOWED_FOR_{section}_OPERAND",
            )


def check_call(call: Call, given: Placeholders) -> None:
    for arg in call.args:
        check("SET", arg, given)
    check_count(call, 2, KIND)
    if call.name == "if_not_exists":
        check_path(call, KIND)
    elif call.name == "list_append":
        check_kinds(call.name, call.args, frozenset("L"), given, KIND)
    else:
        check_kinds(call.name, call.args, frozenset("N"), given, KIND)


def compile_operand(operand: Operand) -> Read:
    if isinstance(operand, Path):
        return compile_path(operand)
    if isinstance(operand, Value):
        return compile_value(operand)
    left, right = map(compile_operand, operand.args)
    if operand.name == "if_not_exists":
        return compile_if_not_exists(left, right)
    if operand.name == "list_append":
        return lambda item, given: {"L": content(left(item, given), "L") + content(right(item, given), "L")}
    if operand.name == "+":
        return lambda item, given: {"N": numbers.add(content(left(item, given), "N"), content(right(item, given), "N"))}
    return lambda item, given: {
        "N": numbers.add(content(left(item, given), "N"), numbers.negated(content(right(item, given), "N")))
    }


def compile_if_not_exists(left: Read, right: Read) -> Read:
    def first(item: Item, given: Placeholders) -> AttributeValue | None:
        value = left(item, given)
        return right(item, given) if value is None else value

    return first


def content(value: AttributeValue | None, kind: str) -> Any:
    """What an operand of arithmetic or list_append holds. Raises: ValidationException for nothing or another type."""
    if value is None:
        raise errors.ValidationException(NO_ATTRIBUTE)
    if kind not in value:
        raise errors.ValidationException(WRONG_TYPE)
    return value[kind]
