"""Events under transformation: trees of maps, whose fields are named by paths ("user.roles.0")."""

from __future__ import annotations

import json
from typing import Any

Event = dict[str, Any]
ABSENT: Any = object()
MESSAGE = "@message"


class InvalidTransformer(ValueError):
    """Why processors are no transformer, in a sentence."""


class Unparsed(ValueError):
    """A message that a parser cannot take apart: nothing is made of it."""


def find(event: Event, path: str) -> Any:
    """The value of a field, or ABSENT."""
    value: Any = event
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def put(event: Event, path: str, value: Any, *, overwrite: bool = True) -> None:
    """Give a field its value, with the maps that it is in; not where something else than a map is in the way."""
    *above, last = path.split(".")
    for step in above:
        inner = event.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        event = inner
    if overwrite or last not in event:
        event[last] = value


def delete(event: Event, path: str) -> None:
    above, _, last = path.rpartition(".")
    parent = find(event, above) if above else event
    if isinstance(parent, dict):
        parent.pop(last, None)


def source_text(event: Event, message: str, path: str) -> str:
    """The text that a parser is for. Raises: Unparsed."""
    if path == MESSAGE:
        return message
    value = find(event, path)
    if value is ABSENT:
        raise Unparsed(path)
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def add(event: Event, fields: Event, destination: str) -> None:
    """Put what was parsed at the root, or at a field."""
    if destination:
        put(event, destination, fields)
    else:
        event.update(fields)
