"""Event selectors of the older kind.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hodei.kernel.ledger.audit import Event, source_of
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.records.record import read_only

Selector = Mapping[str, Any]

MOST, MOST_VALUES = 5, 250
EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
VALUES = {  # type -> what its values may be
    "AWS::S3::Object": re.compile(r"arn:aws[a-z-]*:s3(:::)?|arn:aws[a-z-]*:s3:::[a-z0-9.-]+/.*"),
    "AWS::Lambda::Function": re.compile(
        r"arn:aws[a-z-]*:lambda|arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+"
    ),
    "AWS::DynamoDB::Table": re.compile(r"arn:aws[a-z-]*:dynamodb|arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table/.+"),
}
DEFAULT: dict[str, Any] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


def checked(selectors: Sequence[Selector]) -> list[dict[str, Any]]:
    """With what they leave open. Raises: InvalidEventSelectorsException."""
    if not 1 <= len(selectors) <= MOST:
        raise errors.InvalidEventSelectors(f"The number of event selectors must be between 1 and {MOST}.")
    values = 0
    for selector in selectors:
        for source in selector.get("ExcludeManagementEventSources", ()):
            if source not in EXCLUDABLE:
                raise errors.InvalidEventSelectors(f"Value {source} for ExcludeManagementEventSources is invalid.")
        for resource in selector.get("DataResources", ()):
            values += len(resource.get("Values", ()))
            _check_resource(resource)
    if values > MOST_VALUES:
        raise errors.InvalidEventSelectors(f"A trail can have at most {MOST_VALUES} data resources.")
    return [{**DEFAULT, **selector} for selector in selectors]


def _check_resource(resource: Mapping[str, Any]) -> None:
    pattern = VALUES.get(resource.get("Type", ""))
    if pattern is None:
        raise errors.InvalidEventSelectors(f"Value {resource.get('Type')} for DataResources.Type is invalid.")
    for value in resource.get("Values", ()):
        if not pattern.fullmatch(value):
            raise errors.InvalidEventSelectors(f"Value {value} for DataResources.Values is invalid.")


def data_types(selectors: Iterable[Selector]) -> set[str]:
    return {resource["Type"] for one in selectors for resource in one["DataResources"] if resource.get("Values")}


def takes(selector: Selector, event: Event) -> bool:
    wanted = selector["ReadWriteType"]
    if wanted != "All" and (wanted == "ReadOnly") != read_only(event):
        return False
    if not event.data:
        excluded = selector["ExcludeManagementEventSources"]
        return selector["IncludeManagementEvents"] and source_of(event.service) not in excluded
    values = [v for one in selector["DataResources"] if one["Type"] == event.data for v in one.get("Values", ())]
    return any(arn.startswith(value) for arn in resources(event) for value in values)


def resources(event: Event) -> list[str]:
    """What an event is about, as selectors see it: of a call on a bucket all objects that there may be."""
    buckets = event.data == "AWS::S3::Object"
    return [f"{arn}/" if buckets and "/" not in arn else arn for arn in event.resources]
