"""Items as lines of text in Amazon Ion, as DynamoDB exports and imports them.

Numbers are decimals, sets are lists that say so by an annotation
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html).
"""

from __future__ import annotations

import functools
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from hodei.services.dynamodb.values import AttributeValue

MARKER = "$ion_1_0 "
SETS = {"$dynamodb_SS": "SS", "$dynamodb_NS": "NS", "$dynamodb_BS": "BS"}
MEMBERS = {"SS": "S", "NS": "N", "BS": "B"}

_PLAIN = re.compile(r"(?!(?:null|true|false|nan|\$\d+)$)[A-Za-z_$][A-Za-z0-9_$]*")  # symbols that need no quotes


def line(struct: str) -> str:
    """A line of a file: each begins with Ion's version marker."""
    return f"{MARKER}{struct}"


def struct(fields: Mapping[str, str]) -> str:
    """A struct of fields that are written already."""
    return "{" + ",".join(f"{_symbol(name)}:{text}" for name, text in fields.items()) + "}"


def written(item: Mapping[str, AttributeValue]) -> str:
    """An item as a struct."""
    return struct({name: _value(value) for name, value in item.items()})


def _symbol(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    return "'" + _string(name)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def _string(text: str) -> str:
    return orjson.dumps(text).decode()  # JSON's escapes are Ion's too


def _value(value: AttributeValue) -> str:
    [(kind, content)] = value.items()
    if kind == "S":
        return _string(content)
    if kind == "N":
        return decimal(content)
    if kind == "B":
        return "{{" + b64encode(content).decode() + "}}"
    if kind == "M":
        return written(content)
    if kind == "L":
        return f"[{','.join(map(_value, content))}]"
    if kind == "BOOL":
        return "true" if content else "false"
    if kind == "NULL":
        return "null"
    return f"$dynamodb_{kind}::[{','.join(_value({MEMBERS[kind]: one}) for one in content)}]"


def decimal(number: str) -> str:
    """A canonical number as a decimal: 103., 6d2, 1.5."""
    if "." in number or number == "0":
        return number if "." in number else "0."
    digits = number.rstrip("0")
    return f"{digits}d{len(number) - len(digits)}" if len(digits) < len(number) else f"{number}."


@functools.cache
def library() -> tuple[Callable[[str], Any], type[Exception]]:
    """What reads one value, and the error of what cannot be read. Raises: ImportError where it is not installed."""
    from amazon.ion.exceptions import IonException
    from amazon.ion.simpleion import IonPyValueModel, loads

    return functools.partial(loads, value_model=IonPyValueModel.MAY_BE_BARE), IonException


def read(line: bytes) -> dict[str, Any]:
    """The Item of a line, whose values are still to be checked. Raises: ValueError for a line that holds none."""
    loads, unread = library()
    try:
        record = loads(line.decode())
    except (unread, UnicodeDecodeError) as error:
        raise ValueError(f"The line is not Ion: {error}") from None
    item = record.get("Item") if isinstance(record, Mapping) else None
    if not isinstance(item, Mapping):
        raise ValueError("The line holds no Item")
    return {name: attribute_value(value) for name, value in item.items()}


def attribute_value(value: Any) -> dict[str, Any]:
    """An Ion value as an AttributeValue. Raises: ValueError for a type that DynamoDB does not have."""
    annotations = getattr(value, "ion_annotations", None) or ()
    if annotations:
        kind = SETS.get(annotations[0].text)
        if kind is None or not isinstance(value, list):
            raise ValueError(f"The annotation {annotations[0].text} means nothing to DynamoDB")
        return {kind: [_member(kind, one) for one in value]}
    if isinstance(value, list):
        return {"L": [attribute_value(one) for one in value]}
    if isinstance(value, Mapping):
        return {"M": {name: attribute_value(one) for name, one in value.items()}}
    return _scalar(value)


def _member(kind: str, value: Any) -> Any:
    scalar = _scalar(value)
    if MEMBERS[kind] not in scalar:
        raise ValueError(f"A set of type {kind} has a member of another type")
    return scalar[MEMBERS[kind]]


def _scalar(value: Any) -> dict[str, Any]:
    name = type(value).__name__
    if value is None or name == "IonPyNull":
        return {"NULL": True}
    if isinstance(value, bool) or name == "IonPyBool":
        return {"BOOL": bool(value)}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, bytes):
        return {"B": bytes(value)}
    if isinstance(value, (int, Decimal)):
        return {"N": str(value)}
    raise ValueError(f"Ion's {name} has no counterpart in DynamoDB")
