"""XML to boto3's form, with the parser of the standard library and without what makes XML dangerous."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

from hodei.protocol import timestamps
from hodei.protocol.errors import MalformedXML, SerializationError
from hodei.protocol.form import floating, integer
from hodei.protocol.jsontree import decode_base64
from hodei.protocol.model import Shape

Reader = Callable[[Element], Any]
_PREFIXES = {"xsi": "http://www.w3.org/2001/XMLSchema-instance", "xml": "http://www.w3.org/XML/1998/namespace"}


def load(data: bytes) -> Element:
    """Parse a document. Document types, and with them entities, are refused. Raises MalformedXML."""
    # A DOCTYPE must not hide behind another encoding: declared ones are overruled, and UTF-16 is full of NULs.
    if b"<!DOCTYPE" in data or b"\0" in data:
        raise MalformedXML
    parser = XMLParser(encoding="utf-8")
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedXML from error
    return root


def local_name(tag: str) -> str:
    """The name without its namespace, which AWS's services do not insist on."""
    return tag.rpartition("}")[2]


class XmlReader:
    """Compiles the shapes of one service."""

    def __init__(self) -> None:
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
                return _scalar(_SCALARS[kind])

    def _structure(self, shape: Shape) -> Reader:
        elements: dict[str, tuple[str, Reader]] = {}
        lists: dict[str, tuple[str, Reader]] = {}
        maps: dict[str, tuple[str, Reader]] = {}
        attributes: list[tuple[str, str]] = []

        def read(node: Element) -> dict[str, Any]:
            value: dict[str, Any] = {}
            for child in node:
                tag = local_name(child.tag)
                if entry := elements.get(tag):
                    value[entry[0]] = entry[1](child)
                elif entry := lists.get(tag):
                    value.setdefault(entry[0], []).append(entry[1](child))
                elif entry := maps.get(tag):
                    value.setdefault(entry[0], {}).update(entry[1](child))
            for name, key in attributes:
                if key in node.attrib:
                    value[name] = node.attrib[key]
            return value

        self._structures[shape.name] = read
        for name, member in shape.members.items():
            wire = member.wire_name(name)
            if member.raw.get("xmlAttribute"):
                attributes.append((name, _attribute(wire)))
            elif member.type == "list" and member.flattened:
                lists[wire] = (name, self.compile(member.member))
                lists.setdefault(member.member.wire_name(wire), lists[wire])
            elif member.type == "map" and member.flattened:
                maps[wire] = (name, self._entry(member))
            else:
                elements[wire] = (name, self.compile(member))
        return read

    def _list(self, shape: Shape) -> Reader:
        read = self.compile(shape.member)
        return lambda node: [read(child) for child in node]

    def _map(self, shape: Shape) -> Reader:
        read_entry = self._entry(shape)

        def read(node: Element) -> dict[str, Any]:
            entries: dict[str, Any] = {}
            for child in node:
                entries.update(read_entry(child))
            return entries

        return read

    def _entry(self, shape: Shape) -> Reader:
        """A reader of one <entry>, to a dictionary of one."""
        key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
        read_key, read_value = self.compile(shape.key), self.compile(shape.value)

        def read(node: Element) -> dict[str, Any]:
            parts = {local_name(child.tag): child for child in node}
            if key_name not in parts:
                raise MalformedXML
            return {read_key(parts[key_name]): read_value(parts[value_name])} if value_name in parts else {}

        return read


def _attribute(wire: str) -> str:
    """`xsi:type` in the parser's notation."""
    prefix, _, name = wire.rpartition(":")
    return f"{{{_PREFIXES.get(prefix, prefix)}}}{name}" if prefix else name


def _scalar(convert: Callable[[str], Any]) -> Reader:
    def read(node: Element) -> Any:
        if len(node):
            raise MalformedXML
        try:
            return convert(node.text or "")
        except (ValueError, OverflowError, SerializationError) as error:
            raise MalformedXML from error

    return read


def _boolean(text: str) -> bool:
    match text.strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise ValueError(text)


def _timestamp(text: str) -> datetime:
    return timestamps.parse_timestamp(text)


_SCALARS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "boolean": _boolean,
    "integer": lambda text: integer(text.strip()),
    "long": lambda text: integer(text.strip()),
    "float": lambda text: floating(text.strip()),
    "double": lambda text: floating(text.strip()),
    "timestamp": _timestamp,
    "blob": lambda text: decode_base64(text.strip()),
}
