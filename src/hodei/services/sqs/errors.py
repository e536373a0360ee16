from hodei.services.sqs.service import sqs

BatchEntryIdsNotDistinct = sqs.error("BatchEntryIdsNotDistinct", "Id {Id} repeated.")
BatchRequestTooLong = sqs.error(
    "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent {size} bytes."
)
EmptyBatchRequest = sqs.error("EmptyBatchRequest", "There should be at least one {entry} in the request.")
InvalidAddress = sqs.error("InvalidAddress", "The address {QueueUrl} is not valid for this endpoint.")
InvalidAttributeName = sqs.error("InvalidAttributeName", "Unknown Attribute {name}.")
InvalidAttributeValue = sqs.error("InvalidAttributeValue", "Invalid value for the parameter {name}.")
InvalidBatchEntryId = sqs.error(
    "InvalidBatchEntryId",
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
    "It can be at most 80 letters long.",
)
InvalidMessageContents = sqs.error(
    "InvalidMessageContents",
    "Invalid binary character '#x{character}' was found in the message {part}, the set of allowed characters is "
    "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
)
InvalidParameterValue = sqs.error(
    "InvalidParameterValue", "Value {value} for parameter {name} is invalid. Reason: {reason}"
)
KmsAccessDenied = sqs.error("KmsAccessDenied")
KmsDisabled = sqs.error("KmsDisabled")
KmsInvalidKeyUsage = sqs.error("KmsInvalidKeyUsage")
KmsInvalidState = sqs.error("KmsInvalidState")
KmsNotFound = sqs.error("KmsNotFound")
MissingParameter = sqs.error("MissingParameter", "The request must contain the parameter {name}.")
OverLimit = sqs.error("OverLimit", "{reason}")
PurgeQueueInProgress = sqs.error(
    "PurgeQueueInProgress", "Only one PurgeQueue operation on {name} is allowed every 60 seconds."
)
QueueDeletedRecently = sqs.error(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
)
QueueDoesNotExist = sqs.error("QueueDoesNotExist", "The specified queue does not exist.")
QueueNameExists = sqs.error(
    "QueueNameExists", "A queue already exists with the same name and a different value for attribute {name}"
)
ReceiptHandleIsInvalid = sqs.error(
    "ReceiptHandleIsInvalid", 'The input receipt handle "{handle}" is not a valid receipt handle.'
)
ResourceNotFoundException = sqs.error(
    "ResourceNotFoundException", "The resource that you specified for the {name} parameter doesn't exist."
)
TooManyEntriesInBatchRequest = sqs.error(
    "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent {count}."
)
UnsupportedOperation = sqs.error("UnsupportedOperation", "{reason}")

OF_KMS = {  # KMS's own error -> SQS's
    "AccessDeniedException": KmsAccessDenied,
    "DisabledException": KmsDisabled,
    "InvalidKeyUsageException": KmsInvalidKeyUsage,
    "KMSInvalidStateException": KmsInvalidState,
    "NotFoundException": KmsNotFound,
}
