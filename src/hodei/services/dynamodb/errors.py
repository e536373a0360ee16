"""What DynamoDB answers when it refuses; ValidationException takes its whole text where it is raised."""

from hodei.services.dynamodb.service import dynamodb

BackupInUseException = dynamodb.error("BackupInUseException", "Backup is in use: {arn}")
BackupNotFoundException = dynamodb.error("BackupNotFoundException", "Backup not found: {arn}")
ConditionalCheckFailedException = dynamodb.error("ConditionalCheckFailedException", "The conditional request failed")
DuplicateItemException = dynamodb.error("DuplicateItemException", "Duplicate primary key exists in table")
ExportConflictException = dynamodb.error(
    "ExportConflictException", "There was a conflict when writing to the specified S3 bucket."
)
ExportNotFoundException = dynamodb.error("ExportNotFoundException", "Export not found: {arn}")
GlobalTableAlreadyExistsException = dynamodb.error(
    "GlobalTableAlreadyExistsException", "Global table with name: '{name}' already exists."
)
GlobalTableNotFoundException = dynamodb.error(
    "GlobalTableNotFoundException", "Global table with name: '{name}' does not exist."
)
IdempotentParameterMismatchException = dynamodb.error(
    "IdempotentParameterMismatchException",
    "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent "
    "token that was already used.",
)
ImportConflictException = dynamodb.error(
    "ImportConflictException",
    "There was a conflict when importing from the specified S3 source. This can occur when the current import "
    "conflicts with a previous import request that had the same client token.",
)
ImportNotFoundException = dynamodb.error("ImportNotFoundException", "Import not found: {arn}")
InvalidExportTimeException = dynamodb.error(
    "InvalidExportTimeException", "The specified ExportTime is outside of the point in time recovery window."
)
IndexNotFoundException = dynamodb.error("IndexNotFoundException", "Index with name: '{name}' does not exist.")
InvalidRestoreTimeException = dynamodb.error("InvalidRestoreTimeException", "{reason}")
ItemCollectionSizeLimitExceededException = dynamodb.error(
    "ItemCollectionSizeLimitExceededException", "Collection size exceeded."
)
LimitExceededException = dynamodb.error("LimitExceededException", "{reason}")
NotImplementedParameter = dynamodb.error("NotImplemented", "{parameter} is not implemented by Hodei.", status=501)
PointInTimeRecoveryUnavailableException = dynamodb.error(
    "PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table '{name}'"
)
PolicyNotFoundException = dynamodb.error("PolicyNotFoundException", "{reason}")
ReplicaAlreadyExistsException = dynamodb.error(
    "ReplicaAlreadyExistsException", "Global table with name: '{name}' already has a replica in region: '{region}'."
)
ReplicaNotFoundException = dynamodb.error(
    "ReplicaNotFoundException", "Global table with name: '{name}' has no replica in region: '{region}'."
)
ResourceInUseException = dynamodb.error("ResourceInUseException", "{reason}")
ResourceNotFoundException = dynamodb.error("ResourceNotFoundException", "Requested resource not found")
RequestLimitExceeded = dynamodb.error(
    "RequestLimitExceeded",
    "Throughput exceeds the current throughput limit for your account. Please contact AWS Support at "
    "https://aws.amazon.com/support request a limit increase",
)
TableAlreadyExistsException = dynamodb.error("TableAlreadyExistsException", "Table already exists: {name}")
TableInUseException = dynamodb.error("TableInUseException", "Table is being {doing}: {name}")
TableNotFoundException = dynamodb.error("TableNotFoundException", "Table not found: {name}")
TransactionConflictException = dynamodb.error("TransactionConflictException", "Transaction is ongoing for the item")
TransactionInProgressException = dynamodb.error(
    "TransactionInProgressException", "The transaction with the given request token is already in progress."
)
TransactionCanceledException = dynamodb.error("TransactionCanceledException", "{reason}")
ValidationException = dynamodb.error("ValidationException", "{reason}")
# Of a value that cannot be read: AWS finds that before it looks at what the value is for, and says nothing of it.
UnreadableValue = dynamodb.error("ValidationException", "{reason}")

# One exception, in the words for each thing that may have too little throughput.
TableThroughputExceeded = dynamodb.error(
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API.",
)
IndexThroughputExceeded = dynamodb.error(
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with "
    "the UpdateTable API",
)
OnDemandExceeded = dynamodb.error(
    "ThrottlingException",
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html.",
)
OnDemandMaximumExceeded = dynamodb.error(
    "ThrottlingException",
    "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
)
THROTTLED = frozenset(("ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"))

# What KMS says of a table's key, as DynamoDB gives it on.
KmsValidation = dynamodb.error("ValidationException", "KMS validation error{where}: {said}")
OF_KMS = {
    "AccessDeniedException": dynamodb.error("AccessDeniedException", "KMS key access denied error{where}: {said}"),
    "DisabledException": dynamodb.error("ValidationException", "KMS key disabled error{where}: {said}"),
    "ValidationException": dynamodb.error("InternalServerError", "KMS internal error{where}: {said}", status=500),
}
