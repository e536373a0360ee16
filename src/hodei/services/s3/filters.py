"""The filters of lifecycle and replication rules: which objects a rule is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hodei.services.s3 import errors
from hodei.services.s3.state import Object

PREDICATES = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")
LARGEST = 2**63


class Filter(NamedTuple):
    """Sizes in bytes, exclusive."""

    prefix: str = ""
    tags: Mapping[str, str] = {}
    larger: int = -1
    smaller: int = LARGEST

    def matches(self, obj: Object) -> bool:
        return (
            obj.key.startswith(self.prefix)
            and self.larger < obj.size < self.smaller
            and all(obj.tags.get(key) == value for key, value in self.tags.items())
        )

    @property
    def by_size(self) -> bool:
        return self.larger >= 0 or self.smaller < LARGEST

    def __str__(self) -> str:
        """As S3's messages name it."""
        return f"(prefix={self.prefix})"


def filter_of(rule: Mapping[str, Any]) -> Filter:
    """The filter of a rule: its `Filter`, or its older `Prefix`."""
    given = rule.get("Filter", {})
    given = given.get("And", given)
    tags = given.get("Tags", [given["Tag"]] if "Tag" in given else [])
    return Filter(
        prefix=given.get("Prefix", rule.get("Prefix", "")) or "",
        tags={tag["Key"]: tag["Value"] for tag in tags},
        larger=given.get("ObjectSizeGreaterThan", -1),
        smaller=given.get("ObjectSizeLessThan", LARGEST),
    )


def check_filter(rule: Mapping[str, Any]) -> None:
    """Raises: MalformedXML, InvalidRequest for what cannot be a filter."""
    given = rule.get("Filter", {})
    if sum(name in given for name in PREDICATES) > 1:
        raise errors.MalformedXML()
    if "And" in given:
        parts = given["And"]
        tags = parts.get("Tags", [])
        if len(tags) + sum(name in parts for name in PREDICATES) < 2:
            raise errors.MalformedXML()
        if len({tag["Key"] for tag in tags}) < len(tags):
            raise errors.InvalidRequest("Duplicate Tag Keys are not allowed.")
    found = filter_of(rule)
    if not 1 <= found.smaller <= LARGEST:
        raise errors.InvalidRequest("'ObjectSizeLessThan' should be between 1 and 1099511627776000.")
    if found.by_size and found.larger >= found.smaller:
        raise errors.InvalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
