"""DurableConfig: which functions are durable. https://docs.aws.amazon.com/lambda/latest/dg/durable-configuration.html"""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import rules
from hodei.services.lambda_.state import LATEST, Version, Wire, versions

RETENTION = 14  # days, if nothing is said
# https://docs.aws.amazon.com/lambda/latest/dg/durable-supported-runtimes.html
RUNTIMES = (
    "nodejs22.x", "nodejs24.x", "python3.13", "python3.14", "java17", "java21", "java25", "dotnet8", "dotnet10"
)  # fmt: skip


def configured(ctx: Context, version: Version, given: Wire) -> Version:
    """A function becomes durable when it is created, and remains so. Raises: InvalidParameterValueException."""
    exists = versions.get(ctx, version.function, LATEST) is not None
    if exists and given and not version.durable:
        raise rules.invalid("You cannot enable durable execution on an existing function.")
    if not given:
        return version
    rules.refuse(**{"DurableConfig.KMSKeyArn": given.get("KMSKeyArn")})
    timeout = given.get("ExecutionTimeout", version.durable.get("ExecutionTimeout"))
    if timeout is None:
        raise rules.invalid("You cannot create a function with a durable configuration without an executionTimeout")
    config = {"RetentionPeriodInDays": given.get("RetentionPeriodInDays", RETENTION), "ExecutionTimeout": timeout}
    return replace(version, durable=config)


def check_runtime(version: Version) -> None:
    """Raises: InvalidParameterValueException. Container images may have any."""
    if version.durable and version.package_type == "Zip" and version.runtime not in RUNTIMES:
        raise rules.invalid("You cannot use a managed runtime that does not support a durable configuration")
