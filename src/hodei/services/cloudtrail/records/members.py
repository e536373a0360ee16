"""Parameters and answers as records have them: members by their names with the first letter in lower case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hodei.protocol.model import Shape

# "Before February 2024, some Secrets Manager operations reported events that contained "aRN" instead of "arn"": of the
# older services that say ARN, the others still have it.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
SPELLED = {"secretsmanager": {"ARN": "arn"}}


def worded(service: str, shape: Shape | None, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A structure of botocore's members; None: there is nothing."""
    if not values or shape is None:
        return None
    spelled = SPELLED.get(service, {})
    return _structure(shape, values, spelled)


def lowered(name: str, spelled: Mapping[str, str] = {}) -> str:
    return spelled.get(name) or name[:1].lower() + name[1:]


def iso(at: float) -> str:
    """A time as CloudTrail's own members have it: "2026-01-05T15:04:05Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _structure(shape: Shape, values: Mapping[str, Any], spelled: Mapping[str, str]) -> dict[str, Any]:
    """What was refused may have had members that there are not, and values of other types."""
    known = shape.members
    return {lowered(name, spelled): _value(known[name], one, spelled) for name, one in values.items() if name in known}


def _value(shape: Shape, value: Any, spelled: Mapping[str, str]) -> Any:
    if shape.type == "structure" and isinstance(value, Mapping):
        return _structure(shape, value, spelled)
    if shape.type == "list" and isinstance(value, list):
        return [_value(shape.member, one, spelled) for one in value]
    if shape.type == "map" and isinstance(value, Mapping):
        return {key: _value(shape.value, one, spelled) for key, one in value.items()}
    if shape.type == "timestamp":
        return moment(value)
    return value


def moment(value: Any) -> Any:
    """A time as the services' own logs have it: "Jan 5, 2026, 3:04:05 PM"."""
    if isinstance(value, int | float):
        value = datetime.fromtimestamp(value, UTC)
    if not isinstance(value, datetime):
        return value
    at = value.astimezone(UTC)
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M:%S %p}"
