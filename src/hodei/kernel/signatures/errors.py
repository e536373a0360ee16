"""What is wrong with a signature, by AWS's codes: those of S3, and those of all other services in the query protocol.

The JSON protocols have other names for the latter (SignatureDoesNotMatch is InvalidSignatureException there).
"""

from __future__ import annotations

from hodei.kernel.errors import declare

# all services but S3

IncompleteSignature = declare("IncompleteSignature", "{reason}", status=400)
InvalidClientTokenId = declare(
    "InvalidClientTokenId", "The security token included in the request is invalid.", status=403
)

# both

SignatureDoesNotMatch = declare(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    status=403,
)

# S3

AccessDenied = declare("AccessDenied", "Access Denied", status=403)
AuthorizationHeaderMalformed = declare("AuthorizationHeaderMalformed", "{reason}", status=400)
AuthorizationQueryParametersError = declare("AuthorizationQueryParametersError", "{reason}", status=400)
IncompleteBody = declare("IncompleteBody", "The request body terminated unexpectedly", status=400)
InvalidAccessKeyId = declare(
    "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", status=403
)
InvalidArgument = declare("InvalidArgument", "Invalid Argument", status=400)
InvalidRequest = declare("InvalidRequest", "Invalid Request", status=400)
InvalidToken = declare("InvalidToken", "The provided token is malformed or otherwise invalid.", status=400)
MalformedTrailerError = declare(
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    status=400,
)
RequestTimeTooSkewed = declare(
    "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", status=403
)
XAmzContentSHA256Mismatch = declare(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    status=400,
)
