"""The keys that sign digest files: a pair in each region, a new one every month.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

from __future__ import annotations

import hashlib
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Place
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.service import cloudtrail
from hodei.services.cloudtrail.state import SigningKey, signing_keys

MONTH = 30 * 86400.0
BITS = 2048


@cloudtrail.operation("ListPublicKeys")
def list_public_keys(
    ctx: Context, *, StartTime: Any = None, EndTime: Any = None, NextToken: str = ""
) -> dict[str, Any]:
    """Those of this region that were in force at some time of the span. `NextToken` is "reserved for future use"."""
    start = ctx.now if StartTime is None else StartTime.timestamp()
    end = ctx.now if EndTime is None else EndTime.timestamp()
    if start > end:
        raise errors.InvalidTimeRange("Invalid time range. StartTime must be before EndTime.")
    found = [key for key in signing_keys.scan(Place(ctx.store), ctx.region) if key.start <= end and key.end >= start]
    return {"PublicKeyList": [_shown(key) for key in found]}


def _shown(key: SigningKey) -> dict[str, Any]:
    return {
        "Value": key.public,
        "ValidityStartTime": key.start,
        "ValidityEndTime": key.end,
        "Fingerprint": key.fingerprint,
    }


async def key_of(ctx: Context, region: str, at: float) -> SigningKey:
    """The one in force at a moment, made if there is none."""
    if found := _in_force(ctx, region, at):
        return found
    private, public = await ctx.offload(_generate)
    if found := _in_force(ctx, region, at):  # somebody else was faster
        return found
    made = SigningKey(
        region=region,
        start=at // MONTH * MONTH,
        end=at // MONTH * MONTH + MONTH,
        fingerprint=hashlib.md5(public, usedforsecurity=False).hexdigest(),
        public=public,
        sealed=ctx.world.vault.seal("cloudtrail", private, region.encode()),
    )
    signing_keys.put(Place(ctx.store), made)
    return made


def _in_force(ctx: Context, region: str, at: float) -> SigningKey | None:
    return next((key for key in signing_keys.scan(Place(ctx.store), region) if key.start <= at < key.end), None)


def sign(ctx: Context, key: SigningKey, text: str) -> str:
    """SHA256withRSA, in hex."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    opened = ctx.world.vault.open("cloudtrail", key.sealed, key.region.encode())
    private = load_der_private_key(opened, None, unsafe_skip_rsa_key_validation=True)  # ours, and that takes long
    assert isinstance(private, RSAPrivateKey)
    return private.sign(text.encode(), padding.PKCS1v15(), SHA256()).hex()


def _generate() -> tuple[bytes, bytes]:
    """A private key and its public one, both DER: PKCS #8 and PKCS #1."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(65537, BITS)
    der = serialization.Encoding.DER
    return (
        private.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        private.public_key().public_bytes(der, serialization.PublicFormat.PKCS1),
    )
