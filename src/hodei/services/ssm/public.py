"""Public parameters: AWS's regions and services, from the data that botocore brings.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-global-infrastructure.html
"""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.protocol.model import endpoints
from hodei.services.ssm import errors
from hodei.services.ssm.names import split

SERVICE = "/aws/service"
ROOT = f"{SERVICE}/global-infrastructure"


def is_public(given: str) -> bool:
    name = given.strip()
    return name == SERVICE or name.startswith(f"{SERVICE}/")


def parameter(ctx: Context, given: str) -> dict[str, Any]:
    """Raises: ParameterNotFound, which says what is not here."""
    name, selector = split(given)
    value = _values().get(name)
    if value is None or selector not in ("", ":1"):
        raise errors.ParameterNotFound(
            f"Hodei has no public parameter {given}: only those below {ROOT} are here, images and the like are not."
        )
    answer = _shown(ctx, name, value)
    return answer | ({"Selector": selector} if selector else {})


def under(ctx: Context, path: str, *, recursive: bool, after: str | None) -> Iterator[dict[str, Any]]:
    names, values = _names(), _values()
    prefix = f"{path}/"
    start = bisect_left(names, prefix) if after is None else bisect_right(names, after)
    for name in names[start:]:
        if not name.startswith(prefix):
            return
        if recursive or "/" not in name[len(prefix) :]:
            yield _shown(ctx, name, values[name])


def _shown(ctx: Context, name: str, value: str) -> dict[str, Any]:
    arn = f"arn:{partition_of(ctx.region)}:ssm:{ctx.region}::parameter{name}"
    return {"Name": name, "Type": "String", "Value": value, "Version": 1, "ARN": arn, "DataType": "text"}


@functools.cache
def _names() -> list[str]:
    return sorted(_values())


@functools.cache
def _values() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for partition in endpoints()["partitions"]:
        for region, about in partition["regions"].items():
            base = f"{ROOT}/regions/{region}"
            found[base] = region
            found[f"{base}/longName"] = about["description"]
            found[f"{base}/domain"] = partition["dnsSuffix"]
            found[f"{base}/partition"] = partition["partition"]
        for service, about in partition["services"].items():
            found[f"{ROOT}/services/{service}"] = service
            for region in about["endpoints"]:
                if region in partition["regions"]:
                    found[f"{ROOT}/services/{service}/regions/{region}"] = region
                    found[f"{ROOT}/regions/{region}/services/{service}"] = service
    return found
