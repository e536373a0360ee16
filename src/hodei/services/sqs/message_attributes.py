"""Message attributes: what they may be, their size and their MD5."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from hodei.services.sqs import errors, rules

Attributes = Mapping[str, Mapping[str, Any]]

MOST = 10
NAME = re.compile(r"[\w.-]+", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
RESERVED = ("aws.", "amazon.")
STRING, BINARY = b"\x01", b"\x02"  # the kinds of values, as they go into the MD5


def check(attributes: Attributes) -> None:
    """Raises: InvalidParameterValue, InvalidMessageContents."""
    if len(attributes) > MOST:
        raise errors.InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MOST}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute, "user")


def check_system(attributes: Attributes) -> None:
    for name, attribute in attributes.items():
        if name != "AWSTraceHeader":
            raise errors.InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
        if attribute.get("DataType") != "String":
            raise errors.InvalidParameterValue(f"The message system attribute '{name}' must be of type 'String'.")
        _check_value(name, attribute, "system")


def _check_name(name: str) -> None:
    if not name:
        raise errors.InvalidParameterValue("The request must contain non-empty message attribute names.")
    if len(name) > 256:
        raise errors.InvalidParameterValue("Message attribute name must be shorter than 256 bytes.")
    if name.lower().startswith(RESERVED):
        raise errors.InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use."
        )
    if not NAME.fullmatch(name):
        raise errors.InvalidParameterValue(
            "Invalid non-alphanumeric character was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise errors.InvalidParameterValue(
            f"The message attribute name '{name}' must not start or end with a dot or contain consecutive dots."
        )


def _check_value(name: str, attribute: Mapping[str, Any], owner: str) -> None:
    kind = attribute.get("DataType", "")
    if not kind:
        raise errors.InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    if len(kind) > 256:
        raise errors.InvalidParameterValue(f"Length of message attribute '{name}' type must be less than 256 bytes.")
    base, dot, custom = kind.partition(".")
    if base not in ("String", "Number", "Binary") or (dot and not custom):
        raise errors.InvalidParameterValue(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    if attribute.get("StringListValues") or attribute.get("BinaryListValues"):
        raise errors.UnsupportedOperation(
            reason="Message attribute list values in SendMessage operation are not supported."
        )
    wrong, right = ("StringValue", "BinaryValue") if base == "Binary" else ("BinaryValue", "StringValue")
    if not attribute.get(right):
        if attribute.get(wrong):
            raise errors.InvalidParameterValue(
                f"The message attribute '{name}' with type '{base}' must use field '{right.removesuffix('Value')}'."
            )
        raise errors.InvalidParameterValue(
            f"Message ({owner}) attribute '{name}' must contain a non-empty value of type '{kind}'."
        )
    if base == "Number" and not NUMBER.fullmatch(attribute["StringValue"].strip()):
        raise errors.InvalidParameterValue(f"Can't cast the value of message ({owner}) attribute '{name}' to a number.")
    if base != "Binary":
        rules.check_text(attribute["StringValue"], f"attribute '{name}' value")


def size(attributes: Attributes) -> int:
    """Bytes that the attributes add to the message."""
    return sum(
        len(name.encode()) + len(attribute["DataType"].encode()) + len(_value(attribute)[1])
        for name, attribute in attributes.items()
    )


def md5(attributes: Attributes) -> str:
    """The digest that SDKs check: names, types and values in order of name, each behind its length."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        kind, value = _value(attributes[name])
        for part in (name.encode(), attributes[name]["DataType"].encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update(kind + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()


def _value(attribute: Mapping[str, Any]) -> tuple[bytes, bytes]:
    if "BinaryValue" in attribute:
        return BINARY, attribute["BinaryValue"]
    return STRING, attribute.get("StringValue", "").encode()
