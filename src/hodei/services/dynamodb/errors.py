"""What DynamoDB answers when it refuses; ValidationException takes its whole text where it is raised."""

from hodei.services.dynamodb.service import dynamodb

AccessDeniedException = dynamodb.error("AccessDeniedException", "{reason}")
LimitExceededException = dynamodb.error("LimitExceededException", "{reason}")
PolicyNotFoundException = dynamodb.error("PolicyNotFoundException", "{reason}")
ResourceInUseException = dynamodb.error("ResourceInUseException", "{reason}")
ResourceNotFoundException = dynamodb.error("ResourceNotFoundException", "Requested resource not found")
TableNotFoundException = dynamodb.error("TableNotFoundException", "Table not found: {name}")
ValidationException = dynamodb.error("ValidationException", "{reason}")
