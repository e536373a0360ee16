"""Filter criteria under a customer's KMS key: kept as ciphertext, told to who may decrypt with the key.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filter-criteria-encryption
The policy of the key has to let Lambda decrypt: it reads them as itself.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import rules
from hodei.services.lambda_.functions.roles import SERVICE
from hodei.services.lambda_.state import NONE, EventSource, Wire

MEMBER = "FilterCriteria"


def sealed(ctx: Context, mapping: EventSource) -> EventSource:
    """A mapping that does not have its filter criteria in plain, if it has a key. Raises:
    InvalidParameterValueException, for a key that the caller cannot encrypt with."""
    key = mapping.settings.get("KMSKeyArn")
    if not key:
        return replace(mapping, filters=b"")
    import hodei.services.kms.api as kms  # loaded where a key is used

    settings = dict(mapping.settings)
    plain = json.dumps(settings.pop(MEMBER)).encode()
    try:
        return replace(mapping, settings=settings, filters=kms.encrypt(ctx, key, plain, _context(mapping)))
    except AwsError as error:
        raise _refused(error) from None


def opened(ctx: Context, mapping: EventSource) -> EventSource:
    """With its filter criteria in plain, for who changes them. Raises: InvalidParameterValueException."""
    try:
        found = criteria(ctx, mapping)
    except AwsError as error:
        raise _refused(error) from None
    return replace(mapping, settings={**mapping.settings, MEMBER: found}, filters=b"") if mapping.filters else mapping


def criteria(ctx: Context, mapping: EventSource) -> Wire:
    """In plain, for who calls. Raises: KMS's errors."""
    if not mapping.filters:
        found: Wire = mapping.settings.get(MEMBER, NONE)
        return found
    import hodei.services.kms.api as kms  # loaded where a key is used

    text = kms.decrypt(ctx, mapping.filters, _context(mapping), key_id=mapping.settings["KMSKeyArn"])
    found = json.loads(text)
    return found


def of_lambda(ctx: Context, mapping: EventSource) -> Wire:
    """In plain, for Lambda's own use. Raises: KMS's errors."""
    own = service_principal(SERVICE, ctx.account, ctx.arn(f"event-source-mapping:{mapping.uuid}"))
    return criteria(ctx.by(own), mapping)


def told(ctx: Context, mapping: EventSource) -> dict[str, Any]:
    """What the caller may see of them, if they are sealed."""
    if not mapping.filters:
        return {}
    try:
        return {MEMBER: criteria(ctx, mapping)}
    except AwsError as error:
        return {"FilterCriteriaError": {"ErrorCode": error.code, "Message": error.message}}


def _context(mapping: EventSource) -> dict[str, str]:
    """The encryption context."""
    return {"aws:lambda:EventSourceArn": mapping.source, "aws:lambda:FunctionArn": mapping.function}


def _refused(error: AwsError) -> AwsError:
    return rules.invalid(f"KMS Exception: {error.code} KMS Message: {error.message}")
