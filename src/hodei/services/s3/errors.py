"""S3's errors. The keyword arguments that one is raised with become elements of its body: `<BucketName>`, `<Key>` ...

Fields in `HEADERS` (see `decorate.py`) are sent as response headers instead.
"""

from __future__ import annotations

from hodei.services.s3.service import s3

AccessDenied = s3.error("AccessDenied", "Access Denied", status=403)
BadDigest = s3.error("BadDigest", "The Content-MD5 you specified did not match what we received.")
BucketAlreadyExists = s3.error(
    "BucketAlreadyExists",
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
    "Please select a different name and try again.",
    status=409,
)
BucketAlreadyOwnedByYou = s3.error(
    "BucketAlreadyOwnedByYou",
    "Your previous request to create the named bucket succeeded and you already own it.",
    status=409,
)
BucketNotEmpty = s3.error("BucketNotEmpty", "The bucket you tried to delete is not empty", status=409)
ConditionalRequestConflict = s3.error(
    "ConditionalRequestConflict",
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
    status=409,
)
EntityTooLarge = s3.error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
EntityTooSmall = s3.error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
IllegalLocationConstraintException = s3.error(
    "IllegalLocationConstraintException",
    "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to.",
)
IncompleteBody = s3.error(
    "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
)
InvalidArgument = s3.error("InvalidArgument", "Invalid Argument")
InvalidBucketName = s3.error("InvalidBucketName", "The specified bucket is not valid.")
InvalidBucketOwnerAWSAccountID = s3.error(
    "InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS Account ID..."
)
InvalidDigest = s3.error("InvalidDigest", "The Content-MD5 you specified was invalid.")
InvalidEncryptionAlgorithmError = s3.error(
    "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256."
)
InvalidLocationConstraint = s3.error("InvalidLocationConstraint", "The specified location-constraint is not valid")
InvalidObjectState = s3.error("InvalidObjectState", "The operation is not valid for the object's storage class")
InvalidPartNumber = s3.error("InvalidPartNumber", "The requested partnumber is not satisfiable", status=416)
InvalidRange = s3.error("InvalidRange", "The requested range is not satisfiable", status=416)
InvalidRequest = s3.error("InvalidRequest", "Invalid Request")
InvalidStorageClass = s3.error("InvalidStorageClass", "The storage class you specified is not valid")
InvalidTag = s3.error("InvalidTag", "The TagKey you have provided is invalid")
KeyTooLongError = s3.error("KeyTooLongError", "Your key is too long")
MalformedXML = s3.error(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
)
MetadataTooLarge = s3.error("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
MethodNotAllowed = s3.error(
    "MethodNotAllowed", "The specified method is not allowed against this resource.", status=405
)
MissingContentLength = s3.error("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
NoSuchBucket = s3.error("NoSuchBucket", "The specified bucket does not exist", status=404)
NoSuchKey = s3.error("NoSuchKey", "The specified key does not exist.", status=404)
NoSuchUpload = s3.error(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed.",
    status=404,
)
NoSuchVersion = s3.error("NoSuchVersion", "The specified version does not exist.", status=404)
NotImplementedHeader = s3.error(
    "NotImplemented", "A header you provided implies functionality that is not implemented", status=501
)
NotModified = s3.error("304", "Not Modified", status=304)
PreconditionFailed = s3.error(
    "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", status=412
)
SignatureDoesNotMatch = s3.error(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method.",
    status=403,
)
TooManyBuckets = s3.error("TooManyBuckets", "You have attempted to create more buckets than allowed")
XAmzContentSHA256Mismatch = s3.error(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
)
