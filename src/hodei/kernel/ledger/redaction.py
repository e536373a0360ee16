"""What of a request or an answer may be written down: secrets by a word instead, bodies not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hodei.protocol.model import Shape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"  # as CloudTrail has it

Values = Mapping[str, Any]
Redactor = Callable[[Values], Values]


class Secrets(NamedTuple):
    """Members by their names, wherever they stand."""

    hidden: frozenset[str]  # a word stands for them, as for what the model calls sensitive
    omitted: frozenset[str]
    named: frozenset[str]  # maps of which the keys are told


def redactor(shape: Shape | None, secrets: Secrets) -> Redactor:
    """A function that gives parameters of that shape without what must not be written down, and without blobs."""
    if shape is None or not _secretive(shape, secrets.hidden | secrets.omitted | secrets.named, set()):
        return lambda values: values
    return lambda values: _structure(shape, values, secrets)


def _secretive(shape: Shape, hidden: frozenset[str], seen: set[str]) -> bool:
    if shape.raw.get("sensitive") or shape.type == "blob" or shape.eventstream:
        return True
    if shape.name in seen:
        return False
    seen.add(shape.name)
    if shape.type == "structure":
        return any(name in hidden or _secretive(member, hidden, seen) for name, member in shape.members.items())
    if shape.type in ("list", "map"):
        return _secretive(shape.member if shape.type == "list" else shape.value, hidden, seen)
    return False


def _redacted(shape: Shape, value: Any, secrets: Secrets) -> Any:
    if shape.raw.get("sensitive"):
        return HIDDEN
    if shape.type == "structure":
        return _structure(shape, value, secrets)
    if shape.type == "list":
        return [_redacted(shape.member, one, secrets) for one in value if not _dropped(shape.member)]
    if shape.type == "map":
        return {key: _redacted(shape.value, one, secrets) for key, one in value.items() if not _dropped(shape.value)}
    return value


def _structure(shape: Shape, values: Values, secrets: Secrets) -> Values:
    members = shape.members
    return {
        name: _member(name, members[name], value, secrets)
        for name, value in values.items()
        if name in members and value is not None and name not in secrets.omitted and not _dropped(members[name])
    }


def _member(name: str, shape: Shape, value: Any, secrets: Secrets) -> Any:
    if name in secrets.hidden:
        return HIDDEN
    return list(value) if name in secrets.named else _redacted(shape, value, secrets)


def _dropped(shape: Shape) -> bool:
    return shape.eventstream or (shape.type == "blob" and not shape.raw.get("sensitive"))
