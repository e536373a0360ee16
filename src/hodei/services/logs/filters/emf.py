"""The embedded metric format: events that say themselves which metrics they have.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.logs.filters.values import Values
from hodei.services.logs.state import Group

MARK = '"_aws"'
NAMESPACE = "AWS/Logs"
MOST_VALUES = 100

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Dimensions = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=250)]], msgspec.Meta(max_length=30)]


class Definition(msgspec.Struct):
    Name: Name
    Unit: str = "None"
    StorageResolution: int = 60


class Directive(msgspec.Struct):
    Namespace: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    Dimensions: list[Dimensions] = []
    Metrics: Annotated[list[Definition], msgspec.Meta(max_length=100)] = []


class Metadata(msgspec.Struct):
    Timestamp: int
    CloudWatchMetrics: list[Directive]


class Head(msgspec.Struct):
    metadata: Metadata = msgspec.field(name="_aws")


def measure(ctx: Context, group: Group, messages: list[str]) -> None:
    """Let the metrics have what events say of them; what is wrong with some is a metric of the group."""
    values = Values()
    for message in messages:
        if MARK not in message:
            continue
        try:
            members = msgspec.json.decode(message, type=dict[str, Any])
        except msgspec.DecodeError:
            _wrong(ctx, group, "EMFParsingErrors")
            continue
        if "_aws" in members and not _read(values, members):
            _wrong(ctx, group, "EMFValidationErrors")
    values.publish(ctx)


def _read(values: Values, members: dict[str, Any]) -> bool:
    """Take the values of an event; False if something is wrong with it."""
    try:
        metadata = msgspec.convert(members, Head).metadata
    except msgspec.ValidationError:
        return False
    good = True
    for directive in metadata.CloudWatchMetrics:
        for names in directive.Dimensions or [[]]:
            dimensions = [(name, members.get(name)) for name in names]
            if not all(isinstance(value, str) and value for _, value in dimensions):
                good = False
                continue
            for definition in directive.Metrics:
                good &= _add(values, metadata, directive, definition, dimensions, members.get(definition.Name))
    return good


def _add(
    values: Values,
    metadata: Metadata,
    directive: Directive,
    definition: Definition,
    dimensions: list[tuple[str, Any]],
    found: Any,
) -> bool:
    numbers = found if isinstance(found, list) else [found]
    if len(numbers) > MOST_VALUES or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        return False
    for number in numbers:
        values.add(
            directive.Namespace,
            definition.Name,
            float(number),
            unit=definition.Unit,
            at=metadata.Timestamp,
            dimensions=dimensions,
            fine=definition.StorageResolution == 1,
        )
    return True


def _wrong(ctx: Context, group: Group, metric: str) -> None:
    ctx.metric(NAMESPACE, metric, 1, "None", LogGroupName=group.name)
