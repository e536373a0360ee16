"""SSESpecification: which KMS key a table is to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.encryption.keys import TableKey
from hodei.services.dynamodb.state import Table
from hodei.services.dynamodb.values import invalid


def key_in(given: Mapping[str, Any]) -> str | None:
    """The KMS key as it is named there: "" for AWS's own for DynamoDB, None for the key that AWS owns.

    Raises: ValidationException.
    """
    kind, key = given.get("SSEType"), given.get("KMSMasterKeyId", "")
    if kind == "AES256":
        raise invalid("SSEType AES256 is not supported")
    if not given.get("Enabled", kind is not None):
        if kind or key:
            member = "SSEType" if kind else "KMSMasterKeyId"
            raise invalid(f"{member} can not be specified if Enabled is false")
        return None
    if key and not kind:
        raise invalid("SSEType KMS is required if KMSMasterKeyId is specified")
    return str(key)


def encrypted(ctx: Context, table: Table, given: Mapping[str, Any]) -> Table:
    """A table that is being made, with the key that it is to have. Raises: ValidationException, as `keys.make`."""
    key = key_in(given)
    return table if key is None else under(ctx, table, key)


def under(ctx: Context, table: Table, key: str, *, replica: bool = False) -> Table:
    """A table that is being made, with a KMS key as `key_in` names it. Raises: as `keys.make`."""
    made = keys.make(ctx, table.name, key, replica=replica)
    keys.watch(ctx, table.name, table.id)
    return msgspec.structs.replace(table, table_key=made.id, sse=described(made))


def described(key: TableKey) -> dict[str, Any]:
    """What an SSEDescription says of a key."""
    return {"SSEType": "KMS", "KMSMasterKeyArn": key.kms_key}
