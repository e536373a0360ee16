"""Where the words of an error are not known from AWS's answers, they are those of AWS's documentation of it."""

from hodei.services.cloudtrail.service import cloudtrail

AccountNotFound = cloudtrail.error(
    "AccountNotFoundException", "The specified account is not part of your organization."
)
AccountNotRegistered = cloudtrail.error(
    "AccountNotRegisteredException", "The specified account is not registered as a CloudTrail delegated administrator."
)
AccountRegistered = cloudtrail.error(
    "AccountRegisteredException", "The account is already registered as the CloudTrail delegated administrator."
)
CannotDelegateManagementAccount = cloudtrail.error(
    "CannotDelegateManagementAccountException",
    "The management account of an organization cannot be registered as the CloudTrail delegated administrator.",
)
CloudTrailAccessNotEnabled = cloudtrail.error(
    "CloudTrailAccessNotEnabledException",
    "The request could not be processed because CloudTrail is not enabled as a trusted service in AWS Organizations.",
)
CloudTrailARNInvalid = cloudtrail.error("CloudTrailARNInvalidException", "Invalid ARN: {arn}")
DelegatedAdminAccountLimitExceeded = cloudtrail.error(
    "DelegatedAdminAccountLimitExceededException",
    "The maximum number of CloudTrail delegated administrators is reached.",
)
InsightNotEnabled = cloudtrail.error("InsightNotEnabledException", "Trail {arn} does not have Insights enabled.")
InsufficientDependencyServiceAccessPermission = cloudtrail.error(
    "InsufficientDependencyServiceAccessPermissionException",
    "You lack permissions that are required in AWS Organizations: {reason}",
)
InsufficientEncryptionPolicy = cloudtrail.error(
    "InsufficientEncryptionPolicyException", "Insufficient permissions to access S3 bucket {bucket} or KMS key {key}."
)
InsufficientS3BucketPolicy = cloudtrail.error(
    "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: {bucket}"
)
InsufficientSnsTopicPolicy = cloudtrail.error(
    "InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!"
)
InvalidCloudWatchLogsLogGroupArn = cloudtrail.error(
    "InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN."
)
InvalidCloudWatchLogsRoleArn = cloudtrail.error(
    "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the permissions for your role."
)
InvalidEventSelectors = cloudtrail.error("InvalidEventSelectorsException")
InvalidHomeRegion = cloudtrail.error(
    "InvalidHomeRegionException", "Trail {arn} can be changed only in its home region, {region}."
)
InvalidKmsKeyId = cloudtrail.error("InvalidKmsKeyIdException", "KMS key ID {key} is not valid.")
InvalidLookupAttributes = cloudtrail.error("InvalidLookupAttributesException")
InvalidNextToken = cloudtrail.error("InvalidNextTokenException", "Invalid token.")
InvalidParameter = cloudtrail.error("InvalidParameterException")
InvalidParameterCombination = cloudtrail.error("InvalidParameterCombinationException")
InvalidS3BucketName = cloudtrail.error("InvalidS3BucketNameException", "Bucket name {bucket} is not valid.")
InvalidS3Prefix = cloudtrail.error("InvalidS3PrefixException")
InvalidTagParameter = cloudtrail.error("InvalidTagParameterException")
InvalidTimeRange = cloudtrail.error("InvalidTimeRangeException")
InvalidTrailName = cloudtrail.error("InvalidTrailNameException")
KmsException = cloudtrail.error("KmsException")
KmsKeyNotFound = cloudtrail.error("KmsKeyNotFoundException", "KMS key {key} does not exist.")
MaximumNumberOfTrailsExceeded = cloudtrail.error(
    "MaximumNumberOfTrailsExceededException", "User: {account} already has {most} trails in {region}."
)
NotOrganizationManagementAccount = cloudtrail.error(
    "NotOrganizationManagementAccountException",
    "The account making the request is not the organization's management account.",
)
NotOrganizationMasterAccount = cloudtrail.error(
    "NotOrganizationMasterAccountException",
    "The account making the request is not the organization's management account or a delegated administrator.",
)
OrganizationNotInAllFeaturesMode = cloudtrail.error(
    "OrganizationNotInAllFeaturesModeException", "All features must be enabled in the organization."
)
OrganizationsNotInUse = cloudtrail.error(
    "OrganizationsNotInUseException", "Your account is not a member of an organization."
)
ResourceNotFound = cloudtrail.error("ResourceNotFoundException", "The specified resource {arn} is not found.")
ResourceTypeNotSupported = cloudtrail.error(
    "ResourceTypeNotSupportedException", "Resource type of {arn} is not supported."
)
S3BucketDoesNotExist = cloudtrail.error("S3BucketDoesNotExistException", "S3 bucket {bucket} does not exist!")
TagsLimitExceeded = cloudtrail.error(
    "TagsLimitExceededException", "The number of tags per trail has exceeded the permitted amount, {most}."
)
TrailAlreadyExists = cloudtrail.error(
    "TrailAlreadyExistsException", "Trail {name} already exists for customer: {account}"
)
TrailNotFound = cloudtrail.error("TrailNotFoundException", "Unknown trail: {trail} for the user: {account}")
