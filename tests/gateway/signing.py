"""botocore's signers, and what they sign as a server receives it."""

from __future__ import annotations

import string
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import BaseSigner
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode, percent_encode_sequence
from hypothesis import strategies as st

from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import ChunkSignatures, check, read, verify
from hodei.protocol.http import Body, Headers, Request

ACCESS_KEY, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a/session+token=="
REGION, HOST = "eu-west-1", "localhost:4566"
KEY = Credentials(ACCESS_KEY, SECRET)
SESSION = Credentials(ACCESS_KEY, SECRET, TOKEN)


def received(method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes = b"") -> Request:
    """The request as it comes off the wire: a client that names no host gives the URL's."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    raw = [(name, value) for name, value in headers]
    if "host" not in {name.lower() for name, _ in raw}:
        raw.append(("Host", parts.netloc))
    return Request(method, target, Headers(raw), Body(body))


def sent(signer: BaseSigner, request: AWSRequest) -> Request:
    """What a client that signs with this signer sends."""
    signer.add_auth(request)
    prepared = request.prepare()
    body = prepared.body or b""
    assert isinstance(body, bytes)
    return received(prepared.method, prepared.url, list(prepared.headers.items()), body)


def judged(
    request: Request,
    service: str,
    *,
    region: str = REGION,
    now: float | None = None,
    secret: str = SECRET,
    streamed: bool = False,
    **options: Any,
) -> ChunkSignatures | None:
    """Read, check and verify, as the pipeline does."""
    signature = read(request, service)
    assert signature, "not signed"
    assert signature.access_key == ACCESS_KEY
    check(signature, request, now=time.time() if now is None else now, region=region)
    return verify(signature, request, secret, None if streamed else request.body.data, **options)


def refused(request: Request, service: str, **options: Any) -> AwsError:
    try:
        judged(request, service, **options)
    except AwsError as error:
        return error
    raise AssertionError("accepted")


def changed(request: Request, **changes: Any) -> Request:
    """The request once more, changed: `headers` replaces or adds by name (None: goes)."""
    headers = changes.pop("headers", {})
    raw = [(name, value) for name, value in request.headers.raw if name.lower() not in headers]
    raw += [(name, value) for name, value in headers.items() if value is not None]
    fields = {"method": request.method, "target": request.target, "body": request.body} | changes
    return Request(headers=Headers(raw), **fields)


# what there may be in requests

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
segments = texts.map(lambda text: text.replace("/", ""))
paths = st.lists(segments, max_size=4).map(
    lambda parts: "/" + "/".join(percent_encode(part, safe="~") for part in parts)
)
dotted = st.lists(st.sampled_from(["", ".", "..", "a", "b c", "..."]), max_size=6).map(
    lambda parts: "/" + "/".join(percent_encode(part, safe="~") for part in parts)
)
queries = st.dictionaries(texts.filter(bool), texts, max_size=4).map(percent_encode_sequence)
values = st.text(string.ascii_letters + string.digits + " \"'=,;:/+*()", min_size=1, max_size=20).filter(str.strip)
names = st.sampled_from(["X-Amz-Target", "X-Amz-Meta-A", "x-amz-meta-a-b", "Content-Type", "my-header", "Accept"])
headers = st.dictionaries(names, values, max_size=4)
methods = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])
