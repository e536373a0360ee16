"""Parameters as answers show them. AWS leaves out what has no value."""

from __future__ import annotations

from typing import Any

from hodei.services.ssm import policies, values
from hodei.services.ssm.names import Found
from hodei.services.ssm.state import Version, arn_of


def parameter(found: Found, version: Version, *, decrypt: bool) -> dict[str, Any]:
    """As GetParameter has it."""
    ctx = found.ctx
    answer: dict[str, Any] = {
        "Name": version.name,
        "Type": version.type,
        "Value": values.shown(ctx, version, decrypt=decrypt),
        "Version": version.number,
        "LastModifiedDate": version.modified,
        "ARN": arn_of(ctx, version.name),
        "DataType": version.data_type,
    }
    if found.selector:
        answer["Selector"] = found.selector
    return answer


def metadata(version: Version) -> dict[str, Any]:
    """What DescribeParameters and GetParameterHistory have in common."""
    answer: dict[str, Any] = {
        "Name": version.name,
        "Type": version.type,
        "LastModifiedDate": version.modified,
        "LastModifiedUser": version.user,
        "Version": version.number,
        "Tier": version.tier,
        "Policies": policies.shown(version),
        "DataType": version.data_type,
    }
    more = {"KeyId": version.key, "Description": version.description, "AllowedPattern": version.pattern}
    return answer | {name: value for name, value in more.items() if value}
