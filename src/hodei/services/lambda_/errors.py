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


AccessDeniedException = lambda_.error("AccessDeniedException", "{reason}", status=403)
CodeSigningConfigNotFoundException = _users(
    "CodeSigningConfigNotFoundException",
    "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}.",
)
CodeStorageExceededException = _users("CodeStorageExceededException", "Code storage limit exceeded.")
CodeVerificationFailedException = _users("CodeVerificationFailedException", "{reason}")
CallbackTimeoutException = _users(
    "CallbackTimeoutException",
    "The callback ID token has either expired or the callback associated with the token has already been closed.",
)
ConfigurationNotFound = lambda_.error(
    "ResourceNotFoundException", "The Lambda code signing configuration {arn} can not be found."
)
DurableExecutionAlreadyStartedException = _users(
    "DurableExecutionAlreadyStartedException", "Durable execution already started with a different input: {name}"
)
InvalidParameterValueException = _users("InvalidParameterValueException", "{reason}")
InvalidRequestContentException = _users("InvalidRequestContentException", "{reason}")
InvalidRuntimeException = lambda_.error("InvalidRuntimeException", "{reason}")
KMSAccessDeniedException = lambda_.error("KMSAccessDeniedException", "{reason}", status=502)
KMSDisabledException = lambda_.error("KMSDisabledException", "{reason}", status=502)
KMSInvalidStateException = lambda_.error("KMSInvalidStateException", "{reason}", status=502)
KMSNotFoundException = lambda_.error("KMSNotFoundException", "{reason}", status=502)
NotImplementedException = lambda_.error("NotImplemented", "{what} is not implemented by Hodei.", status=501)
Plain = lambda_.error("InvalidParameterValueException", "{reason}")  # a few of these have no Type (as recorded)
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
RecursiveInvocationException = _users(
    "RecursiveInvocationException",
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and "
    "stopped your function's invocation.",
)
RequestEntityTooLargeException = lambda_.error("RequestEntityTooLargeException", "{reason}", status=413)
RequestTooLargeException = _users("RequestTooLargeException", "{reason}")
ResourceConflictException = _users("ResourceConflictException", "{reason}")
ResourceInUseException = _users("ResourceInUseException", "{reason}")
ResourceNotFoundException = _users("ResourceNotFoundException", "{reason}")
TooManyRequestsException = _users("TooManyRequestsException", "Rate Exceeded.")
ValidationException = lambda_.error("ValidationException", "{reason}", status=400)
