"""What DynamoDB Streams answers when it refuses; ValidationException takes its whole text where it is raised."""

from hodei.services.dynamodbstreams.service import dynamodbstreams

ExpiredIteratorException = dynamodbstreams.error("ExpiredIteratorException", "Shard iterator has expired")
ResourceNotFoundException = dynamodbstreams.error("ResourceNotFoundException", "Requested resource not found: {what}")
TrimmedDataAccessException = dynamodbstreams.error(
    "TrimmedDataAccessException", "The data you are trying to access has been trimmed"
)
ValidationException = dynamodbstreams.error("ValidationException", "{reason}")
