from hodei.services.cloudwatch.service import cloudwatch

InvalidFormat = cloudwatch.error("InvalidFormat", "{reason}")
InvalidNextToken = cloudwatch.error("InvalidNextToken", "The next token is invalid.")
InvalidParameterCombination = cloudwatch.error("InvalidParameterCombination", "{reason}")
InvalidParameterValue = cloudwatch.error("InvalidParameterValue", "{reason}")
LimitExceeded = cloudwatch.error("LimitExceeded", "{reason}")
LimitExceededException = cloudwatch.error("LimitExceededException", "{reason}")
MissingParameter = cloudwatch.error("MissingParameter", "The parameter {name} is required.")
ResourceNotFound = cloudwatch.error("ResourceNotFound", status=404)
ResourceNotFoundException = cloudwatch.error("ResourceNotFoundException", "{reason}", status=404)
ValidationError = cloudwatch.error("ValidationError", "{reason}")
DashboardInvalidInput = cloudwatch.error(
    "InvalidParameterInput", "The dashboard body is invalid, there are {count} validation errors: {problems}"
)
DashboardNotFound = cloudwatch.error("ResourceNotFound", "Dashboard {name} does not exist", status=404)
