"""Where the words of an error are not known from AWS's answers, they are those of AWS's documentation of it."""

from hodei.services.organizations.service import organizations

AccessDenied = organizations.error("AccessDeniedException", "You don't have permissions to access this resource.")
AccountAlreadyClosed = organizations.error(
    "AccountAlreadyClosedException", "You attempted to close an account that is already closed."
)
AccountAlreadyRegistered = organizations.error(
    "AccountAlreadyRegisteredException",
    "The specified account is already a delegated administrator for this AWS service.",
)
AccountNotFound = organizations.error("AccountNotFoundException", "You specified an account that doesn't exist.")
AccountNotRegistered = organizations.error(
    "AccountNotRegisteredException", "The specified account is not a delegated administrator for this AWS service."
)
AlreadyInOrganization = organizations.error(
    "AlreadyInOrganizationException", "The AWS account is already a member of an organization."
)
ChildNotFound = organizations.error(
    "ChildNotFoundException", "You specified an organizational unit or account that doesn't exist."
)
ConstraintViolation = organizations.error("ConstraintViolationException")
CreateAccountStatusNotFound = organizations.error(
    "CreateAccountStatusNotFoundException", "You specified an account creation request that doesn't exist."
)
DestinationParentNotFound = organizations.error(
    "DestinationParentNotFoundException", "You specified a destination parent that doesn't exist."
)
DuplicateAccount = organizations.error(
    "DuplicateAccountException", "That account is already present in the specified destination."
)
DuplicateHandshake = organizations.error(
    "DuplicateHandshakeException", "A handshake with the same action and target already exists."
)
DuplicateOrganizationalUnit = organizations.error(
    "DuplicateOrganizationalUnitException", "An OU with the same name already exists."
)
DuplicatePolicy = organizations.error("DuplicatePolicyException", "A policy with the same name already exists.")
DuplicatePolicyAttachment = organizations.error(
    "DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target."
)
EffectivePolicyNotFound = organizations.error(
    "EffectivePolicyNotFoundException", "The account doesn't have an effective policy of this type."
)
HandshakeAlreadyInState = organizations.error(
    "HandshakeAlreadyInStateException", "The specified handshake is already in the requested state."
)
HandshakeConstraintViolation = organizations.error("HandshakeConstraintViolationException")
HandshakeNotFound = organizations.error("HandshakeNotFoundException", "You specified a handshake that doesn't exist.")
InvalidHandshakeTransition = organizations.error(
    "InvalidHandshakeTransitionException", "You can't perform the operation on the handshake in its current state."
)
InvalidInput = organizations.error("InvalidInputException")
MalformedPolicyDocument = organizations.error(
    "MalformedPolicyDocumentException",
    "The provided policy document does not meet the requirements of the specified policy type.",
)
MasterCannotLeaveOrganization = organizations.error(
    "MasterCannotLeaveOrganizationException", "You can't remove a management account from an organization."
)
NotInUse = organizations.error("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
OrganizationNotEmpty = organizations.error(
    "OrganizationNotEmptyException",
    "To delete an organization you must first remove all member accounts (except the master).",
)
OrganizationalUnitNotEmpty = organizations.error(
    "OrganizationalUnitNotEmptyException", "The specified OU is not empty."
)
OrganizationalUnitNotFound = organizations.error(
    "OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist."
)
ParentNotFound = organizations.error("ParentNotFoundException", "You specified a parent that doesn't exist.")
PolicyInUse = organizations.error(
    "PolicyInUseException", "The policy is attached to one or more entities. You must detach it first."
)
PolicyNotAttached = organizations.error(
    "PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root."
)
PolicyNotFound = organizations.error("PolicyNotFoundException", "You specified a policy that doesn't exist.")
PolicyTypeAlreadyEnabled = organizations.error(
    "PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled."
)
PolicyTypeNotAvailable = organizations.error(
    "PolicyTypeNotAvailableForOrganizationException",
    "You can't use the specified policy type with the feature set currently enabled for this organization.",
)
PolicyTypeNotEnabled = organizations.error(
    "PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types."
)
ResourcePolicyNotFound = organizations.error(
    "ResourcePolicyNotFoundException", "We can't find a resource policy request with the parameter that you specified."
)
RootNotFound = organizations.error("RootNotFoundException", "You specified a root that doesn't exist.")
SourceParentNotFound = organizations.error(
    "SourceParentNotFoundException", "You specified a source parent that doesn't exist."
)
TargetNotFound = organizations.error("TargetNotFoundException", "You specified a target that doesn't exist.")
