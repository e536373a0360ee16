from hodei.services.lambda_.service import lambda_

CodeSigningConfigNotFoundException = lambda_.error("CodeSigningConfigNotFoundException")
CodeStorageExceededException = lambda_.error("CodeStorageExceededException")
CodeVerificationFailedException = lambda_.error("CodeVerificationFailedException")
FunctionVersionsPerCapacityProviderLimitExceededException = lambda_.error(
    "FunctionVersionsPerCapacityProviderLimitExceededException"
)
InvalidCodeSignatureException = lambda_.error("InvalidCodeSignatureException")
InvalidParameterValueException = lambda_.error("InvalidParameterValueException")
ResourceConflictException = lambda_.error("ResourceConflictException")
ResourceNotFoundException = lambda_.error("ResourceNotFoundException")
ServiceException = lambda_.error("ServiceException")
TooManyRequestsException = lambda_.error("TooManyRequestsException")
