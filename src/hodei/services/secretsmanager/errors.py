from hodei.services.secretsmanager.service import secretsmanager

AccessDeniedException = secretsmanager.error("AccessDeniedException", "Access to KMS is not allowed")
DecryptionFailure = secretsmanager.error(
    "DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
)
EncryptionFailure = secretsmanager.error(
    "EncryptionFailure", "Secrets Manager can't encrypt the protected secret text using the provided KMS key."
)
InvalidNextTokenException = secretsmanager.error("InvalidNextTokenException", "The NextToken value is invalid.")
InvalidParameterException = secretsmanager.error("InvalidParameterException")
InvalidRequestException = secretsmanager.error("InvalidRequestException")
LimitExceededException = secretsmanager.error("LimitExceededException")
MalformedPolicyDocumentException = secretsmanager.error("MalformedPolicyDocumentException")
PublicPolicyException = secretsmanager.error(
    "PublicPolicyException",
    "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the "
    "secret.",
)
ResourceExistsException = secretsmanager.error("ResourceExistsException")
ResourceNotFoundException = secretsmanager.error(
    "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
)
ValidationException = secretsmanager.error("ValidationException")
