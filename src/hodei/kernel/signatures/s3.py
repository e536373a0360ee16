"""Signatures as S3 takes them.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Protocol

from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import canonical, errors, version2
from hodei.kernel.signatures.general import covers
from hodei.kernel.signatures.keys import ECDSA, HMAC, TERMINATOR
from hodei.kernel.signatures.signature import (
    SKEW,
    UNSIGNED,
    VERSION_2,
    Dialect,
    Signature,
    date_of,
    moment,
)
from hodei.protocol.http import Request
from hodei.protocol.timestamps import iso8601

SERVICES = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})  # signing names
WEEK = 604800
QUERY_PARAMETERS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
CONTENT_SHA256 = "x-amz-content-sha256"
STREAMED = (
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
)
SHA256_HEX = re.compile("[0-9A-Fa-f]{64}").fullmatch
DATE = re.compile("[0-9]{8}").fullmatch


class Malformed(Protocol):
    """An error that says what is wrong with the scope, in the words for where it stands."""

    def __call__(self, reason: str, **fields: str) -> AwsError: ...


class S3(Dialect):
    query_marks = Dialect.query_marks | {"AWSAccessKeyId", "Signature"}

    # reading

    def from_header(self, request: Request, authorization: str) -> Signature:
        """Raises: AccessDenied, AuthorizationHeaderMalformed, InvalidArgument, InvalidRequest."""
        if "X-Amz-Algorithm=" in request.query or "Signature=" in request.query:
            raise errors.InvalidArgument(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                "parameter or the Authorization header should be specified",
                ArgumentName="Authorization",
                ArgumentValue=authorization,
            )
        algorithm, _, rest = authorization.partition(" ")
        if algorithm == VERSION_2:
            return version2.from_header(self, request, authorization)
        if algorithm not in (HMAC, ECDSA):
            raise errors.InvalidArgument(
                "Unsupported Authorization Type", ArgumentName="Authorization", ArgumentValue=authorization
            )
        given = _components(rest)
        timestamp = date_of(request)
        begins = moment(timestamp)
        if begins is None:
            raise errors.AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
        if CONTENT_SHA256 not in request.headers:
            raise errors.InvalidRequest(f"Missing required header for this request: {CONTENT_SHA256}")
        _check_content(request.headers.get(CONTENT_SHA256), algorithm)
        scope = scope_of(algorithm, given["Credential"], request.headers.get("x-amz-region-set"), in_header)
        headers = tuple(given["SignedHeaders"].lower().split(";"))
        return Signature(self, algorithm, *scope, headers, given["Signature"], timestamp, begins)

    def from_query(self, request: Request, query: Mapping[str, str]) -> Signature:
        """Raises: AccessDenied, AuthorizationQueryParametersError."""
        if "X-Amz-Algorithm" not in query and "X-Amz-Signature" not in query:
            return version2.from_query(self, query)
        malformed = errors.AuthorizationQueryParametersError
        if not all(query.get(name) for name in QUERY_PARAMETERS):
            raise malformed(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
            )
        algorithm, credential, value, timestamp, names, expires = (query[name] for name in QUERY_PARAMETERS)
        if algorithm not in (HMAC, ECDSA):
            raise malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
        scope = scope_of(algorithm, credential, query.get("X-Amz-Region-Set", ""), in_query)
        lifetime, begins = _lifetime(expires), moment(timestamp)
        if begins is None:
            raise malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        headers = tuple(names.lower().split(";"))
        return Signature(self, algorithm, *scope, headers, value, timestamp, begins, begins + lifetime, True)

    # judging

    def check(self, signature: Signature, request: Request, region: str, now: float) -> None:
        """Raises: AccessDenied, AuthorizationHeaderMalformed, AuthorizationQueryParametersError,
        RequestTimeTooSkewed."""
        if signature.algorithm != VERSION_2:
            self.check_scope(signature, region, in_query if signature.presigned else in_header)
        if signature.presigned:
            _check_lifetime(signature, now)
        elif signature.begins is not None and abs(now - signature.begins) > SKEW:
            raise errors.RequestTimeTooSkewed(
                RequestTime=request.headers.get("x-amz-date") or request.headers.get("date"),
                ServerTime=iso8601(int(now)),
                MaxAllowedSkewMilliseconds=str(SKEW * 1000),
            )
        if signature.algorithm != VERSION_2:
            _check_signed(signature, request)

    def check_scope(self, signature: Signature, region: str, malformed: Malformed) -> None:
        if region and not covers(signature, region):
            raise malformed(f"the region '{signature.region}' is wrong; expecting '{region}'", Region=region)
        if signature.service != self.service:
            raise malformed(f'incorrect service "{signature.service}". This endpoint belongs to "{self.service}".')
        if signature.timestamp[:8] != signature.date:
            raise malformed("Invalid credential date. Date is not the same as X-Amz-Date.")

    def check_token(self, signature: Signature, sent: str, token: str) -> None:
        """Raises: InvalidAccessKeyId if a token was needed and none came, InvalidToken."""
        if token and not sent:
            raise errors.InvalidAccessKeyId(AWSAccessKeyId=signature.access_key)
        if not hmac.compare_digest(sent.encode(), token.encode()):
            raise errors.InvalidToken(**{"Token-0": sent})

    def path(self, raw: str) -> str:
        return canonical.encoded_once(raw)

    def payloads(
        self, signature: Signature, request: Request, body: bytes | None, may_be_unsigned: bool
    ) -> tuple[str, ...]:
        """A hash that was sent is signed as such; whether the body has it is another matter."""
        if not signature.presigned:
            return (request.headers.get(CONTENT_SHA256),)
        if CONTENT_SHA256 in signature.headers:
            sent = request.headers.get(CONTENT_SHA256)
        else:  # the SDK for JavaScript moves it into the query
            sent = next((value for name, value in request.query_pairs() if name.lower() == CONTENT_SHA256), "")
        return (sent or UNSIGNED,)

    def check_body(self, payload: str, body: bytes) -> None:
        """Raises: XAmzContentSHA256Mismatch."""
        if SHA256_HEX(payload) and payload.lower() != (computed := canonical.sha256(body)):
            raise errors.XAmzContentSHA256Mismatch(
                ClientComputedContentSHA256=payload, S3ComputedContentSHA256=computed
            )

    def mismatch(self, signature: Signature, string_to_sign: str, canonical: str = "") -> AwsError:
        fields = {
            "AWSAccessKeyId": signature.access_key,
            "StringToSign": string_to_sign,
            "SignatureProvided": signature.value,
            "StringToSignBytes": string_to_sign.encode().hex(" "),
        }
        if canonical:
            fields |= {"CanonicalRequest": canonical, "CanonicalRequestBytes": canonical.encode().hex(" ")}
        return errors.SignatureDoesNotMatch(**fields)


def in_header(reason: str, **fields: str) -> AwsError:
    return errors.AuthorizationHeaderMalformed(f"The authorization header is malformed; {reason}", **fields)


def in_query(reason: str, **fields: str) -> AwsError:
    message = f"Error parsing the X-Amz-Credential parameter; {reason}"
    return errors.AuthorizationQueryParametersError(message, **fields)


def _components(rest: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for component in rest.split(","):
        name, equals, value = component.strip().partition("=")
        if not equals:
            raise in_header(f'the authorization component "{component.strip()}" is malformed.')
        given[name] = value
    if not all(given.get(name) for name in ("Credential", "SignedHeaders", "Signature")):
        raise in_header("the authorization header requires three components: Credential, SignedHeaders, and Signature.")
    return given


def scope_of(algorithm: str, credential: str, region_set: str, malformed: Malformed) -> tuple[str, str, str, str]:
    """Access key, date, region and service. SigV4a has the regions in a header or parameter of its own."""
    fields = 3 if algorithm == ECDSA else 4  # behind the access key, which may hold a slash
    parts = credential.split("/")
    if len(parts) <= fields or parts[-1] != TERMINATOR:
        raise malformed('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
    access_key, date, service = "/".join(parts[:-fields]), parts[-fields], parts[-2]
    region = region_set if algorithm == ECDSA else parts[-3]
    if not access_key:
        raise malformed("a non-empty Access Key (AKID) must be provided in the credential.")
    if not DATE(date):
        raise malformed(
            f'incorrect date format "{date}". This date in the credential must be in the format "yyyyMMdd".'
        )
    if not region:
        raise malformed("a non-empty region must be provided in the credential.")
    return access_key, date, region, service


def _lifetime(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        raise errors.AuthorizationQueryParametersError("X-Amz-Expires should be a number") from None
    if seconds < 0:
        raise errors.AuthorizationQueryParametersError("X-Amz-Expires must be non-negative")
    if seconds > WEEK:
        raise errors.AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{WEEK} seconds"
        )
    return seconds


def _check_lifetime(signature: Signature, now: float) -> None:
    begins, ends = signature.begins, signature.ends
    assert ends is not None
    server_time = iso8601(int(now))
    if begins is not None and now < begins - SKEW:
        raise errors.AccessDenied(
            "Request is not yet valid", **{"X-Amz-Date": signature.timestamp}, ServerTime=server_time
        )
    if now > ends:
        expires = {"X-Amz-Expires": str(int(ends - begins))} if begins is not None else {}
        raise errors.AccessDenied("Request has expired", **expires, Expires=iso8601(int(ends)), ServerTime=server_time)


def _check_content(text: str, algorithm: str) -> None:
    """x-amz-content-sha256 is a hash or one of S3's words; signed chunks are signed as the request is."""
    if text == UNSIGNED or SHA256_HEX(text):
        return
    if text not in STREAMED or (text.startswith("STREAMING-AWS4-") and algorithm not in text):
        raise errors.InvalidArgument(
            f"{CONTENT_SHA256} must be {UNSIGNED}, {', '.join(STREAMED)} or a valid sha256 value.",
            ArgumentName=CONTENT_SHA256,
            ArgumentValue=text,
        )


def _check_signed(signature: Signature, request: Request) -> None:
    """The host, and each header that can change what the request does, must be signed. (The hash of the body stands
    in what is signed anyway.)"""
    signed = {*signature.headers, CONTENT_SHA256}
    must = [name for name in request.headers.joined() if name == "host" or name.startswith("x-amz-")]
    if loose := [name for name in must if name not in signed]:
        raise errors.AccessDenied(
            "There were headers present in the request which were not signed", HeadersNotSigned=", ".join(loose)
        )
