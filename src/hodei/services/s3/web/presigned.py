"""Requests signed in their query string: what holds for every key, and headers that are sent as parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hodei.kernel import signatures
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.signatures.s3 import QUERY_PARAMETERS, in_header, in_query
from hodei.protocol.http import Request
from hodei.protocol.timestamps import parse_timestamp
from hodei.services.s3 import errors
from hodei.services.s3.content import checksums
from hodei.services.s3.service import s3

DEFAULT_REGION = "us-east-1"
SIGNED = frozenset(("X-Amz-Algorithm", "X-Amz-Signature", "Signature", "AWSAccessKeyId"))  # any one says so
PSEUDO_REGION = "-global"  # endpoints have such names in the SDKs; what they sign is for a real region
# Checksums of the body that stand in the query are signed and not looked at: github.com/aws/aws-sdk-go-v2/issues/2610.
# The SDK for JavaScript puts that of an empty body into every presigned PutObject.
UNHEEDED = {*checksums.HEADERS, "x-amz-sdk-checksum-algorithm"}


def amend(ctx: Context, params: dict[str, Any]) -> None:
    """Judge a request's query authentication, and take from the query what stands there in place of headers."""
    request = ctx.request
    if request is None:
        return
    if ctx.region.endswith(PSEUDO_REGION):
        raise _wrong_region(ctx.region, request)
    if "=" not in request.query:
        return
    if "X-Amz-" in request.query or "Signature" in request.query or "AWSAccessKeyId" in request.query:
        query = dict(request.query_pairs())
        if not SIGNED.isdisjoint(query):
            check(ctx, request)
        move_headers(ctx, request, query, params)
    if "response-" in request.query:
        check_overrides(ctx, request)


def check(ctx: Context, request: Request) -> None:
    """Whether the signature is complete and holds now, whosever it is. Who has a key that was issued is asked for more
    before, but not whether the cloud's time has passed since a signature of version 2.

    Raises: AccessDenied, AuthorizationQueryParametersError, InvalidArgument.
    """
    if (signature := signatures.read(request, s3.model.signing_name)) is None:
        return
    clock, signed = ctx.world.clock, signature.begins
    if signed is None:
        assert signature.ends is not None
        signed = _assumed_signing_time(int(signature.ends), clock.real())
    # The caller signs by real time; what passes until the request comes is time of the cloud.
    signatures.check(signature, request, now=signed + ctx.now - clock.virtual_at(signed))


def _wrong_region(region: str, request: Request) -> AwsError:
    malformed = in_query if "X-Amz-Credential=" in request.query else in_header
    return malformed(f"the region '{region}' is wrong; expecting '{DEFAULT_REGION}'", Region=DEFAULT_REGION)


def _assumed_signing_time(ends: int, now: float) -> int:
    """Version 2 names the moment of its end alone. Where that is minutes away, the lifetime is taken to be whole
    minutes (boto3's default is an hour) and the request to be younger than one; else it was signed just now.

    To know it matters only if the cloud's time has been moved meanwhile.
    """
    left = ends - now
    return ends - math.ceil(left / 60) * 60 if left > 60 else min(math.floor(now), ends)


def move_headers(ctx: Context, request: Request, query: Mapping[str, str], params: dict[str, Any]) -> None:
    """SDKs put x-amz-* headers into the query they sign: they count as if sent as headers."""
    sent = {
        name.lower(): value
        for name, value in query.items()
        if name.lower().startswith("x-amz-") and name not in QUERY_PARAMETERS and name.lower() not in UNHEEDED
    }
    if not sent:
        return
    for name, value in sent.items():
        if name not in request.headers:
            request.headers.add(name, value)
    operation = ctx.service.find(ctx.operation)
    assert operation and operation.model.input
    for member, shape in operation.model.input.members.items():
        name = shape.wire_name(member).lower()
        if shape.location == "header" and name in sent:
            params.setdefault(member, _READERS.get(shape.type, str)(sent[name]))
        elif shape.location == "headers":
            found = {key.removeprefix(name): value for key, value in sent.items() if key.startswith(name)}
            params[member] = {**found, **params.get(member, {})}


_READERS: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "integer": int,
    "long": int,
    "timestamp": parse_timestamp,
}


def check_overrides(ctx: Context, request: Request) -> None:
    """response-content-type and its kin set headers of the answer: for signed requests, in what a header can hold."""
    for name, value in request.query_pairs():
        if not name.startswith("response-"):
            continue
        if ctx.principal.anonymous:
            raise errors.InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
        try:
            value.encode("iso-8859-1")
        except UnicodeEncodeError:
            raise errors.InvalidArgument(
                "Header value cannot be represented using ISO-8859-1.", ArgumentName=name, ArgumentValue=value
            ) from None
