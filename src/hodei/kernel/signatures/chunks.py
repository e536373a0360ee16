"""The signatures of an aws-chunked body: each chunk's covers the one before it, the trailers' that of the last chunk.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hodei.kernel.signatures import errors
from hodei.kernel.signatures.canonical import EMPTY_SHA256, sha256
from hodei.kernel.signatures.keys import Holds
from hodei.kernel.signatures.signature import Signature

TRAILER_SIGNATURE = "x-amz-trailer-signature"
PADDING = "*"  # signatures of SigV4a vary in length, chunks' headers must not


class ChunkSignatures:
    """Tell it of each chunk: `begin`, `update` as its bytes come, `end`; at the end of the body, `trailers`."""

    def __init__(self, signature: Signature, holds: Holds, *, trailers: bool) -> None:
        self._signature = signature
        self._holds = holds
        self._previous = signature.value
        self._trailers = trailers
        self._value = ""  # of the chunk that has begun
        self._hash = hashlib.sha256()

    def begin(self, extension: str) -> None:
        """`extension` is what follows the size and a semicolon. Raises: IncompleteBody if it has no signature."""
        name, _, value = extension.strip().partition("=")
        self._value = value.rstrip(PADDING)
        if name != "chunk-signature" or not self._value:
            raise errors.IncompleteBody()
        self._hash = hashlib.sha256()

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def end(self) -> None:
        """Raises: SignatureDoesNotMatch."""
        self._verify("PAYLOAD", f"{EMPTY_SHA256}\n{self._hash.hexdigest()}", self._value)

    def trailers(self, trailers: Mapping[str, str]) -> None:
        """With names in lower case. Raises: MalformedTrailerError if they lack a signature, SignatureDoesNotMatch."""
        if not self._trailers:
            return
        value = trailers.get(TRAILER_SIGNATURE, "").rstrip(PADDING)
        if not value:
            raise errors.MalformedTrailerError()
        signed = sorted((name, text) for name, text in trailers.items() if name != TRAILER_SIGNATURE)
        self._verify("TRAILER", sha256("".join(f"{name}:{text}\n" for name, text in signed).encode()), value)

    def _verify(self, kind: str, content: str, value: str) -> None:
        signature = self._signature
        text = f"{signature.algorithm}-{kind}\n{signature.timestamp}\n{signature.scope}\n{self._previous}\n{content}"
        if not self._holds(text, value):
            raise signature.dialect.mismatch(signature._replace(value=value), text)
        self._previous = value
