"""Requester Pays: who pays for a request, and who must say that he will."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.state import Bucket


def charged(ctx: Context, bucket: Bucket, payer: str | None) -> dict[str, str]:
    """What the answer says of it: the requester pays where the bucket wants it, unless he owns the bucket.

    Raises: AccessDenied if he did not say that he will (x-amz-request-payer).
    """
    if "request-payment" not in bucket.configured or ctx.principal.account == bucket.account:
        return {}
    document = configurations.find(buckets.home(ctx, bucket), bucket, "request-payment")
    if document["Payer"] != "Requester":
        return {}
    if payer != "requester" or ctx.principal.anonymous:
        raise errors.AccessDenied()
    return {"RequestCharged": "requester"}
