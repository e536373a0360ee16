"""S3's errors. The keyword arguments that one is raised with become elements of its body: `<BucketName>`, `<Key>` ...

Fields in `HEADERS` (see `decorate.py`) are sent as response headers instead.
"""

from __future__ import annotations

from hodei.services.s3.service import s3

AccessControlListNotSupported = s3.error("AccessControlListNotSupported", "The bucket does not allow ACLs")
AccessDenied = s3.error("AccessDenied", "Access Denied", status=403)
AccessForbidden = s3.error("AccessForbidden", "{reason}", status=403)
BadDigest = s3.error("BadDigest", "The Content-MD5 you specified did not match what we received.")
BadRequest = s3.error("BadRequest", "Bad Request")
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
BucketHasAccessPointsAttached = s3.error(
    "BucketHasAccessPointsAttached",
    "The bucket you tried to delete has access points attached. Delete your access points before deleting your bucket.",
)
BucketNotEmpty = s3.error("BucketNotEmpty", "The bucket you tried to delete is not empty", status=409)
ConditionalRequestConflict = s3.error(
    "ConditionalRequestConflict",
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
    status=409,
)
CrossLocationLoggingProhibitted = s3.error(
    "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed. ", status=403
)
ExpiredToken = s3.error("ExpiredToken", "The provided token has expired.")
EntityTooLarge = s3.error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
EntityTooSmall = s3.error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
IdMismatch = s3.error("IdMismatch", "Document ID does not match the specified configuration ID.")
IllegalLocationConstraintException = s3.error(
    "IllegalLocationConstraintException",
    "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to.",
)
IllegalVersioningConfigurationException = s3.error(
    "IllegalVersioningConfigurationException", "The Versioning element must be specified"
)
IncompleteBody = s3.error(
    "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
)
InternalError = s3.error("InternalError", "We encountered an internal error. Please try again.", status=500)
InvalidAccessKeyId = s3.error(
    "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", status=403
)
InvalidArgument = s3.error("InvalidArgument", "Invalid Argument")
InvalidBucketName = s3.error("InvalidBucketName", "The specified bucket is not valid.")
InvalidBucketOwnerAWSAccountID = s3.error(
    "InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS Account ID..."
)
InvalidBucketState = s3.error(
    "InvalidBucketState", "The request is not valid with the current state of the bucket.", status=409
)
InvalidChunkSizeError = s3.error(
    "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes", status=403
)
InvalidDigest = s3.error("InvalidDigest", "The Content-MD5 you specified was invalid.")
InvalidEncryptionAlgorithmError = s3.error(
    "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256."
)
InvalidLocationConstraint = s3.error("InvalidLocationConstraint", "The specified location-constraint is not valid")
InvalidObjectState = s3.error("InvalidObjectState", "The operation is not valid for the object's storage class")
InvalidPart = s3.error(
    "InvalidPart",
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag.",
)
InvalidPartNumber = s3.error("InvalidPartNumber", "The requested partnumber is not satisfiable", status=416)
InvalidPartOrder = s3.error(
    "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number."
)
InvalidPolicyDocument = s3.error(
    "InvalidPolicyDocument", "The content of the form does not meet the conditions specified in the policy document."
)
InvalidRange = s3.error("InvalidRange", "The requested range is not satisfiable", status=416)
InvalidRequest = s3.error("InvalidRequest", "Invalid Request")
InvalidS3DestinationBucket = s3.error("InvalidS3DestinationBucket", "Invalid bucket ARN.")
InvalidStorageClass = s3.error("InvalidStorageClass", "The storage class you specified is not valid")
InvalidTag = s3.error("InvalidTag", "The TagKey you have provided is invalid")
InvalidTargetBucketForLogging = s3.error(
    "InvalidTargetBucketForLogging", "The target bucket for logging does not exist"
)
InvalidTier = s3.error("InvalidTier", "Retrieval option is not supported by this storage class", status=403)
KeyTooLongError = s3.error("KeyTooLongError", "Your key is too long")
MalformedACLError = s3.error(
    "MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema"
)
MalformedPOSTRequest = s3.error(
    "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data."
)
MalformedPolicy = s3.error("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{{'")
MalformedTrailerError = s3.error(
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
)
MalformedXML = s3.error(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
)
MaxPostPreDataLengthExceeded = s3.error(
    "MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large."
)
MetadataTooLarge = s3.error("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
MethodNotAllowed = s3.error(
    "MethodNotAllowed", "The specified method is not allowed against this resource.", status=405
)
MissingContentLength = s3.error("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
MissingRequestBodyError = s3.error("MissingRequestBodyError", "Request Body is empty")
MissingSecurityHeader = s3.error("MissingSecurityHeader", "Your request was missing a required header")
NoSuchAccessPoint = s3.error("NoSuchAccessPoint", "The specified accesspoint does not exist", status=404)
NoSuchBucket = s3.error("NoSuchBucket", "The specified bucket does not exist", status=404)
NoSuchBucketPolicy = s3.error("NoSuchBucketPolicy", "The bucket policy does not exist", status=404)
NoSuchCORSConfiguration = s3.error("NoSuchCORSConfiguration", "The CORS configuration does not exist", status=404)
NoSuchConfiguration = s3.error("NoSuchConfiguration", "The specified configuration does not exist.", status=404)
NoSuchKey = s3.error("NoSuchKey", "The specified key does not exist.", status=404)
NoSuchLifecycleConfiguration = s3.error(
    "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", status=404
)
NoSuchObjectLockConfiguration = s3.error(
    "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration", status=404
)
NoSuchPublicAccessBlockConfiguration = s3.error(
    "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", status=404
)
NoSuchTagSet = s3.error("NoSuchTagSet", "The TagSet does not exist", status=404)
NoSuchUpload = s3.error(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed.",
    status=404,
)
NoSuchVersion = s3.error("NoSuchVersion", "The specified version does not exist.", status=404)
NoSuchWebsiteConfiguration = s3.error(
    "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", status=404
)
NotImplementedHeader = s3.error(
    "NotImplemented", "A header you provided implies functionality that is not implemented", status=501
)
NotModified = s3.error("304", "Not Modified", status=304)
NotDeviceOwnerError = s3.error(
    "NotDeviceOwnerError", "The device that generated the token is not owned by the authenticated user."
)
ObjectLockConfigurationNotFoundError = s3.error(
    "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", status=404
)
OperationAborted = s3.error(
    "OperationAborted",
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    status=409,
)
OwnershipControlsNotFoundError = s3.error(
    "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", status=404
)
PreconditionFailed = s3.error(
    "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", status=412
)
ReplicationConfigurationNotFoundError = s3.error(
    "ReplicationConfigurationNotFoundError", "The replication configuration was not found", status=404
)
RestoreAlreadyInProgress = s3.error("RestoreAlreadyInProgress", "Object restore is already in progress", status=409)
TokenCodeInvalidError = s3.error(
    "TokenCodeInvalidError", "The serial number and/or token code you provided is not valid."
)
TooManyBuckets = s3.error("TooManyBuckets", "You have attempted to create more buckets than allowed")
TooManyConfigurations = s3.error(
    "TooManyConfigurations",
    "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.",
)
UnexpectedContent = s3.error("UnexpectedContent", "This request does not support content")
XAmzContentSHA256Mismatch = s3.error(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
)
InvalidBucketAclWithObjectOwnership = s3.error(
    "InvalidBucketAclWithObjectOwnership",
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
)
InvalidBucketAclWithBlockPublicAccessError = s3.error(
    "InvalidBucketAclWithBlockPublicAccessError",
    "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
)
PolicyTooLarge = s3.error("PolicyTooLarge", "Normalized policy exceeds the maximum allowed size.")
InvalidRedirectLocation = s3.error("InvalidRedirectLocation", "The website redirect location is invalid.")
