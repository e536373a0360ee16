"""Session policies, and how much room they and the tags of a session take."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.kernel.iam import MalformedPolicy, check
from hodei.services.sts import errors, places

Descriptors = Sequence[Mapping[str, str]]
MOST_MANAGED = 10
# AWS does not say how it packs policies, nor into how much. This is deflation into what makes its one example with
# numbers (`aws sts get-federation-token help`) come out at the 36 % that it says.
PACKED_BYTES = 548


class SessionPolicies(Struct, frozen=True):
    """`documents` hold together. `packed` is the percentage of the room that they and the tags take."""

    documents: tuple[str, ...]
    packed: int


def read(ctx: Context, account: str, inline: str, managed: Descriptors, tags: Mapping[str, str]) -> SessionPolicies:
    """The policies that a request passes for a session in an account.

    Raises: MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError.
    """
    if len(managed) > MOST_MANAGED:
        raise errors.ValidationError(f"A session can have {MOST_MANAGED} managed policies at most.")
    arns = [one.get("arn", "") for one in managed]
    documents = [_managed(ctx, account, arn) for arn in arns]
    if inline:
        try:
            check(inline, "session")
        except MalformedPolicy as error:
            raise errors.MalformedPolicyDocument(error.message) from None
        documents.insert(0, inline)
    return SessionPolicies(tuple(documents), _packed(inline, arns, tags))


def _managed(ctx: Context, account: str, arn: str) -> str:
    document = iam.policy_document(places.iam(ctx, account), arn)
    if document is None:
        raise errors.MalformedPolicyDocument(f"Policy {arn} does not exist or is not attachable.")
    return document


def _packed(inline: str, arns: Sequence[str], tags: Mapping[str, str]) -> int:
    compact = json.dumps(json.loads(inline), separators=(",", ":")) if inline else ""
    parts = [compact, *arns, *(part for tag in tags.items() for part in tag)]
    text = "\n".join(part for part in parts if part).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    size = len(packer.compress(text) + packer.flush()) if text else 0
    percentage = -(-size * 100 // PACKED_BYTES)
    if percentage > 100 and not (inline or arns):
        raise errors.PackedPolicyTooLarge(f"Packed size of session tags consumes {percentage}% of allotted space.")
    if percentage > 100:
        raise errors.PackedPolicyTooLarge(
            f"Packed policy consumes {percentage}% of allotted space, please use smaller policy."
        )
    return percentage
