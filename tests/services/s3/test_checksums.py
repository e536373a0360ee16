"""Checksums: recorded, verified when sent in a header, behind an aws-chunked body or as Content-MD5."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from typing import Any

import awscrt.checksums
import pytest
import xxhash
from botocore.config import Config

from hodei.protocol.http import Body, Headers, Request
from hodei.services.s3.content import checksums
from hodei.testing import Cloud
from services.s3.callers import SIGNED

pytestmark = pytest.mark.feature("s3.objects")

Refused = Callable[..., dict[str, Any]]
HOST = ("Host", "bucket.s3.localhost")
BODY = b"test data.." * 10
LARGE = bytes(range(256)) * 1200
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: awscrt.checksums.crc32c(data).to_bytes(4, "big"),
    "CRC64NVME": lambda data: awscrt.checksums.crc64nvme(data).to_bytes(8, "big"),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "SHA512": lambda data: hashlib.sha512(data).digest(),
    "MD5": lambda data: hashlib.md5(data).digest(),
    "XXHASH64": lambda data: xxhash.xxh64_digest(data),
    "XXHASH3": lambda data: xxhash.xxh3_64_digest(data),
    "XXHASH128": lambda data: xxhash.xxh3_128_digest(data),
}


def digest(algorithm: str, data: bytes) -> str:
    return base64.b64encode(DIGESTS[algorithm](data)).decode()


def plain(cloud: Cloud) -> Any:
    """A client that sends no checksum of its own accord."""
    return cloud.client("s3", config=Config(request_checksum_calculation="when_required", retries={"max_attempts": 0}))


def test_published_check_values() -> None:
    """Of the catalogue of CRCs and of the hashes' own documentation."""
    known = {
        "CRC32": 0xCBF43926,
        "CRC32C": 0xE3069283,
        "CRC64NVME": 0xAE8B14860A799888,
    }
    for name, value in known.items():
        size = checksums.ALGORITHMS[name].size
        assert checksums.of(name, b"123456789") == base64.b64encode(value.to_bytes(size, "big")).decode()
    assert checksums.of("XXHASH64", b"") == base64.b64encode(bytes.fromhex("ef46db3751d8e999")).decode()
    assert checksums.of("XXHASH3", b"") == base64.b64encode(bytes.fromhex("2d06800538d394c2")).decode()
    assert (
        checksums.of("XXHASH128", b"") == base64.b64encode(bytes.fromhex("99aa06d3014798d86001c324468d497f")).decode()
    )


@pytest.mark.parametrize("algorithm", DIGESTS)
@pytest.mark.parametrize("body", [BODY, LARGE], ids=["row", "file"])
def test_every_algorithm(cloud: Cloud, s3: Any, algorithm: str, body: bytes) -> None:
    member, value = f"Checksum{algorithm}", digest(algorithm, body)
    put = s3.put_object(Bucket="bucket", Key="k", Body=body, **{member: value})
    assert (put[member], put["ChecksumType"]) == (value, "FULL_OBJECT")
    got = s3.head_object(Bucket="bucket", Key="k", ChecksumMode="ENABLED")
    assert (got[member], got["ChecksumType"]) == (value, "FULL_OBJECT")
    assert member not in s3.head_object(Bucket="bucket", Key="k")
    listed = s3.list_objects_v2(Bucket="bucket")["Contents"][0]
    assert listed["ChecksumAlgorithm"] == [algorithm]
    attributes = s3.get_object_attributes(Bucket="bucket", Key="k", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"] == {member: value, "ChecksumType": "FULL_OBJECT"}


@pytest.mark.parametrize("algorithm", DIGESTS)
@pytest.mark.parametrize("body", [BODY, LARGE], ids=["row", "file"])
def test_a_wrong_checksum_leaves_nothing(s3: Any, refused: Refused, algorithm: str, body: bytes) -> None:
    wrong = {f"Checksum{algorithm}": digest(algorithm, b"other")}
    error = refused(s3.put_object, Bucket="bucket", Key="k", Body=body, **wrong)
    assert error["Code"] == "BadDigest"
    assert error["Message"] == f"The {algorithm} you specified did not match the calculated checksum."
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")


def test_malformed_checksums(s3: Any, refused: Refused) -> None:
    for value in ("not base64", "AAAA", digest("SHA1", b"")):
        error = refused(s3.put_object, Bucket="bucket", Key="k", Body=BODY, ChecksumCRC32=value)
        assert (error["Code"], error["Message"]) == (
            "InvalidRequest",
            "Value for x-amz-checksum-crc32 header is invalid.",
        )


def test_two_checksums(s3: Any, refused: Refused) -> None:
    both = {"ChecksumCRC32": digest("CRC32", BODY), "ChecksumSHA1": digest("SHA1", BODY)}
    error = refused(s3.put_object, Bucket="bucket", Key="k", Body=BODY, **both)
    assert error["Message"] == "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."


def test_an_algorithm_without_a_checksum(cloud: Cloud, s3: Any) -> None:
    headers = Headers([HOST, SIGNED, ("x-amz-sdk-checksum-algorithm", "CRC32")])
    response = cloud.send(Request("PUT", "/k", headers, Body(BODY)))
    assert b"no corresponding x-amz-checksum-* or x-amz-trailer headers were found." in response.body


def test_without_a_checksum_s3_makes_one(cloud: Cloud, s3: Any) -> None:
    put = plain(cloud).put_object(Bucket="bucket", Key="k", Body=BODY)
    assert (put["ChecksumCRC64NVME"], put["ChecksumType"]) == (digest("CRC64NVME", BODY), "FULL_OBJECT")


def test_content_md5(cloud: Cloud, s3: Any, refused: Refused) -> None:
    client = plain(cloud)
    client.put_object(Bucket="bucket", Key="k", Body=b"something", ContentMD5="Q3uTDbhLgHnC3YBKcZNrXw==")
    wrong = base64.b64encode(bytes.fromhex("09891eb590524e35fc73372cddc5d596")).decode()
    assert refused(client.put_object, Bucket="bucket", Key="k", Body=b"something", ContentMD5=wrong) == {
        "Code": "BadDigest",
        "Message": "The Content-MD5 you specified did not match what we received.",
        "ExpectedDigest": "09891eb590524e35fc73372cddc5d596",
        "CalculatedDigest": "Q3uTDbhLgHnC3YBKcZNrXw==",
        "Status": 400,
    }
    for text in ("__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc="):
        error = refused(client.put_object, Bucket="bucket", Key="k", Body=b"something", ContentMD5=text)
        assert (error["Code"], error["Content-MD5"]) == ("InvalidDigest", text)
        assert error["Message"] == "The Content-MD5 you specified was invalid."


def test_the_signed_hash_of_the_body(cloud: Cloud, s3: Any) -> None:
    good = Headers([HOST, SIGNED, ("x-amz-content-sha256", hashlib.sha256(BODY).hexdigest())])
    assert cloud.send(Request("PUT", "/k", good, Body(BODY))).status == 200
    bad = Headers([HOST, SIGNED, ("x-amz-content-sha256", hashlib.sha256(b"").hexdigest())])
    response = cloud.send(Request("PUT", "/k", bad, Body(BODY)))
    assert (response.status, b"<Code>XAmzContentSHA256Mismatch</Code>" in response.body) == (400, True)


# aws-chunked


def chunked(body: bytes, size: int = 65536, *, signed: bool = True, trailer: str = "") -> bytes:
    """As SDKs frame it."""
    extension = b";chunk-signature=" + b"0" * 64 if signed else b""
    framed = b"".join(
        b"%x%s\r\n%s\r\n" % (len(piece), extension, piece)
        for piece in (body[at : at + size] for at in range(0, len(body), size))
    )
    end = f"{trailer}\r\n".encode() if trailer else b""
    if trailer and signed:
        end += b"x-amz-trailer-signature:" + b"0" * 64 + b"\r\n"
    return framed + b"0%s\r\n%s\r\n" % (extension, end)


class Dribble(Body):
    """A body that comes in small pieces."""

    def __init__(self, data: bytes, size: int = 1000) -> None:
        super().__init__(None)
        self.length = len(data)
        self._pieces = [data[at : at + size] for at in range(0, len(data), size)]

    async def chunks(self) -> Any:
        for piece in self._pieces:
            yield piece


def send_chunked(cloud: Cloud, framed: Body, length: int | str, *more: tuple[str, str]) -> Any:
    headers = [
        HOST,
        SIGNED,
        ("Content-Encoding", "aws-chunked"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", str(length)),
        *more,
    ]
    return cloud.send(Request("PUT", "/k", Headers(headers), framed))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("body", [b"", BODY, LARGE], ids=["empty", "row", "file"])
@pytest.mark.parametrize("frame", [Body, Dribble, lambda data: Dribble(data, 7)], ids=["whole", "pieces", "crumbs"])
def test_framed_bodies(cloud: Cloud, s3: Any, body: bytes, signed: bool, frame: Callable[[bytes], Body]) -> None:
    trailer = f"x-amz-checksum-crc32c:{digest('CRC32C', body)}"
    framed = frame(chunked(body, signed=signed, trailer=trailer))
    response = send_chunked(cloud, framed, len(body), ("x-amz-trailer", "x-amz-checksum-crc32c"))
    assert (response.status, response.header("x-amz-checksum-crc32c")) == (200, digest("CRC32C", body))
    got = s3.get_object(Bucket="bucket", Key="k")
    assert got["Body"].read() == body
    assert "ContentEncoding" not in got


def test_a_content_encoding_besides_the_framing_stays(cloud: Cloud, s3: Any) -> None:
    headers = [HOST, SIGNED, ("Content-Encoding", "aws-chunked,gzip"), ("x-amz-decoded-content-length", "4")]
    cloud.send(Request("PUT", "/k", Headers(headers), Body(chunked(b"data"))))
    assert s3.head_object(Bucket="bucket", Key="k")["ContentEncoding"] == "gzip"


FRAMED = chunked(LARGE)


@pytest.mark.parametrize(
    ("framed", "length", "code"),
    [
        (FRAMED, len(LARGE) + 1, "IncompleteBody"),
        (FRAMED, len(LARGE) - 1, "IncompleteBody"),
        (FRAMED[:-90], len(LARGE), "IncompleteBody"),
        (FRAMED[: len(FRAMED) // 2], len(LARGE), "IncompleteBody"),
        (FRAMED.replace(b"\r\n", b"xx", 3), len(LARGE), "IncompleteBody"),
        (b"zz" + FRAMED, len(LARGE), "IncompleteBody"),
        (b"-5\r\nhello\r\n0\r\n\r\n", 5, "IncompleteBody"),
        (b"x" * 20_000, 5, "IncompleteBody"),
        (chunked(LARGE, size=1000), len(LARGE), "InvalidChunkSizeError"),
        (FRAMED, "many", "InvalidArgument"),
        (FRAMED, "-1", "InvalidArgument"),
        (FRAMED, 5 * 2**30 + 1, "EntityTooLarge"),
    ],
)
def test_broken_framing_leaves_nothing(cloud: Cloud, s3: Any, framed: bytes, length: int | str, code: str) -> None:
    for body in (Body(framed), Dribble(framed)):
        response = send_chunked(cloud, body, length)
        assert 400 <= response.status < 500
        assert f"<Code>{code}</Code>".encode() in response.body
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")


@pytest.mark.parametrize(
    ("trailer", "code"),
    [
        ("x-amz-checksum-crc32c:AAAAAA==", "BadDigest"),
        ("x-amz-checksum-crc32c:nonsense", "InvalidRequest"),
        ("x-amz-checksum-crc32c", "MalformedTrailerError"),
        ("", "MalformedTrailerError"),
    ],
)
def test_trailers_that_do_not_hold(cloud: Cloud, s3: Any, trailer: str, code: str) -> None:
    framed = Body(chunked(BODY, trailer=trailer))
    response = send_chunked(cloud, framed, len(BODY), ("x-amz-trailer", "x-amz-checksum-crc32c"))
    assert (response.status, f"<Code>{code}</Code>".encode() in response.body) == (400, True)


def test_checksums_of_parts_make_that_of_the_whole() -> None:
    parts = [LARGE[:100_000], LARGE[100_000:100_001], b"", LARGE[100_001:]]
    for name in ("CRC32", "CRC32C", "CRC64NVME"):
        assert checksums.combined(name, [(checksums.of(name, part), len(part)) for part in parts]) == digest(
            name, LARGE
        )
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert checksums.composite("SHA256", [digest("SHA256", part) for part in parts]) == digest("SHA256", digests) + "-4"
