"""The scalars of JSON: base64 blobs, times as seconds, NaN and infinities as strings; what AWS says of wrong ones."""

from __future__ import annotations

import binascii
import math
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from hodei.protocol import timestamps, tree
from hodei.protocol.errors import SerializationError
from hodei.protocol.model import Shape
from hodei.protocol.tree import Function, TreeReader, TreeWriter

EXACT = {"string": str, "boolean": bool, "integer": int, "long": int, "float": float, "double": float}
SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WANTED = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "timestamp": "milliseconds since epoch",
    "blob": "a Blob",
}
_JAVA = {
    "string": "String",
    "boolean": "Boolean",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
}
_STRUCTURE = "Start of structure or map found where not expected"


def load(body: bytes) -> Any:
    """Decode a JSON body. Raises SerializationError (AWS gives no message for one that is malformed)."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SerializationError from error


def _token(value: Any) -> str:
    """The name AWS's JSON parser gives to a scalar."""
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    if value is None:
        return "NULL_VALUE"
    return {str: "STRING_VALUE", int: "NUMBER_VALUE"}.get(type(value), "DECIMAL_VALUE")


def wrong_type(shape: Shape, value: Any) -> SerializationError:
    """The wording of most services, as Athena, SQS and SES answer."""
    if type(value) is dict:
        return SerializationError(_STRUCTURE + ".")
    if type(value) is list:
        return SerializationError("Start of list found where not expected")
    match shape.type:
        case "structure":
            return SerializationError("Expected null")
        case "list" | "map":
            return SerializationError(f"Expected {shape.type} or null")
    return SerializationError(f"{_token(value)} can not be converted to {_WANTED[shape.type]}")


def wrong_type_dynamodb(shape: Shape, value: Any) -> SerializationError:
    """The wording of DynamoDB's own parser."""
    kind = shape.type
    if type(value) is dict:
        return SerializationError(_STRUCTURE)
    if type(value) is list:
        return SerializationError(f"Unrecognized collection type {_java_type(shape)}")
    if kind in ("structure", "list", "map"):
        return SerializationError("Unexpected field type")
    if kind == "blob":
        return SerializationError("only base-64-encoded strings are convertible to bytes")
    if kind == "boolean" and type(value) is str:
        return SerializationError("Unexpected token received from parser")
    return SerializationError(f"{_token(value)} cannot be converted to {_JAVA.get(kind, 'Date')}")


def _java_type(shape: Shape) -> str:
    match shape.type:
        case "structure":
            return f"class {shape.service.wire['errorNamespace']}.{shape.name}"
        case "map":
            return f"java.util.Map<java.lang.String, {_java_type(shape.value).removeprefix('class ')}>"
        case "list":
            return f"java.util.List<{_java_type(shape.member).removeprefix('class ')}>"
        case "blob":
            return "class java.nio.ByteBuffer"
        case kind:
            return f"class java.lang.{_JAVA.get(kind, 'Object')}"


_WORDINGS: dict[str | None, Callable[[Shape, Any], SerializationError]] = {"dynamodb": wrong_type_dynamodb}


class JsonReader(TreeReader):
    exact = EXACT

    def wrong(self, shape: Shape, value: Any) -> SerializationError:
        return _WORDINGS.get(shape.service.wire.get("jsonErrors"), wrong_type)(shape, value)

    def scalar(self, shape: Shape) -> Function:
        match shape.type:
            case "float" | "double":
                return partial(self._float, shape)
            case "integer" | "long":
                return partial(self._integer, shape)
            case "blob":
                return partial(self._blob, shape)
            case "timestamp":
                return partial(self._timestamp, shape)
            case _:
                return partial(self._never, shape)

    def _never(self, shape: Shape, value: Any) -> Any:
        """Only values of the exact type fit, and those are never handed to a scalar's function by a container."""
        if type(value) is EXACT[shape.type]:
            return value
        raise self.wrong(shape, value)

    def _integer(self, shape: Shape, value: Any) -> int:
        if type(value) is int:
            return value
        if type(value) is float and math.isfinite(value):
            return int(value)
        raise self.wrong(shape, value)

    def _float(self, shape: Shape, value: Any) -> float:
        if type(value) is int or type(value) is float:
            return float(value)
        if type(value) is str and value in SPECIAL_FLOATS:
            return SPECIAL_FLOATS[value]
        raise self.wrong(shape, value)

    def _blob(self, shape: Shape, value: Any) -> bytes:
        if type(value) is not str:
            raise self.wrong(shape, value)
        return decode_base64(value)

    def _timestamp(self, shape: Shape, value: Any) -> datetime:
        try:
            if type(value) is int or type(value) is float:
                return timestamps.from_epoch(value)
            if type(value) is str:
                return timestamps.parse_timestamp(value)
        except (ValueError, OverflowError):
            pass
        raise self.wrong(shape, value)


def decode_base64(value: str) -> bytes:
    """Raises SerializationError, with AWS's wording where it is known."""
    if len(value) % 4:
        raise SerializationError(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}")
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        # The spelling is AWS's own.
        raise SerializationError("Invalid last non-pad Base64 character dectected") from error


class JsonWriter(TreeWriter):
    exact = {"string": str, "boolean": bool, "integer": int, "long": int}

    def exact_type(self, shape: Shape) -> type:
        return dict if shape.name in shape.service.wire.get("verbatim", ()) else super().exact_type(shape)

    def scalar(self, shape: Shape) -> Function:
        match shape.type:
            case "float" | "double":
                return partial(_write_float, shape)
            case "blob":
                return lambda value: b64encode(tree.octets(shape, value)).decode()
            case "timestamp":
                name = shape.timestamp_format or "unixTimestamp"
                return timestamps.unix_timestamp if name == "unixTimestamp" else timestamps.text_formatter(name)
            case "integer" | "long":
                return partial(tree.integer, shape)
            case "boolean":
                return partial(tree.boolean, shape)
            case _:
                return partial(tree.text, shape)


def dump(tree: Any) -> bytes:
    """Encode what a `JsonWriter` has written."""
    return orjson.dumps(tree, default=_verbatim_blob)


def _verbatim_blob(value: Any) -> str:
    if type(value) is bytes:
        return b64encode(value).decode()
    raise TypeError(f"{type(value)} has no place in JSON")


def _write_float(shape: Shape, value: Any) -> float | str:
    result = tree.number(shape, value)
    return result if math.isfinite(result) else special_float(result)


def special_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
