"""Who may call STS with what, and its words for parameters that it does not take."""

from __future__ import annotations

import re
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam import AccessRequest, Decision, wording
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation, aggregated_message
from hodei.services.sts import errors
from hodei.services.sts.service import sts

UNSIGNED = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
FOR_ALL = (*UNSIGNED, "GetCallerIdentity")
LONG_TERM_ONLY = ("GetFederationToken", "GetSessionToken")
ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)


@sts.on_violation
def validation_error(operation: OperationModel, violations: list[Violation]) -> AwsError:
    return errors.ValidationError(aggregated_message(violations))


@sts.on_denied
def access_denied(ctx: Context, request: AccessRequest, decision: Decision) -> AwsError:
    if request.principal.kind == "web-identity":
        return errors.AccessDenied(f"Not authorized to perform {request.action}")
    return errors.AccessDenied(wording(decision, request))


def check_credentials(ctx: Context, params: dict[str, Any]) -> None:
    """Most operations want a signature, some want it made with long-term credentials.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """
    caller, operation = ctx.principal, ctx.operation
    if caller.anonymous and operation not in UNSIGNED:
        raise errors.MissingAuthenticationToken()
    if caller.session is None or operation in FOR_ALL:
        return
    restricted = caller.kind != "role-session" and (operation != "AssumeRole" or caller.kind == "federated-user")
    if restricted or operation in LONG_TERM_ONLY:
        raise errors.AccessDenied(f"Cannot call {operation} with session credentials")


sts.amend = check_credentials  # before parameters are looked at, as AWS does


def check_arn(arn: str) -> None:
    """Raises: ValidationError for what has not the form of an ARN. Of what is no role access is denied."""
    if not ARN.fullmatch(arn):
        raise errors.ValidationError(f"{arn} is invalid")
