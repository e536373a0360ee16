"""Lambda's errors say whose fault they are, but for a few that come from in front of it (as recorded)."""

from __future__ import annotations

from typing import Any

from hodei.kernel.errors import AwsError
from hodei.services.lambda_.service import lambda_


class UserError(AwsError):
    """With the member Type."""

    def __init__(self, message: str | None = None, /, **fields: Any) -> None:
        super().__init__(message, **{"Type": "User", **fields})


def _users(code: str, message: str = "") -> type[UserError]:
    return type(code, (UserError,), {"code": code, "template": message})


AliasLimitExceededException = _users("AliasLimitExceededException", "{reason}")
CodeSigningConfigNotFoundException = _users(
    "CodeSigningConfigNotFoundException",
    "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}.",
)
CodeStorageExceededException = _users("CodeStorageExceededException", "Code storage limit exceeded.")
FunctionVersionsPerCapacityProviderLimitExceededException = lambda_.error(
    "FunctionVersionsPerCapacityProviderLimitExceededException"
)
CodeVerificationFailedException = _users("CodeVerificationFailedException", "{reason}")
InvalidCodeSignatureException = _users("InvalidCodeSignatureException", "{reason}")
InvalidParameterValueException = _users("InvalidParameterValueException", "{reason}")
NotImplementedException = lambda_.error("NotImplemented", "{what} is not implemented by Hodei.", status=501)
InvalidRequestContentException = _users("InvalidRequestContentException", "{reason}")
InvalidRuntimeException = lambda_.error("InvalidRuntimeException", "{reason}")
PolicyLengthExceededException = _users(
    "PolicyLengthExceededException", "The final policy size ({size}) is bigger than the limit ({most})."
)
PreconditionFailedException = _users(
    "PreconditionFailedException",
    "The Revision Id provided does not match the latest Revision Id. Call the {operation} API to retrieve the latest "
    "Revision Id",
)
ProvisionedConcurrencyConfigNotFoundException = _users(
    "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function"
)
PublicPolicyException = _users("PublicPolicyException", "{reason}")
RequestTooLargeException = _users("RequestTooLargeException", "{reason}")
RequestEntityTooLargeException = lambda_.error("RequestEntityTooLargeException", "{reason}", status=413)
ResourceConflictException = _users("ResourceConflictException", "{reason}")
ResourceInUseException = _users("ResourceInUseException", "{reason}")
ResourceNotFoundException = _users("ResourceNotFoundException", "{reason}")
ServiceException = lambda_.error("ServiceException")
TooManyRequestsException = _users("TooManyRequestsException", "Rate Exceeded.")
ValidationException = lambda_.error("ValidationException", "{reason}", status=400)
AccessDeniedException = lambda_.error("AccessDeniedException", "{reason}", status=403)
ConfigurationNotFound = lambda_.error(
    "ResourceNotFoundException", "The Lambda code signing configuration {arn} can not be found."
)
Plain = lambda_.error("InvalidParameterValueException", "{reason}")  # a few of these have no Type (as recorded)
