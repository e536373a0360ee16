"""What Lambda allows, in its words (of its answers, recorded ones where there are any)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.errors import AwsError
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation, aggregated_message
from hodei.services.lambda_ import errors
from hodei.services.lambda_.service import lambda_

LONGEST_NAME = 64
MOST_TAGS = 50


def invalid(reason: str) -> AwsError:
    return errors.InvalidParameterValueException(reason=reason)


@lambda_.on_violation
def violated(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """A runtime that is none is refused behind the framework's own checks, in other words."""
    others = [violation for violation in violations if violation.path != "runtime"]
    if not others:
        value, constraint = violations[0].value.strip("'"), violations[0].constraint
        return invalid(f"Value {value} at 'runtime' failed to satisfy constraint: {constraint} or be a valid ARN")
    return errors.ValidationException(reason=aggregated_message([_worded(violation) for violation in others]))


def _worded(violation: Violation) -> Violation:
    """Lambda says of elements that are enums or numbers that they must not be null; of runtimes the enum alone."""
    constraint = violation.constraint
    if violation.path == "compatibleRuntimes" and violation.kind == "elements":
        return violation._replace(constraint=constraint[constraint.index("[") + 1 : -1])
    of_elements = violation.kind in ("elements", "values")
    if of_elements and ("enum value set" in constraint or "have value" in constraint):
        return violation._replace(constraint=f"{constraint[:-1]}, Member must not be null]")
    return violation


def out_of_range(name: str, most: int) -> AwsError:
    """A value that only managed instances may have."""
    return invalid(f"'{name}' value failed to satisfy constraint: Member must have value less than or equal to {most}")


def check_tags(tags: Mapping[str, str]) -> None:
    """All that a resource is to have. Raises: InvalidParameterValueException."""
    if len(tags) > MOST_TAGS:
        raise invalid("Number of tags exceeds resource tag limit.")
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("System tag keys, 'aws:', are not allowed.")


def refuse(**given: Any) -> None:
    """Raises: NotImplemented for what would be kept and have no effect."""
    for name, value in given.items():
        if value:
            raise errors.NotImplementedException(what=name)


def timestamp(at: float) -> str:
    """As most of Lambda's answers have it: 2018-11-27T20:09:45.109+0000."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.{int(at * 1000) % 1000:03d}+0000"


def seconds(at: float) -> str:
    """Of provisioned concurrency: 2018-11-27T20:09:45+0000."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}+0000"


def iso(at: float) -> str:
    """Of function URLs: 2021-12-04T19:52:19.123456Z."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
