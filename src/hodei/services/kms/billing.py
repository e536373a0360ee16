"""What KMS bills: customers' keys by the hour, and requests, by the kind of key.

https://aws.amazon.com/kms/pricing/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.services.kms.find import find_for_use
from hodei.services.kms.service import kms
from hodei.services.kms.state import keys
from hodei.services.kms.states import PENDING_DELETION, PENDING_REPLICA_DELETION

FREE_STATES = (PENDING_DELETION, PENDING_REPLICA_DELETION)
BILLED_ROTATIONS = 2  # since May 2024 the material of later ones costs nothing
SYMMETRIC = ("SYMMETRIC_DEFAULT", "HMAC_")


@kms.meters("Decrypt", "DeriveSharedSecret", "Encrypt", "GetPublicKey", "ReEncrypt", "Sign", "Verify")
def of_a_key(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    if error is None:
        key = find_for_use(ctx, result["KeyId"]).key
        ctx.meter(_usage(key.spec_name), 1.0, result["KeyId"])


def _usage(spec: str) -> str:
    if spec.startswith(SYMMETRIC):
        return "requests"
    return "rsa-2048-requests" if spec == "RSA_2048" else "asymmetric-requests"


@kms.meters("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext")
def of_a_pair(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    if error is None:
        kind = "rsa" if params["KeyPairSpec"].startswith("RSA") else "ecc"
        ctx.meter(f"{kind}-pair-requests", 1.0, result["KeyId"])


@kms.stocks
def kept(store: Store) -> Iterator[Stock]:
    """Each Region's key of a multi-Region key is one, and so is the material of the first rotations."""
    for account, region, key in keys.all(store):
        if key.manager == "CUSTOMER" and key.state not in FREE_STATES:
            amount = 1 + min(max(key.material - 1, 0), BILLED_ROTATIONS)
            yield Stock(account, region, "keys", amount, f"arn:aws:kms:{region}:{account}:key/{key.id}")
