"""Tags, which lie in the record of what they are on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.iam import errors, pages

Tags = Sequence[Mapping[str, str]]
MOST = 50


def merged(noun: str, old: Mapping[str, str], given: Tags) -> dict[str, str]:
    """`old` with the tags of a request. Keys are the same if they differ in case only; the new spelling stays.

    `noun` as in the name of the quota: "User".
    """
    tags = dict(old)
    known = {key.lower(): key for key in tags}
    seen: set[str] = set()
    for tag in given:
        key, folded = tag["Key"], tag["Key"].lower()
        if folded in seen:
            raise errors.InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if folded.startswith("aws:"):
            raise errors.InvalidInput("Tag keys beginning with aws: are reserved for system use.")
        seen.add(folded)
        tags.pop(known.get(folded, ""), None)
        tags[key] = tag["Value"]
    if len(tags) > MOST:
        raise errors.LimitExceeded(what=f"TagsPer{noun}", limit=MOST)
    return tags


def without(old: Mapping[str, str], keys: Sequence[str]) -> dict[str, str]:
    gone = {key.lower() for key in keys}
    return {key: value for key, value in old.items() if key.lower() not in gone}


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def page(ctx: Context, tags: Mapping[str, str], marker: str, most: int) -> dict[str, Any]:
    """The answer of a ListUserTags and its like."""
    keys, rest = pages.listed(ctx, tags, marker, most)
    return {"Tags": [{"Key": key, "Value": tags[key]} for key in keys], **rest}


def shown(tags: Mapping[str, str]) -> dict[str, Any]:
    """The member Tags of an answer, which is left out where there are none."""
    return {"Tags": listed(tags)} if tags else {}
