"""Signatures of requests: version 4 (headers, presigned, chunked), SigV4a, and version 2 as S3 takes it.

Pure: neither clock nor store. Who asks goes three steps.

    signature = read(request, "s3")                 # None: not signed. Malformed: raises
    check(signature, request, now=..., region=...)  # what holds for every key: scope, time, headers to be signed
    chunks = verify(signature, request, secret, body, token=...)

`verify` gives a `ChunkSignatures` where the body itself carries signatures: who takes the framing apart tells it of
each chunk. All three want the request as it was sent, before headers are added to it, but once it is routed.
"""

from __future__ import annotations

import functools

from hodei.kernel.signatures import canonical, version2
from hodei.kernel.signatures.chunks import ChunkSignatures
from hodei.kernel.signatures.forms import read_form, verify_form
from hodei.kernel.signatures.general import General
from hodei.kernel.signatures.keys import ECDSA, Holds, holds_v4, holds_v4a
from hodei.kernel.signatures.s3 import S3, SERVICES
from hodei.kernel.signatures.signature import VERSION_2, Dialect, Signature, session_token
from hodei.protocol.http import Request

__all__ = ["ChunkSignatures", "Signature", "check", "read", "read_form", "verify", "verify_form"]


def read(request: Request, service: str) -> Signature | None:
    """The signature of a request to the service with this signing name, in its header or its query; None without one.

    Raises: IncompleteSignature; of S3 AccessDenied, AuthorizationHeaderMalformed, AuthorizationQueryParametersError,
    InvalidArgument, InvalidRequest.
    """
    dialect = _dialect(service)
    if authorization := request.headers.get("authorization"):
        return dialect.from_header(request, authorization)
    if request.query:
        query = dict(request.query_pairs())
        if not dialect.query_marks.isdisjoint(query):
            return dialect.from_query(request, query)
    return None


def check(signature: Signature, request: Request, *, now: float, region: str = "") -> None:
    """Judge what needs no secret. `now` is in epoch seconds, by the clock of who signed: time that the cloud's clock
    has been advanced by since `signature.begins` counts for presigned requests. `region` is that of the endpoint; "":
    any will do.

    Raises: SignatureDoesNotMatch; of S3 AccessDenied, AuthorizationHeaderMalformed, AuthorizationQueryParametersError,
    RequestTimeTooSkewed.
    """
    signature.dialect.check(signature, request, region, now)


def verify(
    signature: Signature,
    request: Request,
    secret: str,
    body: bytes | None,
    *,
    token: str = "",
    may_be_unsigned: bool = False,
) -> ChunkSignatures | None:
    """Whether this secret has made the signature.

    `body` is None where it is yet to come: only S3 takes that, and compares x-amz-content-sha256 itself at the end.
    `token` is the session token that goes with the secret; `may_be_unsigned`: the operation has the trait
    `unsignedPayload`.

    Raises: SignatureDoesNotMatch, InvalidClientTokenId; of S3 InvalidAccessKeyId, InvalidToken, and
    XAmzContentSHA256Mismatch.
    """
    dialect = signature.dialect
    query = {name.lower(): value for name, value in request.query_pairs()} if signature.presigned else {}
    dialect.check_token(signature, session_token(request, query), token)
    if signature.algorithm == VERSION_2:
        if not version2.request_holds(secret, signature, request):
            raise dialect.mismatch(signature, version2.string_to_sign(signature, request, request.path))
        return None
    holds = _holds(signature, secret)
    payload = _verify_request(signature, request, holds, dialect.payloads(signature, request, body, may_be_unsigned))
    if payload.startswith("STREAMING-AWS4-"):
        return ChunkSignatures(signature, holds, trailers=payload.endswith("-TRAILER"))
    if body is not None:
        dialect.check_body(payload, body)
    return None


def _verify_request(signature: Signature, request: Request, holds: Holds, payloads: tuple[str, ...]) -> str:
    """Which of the payloads is the one that was signed."""
    dialect = signature.dialect
    path, unsigned = dialect.path(canonical.raw_path(request)), dialect.unsigned_parameters
    failure = None
    for payload in payloads:
        form = canonical.canonical_request(request, path, signature.headers, payload, unsigned)
        text = signature.string_to_sign(canonical.sha256(form.encode()))
        if holds(text, signature.value):
            return payload
        failure = failure or dialect.mismatch(signature, text, form)
    assert failure
    raise failure


def _holds(signature: Signature, secret: str) -> Holds:
    if signature.algorithm == ECDSA:
        return holds_v4a(secret, signature.access_key)
    return holds_v4(secret, signature.date, signature.region, signature.service)


@functools.lru_cache(maxsize=1024)
def _dialect(service: str) -> Dialect:
    return S3(service) if service in SERVICES else General(service)
