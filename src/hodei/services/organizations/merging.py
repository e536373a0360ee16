"""How management policies add up, from the root to an account.

https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

ASSIGN, APPEND, REMOVE = "@@assign", "@@append", "@@remove"
CHILDREN = "@@operators_allowed_for_child_policies"
ALL = frozenset((ASSIGN, APPEND, REMOVE))


class NotMergeable(Exception):
    """An operator that is none, or that has a value it cannot have."""


class Node:
    """A place in the effective policy: either a value or more places below it.

    `allowed` are the operators that policies may use here. What a policy says of its children holds from the next level
    on (`descend`), and nothing takes it back.
    """

    def __init__(self, allowed: frozenset[str] = ALL) -> None:
        self.allowed = allowed
        self.allowed_below = allowed
        self.children: dict[str, Node] = {}
        self.value: Any = None

    def merge(self, policy: Mapping[str, Any]) -> None:
        """Raises: NotMergeable."""
        for key, given in policy.items():
            if key == CHILDREN:
                self.allowed_below &= _operators(given)
            elif key in ALL:
                if key in self.allowed:
                    self.value = _applied(key, self.value, given)
                else:
                    _applied(key, [], given)
            elif key.startswith("@@") or not isinstance(given, dict):
                raise NotMergeable(key)
            else:
                self._child(key).merge(given)

    def _child(self, key: str) -> Node:
        if key not in self.children:
            self.children[key] = Node(self.allowed)
        return self.children[key]

    def descend(self) -> None:
        """The policies of one level have been merged: those of the next are their children."""
        self.allowed = self.allowed_below
        for child in self.children.values():
            child.allowed_below &= self.allowed
            child.descend()

    def result(self) -> Any:
        """The effective policy; None if there is nothing."""
        if self.value is not None:
            return self.value
        below = {key: found for key, child in self.children.items() if (found := child.result()) is not None}
        return below or None


def _operators(given: Any) -> frozenset[str]:
    if not isinstance(given, list) or not set(given) <= {*ALL, "@@all", "@@none"}:
        raise NotMergeable(CHILDREN)
    return ALL if "@@all" in given else frozenset(given) & ALL


def _applied(operator: str, before: Any, given: Any) -> Any:
    if isinstance(given, dict):
        raise NotMergeable(operator)
    if operator == ASSIGN:
        return given
    inherited = before if isinstance(before, list) else []
    if not isinstance(given, list):
        given = [given]
    if operator == APPEND:
        return inherited + [one for one in given if one not in inherited]
    return [one for one in inherited if one not in given]


def merged(levels: Iterable[Iterable[str]]) -> Any:
    """What policies, as documents, of every level from the root down to an account come to."""
    found = Node()
    for level in levels:
        for document in level:
            found.merge(json.loads(document))
        found.descend()
    return found.result() or {}
