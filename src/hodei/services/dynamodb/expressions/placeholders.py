"""ExpressionAttributeNames and ExpressionAttributeValues of one request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions.nodes import Alias, Path
from hodei.services.dynamodb.values import AttributeValue, normalise, value_size

_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")
KEY_SIZE = 255
MAP_SIZE = 2 * 1024 * 1024


class Placeholders:
    """What the expressions of a request refer to, and what of it they have used.

    `names` and `values` are None where the request has none. Raises: ValidationException for malformed ones.
    """

    __slots__ = ("names", "used_names", "used_values", "values")

    def __init__(self, names: Mapping[str, str] | None, values: Mapping[str, AttributeValue] | None) -> None:
        self.names: Mapping[str, str] = {} if names is None else checked_names(names)
        self.values: Mapping[str, AttributeValue] = {} if values is None else checked_values(values)
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()

    def check_used(self) -> None:
        """To be called once all expressions are parsed. Raises: ValidationException for what none has used."""
        self._check("ExpressionAttributeNames", self.names, self.used_names)
        self._check("ExpressionAttributeValues", self.values, self.used_values)

    def _check(self, what: str, given: Mapping[str, Any], used: set[str]) -> None:
        if len(given) > len(used):
            unused = ", ".join(key for key in given if key not in used)
            raise errors.ValidationException(f"Value provided in {what} unused in expressions: keys: {{{unused}}}")

    def name(self, alias: str, kind: str) -> str:
        """The attribute's name behind `#alias` in an expression of this kind."""
        found = self.names.get(alias)
        if found is None:
            raise errors.ValidationException(
                f"Invalid {kind}: An expression attribute name used in the document path is not defined; "
                f"attribute name: {alias}"
            )
        self.used_names.add(alias)
        return found

    def value(self, name: str, kind: str) -> AttributeValue:
        """The value behind `:name` in an expression of this kind."""
        found = self.values.get(name)
        if found is None:
            raise errors.ValidationException(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                f"attribute value: {name}"
            )
        self.used_values.add(name)
        return found

    def resolved(self, path: Path, kind: str) -> tuple[str | int, ...]:
        """The names and indexes of a document path."""
        return tuple([self.name(part.name, kind) if isinstance(part, Alias) else part for part in path.elements])


def checked_names(names: Mapping[str, str]) -> Mapping[str, str]:
    check_keys("ExpressionAttributeNames", names, _NAME)
    for key, name in names.items():
        if not name:
            raise errors.ValidationException(f"ExpressionAttributeNames contains invalid value: for key {key}")
    check_size("ExpressionAttributeNames", sum(len(key) + len(name) for key, name in names.items()))
    return names


def checked_values(values: Mapping[str, AttributeValue]) -> Mapping[str, AttributeValue]:
    check_keys("ExpressionAttributeValues", values, _VALUE)
    checked = {}
    for key, value in values.items():
        try:
            checked[key] = normalise(value)
        except (errors.ValidationException, errors.UnreadableValue) as fault:
            raise errors.ValidationException(
                f"ExpressionAttributeValues contains invalid value: {fault.message} for key {key}"
            ) from None
    check_size("ExpressionAttributeValues", sum(len(key) + value_size(value) for key, value in checked.items()))
    return checked


def check_size(what: str, size: int) -> None:
    if size > MAP_SIZE:
        raise errors.ValidationException(f"{what} exceeds max size")


def check_keys(what: str, keys: Iterable[str], pattern: re.Pattern[str]) -> None:
    if not keys:
        raise errors.ValidationException(f"{what} must not be empty")
    for key in keys:
        if not key:
            raise errors.ValidationException(
                f"{what} contains invalid key: The expression attribute map contains an empty key"
            )
        if len(key) > KEY_SIZE:
            raise errors.ValidationException(
                f"{what} contains invalid key: The expression attribute map contains a key that is too long; "
                f"size of key: {len(key)}"
            )
        if not pattern.fullmatch(key):
            raise errors.ValidationException(f'{what} contains invalid key: Syntax error; key: "{key}"')
