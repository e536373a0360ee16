"""Boto3's form to XML. For every structure a Python function is generated that appends its members' text."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

from hodei.protocol import timestamps, tree
from hodei.protocol.errors import InvalidResult, UnknownMember
from hodei.protocol.jsontree import special_float
from hodei.protocol.model import Shape

Append = Callable[[str], object]
StructureWriter = Callable[[Any, Append], None]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPECIAL = re.compile(r"""[&<>"\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_is_special = _SPECIAL.search


def escape(value: str) -> str:
    return value if _is_special(value) is None else _escape_special(value)


def _escape_special(value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    if value.isprintable():
        return value
    # These characters have no place in XML 1.0; S3 writes them as references all the same.
    return _CONTROL.sub(lambda match: f"&#x{ord(match[0]):x};", value)


def _text(shape: Shape, value: Any) -> str:
    return escape(tree.text(shape, value))


def _float(shape: Shape, value: Any) -> str:
    number = tree.number(shape, value)
    return repr(number) if math.isfinite(number) else special_float(number)


def _blob(shape: Shape, value: Any) -> str:
    return b64encode(tree.octets(shape, value)).decode()


def scalar_text(shape: Shape, *, milliseconds: bool = False) -> Callable[[Any], str]:
    """The function that writes a scalar as (unescaped but for strings) XML text."""
    match shape.type:
        case "string":
            return partial(_text, shape)
        case "boolean":
            return lambda value: "true" if tree.boolean(shape, value) else "false"
        case "integer" | "long":
            return lambda value: str(tree.integer(shape, value))
        case "float" | "double":
            return partial(_float, shape)
        case "timestamp":
            return timestamps.text_formatter(shape.timestamp_format or "iso8601", milliseconds=milliseconds)
        case "blob":
            return partial(_blob, shape)
        case kind:
            raise InvalidResult(f"{shape.name}: no XML for {kind}")


class _Source:
    """The text of a function under construction, and the objects it refers to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def refer(self, value: Any) -> str:
        """A name for `value` in the generated text."""
        name = f"_{len(self.names)}"
        self.names[name] = value
        return name

    def function(self, name: str) -> Any:
        exec(compile("\n".join(self.lines), f"<generated {name}>", "exec"), self.names)
        return self.names[name]


class XmlWriter:
    """Compiles the shapes of one service."""

    def __init__(self, *, milliseconds: bool = False) -> None:
        self._milliseconds = milliseconds
        self._structures: dict[str, StructureWriter] = {}

    def document(self, shape: Shape, root: str, namespace: str | None) -> Callable[[Any], str]:
        """A function that writes a value as an element `root`."""
        start = f"<{root}{_attributes((None, namespace) if namespace else shape.namespace)}"
        attributes = self._attribute_writer(shape)
        structure = self.content(shape)

        def write(value: Any) -> str:
            parts = [start, attributes(value) if attributes else "", ">"]
            structure(value, parts.append)
            parts.append(f"</{root}>")
            return "".join(parts)

        return write

    def content(self, shape: Shape) -> StructureWriter:
        """A function that writes a structure's members, without an element around them."""
        if (writer := self._structures.get(shape.name)) is None:
            # Registered first under a forwarding function, for structures that contain themselves.
            self._structures[shape.name] = lambda value, append: self._structures[shape.name](value, append)
            writer = self._structures[shape.name] = self._generate(shape)
        return writer

    def _generate(self, shape: Shape) -> StructureWriter:
        source = _Source()
        known, plain = source.refer(frozenset(shape.members).issuperset), source.refer(partial(tree.plain_dict, shape))
        unknown = source.refer(partial(_unknown, shape))
        source.add(0, "def write(v, w):")
        source.add(1, f"if v.__class__ is not dict: v = {plain}(v)")
        source.add(1, f"if not {known}(v): raise {unknown}(v)")
        for name, member in shape.members.items():
            if not member.raw.get("xmlAttribute"):
                source.add(1, f"x = v.get({name!r})")
                source.add(1, "if x is not None:")
                self._element(source, 2, member, member.wire_name(name), "x")
        writer: StructureWriter = source.function("write")
        return writer

    def _element(self, source: _Source, depth: int, shape: Shape, tag: str, var: str) -> None:
        """Code that writes the value in the variable `var` as `tag`."""
        match shape.type:
            case "structure":
                self._structure(source, depth, shape, tag, var)
            case "list":
                self._list(source, depth, shape, tag, var)
            case "map":
                self._map(source, depth, shape, tag, var)
            case _:
                start = f"<{tag}{_attributes(shape.namespace)}>".replace("{", "{{").replace("}", "}}")
                source.add(depth, f"w(f{f'{start}{{{self._scalar(source, shape, var)}}}</{tag}>'!r})")

    def _scalar(self, source: _Source, shape: Shape, var: str) -> str:
        """An expression for a scalar's text: the common case inline."""
        otherwise = f"{source.refer(scalar_text(shape, milliseconds=self._milliseconds))}({var})"
        match shape.type:
            case "string":
                if shape.enum is not None and not any(map(_is_special, shape.enum)):
                    return f"{var} if {var} in {source.refer(frozenset(shape.enum))} else {otherwise}"
                special, escaped = source.refer(_is_special), f"{source.refer(_escape_special)}({var})"
                return f"({var} if {special}({var}) is None else {escaped}) if {var}.__class__ is str else {otherwise}"
            case "integer" | "long":
                return f"{var} if {var}.__class__ is int else {otherwise}"
            case _:
                return otherwise

    def _structure(self, source: _Source, depth: int, shape: Shape, tag: str, var: str) -> None:
        attributes = self._attribute_writer(shape)
        start = f"<{tag}{_attributes(shape.namespace)}"
        source.add(depth, f"w({start + ('' if attributes else '>')!r})")
        if attributes is not None:
            source.add(depth, f"w({source.refer(attributes)}({var}) + '>')")
        source.add(depth, f"{source.refer(self.content(shape))}({var}, w)")
        source.add(depth, f"w('</{tag}>')")

    def _attribute_writer(self, shape: Shape) -> Callable[[Any], str] | None:
        """A function for the members that are XML attributes, if there are any."""
        bound = [(name, member) for name, member in shape.members.items() if member.raw.get("xmlAttribute")]
        if not bound:
            return None
        texts = [(name, member.wire_name(name), scalar_text(member)) for name, member in bound]

        def write(value: Any) -> str:
            return "".join(
                f' {wire}="{text(value[name])}"' for name, wire, text in texts if value.get(name) is not None
            )

        return write

    def _list(self, source: _Source, depth: int, shape: Shape, tag: str, var: str) -> None:
        item = f"i{depth}"
        if shape.flattened:
            tag_of_items = shape.member.raw.get("locationName") or tag
        else:
            tag_of_items = shape.member.wire_name("member")
            source.add(depth, f"w({f'<{tag}{_attributes(shape.namespace)}>'!r})")
        plain = source.refer(partial(tree.plain_list, shape))
        source.add(depth, f"for {item} in {var} if {var}.__class__ is list else {plain}({var}):")
        self._element(source, depth + 1, shape.member, tag_of_items, item)
        if not shape.flattened:
            source.add(depth, f"w('</{tag}>')")

    def _map(self, source: _Source, depth: int, shape: Shape, tag: str, var: str) -> None:
        key, item = f"k{depth}", f"i{depth}"
        entry = tag if shape.flattened else "entry"
        if not shape.flattened:
            source.add(depth, f"w({f'<{tag}{_attributes(shape.namespace)}>'!r})")
        source.add(depth, f"for {key}, {item} in {source.refer(partial(tree.plain_dict, shape))}({var}).items():")
        source.add(depth + 1, f"w('<{entry}>')")
        self._element(source, depth + 1, shape.key, shape.key.wire_name("key"), key)
        self._element(source, depth + 1, shape.value, shape.value.wire_name("value"), item)
        source.add(depth + 1, f"w('</{entry}>')")
        if not shape.flattened:
            source.add(depth, f"w('</{tag}>')")


def _attributes(namespace: tuple[str | None, str] | None) -> str:
    if namespace is None:
        return ""
    prefix, uri = namespace
    return f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"'


def _unknown(shape: Shape, value: dict[str, Any]) -> UnknownMember:
    return UnknownMember(shape.name, next(str(name) for name in value if name not in shape.members))


def free_members(fields: dict[str, Any]) -> str:
    """Members that no model has (S3's BucketName, Key, ... in errors), written as text."""
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items() if value is not None)
