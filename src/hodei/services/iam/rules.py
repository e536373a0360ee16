"""What IAM allows, and its words for what breaks its model."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation
from hodei.services.iam import errors
from hodei.services.iam.service import iam

NAMES = (
    "userName", "groupName", "roleName", "policyName", "instanceProfileName", "newUserName", "newGroupName",
    "serverCertificateName", "newServerCertificateName", "virtualMFADeviceName",
)  # fmt: skip


@iam.on_violation
def validation_error(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """IAM leaves out the values, and words a bad character in a name for people."""
    first = violations[0]
    if len(violations) == 1 and first.kind == "pattern" and first.path in NAMES:
        return errors.ValidationError(
            f"The specified value for {first.path} is invalid. "
            "It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )
    count = len(violations)
    found = "; ".join(str(one._replace(value="" if one.value != "null" else "null")) for one in violations)
    return errors.ValidationError(f"{count} validation error{'s' * (count > 1)} detected: {found}")


def check_credentials(ctx: Context, params: dict[str, Any]) -> None:
    """IAM does not take the temporary credentials of users, unless they have shown an MFA code.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """
    caller = ctx.principal
    if caller.session is None or caller.kind == "role-session" or caller.session.task:
        return
    if caller.kind == "federated-user" or not caller.session.mfa:
        raise errors.InvalidClientTokenId()


iam.amend = check_credentials  # before parameters are looked at, as AWS does


def check_quota(what: str, have: int, limit: float) -> None:
    """Raises LimitExceeded if one more would be too many."""
    if have >= limit:
        raise errors.LimitExceeded(what=what, limit=int(limit))


def active(status: str) -> bool:
    """Of a request. Raises: InvalidInput for Expired, which only AWS sets."""
    if status == "Expired":
        raise errors.InvalidInput("Status Expired cannot be set.")
    return status == "Active"


def status(active: bool) -> str:
    return "Active" if active else "Inactive"
