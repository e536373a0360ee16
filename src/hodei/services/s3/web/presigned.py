"""Requests signed in their query string: what must be there, how long it holds, headers that are sent as parameters.

The signature itself is a matter of who the key belongs to; what is judged here holds for every key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.http import Request
from hodei.protocol.timestamps import iso8601, parse_timestamp
from hodei.services.s3 import errors
from hodei.services.s3.content import checksums

DEFAULT_REGION = "us-east-1"
MOST = 604800  # seconds: a week
TOO_EARLY = 900  # seconds that a request's date may lie ahead
V4_PARAMETERS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
V2_PARAMETERS = ("Signature", "Expires", "AWSAccessKeyId")
ALGORITHMS = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
CREDENTIAL = re.compile(r".+/\d{8}(/[^/]+)?/[^/]+/aws4_request")
PSEUDO_REGION = "-global"  # endpoints have such names in the SDKs; what they sign is for a real region
# Checksums of the body that stand in the query are signed and not looked at: github.com/aws/aws-sdk-go-v2/issues/2610.
# The SDK for JavaScript puts that of an empty body into every presigned PutObject.
UNHEEDED = {*checksums.HEADERS, "x-amz-sdk-checksum-algorithm"}
LONG_DATE = re.compile(r"\d{8}T\d{6}Z")


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
        check(ctx, request, query)
        move_headers(ctx, request, query, params)
    if "response-" in request.query:
        check_overrides(ctx, request)


def check(ctx: Context, request: Request, query: Mapping[str, str]) -> None:
    """Raises: AccessDenied, AuthorizationQueryParametersError."""
    if "X-Amz-Algorithm" in query or "X-Amz-Signature" in query:
        _check_v4(ctx, query)
        _check_signed_headers(request, query)
    elif "Signature" in query or "AWSAccessKeyId" in query:
        _check_v2(ctx, query)


def _wrong_region(region: str, request: Request) -> AwsError:
    wrong = f"the region '{region}' is wrong; expecting '{DEFAULT_REGION}'"
    if "X-Amz-Credential=" in request.query:
        message = f"Error parsing the X-Amz-Credential parameter; {wrong}"
        return errors.AuthorizationQueryParametersError(message, Region=DEFAULT_REGION)
    return errors.AuthorizationHeaderMalformed(f"The authorization header is malformed; {wrong}", Region=DEFAULT_REGION)


def _check_v4(ctx: Context, query: Mapping[str, str]) -> None:
    if not all(query.get(name) for name in V4_PARAMETERS):
        raise errors.AuthorizationQueryParametersError(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    if query["X-Amz-Algorithm"] not in ALGORITHMS:
        raise errors.AuthorizationQueryParametersError(
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'
        )
    if not CREDENTIAL.fullmatch(query["X-Amz-Credential"]):
        raise errors.AuthorizationQueryParametersError(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    lifetime, signed = _lifetime(query["X-Amz-Expires"]), _signing_time(query["X-Amz-Date"])
    # The caller signs by real time; what passes until the request comes is time of the cloud.
    begins = ctx.world.clock.virtual_at(signed)
    if ctx.now < begins - TOO_EARLY:
        raise errors.AccessDenied(
            "Request is not yet valid", **{"X-Amz-Date": query["X-Amz-Date"]}, ServerTime=_iso(ctx.now)
        )
    if ctx.now > begins + lifetime:
        raise errors.AccessDenied(
            "Request has expired",
            **{"X-Amz-Expires": query["X-Amz-Expires"]},
            Expires=_iso(begins + lifetime),
            ServerTime=_iso(ctx.now),
        )


def _lifetime(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        raise errors.AuthorizationQueryParametersError("X-Amz-Expires should be a number") from None
    if seconds < 0:
        raise errors.AuthorizationQueryParametersError("X-Amz-Expires must be non-negative")
    if seconds > MOST:
        raise errors.AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{MOST} seconds"
        )
    return seconds


def _signing_time(text: str) -> float:
    try:
        if not LONG_DATE.fullmatch(text):
            raise ValueError(text)
        return parse_timestamp(text).timestamp()
    except ValueError:
        raise errors.AuthorizationQueryParametersError(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        ) from None


def _check_signed_headers(request: Request, query: Mapping[str, str]) -> None:
    """A header that can change what the request does must have been signed."""
    signed = query["X-Amz-SignedHeaders"].lower().split(";")
    loose = [name for name in request.headers.joined() if name.startswith("x-amz-") and name not in signed]
    if loose:
        raise errors.AccessDenied(
            "There were headers present in the request which were not signed", HeadersNotSigned=", ".join(loose)
        )


def _check_v2(ctx: Context, query: Mapping[str, str]) -> None:
    if not all(query.get(name) for name in V2_PARAMETERS):
        raise errors.AccessDenied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
    try:
        ends = int(query["Expires"])
    except ValueError:
        raise errors.AccessDenied(f"Invalid date (should be seconds since epoch): {query['Expires']}") from None
    clock = ctx.world.clock
    signed = _assumed_signing_time(ends, clock.real())
    expires = clock.virtual_at(signed) + ends - signed
    if ctx.now > expires:
        raise errors.AccessDenied("Request has expired", Expires=_iso(expires), ServerTime=_iso(ctx.now))


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
        if name.lower().startswith("x-amz-") and name not in V4_PARAMETERS and name.lower() not in UNHEEDED
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


def _iso(seconds: float) -> str:
    return iso8601(int(seconds))
