"""Limits, and the words for parameters that the model does not allow."""

from __future__ import annotations

from typing import NoReturn

from hodei.kernel.errors import AwsError
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation
from hodei.services.organizations import errors
from hodei.services.organizations.find import Home
from hodei.services.organizations.proposals import pending
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import accounts, requests

WORDS = {
    "required": ("INPUT_REQUIRED", "You must include a value for all required parameters."),
    "pattern": ("INVALID_PATTERN", "You provided a value that does not match the required pattern."),
    "enum": ("INVALID_ENUM", "You specified an invalid value."),
    "min": ("MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed."),
    "max": ("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed."),
}
OF_NUMBERS = {
    "min": ("MIN_VALUE_EXCEEDED", "You provided a numeric parameter that has a smaller value than allowed."),
    "max": ("MAX_VALUE_EXCEEDED", "You provided a numeric parameter that has a larger value than allowed."),
}
INVALID_MEMBER = ("INVALID_LIST_MEMBER", "You provided a list to a parameter that contains at least one invalid value.")
INVALID_TYPE = ("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type string.")


@organizations.on_violation
def invalid_input(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """Says what is wrong with the first of them, and why by its Reason."""
    first = violations[0]
    reason, message = WORDS.get(first.kind, INVALID_MEMBER)
    if first.path == "maxResults":
        reason, message = OF_NUMBERS[first.kind]
    if first.kind == "enum" and first.path in ("type", "policyType", "filter"):
        reason, message = INVALID_TYPE
    return errors.InvalidInput(message, Reason=reason)


def exceeded(reason: str, message: str) -> NoReturn:
    raise errors.ConstraintViolation(message, Reason=reason)


def check_accounts(home: Home, error: type[AwsError] = errors.ConstraintViolation) -> None:
    """Whether one more account may come: those that are invited or being made count. Raises `error`."""
    coming = sum(1 for one in pending(home) if one.action == "INVITE")
    coming += sum(1 for one in requests.scan(home.ctx) if one.state == "IN_PROGRESS")
    if accounts.count(home.ctx) + coming >= home.ctx.quota("accounts"):
        raise error("You have exceeded the allowed number of AWS accounts.", Reason="ACCOUNT_NUMBER_LIMIT_EXCEEDED")
