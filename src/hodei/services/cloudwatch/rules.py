"""What CloudWatch allows. Texts are AWS's where they are recorded or documented."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hodei.kernel.errors import AwsError
from hodei.kernel.metrics import Metric, pack_dimensions
from hodei.kernel.service import validation_exception
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation
from hodei.services.cloudwatch import errors
from hodei.services.cloudwatch.service import cloudwatch

UNITS = (
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
    "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
    "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
    "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
)  # fmt: skip
PART = re.compile(r"(?:^|\.)([a-z])")
TEXT = re.compile(r"(?!:)[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*")  # names and values of dimensions
NAME = re.compile(r"[^\x00-\x1f\x7f]+")


@cloudwatch.on_violation
def violation(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """Operations that know MissingParameter tell of members that lack by their names in forms."""
    first = violations[0]
    if first.kind == "required" and any(shape.error_code == "MissingParameter" for shape in operation.errors):
        return errors.MissingParameter(name=PART.sub(lambda found: found[0].upper(), first.path))
    return validation_exception(operation, violations)


def invalid(reason: str) -> AwsError:
    return errors.InvalidParameterValue(reason=reason)


def metric_of(namespace: str, name: str, dimensions: Sequence[Mapping[str, str]], at: str = "Dimensions") -> Metric:
    """A metric as requests name it. `at` is where its dimensions stand. Raises: InvalidParameterValue."""
    if not NAME.fullmatch(name):
        raise invalid("The value for parameter MetricName must not contain control characters.")
    if not NAME.fullmatch(namespace):
        raise invalid("The value for parameter Namespace must not contain control characters.")
    pairs = [(one["Name"], one["Value"]) for one in dimensions]
    for number, pair in enumerate(pairs, 1):
        for part, text in zip(("Name", "Value"), pair):
            if not TEXT.fullmatch(text):
                raise invalid(
                    f"The value for parameter {at}.member.{number}.{part} must contain only ASCII characters, at least "
                    "one that is not white space, and must not begin with a colon."
                )
    if len({key for key, _ in pairs}) < len(pairs):
        raise invalid(f"No duplicate names are allowed in the parameter {at}.")
    return Metric(namespace, name, pack_dimensions(pairs))


def seconds(moment: datetime) -> float:
    return moment.timestamp()


def tag_list(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
