"""How a body comes in: framing, limits and all that the request says of it, checked while it streams."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.protocol.http import Body, BodyError
from hodei.services.s3 import errors
from hodei.services.s3.content import bodies, checksums
from hodei.services.s3.content.checksums import Digests
from hodei.services.s3.content.chunked import Decoder
from hodei.services.s3.rules import PUT_LIMIT
from hodei.services.s3.state import INLINE_LIMIT, Piece

SHA256_HEX = 64


class Received(NamedTuple):
    """A body that has come and is what its request says. `checksums` is {algorithm: base64}."""

    pieces: tuple[Piece, ...]
    size: int
    md5: bytes
    checksums: dict[str, str]


class Intake:
    """The body of one request that writes. Raises at once what can be known before the body has come.

    `given` are the request's parameters of `ChecksumParams`; `also` names a checksum that is wanted besides.
    """

    def __init__(
        self,
        ctx: Context,
        body: Body | bytes | None,
        given: Mapping[str, Any],
        *,
        limit: int = PUT_LIMIT,
        also: str = "",
    ) -> None:
        headers = ctx.request.headers.joined() if ctx.request is not None else {}
        self._body = body if isinstance(body, Body) else Body(body or b"")
        self._md5 = content_md5(given.get("ContentMD5"))
        self._part = ctx.operation == "UploadPart"
        content_sha256 = headers.get("x-amz-content-sha256", "")
        self._sha256 = content_sha256 if len(content_sha256) == SHA256_HEX else ""
        framed = content_sha256.startswith("STREAMING-") or "aws-chunked" in headers.get("content-encoding", "")
        self.length = _announced(headers, self._body, framed)
        if self.length > limit:
            raise errors.EntityTooLarge(ProposedSize=str(self.length), MaxSizeAllowed=str(limit))
        signatures = ctx.request.chunk_signatures if ctx.request is not None else None
        self._decoder = Decoder(self.length, signatures) if framed else None
        self.expected = checksums.expected(given, headers.get("x-amz-trailer", ""))
        self._digests = Digests(self.expected.algorithm, also, sha256=bool(self._sha256))
        self._checksums: dict[str, str] = {}  # once verified

    def receive_now(self, home: Context, key: bytes) -> Received | None:
        """Take a body that is small and already here; None if it is not."""
        whole = self._body.data
        if whole is None or self.length > INLINE_LIMIT or len(whole) > 2 * INLINE_LIMIT:
            return None
        if self._decoder is not None:
            whole = b"".join(self._decoder.feed(whole))
            self._decoder.close()
        self._digests.update(whole)
        self._verify(len(whole))
        return self._received(bodies.write_now(home, key, whole))

    async def receive(self, home: Context, key: bytes, check: Callable[[], None] | None = None) -> Received:
        """Take a body as it comes. When all has come, `check` may still refuse it: then nothing of it stays.

        Put the row that refers to it before you next wait.
        """

        def verify(size: int) -> None:
            self._verify(size)
            if check is not None:
                check()

        try:
            pieces = await bodies.write(home, key, self._chunks(), self._digests, verify)
        except BodyError as error:
            raise errors.IncompleteBody() from error
        return self._received(pieces)

    def _received(self, pieces: tuple[Piece, ...]) -> Received:
        return Received(pieces, self.length, self._digests.md5, self._checksums)

    async def _chunks(self) -> AsyncIterator[bytes]:
        decoder = self._decoder
        async for chunk in self._body:
            if decoder is None:
                yield chunk
                continue
            for payload in decoder.feed(chunk):
                yield payload
        if decoder is not None:
            decoder.close()

    def _verify(self, size: int) -> None:
        """Raises: IncompleteBody, BadDigest, XAmzContentSHA256Mismatch, MalformedTrailerError."""
        if size != self.length:
            raise errors.IncompleteBody(NumberBytesExpected=str(self.length), NumberBytesProvided=str(size))
        digests = self._digests
        if self._md5 and digests.md5 != self._md5:
            expected = checksums.encode(self._md5) if self._part else self._md5.hex()  # AWS is not of one mind
            raise errors.BadDigest(ExpectedDigest=expected, CalculatedDigest=checksums.encode(digests.md5))
        if self._sha256 and digests.sha256 != self._sha256:
            raise errors.XAmzContentSHA256Mismatch(
                ClientComputedContentSHA256=self._sha256, S3ComputedContentSHA256=digests.sha256
            )
        self._checksums = digests.checksums
        if self.expected.given:
            name = self.expected.algorithm
            checksums.check_value(name, self.expected.value or self._trailing(), self._checksums[name])

    def _trailing(self) -> str:
        name = self.expected.trailer
        value = self._decoder.trailers.get(name, "") if self._decoder else self._body.trailers.get(name)
        if not value:
            raise errors.MalformedTrailerError()
        checksums.check_form(checksums.HEADERS[name], value)
        return value


def _announced(headers: Mapping[str, str], body: Body, framed: bool) -> int:
    """The size of the payload. Raises: MissingContentLength, NotImplemented, InvalidArgument."""
    if not framed:
        if body.length is not None:
            return body.length
        if "transfer-encoding" in headers:
            raise errors.NotImplementedHeader(Header="Transfer-Encoding")
        raise errors.MissingContentLength()
    name = "x-amz-decoded-content-length"
    text = headers.get(name, "")
    if not text:
        raise errors.MissingContentLength()
    if not (text.isascii() and text.isdigit()):
        raise errors.InvalidArgument(f"Invalid value for {name}", ArgumentName=name, ArgumentValue=text)
    return int(text)


def content_md5(text: str | None) -> bytes:
    """The digest of a Content-MD5 header, b"" if there is none. Raises: InvalidDigest."""
    if text is None:
        return b""
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != hashlib.md5(usedforsecurity=False).digest_size:
        raise errors.InvalidDigest(**{"Content-MD5": text})
    return digest
