"""Secrets read as parameters: /aws/reference/secretsmanager/NAME, perhaps with a version id or a staging label.

https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.ssm import errors

PREFIX = "/aws/reference/secretsmanager/"
VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")


def is_reference(name: str) -> bool:
    return name.strip().startswith(PREFIX)


async def parameter(ctx: Context, given: str, *, decrypt: bool) -> dict[str, Any]:
    """The secret's value, as the caller may read it. Raises: ValidationException, ParameterNotFound, what
    GetSecretValue raises else."""
    if not decrypt:
        raise errors.ValidationException("WithDecryption flag must be True for retrieving a Secret Manager secret.")
    name, colon, selector = given.strip().partition(":")
    wanted = {"VersionId" if VERSION.fullmatch(selector) else "VersionStage": selector} if selector else {}
    try:
        secret = await ctx.call("secretsmanager", "GetSecretValue", SecretId=name.removeprefix(PREFIX), **wanted)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise errors.ParameterNotFound(
            f"An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {name} not found."
        ) from error
    binary = secret.get("SecretBinary")
    answer = {
        "Name": name,
        "Type": "SecureString",
        "Value": secret["SecretString"] if binary is None else b64encode(binary).decode(),
        "Version": 0,
        "SourceResult": _source(secret),
        "LastModifiedDate": secret["CreatedDate"],
        "ARN": secret["ARN"],
        "DataType": "text",
    }
    return answer | ({"Selector": colon + selector} if selector else {})


def _source(secret: dict[str, Any]) -> str:
    """The answer of Secrets Manager, as its JSON."""
    binary = {"SecretBinary": b64encode(secret["SecretBinary"]).decode()} if "SecretBinary" in secret else {}
    return json.dumps({**secret, **binary}, separators=(",", ":"))
