"""What the processors do to an event; each is a function of it, made of its configuration."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hodei.engines import linear
from hodei.engines.logtransform import grok
from hodei.engines.logtransform.events import (
    ABSENT,
    MESSAGE,
    Event,
    InvalidTransformer,
    Unparsed,
    add,
    delete,
    find,
    put,
    source_text,
)

Process = Callable[[Event, str], None]  # the event, which it changes, and the message
Given = Mapping[str, Any]


# parsers


def parse_json(given: Given) -> Process:
    source, destination = given.get("source", MESSAGE), given.get("destination", "")

    def process(event: Event, message: str) -> None:
        try:
            found = msgspec.json.decode(source_text(event, message, source))
        except msgspec.DecodeError as error:
            raise Unparsed(str(error)) from None
        if not isinstance(found, dict):
            raise Unparsed("no JSON object")
        add(event, found, destination)

    return process


def parse_csv(given: Given) -> Process:
    source, destination, columns = given.get("source", MESSAGE), given.get("destination", ""), given.get("columns", [])
    quote, delimiter = given.get("quoteCharacter", '"'), given.get("delimiter", ",").replace("\\t", "\t")
    if len(delimiter) != 1:
        raise InvalidTransformer(f"Invalid delimiter {delimiter}.")

    def process(event: Event, message: str) -> None:
        text = source_text(event, message, source)
        try:
            values = next(csv.reader([text], delimiter=delimiter, quotechar=quote), [])
        except csv.Error as error:
            raise Unparsed(str(error)) from None
        names = [*columns, *(f"column_{at + 1}" for at in range(len(columns), len(values)))]
        add(event, dict(zip(names, values)), destination)

    return process


def parse_key_value(given: Given) -> Process:
    source, destination = given.get("source", MESSAGE), given.get("destination", "")
    between, after_key = given.get("fieldDelimiter", "&"), given.get("keyValueDelimiter", "=")
    prefix, unmatched = given.get("keyPrefix", ""), given.get("nonMatchValue")
    overwrite = given.get("overwriteIfExists", False)

    def process(event: Event, message: str) -> None:
        found: Event = {}
        for field in source_text(event, message, source).split(between):
            key, sign, value = field.partition(after_key)
            if sign or unmatched is not None:
                found[prefix + key] = value if sign else unmatched
        kept = found if overwrite or destination else {key: found[key] for key in found if key not in event}
        add(event, kept, destination)

    return process


def parse_grok(given: Given) -> Process:
    source, parse = given.get("source", MESSAGE), grok.parser(given["match"])

    def process(event: Event, message: str) -> None:
        found = parse(source_text(event, message, source))
        if found is None:
            raise Unparsed("no match")
        for path, value in found.items():
            put(event, path, value)

    return process


# strings


def of_strings(change: Callable[[str], str]) -> Callable[[Given], Process]:
    """A processor that changes the texts of some fields."""

    def made(given: Given) -> Process:
        def process(event: Event, message: str) -> None:
            for path in given["withKeys"]:
                if isinstance(value := find(event, path), str):
                    put(event, path, change(value))

        return process

    return made


def split_string(given: Given) -> Process:
    def process(event: Event, message: str) -> None:
        for entry in given["entries"]:
            if isinstance(value := find(event, entry["source"]), str):
                put(event, entry["source"], value.split(entry["delimiter"]))

    return process


def substitute_string(given: Given) -> Process:
    """`from` is a regular expression, $1 in `to` one of its groups."""
    changes = [
        (entry["source"], linear.compile(entry["from"]), _replacement(entry["to"])) for entry in given["entries"]
    ]

    def process(event: Event, message: str) -> None:
        for path, expression, replacement in changes:
            if isinstance(value := find(event, path), str):
                put(event, path, expression.sub(replacement, value))

    return process


def _replacement(to: str) -> Callable[[Any], str]:
    parts = GROUP.split(to)

    def replaced(found: Any) -> str:
        groups = found.re.groups
        return "".join(
            part if at % 2 == 0 else (found[int(part)] or "") if int(part) <= groups else f"${part}"
            for at, part in enumerate(parts)
        )

    return replaced


GROUP = linear.compile(r"\$(\d)")


# keys


def add_keys(given: Given) -> Process:
    def process(event: Event, message: str) -> None:
        for entry in given["entries"]:
            put(event, entry["key"], entry["value"], overwrite=entry.get("overwriteIfExists", False))

    return process


def delete_keys(given: Given) -> Process:
    def process(event: Event, message: str) -> None:
        for path in given["withKeys"]:
            delete(event, path)

    return process


def moved(source: str, target: str, *, keep: bool = False) -> Callable[[Given], Process]:
    """A processor that gives values to other fields, whose members of the configuration have those names."""

    def made(given: Given) -> Process:
        def process(event: Event, message: str) -> None:
            for entry in given["entries"]:
                value, overwrite = find(event, entry[source]), entry.get("overwriteIfExists", False)
                if value is not ABSENT and (overwrite or find(event, entry[target]) is ABSENT):
                    if not keep:
                        delete(event, entry[source])
                    put(event, entry[target], copy.deepcopy(value))

        return process

    return made


def list_to_map(given: Given) -> Process:
    source, key, value_key, target = given["source"], given["key"], given.get("valueKey"), given.get("target", "")
    flatten, element = given.get("flatten", False), given.get("flattenedElement", "")

    def process(event: Event, message: str) -> None:
        items = find(event, source)
        found: dict[str, list[Any]] = {}
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and key in item:
                found.setdefault(str(item[key]), []).append(item.get(value_key) if value_key else item)
        at = -1 if element == "last" else 0
        add(event, {name: values[at] if flatten else values for name, values in found.items()}, target)

    return process


def type_converter(given: Given) -> Process:
    def process(event: Event, message: str) -> None:
        for entry in given["entries"]:
            value = find(event, entry["key"])
            if value is not ABSENT and (converted := _converted(value, entry["type"])) is not None:
                put(event, entry["key"], converted)

    return process


def _converted(value: Any, kind: str) -> Any:
    """None where there is no such value."""
    try:
        match kind:
            case "integer":
                return int(value) if isinstance(value, str | int) else int(float(value))
            case "double":
                return float(value)
            case "boolean":
                return {"true": True, "false": False}.get(str(value).lower())
    except (ValueError, TypeError):
        return None
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
