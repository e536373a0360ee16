from hodei.services.sts.service import sts

AccessDenied = sts.error("AccessDenied", status=403)
ExpiredToken = sts.error("ExpiredTokenException")
IDPCommunicationError = sts.error(
    "IDPCommunicationError",
    "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming "
    "identity token could not be reached.",
)
InvalidAuthorizationMessage = sts.error("InvalidAuthorizationMessageException", "Message is not valid.")
InvalidIdentityToken = sts.error("InvalidIdentityToken")
InvalidParameterValue = sts.error("InvalidParameterValue")
MalformedPolicyDocument = sts.error("MalformedPolicyDocument")
MissingAuthenticationToken = sts.error(
    "MissingAuthenticationToken", "Request is missing Authentication Token", status=403
)
OutboundWebIdentityFederationDisabled = sts.error(
    "OutboundWebIdentityFederationDisabledException",
    "The outbound web identity federation feature is not enabled for this account. To use this feature, you must first "
    "enable it through the AWS Management Console or API.",
)
PackedPolicyTooLarge = sts.error("PackedPolicyTooLarge")
SessionDurationEscalation = sts.error(
    "SessionDurationEscalationException",
    "The requested token duration would extend the session beyond its original expiration time. You cannot use this "
    "operation to extend the lifetime of a session beyond what was granted when the session was originally created.",
)
ValidationError = sts.error("ValidationError")
