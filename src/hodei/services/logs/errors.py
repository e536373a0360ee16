from hodei.services.logs.service import logs

AccessDeniedException = logs.error("AccessDeniedException", "{reason}", status=400)
ConflictException = logs.error("ConflictException", "{reason}")
GroupExists = logs.error("ResourceAlreadyExistsException", "The specified log group already exists")
InvalidOperationException = logs.error("InvalidOperationException", "{reason}")
InvalidParameterException = logs.error("InvalidParameterException", "{reason}")
LimitExceededException = logs.error("LimitExceededException", "Resource limit exceeded.")
MalformedQueryException = logs.error("MalformedQueryException", "{reason}")
NoGroup = logs.error("ResourceNotFoundException", "The specified log group does not exist.")
NoStream = logs.error("ResourceNotFoundException", "The specified log stream does not exist.")
OperationAbortedException = logs.error(
    "OperationAbortedException",
    "A conflicting operation is currently in progress against this resource. Please try again.",
)
ResourceNotFoundException = logs.error("ResourceNotFoundException", "{reason}")
StreamExists = logs.error("ResourceAlreadyExistsException", "The specified log stream already exists")
TableExists = logs.error("ResourceAlreadyExistsException", "The specified lookup table already exists")
TooManyTagsException = logs.error("TooManyTagsException", "The maximum number of tags is 50.")
ValidationException = logs.error("ValidationException", "{reason}")
