"""Filters of DescribeParameters and GetParametersByPath.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hodei.services.ssm import errors
from hodei.services.ssm.names import Found, read_path, version_of
from hodei.services.ssm.state import Version

Filter = Mapping[str, Any]
NONE: Sequence[Filter] = ()
EQUALS, BEGINS, CONTAINS, RECURSIVE, ONE_LEVEL = "Equals", "BeginsWith", "Contains", "Recursive", "OneLevel"
TAG = "tag:"
FIELDS: Mapping[str, Callable[[Version], str]] = {
    "Name": lambda version: version.name,
    "Type": lambda version: version.type,
    "KeyId": lambda version: version.key,
    "Tier": lambda version: version.tier,
    "DataType": lambda version: version.data_type,
}
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "Name": (BEGINS, EQUALS, CONTAINS),
    "Path": (RECURSIVE, ONE_LEVEL),
    "Label": (EQUALS,),
}
USUAL_OPTIONS = (BEGINS, EQUALS)
FOR_PATH = ("Type", "KeyId", "Label")


def for_path(given: Sequence[Filter]) -> Callable[[Found], Found | None]:
    """What GetParametersByPath shows of a parameter: with a filter of labels, the version that has one.

    Raises: InvalidFilterKey, InvalidFilterOption, InvalidFilterValue.
    """
    _check(given, FOR_PATH)
    labels = [label for one in given if one["Key"] == "Label" for label in one["Values"]]
    others = [one for one in given if one["Key"] != "Label"]

    def test(found: Found) -> Found | None:
        if labels:
            held = next((label for label in labels if label in found.parameter.labels), None)
            if held is None:
                return None
            found = found._replace(selector=f":{held}")
        version = version_of(found)
        return found if all(_matches(found, version, one) for one in others) else None

    return test


def for_description(given: Sequence[Filter]) -> Callable[[Found, Version], bool]:
    """Raises: InvalidFilterKey, InvalidFilterOption, InvalidFilterValue."""
    _check(given, (*FIELDS, "Path"))
    return lambda found, version: all(_matches(found, version, one) for one in given)


def older(given: Sequence[Filter]) -> list[Filter]:
    """The deprecated Filters, which have no options, in the form of ParameterFilters."""
    return [{"Key": one["Key"], "Option": BEGINS, "Values": one["Values"]} for one in given]


def _check(given: Sequence[Filter], keys: Sequence[str]) -> None:
    for one in given:
        key, option = one["Key"], one.get("Option")
        is_tag = key.startswith(TAG) and "Name" in keys
        if key not in keys and not is_tag:
            raise errors.InvalidFilterKey(key=key, valid=", ".join(keys))
        options = (EQUALS,) if is_tag else OPTIONS.get(key, USUAL_OPTIONS)
        if option is not None and option not in options:
            raise errors.InvalidFilterOption(option=option, valid=", ".join(options))
        if not one.get("Values") and not is_tag:
            raise errors.InvalidFilterValue(f"The following filter values are missing : null for filter key {key}")
        if len({other["Key"] for other in given}) < len(given):
            raise errors.ValidationException("The following filters are duplicated in the request: [" + key + "].")
        if key == "Path":
            for path in one["Values"]:
                read_path(path)


def _matches(found: Found, version: Version, given: Filter) -> bool:
    key, option, wanted = given["Key"], given.get("Option"), given.get("Values", ())
    if key == "Path":
        return any(_is_under(version.name, read_path(path), recursive=option == RECURSIVE) for path in wanted)
    if key.startswith(TAG):
        value = found.ctx.tags.get(found.ctx, found.arn).get(key.removeprefix(TAG))
        return value is not None and (not wanted or value in wanted)
    value = FIELDS[key](version)
    if option == BEGINS:
        # A name is meant with or without the slash that it begins with.
        return any(value.startswith(one) or (key == "Name" and value.startswith(f"/{one}")) for one in wanted)
    if option == CONTAINS:
        return any(one in value for one in wanted)
    return value in wanted


def _is_under(name: str, path: str, *, recursive: bool) -> bool:
    if path and not name.startswith(f"{path}/"):
        return False
    return recursive or "/" not in name.removeprefix(f"{path}/")
