"""Who has signed a browser's form."""

from __future__ import annotations

from collections.abc import Mapping

from hodei.kernel import signatures
from hodei.kernel.context import ANONYMOUS, Context, Principal
from hodei.kernel.iam.callers import holder, stranger
from hodei.kernel.iam.keys import keys
from hodei.services.s3 import errors


def signer(ctx: Context, fields: Mapping[str, str]) -> Principal:
    """Whose key it is; the anonymous if it is nobody's. `fields` by their names in lower case.

    Raises: what is wrong with a signature of a key that was issued; InvalidAccessKeyId, ExpiredToken.
    """
    access_key = fields.get("x-amz-credential", "").partition("/")[0] or fields.get("awsaccesskeyid", "")
    if not access_key:
        return ANONYMOUS
    key = keys.get(ctx, access_key)
    if key is None:
        if ctx.world.strict_auth:
            raise errors.InvalidAccessKeyId(AWSAccessKeyId=access_key)
        return stranger(access_key, ctx.region)
    signature = signatures.read_form(fields)
    if signature is None or not key.active:
        raise errors.InvalidAccessKeyId(AWSAccessKeyId=access_key)
    signatures.verify_form(signature, fields, key.secret, token=key.token)
    if key.expires and ctx.now >= key.expires:
        raise errors.ExpiredToken()
    return holder(key)
