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
PackedPolicyTooLarge = sts.error("PackedPolicyTooLarge")
ValidationError = sts.error("ValidationError")
