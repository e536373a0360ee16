"""Signatures in an aws-chunked body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.signing import ACCESS_KEY, SECRET, judged, received
from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import ChunkSignatures
from hodei.kernel.signatures.keys import P256_ORDER, signing_key
from hodei.kernel.signatures.signature import moment
from hodei.protocol.http import Request

pytestmark = pytest.mark.feature("iam.sigv4")

DATE, SCOPE = "20130524T000000Z", "20130524/us-east-1/s3/aws4_request"
NOW = moment(DATE)
Sign = Callable[[str], str]

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html: 65 KiB of 'a'
CHUNKS = [b"a" * 65536, b"a" * 1024, b""]
PLAIN = (
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
)
# .../sigv4-streaming-trailers.html
TRAILING = (
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
)
CHECKSUM = {"x-amz-checksum-crc32c": "sOO8/Q=="}
TRAILER_SIGNATURE = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def upload(content: str, signature: str, algorithm: str = "AWS4-HMAC-SHA256", **more: str) -> Request:
    """The request of the documentation's examples."""
    fields = {
        "Host": "s3.amazonaws.com",
        "x-amz-date": DATE,
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": content,
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    names = ";".join(sorted(name.lower() for name in fields))
    scope = SCOPE if algorithm == "AWS4-HMAC-SHA256" else SCOPE.replace("us-east-1/", "")
    fields["Authorization"] = f"{algorithm} Credential={ACCESS_KEY}/{scope},SignedHeaders={names},Signature={signature}"
    return received("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", list(fields.items()))


def begun(request: Request) -> ChunkSignatures:
    chunks = judged(request, "s3", region="us-east-1", now=NOW, streamed=True)
    assert chunks
    return chunks


def plain() -> ChunkSignatures:
    return begun(upload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", PLAIN[0], Content_Length="66824"))


def trailing() -> ChunkSignatures:
    content = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    return begun(upload(content, TRAILING[0], x_amz_trailer="x-amz-checksum-crc32c"))


def feed(chunks: ChunkSignatures, body: bytes, signature: str, piece: int = 10_000) -> None:
    chunks.begin(f"chunk-signature={signature}")
    for start in range(0, len(body), piece):
        chunks.update(body[start : start + piece])
    chunks.end()


def test_the_example_of_the_documentation() -> None:
    chunks = plain()
    for body, signature in zip(CHUNKS, PLAIN[1], strict=True):
        feed(chunks, body, signature)
    chunks.trailers({})


def test_the_example_with_trailers() -> None:
    chunks = trailing()
    for body, signature in zip(CHUNKS, TRAILING[1], strict=True):
        feed(chunks, body, signature)
    chunks.trailers(CHECKSUM | {"x-amz-trailer-signature": TRAILER_SIGNATURE})


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("spoil", ["body", "signature", "order"])
def test_a_chunk_that_is_not_what_was_signed(number: int, spoil: str) -> None:
    chunks = plain()
    for body, signature in zip(CHUNKS[:number], PLAIN[1][:number], strict=True):
        feed(chunks, body, signature)
    body, signature = CHUNKS[number], PLAIN[1][number]
    if spoil == "body":
        body = b"b" + body[1:]
    elif spoil == "signature":
        signature = f"{int(signature, 16) ^ 1:064x}"
    else:
        body, signature = CHUNKS[number - 1], PLAIN[1][number - 1]
    with pytest.raises(AwsError) as caught:
        feed(chunks, body, signature)
    error = caught.value
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.fields["StringToSign"].startswith(f"AWS4-HMAC-SHA256-PAYLOAD\n{DATE}\n{SCOPE}\n")
    assert error.fields["SignatureProvided"] == signature


@pytest.mark.parametrize("extension", ["", "chunk-signature", "chunk-signature=", "signature=00"])
def test_a_chunk_without_a_signature(extension: str) -> None:
    with pytest.raises(AwsError) as caught:
        plain().begin(extension)
    assert (caught.value.code, caught.value.message) == ("IncompleteBody", "The request body terminated unexpectedly")


@pytest.mark.parametrize(
    ("trailers", "code"),
    [
        ({}, "MalformedTrailerError"),
        (CHECKSUM, "MalformedTrailerError"),
        ({"x-amz-checksum-crc32c": "AAAAAA==", "x-amz-trailer-signature": TRAILER_SIGNATURE}, "SignatureDoesNotMatch"),
        (CHECKSUM | {"x-amz-trailer-signature": "0" * 64}, "SignatureDoesNotMatch"),
        (CHECKSUM | {"a": "b", "x-amz-trailer-signature": TRAILER_SIGNATURE}, "SignatureDoesNotMatch"),
    ],
)
def test_trailers_that_are_not_what_was_signed(trailers: dict[str, str], code: str) -> None:
    chunks = trailing()
    for body, signature in zip(CHUNKS, TRAILING[1], strict=True):
        feed(chunks, body, signature)
    with pytest.raises(AwsError) as caught:
        chunks.trailers(trailers)
    assert caught.value.code == code


# signed here


def by_hmac(text: str) -> str:
    return hmac.digest(signing_key(SECRET, "20130524", "us-east-1", "s3"), text.encode(), "sha256").hex()


def by_ecdsa(text: str) -> str:
    """With the key pair that follows from the secret: the documentation's KDF, its first round (here it is enough)."""
    fixed = b"\0\0\0\1AWS4-ECDSA-P256-SHA256\0" + ACCESS_KEY.encode() + b"\1" + b"\0\0\1\0"
    candidate = int.from_bytes(hmac.digest(f"AWS4A{SECRET}".encode(), fixed, "sha256"), "big")
    assert candidate <= P256_ORDER - 2
    return ec.derive_private_key(candidate + 1, ec.SECP256R1()).sign(text.encode(), ec.ECDSA(SHA256())).hex()


def test_unsigned_chunks_carry_nothing_to_verify() -> None:
    content = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    canonical = (
        "PUT\n/examplebucket/chunkObject.txt\n\ncontent-encoding:aws-chunked\nhost:s3.amazonaws.com\n"
        f"x-amz-content-sha256:{content}\nx-amz-date:{DATE}\nx-amz-decoded-content-length:66560\n"
        "x-amz-storage-class:REDUCED_REDUNDANCY\n\ncontent-encoding;host;x-amz-content-sha256;x-amz-date;"
        f"x-amz-decoded-content-length;x-amz-storage-class\n{content}"
    )
    text = f"AWS4-HMAC-SHA256\n{DATE}\n{SCOPE}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    assert judged(upload(content, by_hmac(text)), "s3", region="us-east-1", now=NOW, streamed=True) is None


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_chunks_signed_asymmetrically(region: str) -> None:
    """Their signatures are padded to a length; the next chunk covers them without."""
    algorithm, scope = "AWS4-ECDSA-P256-SHA256", SCOPE.replace("us-east-1/", "")
    content = f"STREAMING-{algorithm}-PAYLOAD-TRAILER"
    canonical = (
        "PUT\n/examplebucket/chunkObject.txt\n\ncontent-encoding:aws-chunked\nhost:s3.amazonaws.com\n"
        f"x-amz-content-sha256:{content}\nx-amz-date:{DATE}\nx-amz-decoded-content-length:66560\n"
        "x-amz-region-set:*\nx-amz-storage-class:REDUCED_REDUNDANCY\nx-amz-trailer:x-amz-checksum-crc32c\n\n"
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-region-set;"
        f"x-amz-storage-class;x-amz-trailer\n{content}"
    )
    previous = by_ecdsa(f"{algorithm}\n{DATE}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}")
    request = upload(content, previous, algorithm, x_amz_region_set="*", x_amz_trailer="x-amz-checksum-crc32c")
    chunks = judged(request, "s3", region=region, now=NOW, streamed=True)
    assert chunks
    empty = hashlib.sha256().hexdigest()
    for body in CHUNKS:
        text = f"{algorithm}-PAYLOAD\n{DATE}\n{scope}\n{previous}\n{empty}\n{hashlib.sha256(body).hexdigest()}"
        previous = by_ecdsa(text)
        feed(chunks, body, previous.ljust(144, "*"))
    digest = hashlib.sha256(b"x-amz-checksum-crc32c:sOO8/Q==\n").hexdigest()
    value = by_ecdsa(f"{algorithm}-TRAILER\n{DATE}\n{scope}\n{previous}\n{digest}")
    chunks.trailers(CHECKSUM | {"x-amz-trailer-signature": value.ljust(144, "*")})
    with pytest.raises(AwsError, match="does not match"):
        chunks.trailers({"x-amz-checksum-crc32c": "AAAAAA==", "x-amz-trailer-signature": value})
