from hodei.services.kms.service import kms

AccessDeniedException = kms.error("AccessDeniedException", "{reason}", status=400)
AlreadyExistsException = kms.error("AlreadyExistsException", "{reason}")
CustomKeyStoreInvalidStateException = kms.error("CustomKeyStoreInvalidStateException", "{reason}")
CustomKeyStoreNameInUseException = kms.error("CustomKeyStoreNameInUseException", "{name} is already in use.")
CustomKeyStoreNotFoundException = kms.error("CustomKeyStoreNotFoundException", "{id} does not exist.")
DisabledException = kms.error("DisabledException", "{arn} is disabled.")
DryRunOperationException = kms.error(
    "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."
)
ExpiredImportTokenException = kms.error("ExpiredImportTokenException", "The import token has expired.")
IncorrectKeyException = kms.error(
    "IncorrectKeyException",
    "The key ID in the request does not identify a CMK that can perform this operation.",
)
IncorrectKeyMaterialException = kms.error("IncorrectKeyMaterialException", "{reason}")
InvalidArnException = kms.error("InvalidArnException", "{arn} is not a valid ARN for this operation.")
InvalidCiphertextException = kms.error("InvalidCiphertextException")
InvalidGrantIdException = kms.error("InvalidGrantIdException", "Invalid grantId")
InvalidGrantTokenException = kms.error("InvalidGrantTokenException", "Invalid grant token")
InvalidImportTokenException = kms.error("InvalidImportTokenException", "The import token is invalid.")
InvalidKeyUsageException = kms.error("InvalidKeyUsageException", "{reason}")
InvalidMarkerException = kms.error("InvalidMarkerException", "Could not deserialize marker '{marker}'")
KMSInvalidMacException = kms.error("KMSInvalidMacException")
KMSInvalidSignatureException = kms.error("KMSInvalidSignatureException")
KMSInvalidStateException = kms.error("KMSInvalidStateException", "{reason}")
LimitExceededException = kms.error("LimitExceededException", "{reason}")
MalformedPolicyDocumentException = kms.error("MalformedPolicyDocumentException", "{reason}")
NotAuthorizedException = kms.error("NotAuthorizedException", status=400)
NotFoundException = kms.error("NotFoundException", "{reason}")
NotImplementedException = kms.error("NotImplemented", "{what} is not implemented by Hodei.", status=501)
TagException = kms.error("TagException", "{reason}")
UnsupportedOperationException = kms.error("UnsupportedOperationException")
ValidationException = kms.error("ValidationException", "{reason}")
