"""SSESpecification: which key a table says that it is encrypted with."""

from __future__ import annotations

import hashlib
from typing import Any

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.services.dynamodb.schemas import Definition
from hodei.services.dynamodb.values import invalid


def encryption_of(ctx: Context, given: Definition) -> dict[str, Any]:
    """What of the SSEDescription is kept; nothing for the key that AWS owns, of which it does not speak."""
    if given.get("SSEType") == "AES256":
        raise invalid("SSEType AES256 is not supported")
    key = given.get("KMSMasterKeyId")
    if not given.get("Enabled"):
        if key or "SSEType" in given:
            raise invalid("SSEType and KMSMasterKeyId cannot be specified when SSE is disabled")
        return {}
    return {"SSEType": "KMS", "KMSMasterKeyArn": _key_arn(ctx, key or "alias/aws/dynamodb")}


def _key_arn(ctx: Context, key: str) -> str:
    """An ARN as it is; for the id or an alias of a key its ARN, the same one for the same alias."""
    if key.startswith("arn:"):
        return key
    if key.startswith("alias/"):
        digest = hashlib.sha256(f"{ctx.account}:{ctx.region}:{key}".encode()).hexdigest()
        key = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    return str(Arn(partition_of(ctx.region), "kms", ctx.region, ctx.account, f"key/{key}"))
