"""Environment variables under a customer's KMS key: who may not decrypt with it is not told them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
The function's role may decrypt them by a grant that Lambda makes on the key; the variables are not kept in plain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.state import LATEST, Version, versions

UNABLE = "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
INVALID = f"{UNABLE}CreateGrant. Please check your KMS key settings. KMS Exception: {{code}} KMS Message: {{message}}"
DENIED = (
    "Lambda was unable to decrypt your environment variables because the KMS access was denied. Please check your KMS "
    "permissions. KMS Exception: {code} KMS Message: {message}"
)
FAILED = (
    "Lambda was unable to decrypt the environment variables because {why}. Please check the function's KMS key "
    "settings. KMS Exception: {code} KMS Message: {message}"
)
AT_START = {
    "DisabledException": (errors.KMSDisabledException, "the KMS key used is disabled"),
    "KMSInvalidStateException": (errors.KMSInvalidStateException, "the state of the KMS key used is not valid"),
    "NotFoundException": (errors.KMSNotFoundException, "the KMS key was not found"),
}


def sealed(ctx: Context, version: Version, variables: Mapping[str, str]) -> Version:
    """A version with these variables, under its key if it has one, which its role is granted.

    Raises: InvalidParameterValueException.
    """
    if not version.kms_key or not version.environment_given:
        return replace(version, environment=dict(variables), sealed=b"", grant="")
    import hodei.services.kms.api as kms  # loaded where a key is used

    key, context = version.kms_key, _context(ctx, version)
    try:
        text = kms.encrypt(ctx, key, json.dumps(variables).encode(), context)
        grant = kms.create_grant(ctx, key, version.role, ["Decrypt"], context, name=version.function)
    except AwsError as error:
        raise rules.invalid(INVALID.format(code=error.code, message=error.message)) from None
    return replace(version, environment={}, sealed=text, grant=grant)


def variables(ctx: Context, version: Version) -> dict[str, str]:
    """In plain, for who calls. Raises: KMS's errors."""
    if not version.sealed:
        return version.environment
    import hodei.services.kms.api as kms  # loaded where a key is used

    found: dict[str, str] = json.loads(kms.decrypt(ctx, version.sealed, _context(ctx, version), key_id=version.kms_key))
    return found


def changeable(ctx: Context, version: Version) -> dict[str, str]:
    """In plain, for who changes the key. Raises: InvalidParameterValueException."""
    try:
        return variables(ctx, version)
    except AwsError as error:
        raise rules.invalid(DENIED.format(code=error.code, message=error.message)) from None


def told(ctx: Context, version: Version) -> dict[str, Any]:
    """The member Environment, as the caller may see it."""
    try:
        return {"Variables": variables(ctx, version)}
    except AwsError as error:
        message = DENIED.format(code=error.code, message=error.message)
        return {"Error": {"ErrorCode": error.code, "Message": message}}


def of_role(ctx: Context, version: Version) -> dict[str, str]:
    """In plain, for an environment that starts. Raises: KMSDisabledException and its like."""
    if not version.sealed:
        return version.environment
    try:
        acting = ctx.by(roles.become(ctx, version.function, version.role, version.arn(ctx)))
        return variables(acting, version)
    except AwsError as error:
        kind, why = AT_START.get(error.code, (errors.KMSAccessDeniedException, "KMS access was denied"))
        raise kind(reason=FAILED.format(why=why, code=error.code, message=error.message)) from None


def release(ctx: Context, version: Version) -> None:
    """Retire the grant of a version that is gone or changed, unless another one stands on it."""
    if version.grant and all(other.grant != version.grant for other in versions.scan(ctx, version.function)):
        import hodei.services.kms.api as kms  # loaded where a key is used

        kms.retire_grant(ctx, version.kms_key, version.grant)


def _context(ctx: Context, version: Version) -> dict[str, str]:
    """The encryption context, the same for all versions of a function."""
    return {"aws:lambda:FunctionArn": replace(version, version=LATEST).arn(ctx)}
