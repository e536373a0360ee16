"""How a function logs. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-logs.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.services.lambda_ import rules
from hodei.services.lambda_.state import Version

LEVELS = ("ApplicationLogLevel", "SystemLogLevel")


def complete(version: Version, given: Mapping[str, Any]) -> dict[str, Any]:
    """The LoggingConfig of a version, changed by what is given of it. Levels there are of JSON only.

    Raises: InvalidParameterValueException.
    """
    before = version.logging
    form = given.get("LogFormat", before.get("LogFormat", "Text"))
    group = given.get("LogGroup", before.get("LogGroup", f"/aws/lambda/{version.function}"))
    if form == "Text":
        if any(level in given for level in LEVELS):
            raise rules.invalid("To set log levels, the log format must be JSON.")
        return {"LogFormat": form, "LogGroup": group}
    levels = {level: given.get(level, before.get(level, "INFO")) for level in LEVELS}
    return {"LogFormat": form, "LogGroup": group, **levels}
