"""Forms (the query protocols' requests): `Tags.member.1.Key=a` to the tree it spells, and that to boto3's form."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from hodei.protocol import timestamps
from hodei.protocol.errors import MalformedInput, SerializationError
from hodei.protocol.jsontree import SPECIAL_FLOATS, decode_base64
from hodei.protocol.model import Shape

Reader = Callable[[Any], Any]


def form_tree(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Nest dotted names. A name that has both a value and children keeps its value under ""."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        node = root
        *parents, last = name.split(".")
        for part in parents:
            child = node.get(part)
            if type(child) is not dict:
                child = node[part] = {} if child is None else {"": child}
            node = child
        if type(existing := node.get(last)) is dict:
            existing[""] = value
        else:
            node[last] = value
    return root


class FormReader:
    """Compiles the shapes of one service into functions that read a form's tree."""

    def __init__(self, *, ec2: bool) -> None:
        self._ec2 = ec2
        self._structures: dict[str, Reader] = {}

    def compile(self, shape: Shape) -> Reader:
        match shape.type:
            case "structure":
                return self._structures.get(shape.name) or self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case kind:
                return partial(_SCALARS[kind], shape)

    def _names(self, shape: Shape, member: str) -> list[str]:
        """What may stand for a member in the form, the usual name first."""
        if not self._ec2:
            name = shape.wire_name(member)
            # The name of a flattened list's elements takes the place of the list's.
            return [shape.member.wire_name(name), name] if shape.type == "list" and shape.flattened else [name]
        if query_name := shape.raw.get("queryName"):
            return [query_name]
        name = shape.wire_name(member)
        return [name[:1].upper() + name[1:], name]

    def _structure(self, shape: Shape) -> Reader:
        members: dict[str, list[tuple[str, Reader]]] = {}

        def read(node: Any) -> dict[str, Any]:
            if type(node) is not dict:
                if node:
                    raise MalformedInput(f"Unexpected value for structure: {node!r}")
                return {}
            value = {}
            for wire, child in node.items():
                for name, reader in members.get(wire, ()):
                    value[name] = reader(child)
            return value

        self._structures[shape.name] = read
        for name, member in shape.members.items():
            reader = self.compile(member)
            for wire in dict.fromkeys(self._names(member, name)):
                members.setdefault(wire, []).append((name, reader))
        return read

    def _list(self, shape: Shape) -> Reader:
        reader = self.compile(shape.member)
        wrapper = None if self._ec2 or shape.flattened else shape.member.wire_name("member")

        def read(node: Any) -> list[Any]:
            if wrapper is not None and type(node) is dict:
                # Some clients leave the wrapper out.
                node = node.get(wrapper, node)
            return [reader(child) for child in _numbered(node)]

        return read

    def _map(self, shape: Shape) -> Reader:
        key_reader, value_reader = self.compile(shape.key), self.compile(shape.value)
        key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
        wrapper = None if shape.flattened else "entry"

        def read(node: Any) -> dict[str, Any]:
            if wrapper is not None and type(node) is dict:
                node = node.get(wrapper, node)
            entries = {}
            # SQS takes a single entry without its number.
            for entry in [node] if type(node) is dict and key_name in node else _numbered(node):
                if type(entry) is not dict or key_name not in entry:
                    raise MalformedInput(f"A map entry must have a {key_name}")
                if value_name in entry:
                    entries[key_reader(entry[key_name])] = value_reader(entry[value_name])
            return entries

        return read


def _numbered(node: Any) -> list[Any]:
    """The children 1, 2, 3... in order; gaps are of no matter."""
    if type(node) is not dict:
        if node:
            raise MalformedInput("Top level element may not be treated as a list")
        return []
    numbers = sorted((int(name), name) for name in node if len(name) < 10 and name.isascii() and name.isdigit())
    return [node[name] for _, name in numbers]


def _text(shape: Shape, node: Any) -> str:
    if type(node) is str:
        return node
    if isinstance(value := node.get(""), str):
        return value
    raise MalformedInput("Start of structure or map found where not expected.")


def _boolean(shape: Shape, node: Any) -> bool:
    match _text(shape, node).lower():
        case "true":
            return True
        case "false":
            return False
        case other:
            raise MalformedInput(f"Invalid boolean value: {other!r}")


def integer(text: str) -> int:
    """Raises ValueError for what Java would not read as a long."""
    if len(text) > 20 or not text.isascii() or "_" in text:
        raise ValueError(text)
    return int(text)


def floating(text: str) -> float:
    """Raises ValueError; NaN and the infinities have AWS's names."""
    if text in SPECIAL_FLOATS:
        return SPECIAL_FLOATS[text]
    value = float(text)
    if not math.isfinite(value) or "_" in text:
        raise ValueError(text)
    return value


def _integer(shape: Shape, node: Any) -> int:
    text = _text(shape, node)
    try:
        return integer(text)
    except ValueError as error:
        raise MalformedInput(f'For input string: "{text}"') from error


def _float(shape: Shape, node: Any) -> float:
    text = _text(shape, node)
    try:
        return floating(text)
    except ValueError as error:
        raise MalformedInput(f'For input string: "{text}"') from error


def _timestamp(shape: Shape, node: Any) -> datetime:
    try:
        return timestamps.parse_timestamp(_text(shape, node))
    except (ValueError, OverflowError) as error:
        raise MalformedInput("timestamp must follow ISO8601") from error


def _blob(shape: Shape, node: Any) -> bytes:
    try:
        return decode_base64(_text(shape, node))
    except SerializationError as error:
        raise MalformedInput(error.message) from error


_SCALARS: dict[str, Callable[[Shape, Any], Any]] = {
    "string": _text,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "timestamp": _timestamp,
    "blob": _blob,
}
