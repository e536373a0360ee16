"""What names may be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from hodei.services.cloudtrail import errors

SHORTEST, LONGEST = 3, 128
PREFIX = 200
MOST_TAGS = 50
TAG = re.compile(r"[\w\s.:/=+\-@]*")
BUCKET = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")


def check_name(name: str) -> None:
    """Of a trail. Raises: InvalidTrailNameException."""
    invalid = errors.InvalidTrailName
    if not name:
        raise invalid("Trail name cannot be blank!")
    if len(name) < SHORTEST:
        raise invalid(
            f"Trail name too short. Minimum allowed length: {SHORTEST} characters. "
            f"Specified name length: {len(name)} characters."
        )
    if len(name) > LONGEST:
        raise invalid(
            f"Trail name too long. Maximum allowed length: {LONGEST} characters. "
            f"Specified name length: {len(name)} characters."
        )
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise invalid(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )
    if not re.match(r"[A-Za-z0-9]", name):
        raise invalid("Trail name must starts with a letter or number.")
    if not re.search(r"[A-Za-z0-9]$", name):
        raise invalid("Trail name must ends with a letter or number.")
    if re.search(r"[._-]{2}", name):
        raise invalid("Trail name cannot have adjacent periods, underscores or dashes.")
    if _is_address(name):
        raise invalid("Trail name cannot be in IP address format.")


def _is_address(name: str) -> bool:
    try:
        IPv4Address(name)
    except ValueError:
        return False
    return True


def check_bucket(name: str) -> None:
    """Raises: InvalidS3BucketNameException."""
    if not BUCKET.fullmatch(name):
        raise errors.InvalidS3BucketName(bucket=name)


def check_prefix(prefix: str) -> None:
    """Raises: InvalidS3PrefixException."""
    if len(prefix) > PREFIX:
        raise errors.InvalidS3Prefix(f"S3 prefix is longer than maximum length: {PREFIX}")


def tags_of(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Raises: InvalidTagParameterException."""
    tags: dict[str, str] = {}
    for tag in given:
        key, value = tag["Key"], tag.get("Value", "")
        if key in tags:
            raise errors.InvalidTagParameter(f"Duplicate tag key: {key}")
        if key.lower().startswith("aws:"):
            raise errors.InvalidTagParameter("Tag keys that start with aws: are reserved.")
        if not TAG.fullmatch(key) or not TAG.fullmatch(value):
            raise errors.InvalidTagParameter(f"Invalid characters in tag: {key}")
        tags[key] = value
    return tags


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises: TagsLimitExceededException."""
    if len(tags) > MOST_TAGS:
        raise errors.TagsLimitExceeded(most=MOST_TAGS)
