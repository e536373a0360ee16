"""The words of errors that AWS's answers are not known of are those of its documentation."""

from hodei.services.iam.service import iam

AccessDenied = iam.error("AccessDenied", status=403)
AccountNotManagementOrDelegatedAdministrator = iam.error(
    "AccountNotManagementOrDelegatedAdministratorException",
    "The request was rejected because the account making the request is not the management account or delegated "
    "administrator account for centralized root access.",
)
CallerIsNotManagementAccount = iam.error(
    "CallerIsNotManagementAccountException",
    "The request was rejected because the account making the request is not the management account for the "
    "organization.",
)
CredentialReportExpired = iam.error("ReportExpired", "The most recent credential report has expired.")
CredentialReportNotPresent = iam.error("ReportNotPresent", "No report is present for this account.")
DeleteConflict = iam.error("DeleteConflict", "Cannot delete entity, must {what} first.")
DuplicateCertificate = iam.error("DuplicateCertificate", "The certificate is already associated with this user.")
DuplicateSSHPublicKey = iam.error("DuplicateSSHPublicKey", "The SSH public key is already associated with this user.")
EntityAlreadyExists = iam.error("EntityAlreadyExists", "{what} already exists.")
EntityTemporarilyUnmodifiable = iam.error(
    "EntityTemporarilyUnmodifiable",
    "Login Profile for User {name} cannot be modified while login profile is being created.",
)
FeatureDisabled = iam.error(
    "FeatureDisabled",
    "The request failed because outbound identity federation is already disabled for your AWS account. You cannot "
    "disable the feature multiple times",
)
FeatureEnabled = iam.error(
    "FeatureEnabled",
    "The request failed because outbound identity federation is already enabled for your AWS account. You cannot "
    "enable the feature multiple times.",
)
InvalidAuthenticationCode = iam.error("InvalidAuthenticationCode", "Authentication code for device is not valid.")
InvalidClientTokenId = iam.error(
    "InvalidClientTokenId", "The security token included in the request is invalid.", status=403
)
InvalidInput = iam.error("InvalidInput")
InvalidPublicKey = iam.error("InvalidPublicKey", "The public key is malformed or otherwise invalid.")
InvalidUserType = iam.error("InvalidUserType", "Only IAM Users can change their own password")
KeyPairMismatch = iam.error("KeyPairMismatch", "The public key certificate and the private key do not match.")
LimitExceeded = iam.error("LimitExceeded", "Cannot exceed quota for {what}: {limit}")
MalformedCertificate = iam.error("MalformedCertificate")
MalformedPolicyDocument = iam.error("MalformedPolicyDocument")
NoSuchEntity = iam.error("NoSuchEntity", "{what} cannot be found.")
OrganizationNotFound = iam.error(
    "OrganizationNotFoundException",
    "The request was rejected because no organization is associated with your account.",
)
OrganizationNotInAllFeaturesMode = iam.error(
    "OrganizationNotInAllFeaturesModeException",
    "The request was rejected because your organization does not have All features enabled.",
)
PasswordPolicyViolation = iam.error("PasswordPolicyViolation", "Password should {lacking}")
PolicyNotAttachable = iam.error("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
ServiceAccessNotEnabled = iam.error(
    "ServiceAccessNotEnabledException",
    "The request was rejected because trusted access is not enabled for IAM in AWS Organizations.",
)
UnmodifiableEntity = iam.error(
    "UnmodifiableEntity",
    "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS",
)
UnrecognizedPublicKeyEncoding = iam.error(
    "UnrecognizedPublicKeyEncoding", "The public key encoding format is unsupported or unrecognized."
)
ValidationError = iam.error("ValidationError")
