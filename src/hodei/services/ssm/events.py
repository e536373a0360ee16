"""What EventBridge hears of parameters.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.ssm.state import Version, arn_of


def changed(ctx: Context, operation: str, version: Version) -> None:
    """`operation` is Create, Update, Delete or LabelParameterVersion."""
    detail = {"operation": operation, "name": version.name, "type": version.type}
    if version.description:
        detail["description"] = version.description
    ctx.emit("Parameter Store Change", detail, (arn_of(ctx, version.name),))
