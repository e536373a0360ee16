"""AttributeValues as boto3 has them ({"S": "x"}, {"N": "1"}, {"B": b"x"}, {"L": []}): valid, ordered, measured."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors, numbers

AttributeValue = Mapping[str, Any]

NESTING = 32
ITEM_SIZE = 400 * 1024
TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")
ORDERED = frozenset("SNB")  # types with an order: those of keys
END = b"\0\x01"  # of a part of a composed key
EMPTY_VALUE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
MANY_VALUES = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)


INVALID = "One or more parameter values were invalid: "


def invalid(reason: str) -> AwsError:
    return errors.ValidationException(INVALID + reason)


def normalise_item(item: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """An item with every value checked and canonical. Raises: ValidationException."""
    return {
        name: value if "S" in value and len(value) == 1 else normalise(value)  # most are strings: no call for them
        for name, value in item.items()
    }


def normalise(value: AttributeValue, depth: int = 1) -> AttributeValue:
    """One value, checked and canonical: numbers in plain notation, everything in it likewise.

    Raises: ValidationException with AWS's text.
    """
    if len(value) == 1:
        [(kind, content)] = value.items()
        if kind == "S" or kind == "BOOL" or kind == "B":
            return value
        changed = _normalised(kind, content, depth)
        return value if changed is content else {kind: changed}
    if not value:
        raise errors.ValidationException(EMPTY_VALUE)
    for kind in TYPES:  # a fault inside any of the values is told first
        if kind in value:
            _normalised(kind, value[kind], depth)
    raise errors.ValidationException(MANY_VALUES)


def _normalised(kind: str, content: Any, depth: int) -> Any:
    if kind == "N":
        return numbers.canonical(content)
    if kind == "M" or kind == "L":
        if depth >= NESTING:
            raise errors.ValidationException(
                "Nesting Levels have exceeded supported limits: "
                "Attributes in the item have nested levels beyond supported limit"
            )
        if kind == "M":
            return {name: normalise(value, depth + 1) for name, value in content.items()}
        return [normalise(value, depth + 1) for value in content]
    if kind == "NULL" and content is not True:
        raise invalid("Null attribute value types must have the value of true")
    check = _SETS.get(kind)
    return check(content) if check else content


def _string_set(content: Sequence[str]) -> Sequence[str]:
    if not content:
        raise invalid("An string set  may not be empty")  # the two spaces are AWS's
    if len(set(content)) < len(content):
        raise errors.UnreadableValue(f"{INVALID}Input collection [{', '.join(content)}] contains duplicates.")
    return content


def _number_set(content: Sequence[str]) -> Sequence[str]:
    if not content:
        raise errors.UnreadableValue(f"{INVALID}An number set  may not be empty")
    canonical = [numbers.canonical(text) for text in content]
    if len(set(canonical)) < len(canonical):
        raise errors.UnreadableValue("Input collection contains duplicates")  # AWS's words for numbers only
    return canonical


def _binary_set(content: Sequence[bytes]) -> Sequence[bytes]:
    if not content:
        raise invalid("Binary sets should not be empty")
    if len(set(content)) < len(content):
        texts = ", ".join(b64encode(member).decode() for member in content)
        raise errors.UnreadableValue(f"{INVALID}Input collection [{texts}]of type BS contains duplicates.")
    return content


_SETS: Mapping[str, Callable[[Any], Any]] = {"SS": _string_set, "NS": _number_set, "BS": _binary_set}


def kind_of(value: AttributeValue) -> str:
    """The type of a valid value: "S", "N" and so on."""
    return next(iter(value))


def depth_of(value: AttributeValue) -> int:
    """Levels of a valid value: 1 of a scalar, 2 of a list of scalars."""
    [(kind, content)] = value.items()
    if kind == "M":
        return 1 + max(map(depth_of, content.values()), default=0)
    return 1 + max(map(depth_of, content), default=0) if kind == "L" else 1


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Whether two canonical values are the same, whatever the order of their sets."""
    if left == right:
        return True
    [(kind, ours)] = left.items()
    theirs = right.get(kind)
    if theirs is None:
        return False
    if kind in _SETS:
        return set(ours) == set(theirs)
    if kind == "L":
        return len(ours) == len(theirs) and all(map(equal, ours, theirs))
    if kind == "M":
        return ours.keys() == theirs.keys() and all(equal(value, theirs[name]) for name, value in ours.items())
    return False


def order_of(value: AttributeValue) -> Any:
    """What compares as DynamoDB compares values of this type: for S, N and B only."""
    [(kind, content)] = value.items()
    if kind == "N":
        return numbers.value(content)
    return content


def item_size(item: Mapping[str, AttributeValue]) -> int:
    """Bytes of an item as DynamoDB counts them: names and values."""
    total = 0
    for name, value in item.items():
        text = value.get("S")
        size = value_size(value) if text is None else utf8_size(text)
        total += utf8_size(name) + size
    return total


def utf8_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def value_size(value: AttributeValue) -> int:
    """Bytes of a canonical value as DynamoDB counts them (lists and maps: 3, and 1 for each element)."""
    [(kind, content)] = value.items()
    if kind == "S":
        return utf8_size(content)
    if kind == "N":
        return numbers.size(content)
    if kind == "B":
        return len(content)
    if kind == "M":
        return 3 + len(content) + item_size(content)
    if kind == "L":
        return 3 + len(content) + sum(map(value_size, content))
    if kind == "NS":
        return sum(map(numbers.size, content))
    if kind == "SS":
        return sum(map(utf8_size, content))
    if kind == "BS":
        return sum(map(len, content))
    return 1


def sort_bytes(kind: str, content: Any) -> bytes:
    """The content of a canonical S, N or B as bytes that order as DynamoDB orders the type."""
    if kind == "S":
        return bytes(content, "utf-8")
    if kind == "N":
        return numbers.sort_bytes(content)
    return bytes(content)


def composed_bytes(parts: Iterable[tuple[str, Any]]) -> bytes:
    """Types and contents as bytes that order by the first of them, then by the second, and so on."""
    return b"".join(escaped(sort_bytes(*part)) + END for part in parts)


def escaped(content: bytes) -> bytes:
    """Bytes in which END does not come and that order as those given."""
    return content.replace(b"\0", b"\0\xff")


def partition_bytes(kind: str, content: Any) -> bytes:
    """8 bytes of hash, then the key's bytes: equal keys lie together, different ones apart."""
    return hashed(sort_bytes(kind, content))


def hashed(key: bytes) -> bytes:
    """A partition: the hash of a key, and the key."""
    return hashlib.blake2b(key, digest_size=8).digest() + key


def shown(value: AttributeValue) -> str:
    """A value as AWS writes it into messages: {S:abc}."""
    return "{" + ",".join(f"{kind}:{_shown(kind, content)}" for kind, content in value.items()) + "}"


def _shown(kind: str, content: Any) -> str:
    if kind == "B":
        return b64encode(content).decode()
    if kind == "L":
        return f"[{', '.join(map(shown, content))}]"
    if kind == "M":
        return "{" + ", ".join(f"{name}={shown(value)}" for name, value in content.items()) + "}"
    if kind == "BS":
        return f"[{', '.join(b64encode(member).decode() for member in content)}]"
    if kind in _SETS:
        return f"[{', '.join(content)}]"
    return str(content).lower() if isinstance(content, bool) else str(content)
