"""Environment variables under a customer's KMS key: who may not decrypt with it is not told them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
Besides what is sealed the variables lie in the open for the environments that functions run in, which AWS lets decrypt
by a grant.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import rules
from hodei.services.lambda_.state import LATEST, Version

INVALID = (
    "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
    "CreateGrant. Please check your KMS key settings. KMS Exception: {code} KMS Message: {message}"
)
DENIED = (
    "Lambda was unable to decrypt your environment variables because the KMS access was denied. Please check your KMS "
    "permissions. KMS Exception: {code} KMS Message: {message}"
)


def sealed(ctx: Context, version: Version) -> Version:
    """A version whose variables or key have changed. Raises: InvalidParameterValueException."""
    if not version.kms_key or not version.environment_given:
        return replace(version, sealed=b"")
    import hodei.services.kms.api as kms  # loaded where a key is used

    text = json.dumps(version.environment).encode()
    try:
        return replace(version, sealed=kms.encrypt(ctx, version.kms_key, text, _context(ctx, version)))
    except AwsError as error:
        raise rules.invalid(INVALID.format(code=error.code, message=error.message)) from None


def environment(ctx: Context, version: Version) -> dict[str, Any]:
    """The member Environment, as the caller may see it."""
    if not version.sealed:
        return {"Variables": version.environment}
    import hodei.services.kms.api as kms  # loaded where a key is used

    try:
        text = kms.decrypt(ctx, version.sealed, _context(ctx, version), key_id=version.kms_key)
    except AwsError as error:
        message = DENIED.format(code=error.code, message=error.message)
        return {"Error": {"ErrorCode": error.code, "Message": message}}
    return {"Variables": json.loads(text)}


def _context(ctx: Context, version: Version) -> dict[str, str]:
    """The encryption context, the same for all versions of a function."""
    return {"aws:lambda:FunctionArn": replace(version, version=LATEST).arn(ctx)}
