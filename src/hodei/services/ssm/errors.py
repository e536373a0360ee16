from hodei.services.ssm.service import ssm

AccessDeniedException = ssm.error("AccessDeniedException", "No access to reserved parameter name: {name}.", status=400)
HierarchyLevelLimitExceededException = ssm.error(
    "HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of {most} levels."
)
HierarchyTypeMismatchException = ssm.error(
    "HierarchyTypeMismatchException",
    "Parameter Store doesn't support changing a parameter type in a hierarchy. You must create a new, unique "
    "parameter.",
)
IncompatiblePolicyException = ssm.error("IncompatiblePolicyException")
InvalidAllowedPatternException = ssm.error(
    "InvalidAllowedPatternException", "The request does not meet the regular expression requirement."
)
InvalidFilterKey = ssm.error(
    "InvalidFilterKey", "The following filter key is not valid: {key}. Valid filter keys include: [{valid}]."
)
InvalidFilterOption = ssm.error(
    "InvalidFilterOption", "The following filter option is not valid: {option}. Valid options include: [{valid}]."
)
InvalidFilterValue = ssm.error("InvalidFilterValue")
InvalidKeyId = ssm.error("InvalidKeyId")
InvalidNextToken = ssm.error("InvalidNextToken", "The specified token is not valid.")
InvalidPolicyAttributeException = ssm.error("InvalidPolicyAttributeException")
InvalidPolicyTypeException = ssm.error(
    "InvalidPolicyTypeException",
    "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, "
    "ExpirationNotification, and NoChangeNotification.",
)
InvalidResourceId = ssm.error("InvalidResourceId")
MalformedResourcePolicyDocumentException = ssm.error("MalformedResourcePolicyDocumentException")
ParameterAlreadyExists = ssm.error(
    "ParameterAlreadyExists",
    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
)
ParameterLimitExceeded = ssm.error(
    "ParameterLimitExceeded",
    "You have exceeded the number of parameters for this Amazon Web Services account. Delete one or more parameters "
    "and try again.",
)
ParameterMaxVersionLimitExceeded = ssm.error(
    "ParameterMaxVersionLimitExceeded",
    "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. Version "
    "{number}, the oldest version, can't be deleted because it has a label associated with it. Move the label to "
    "another version of the parameter, and try again.",
)
ParameterNotFound = ssm.error("ParameterNotFound")
ParameterPatternMismatchException = ssm.error(
    "ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: {pattern}"
)
ParameterVersionLabelLimitExceeded = ssm.error(
    "ParameterVersionLabelLimitExceeded",
    "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.",
)
ParameterVersionNotFound = ssm.error("ParameterVersionNotFound")
PoliciesLimitExceededException = ssm.error(
    "PoliciesLimitExceededException",
    "You specified more than the maximum number of allowed policies for the parameter. The maximum is 10.",
)
ResourceNotFoundException = ssm.error(
    "ResourceNotFoundException", "The specified parameter to be shared could not be found."
)
ResourcePolicyConflictException = ssm.error(
    "ResourcePolicyConflictException", "The hash provided in the call doesn't match the stored hash."
)
ResourcePolicyInvalidParameterException = ssm.error("ResourcePolicyInvalidParameterException")
ResourcePolicyNotFoundException = ssm.error(
    "ResourcePolicyNotFoundException", "No policies with the specified policy ID and hash could be found."
)
ServiceSettingNotFound = ssm.error("ServiceSettingNotFound", "Setting ID does not exist: {id}")
TooManyTagsError = ssm.error("TooManyTagsError")
ValidationException = ssm.error("ValidationException")
