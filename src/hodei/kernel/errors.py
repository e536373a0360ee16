"""Errors that clients see. One line declares one: `Missing = sqs.error("Missing", "No {thing} here.")`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

TRANSIENT = frozenset((
    "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
    "RequestTimeout", "RequestTimeoutException", "SlowDown", "Throttling", "ThrottlingException", "ThrottledException",
    "TooManyRequestsException", "TransactionInProgressException",
    "InternalError", "InternalFailure", "InternalServerError", "InternalServerException", "KMSInternalException",
    "ServiceException", "ServiceUnavailable", "ServiceUnavailableException",
))  # fmt: skip
"""Codes that pass: throttles as the SDKs know them, but LimitExceededException, which for many services is a quota; and
failures whose status only a model may tell.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""


class AwsError(Exception):
    """An error answered to the client in its own wire format.

    `code` is that of botocore's model or AWS's documentation. `status` None means: what the model says, else 400.
    `fields` are further members of the error (S3's `<Key>`, DynamoDB's CancellationReasons), `headers` go with the
    response.
    """

    code: ClassVar[str] = "InternalFailure"
    template: ClassVar[str] = ""
    status: ClassVar[int | None] = None

    def __init__(self, message: str | None = None, /, **fields: Any) -> None:
        self.message = self.template.format(**fields) if message is None else message
        self.fields = fields
        self.headers: Mapping[str, str] = {}
        super().__init__(self.message)

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed a little later. Lambda's 502s, that a function cannot run, do not pass."""
        return self.code in TRANSIENT or self.status in (500, 503, 504)

    @property
    def told(self) -> str | None:
        """The message as it is sent: AWS leaves the member out of an error that has none (KMS's
        InvalidCiphertextException, as recorded), but not of one whose message is empty (S3's)."""
        return self.message if self.message or self.template else None

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """The same error, answered with these response headers."""
        self.headers = headers
        return self


def declare(code: str, message: str = "", *, status: int | None = None) -> type[AwsError]:
    """A new error class; `{name}` in the message is filled from the keyword arguments it is raised with."""
    return type(code.replace(".", "_"), (AwsError,), {"code": code, "template": message, "status": status})


NotImplementedByHodei = declare("NotImplemented", "{service}:{operation} is not implemented by Hodei.", status=501)
InternalFailure = declare(
    "InternalFailure",
    "The request processing has failed because of an unknown error, exception or failure.",
    status=500,
)
ServiceUnavailable = declare(
    "ServiceUnavailable", "The request has failed due to a temporary failure of the server.", status=503
)
ValidationException = declare("ValidationException", "{reason}", status=400)
RequestTooLarge = declare("RequestEntityTooLarge", "Request body is too large.", status=413)
IncompleteBody = declare("IncompleteBody", "The request body terminated unexpectedly", status=400)
