"""Document paths: a[0].b of an item; which of them overlap; what of an item they leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.values import AttributeValue

Steps = tuple[str | int, ...]  # the names and indexes of a path: ("a", 0, "b")


def at(item: Mapping[str, AttributeValue], steps: Steps) -> AttributeValue | None:
    """The value at a path of an item; None where there is none."""
    value = item.get(steps[0])  # type: ignore[arg-type]  # a path begins with a name
    for step in steps[1:]:
        if value is None:
            return None
        value = below(value, step)
    return value


def below(value: AttributeValue, step: str | int) -> AttributeValue | None:
    """The element of a map or list; None where there is none."""
    found: AttributeValue | None = None
    if isinstance(step, str):
        found = value["M"].get(step) if "M" in value else None
    elif "L" in value and step < len(value["L"]):
        found = value["L"][step]
    return found


def shown(steps: Steps) -> str:
    """A path as AWS writes it into messages: [a, [0], b]."""
    return "[" + ", ".join(step if isinstance(step, str) else f"[{step}]" for step in steps) + "]"


class Node:
    """A place in the tree of the paths of one expression; `first` is the first path that comes by."""

    __slots__ = ("children", "ends", "first")

    def __init__(self, first: Steps) -> None:
        self.first = first
        self.ends = False
        self.children: dict[str | int, Node] = {}


def check_apart(paths: Iterable[Steps], kind: str) -> None:
    """Raises: ValidationException where a path contains another, or takes for a list what another takes for a map."""
    root = Node(())
    for steps in paths:
        node = root
        for step in steps:
            if node.ends:
                _refuse("overlap", node.first, steps, kind)
            for sibling, other in node.children.items():
                if type(sibling) is not type(step):
                    _refuse("conflict", other.first, steps, kind)
                break  # siblings are of one type
            node = node.children.setdefault(step, Node(steps))
        if node.ends or node.children:
            _refuse("overlap", node.first, steps, kind)
        node.ends = True


def _refuse(how: str, one: Steps, two: Steps, kind: str) -> None:
    raise errors.ValidationException(
        f"Invalid {kind}: Two document paths {how} with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(one)}, path two: {shown(two)}"
    )


Tree = dict[Any, Any]  # paths by their steps: {"a": {"b": {}}} is the path a.b


def tree(paths: Iterable[Steps]) -> Tree:
    root: Tree = {}
    for steps in paths:
        node = root
        for step in steps:
            node = node.setdefault(step, {})
    return root


def pick(item: Mapping[str, AttributeValue], wanted: Tree) -> dict[str, AttributeValue]:
    """What the paths leave of an item: maps with the chosen names, lists with the chosen elements closed up."""
    picked = {}
    for name, inner in wanted.items():
        value = item.get(name)
        if value is not None and inner:
            value = _pick(value, inner)
        if value is not None:
            picked[name] = value
    return picked


def _pick(value: AttributeValue, wanted: Tree) -> AttributeValue | None:
    """The part of a value that a tree of steps chooses; None if it has nothing of it."""
    if isinstance(next(iter(wanted)), str):
        names = pick(value["M"], wanted) if "M" in value else None
        return {"M": names} if names else None
    if "L" not in value:
        return None
    elements = []
    for index in sorted(wanted):
        element = below(value, index)
        if element is not None and wanted[index]:
            element = _pick(element, wanted[index])
        if element is not None:
            elements.append(element)
    return {"L": elements} if elements else None
