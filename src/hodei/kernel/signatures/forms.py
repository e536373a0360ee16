"""The signature of a browser's form, which covers its policy.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
"""

from __future__ import annotations

from collections.abc import Mapping

from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import errors, version2
from hodei.kernel.signatures.keys import HMAC, holds_v4
from hodei.kernel.signatures.s3 import S3, in_query, scope_of
from hodei.kernel.signatures.signature import VERSION_2, Signature, moment


def read_form(fields: Mapping[str, str]) -> Signature | None:
    """The signature of a form, its fields by their names in lower case; None if nobody has signed it.

    Raises: AuthorizationQueryParametersError, InvalidArgument.
    """
    dialect = S3("s3")
    if "x-amz-signature" in fields:
        algorithm = fields.get("x-amz-algorithm", "")
        timestamp = fields.get("x-amz-date", "")
        begins = moment(timestamp)
        if algorithm != HMAC:
            raise _invalid("X-Amz-Algorithm", algorithm)
        if begins is None:
            raise _invalid("X-Amz-Date", timestamp)
        scope = scope_of(algorithm, fields.get("x-amz-credential", ""), "", in_query)
        return Signature(dialect, algorithm, *scope, (), fields["x-amz-signature"], timestamp, begins)
    if "signature" in fields:
        access_key = fields.get("awsaccesskeyid", "")
        return Signature(dialect, VERSION_2, access_key, "", "", "", (), fields["signature"], "", None)
    return None


def verify_form(
    signature: Signature, fields: Mapping[str, str], secret: str, *, token: str = "", region: str = ""
) -> None:
    """Verify what `read_form` gave. Whether the policy still holds, and what it asks, is for the policy's reader.

    Raises: AuthorizationQueryParametersError for another scope, InvalidAccessKeyId, InvalidToken,
    SignatureDoesNotMatch.
    """
    dialect, policy = S3("s3"), fields.get("policy", "")
    dialect.check_token(signature, fields.get("x-amz-security-token", ""), token)
    if signature.algorithm == VERSION_2:
        held = version2.holds(secret, policy, signature.value)
    else:
        dialect.check_scope(signature, region, in_query)
        holds = holds_v4(secret, signature.date, signature.region, signature.service)
        held = holds(policy, signature.value)
    if not held:
        raise dialect.mismatch(signature, policy)


def _invalid(name: str, value: str) -> AwsError:
    return errors.InvalidArgument(f"Invalid value for {name}", ArgumentName=name, ArgumentValue=value)
