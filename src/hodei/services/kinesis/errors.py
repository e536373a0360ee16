from hodei.services.kinesis.service import kinesis

AccessDeniedException = kinesis.error("AccessDeniedException", "{reason}")
DryRunOperationException = kinesis.error(
    "DryRunOperationException", "The request was rejected because the DryRun parameter was specified."
)
ExpiredIteratorException = kinesis.error(
    "ExpiredIteratorException",
    "Iterator expired. The iterator was created at time {created} while right now it is {now} which is further in the "
    "future than the tolerated delay of {tolerated} milliseconds.",
)
ExpiredNextTokenException = kinesis.error("ExpiredNextTokenException", "NextToken expired.")
InvalidArgumentException = kinesis.error("InvalidArgumentException", "{reason}")
LimitExceededException = kinesis.error("LimitExceededException", "{reason}")
ProvisionedThroughputExceededException = kinesis.error("ProvisionedThroughputExceededException", "{reason}")
ResourceInUseException = kinesis.error("ResourceInUseException", "{reason}")
ResourceNotFoundException = kinesis.error("ResourceNotFoundException", "{reason}")
NotImplementedParameter = kinesis.error("NotImplemented", "{parameter} is not implemented by Hodei.", status=501)
ValidationException = kinesis.error("ValidationException", "{reason}")

StreamAlreadyExists = kinesis.error("ResourceInUseException", "Stream {name} under account {account} already exists.")
StreamNotActive = kinesis.error(
    "ResourceInUseException", "Stream {name} under account {account} not ACTIVE, instead in state {status}"
)
StreamNotFound = kinesis.error("ResourceNotFoundException", "Stream {name} under account {account} not found.")
ShardNotFound = kinesis.error(
    "ResourceNotFoundException", "Could not find shard {shard} in stream {name} under account {account}."
)
ConsumerNotFound = kinesis.error("ResourceNotFoundException", "Consumer {consumer}, account {account} not found.")
OnlyProvisioned = kinesis.error(
    "ValidationException",
    "Request is invalid. Stream {name} under account {account} is in On-Demand mode.",
)

KMSAccessDeniedException = kinesis.error("KMSAccessDeniedException")
KMSDisabledException = kinesis.error("KMSDisabledException")
KMSInvalidStateException = kinesis.error("KMSInvalidStateException")
KMSNotFoundException = kinesis.error("KMSNotFoundException")

OF_KMS = {  # KMS's own error -> Kinesis's
    "AccessDeniedException": KMSAccessDeniedException,
    "DisabledException": KMSDisabledException,
    "InvalidKeyUsageException": KMSInvalidStateException,
    "KMSInvalidStateException": KMSInvalidStateException,
    "NotFoundException": KMSNotFoundException,
}
