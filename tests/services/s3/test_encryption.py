"""Encryption: with S3's key and with the customer's; nothing readable lies on the disk."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.encryption")

Refused = Callable[..., dict[str, Any]]
NEEDLE = b"the text that must not be found on the disk "
SMALL, LARGE = NEEDLE * 10, NEEDLE * 20_000
KEY, OTHER = b"k" * 32, b"o" * 32
SSE_C = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
WRONG = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER}
MD5 = base64.b64encode(hashlib.md5(KEY).digest()).decode()
ENCODED = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(KEY).decode()}  # not by botocore
WHERE = {"Bucket": "bucket", "Key": "k"}


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("customer", [{}, SSE_C], ids=["SSE-S3", "SSE-C"])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_nothing_readable_lies_on_the_disk(tmp_path: Path, customer: dict[str, Any], body: bytes) -> None:
    with Cloud(directory=tmp_path) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(**WHERE, Body=body, Metadata={"marker": "findable-metadata"}, **customer)
    stored = on_disk(tmp_path)
    assert b"findable-metadata" in stored and len(stored) > len(body)
    assert NEEDLE[:16] not in stored
    assert KEY not in stored
    with Cloud(directory=tmp_path) as cloud:
        assert cloud.client("s3").get_object(**WHERE, **customer)["Body"].read() == body


def test_equal_bodies_are_stored_differently(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="bucket")
        for key in ("a", "b"):
            s3.put_object(Bucket="bucket", Key=key, Body=LARGE)
        first, second = sorted(path for path in (tmp_path / "blobs").rglob("*") if path.is_file())
        assert first.read_bytes() != second.read_bytes()


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_customer_keys(s3: Any, body: bytes) -> None:
    told = {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": MD5}
    put = s3.put_object(**WHERE, Body=body, **SSE_C)
    got = s3.get_object(**WHERE, **SSE_C)
    assert got["Body"].read() == body
    for answer in (put, got, s3.head_object(**WHERE, **SSE_C)):
        assert {name: answer[name] for name in told} == told
        assert "ServerSideEncryption" not in answer
    assert put["ETag"] == got["ETag"] != f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.get_object(**WHERE, **SSE_C, Range="bytes=100-199")["Body"].read() == body[100:200]
    attributes = s3.get_object_attributes(**WHERE, **ENCODED, SSECustomerKeyMD5=MD5, ObjectAttributes=["ObjectSize"])
    assert attributes["ObjectSize"] == len(body)


def test_without_the_key_there_is_no_reading(s3: Any, refused: Refused) -> None:
    s3.put_object(**WHERE, Body=SMALL, **SSE_C)
    assert refused(s3.get_object, **WHERE) == {
        "Code": "InvalidRequest",
        "Message": "The object was stored using a form of Server Side Encryption. "
        "The correct parameters must be provided to retrieve the object.",
        "Status": 400,
    }
    assert refused(s3.head_object, **WHERE)["Status"] == 400
    assert refused(s3.get_object, **WHERE, **WRONG)["Code"] == "AccessDenied"
    s3.put_object(**WHERE, Body=SMALL)
    error = refused(s3.get_object, **WHERE, **SSE_C)
    assert error["Message"] == "The encryption parameters are not applicable to this object."


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"SSECustomerAlgorithm": "KMS", "SSECustomerKey": KEY},
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ),
        (
            {"SSECustomerKey": KEY},
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys "
            "must provide a valid encryption algorithm.",
        ),
        (
            {"SSECustomerAlgorithm": "AES256"},
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys "
            "must provide an appropriate secret key.",
        ),
        (
            {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"short"},
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
        ),
        (
            {**ENCODED, "SSECustomerKeyMD5": "AAAA"},
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
        (
            {**SSE_C, "ServerSideEncryption": "AES256"},
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ),
    ],
)
def test_keys_that_cannot_be(s3: Any, refused: Refused, given: dict[str, Any], code: str, message: str) -> None:
    error = refused(s3.put_object, **WHERE, Body=SMALL, **given)
    assert (error["Code"], error["Message"], error["Status"]) == (code, message, 400)


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_copies_from_key_to_key(s3: Any, refused: Refused, body: bytes) -> None:
    s3.put_object(**WHERE, Body=body, **SSE_C)
    copy = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/k"}
    source = {f"CopySource{name}": value for name, value in SSE_C.items()}
    assert refused(s3.copy_object, **copy)["Code"] == "InvalidRequest"
    s3.copy_object(**copy, **source)
    got = s3.get_object(Bucket="bucket", Key="copy")
    assert (got["Body"].read(), got["ServerSideEncryption"]) == (body, "AES256")
    assert got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    s3.copy_object(**copy, **source, **WRONG)
    assert s3.get_object(Bucket="bucket", Key="copy", **WRONG)["Body"].read() == body
    s3.copy_object(Bucket="bucket", Key="k", CopySource="bucket/k", **source, **WRONG)  # a new key in its place
    assert s3.get_object(**WHERE, **WRONG)["Body"].read() == body


def test_a_delete_needs_no_key(s3: Any) -> None:
    s3.put_object(**WHERE, Body=SMALL, **SSE_C)
    s3.delete_object(**WHERE)
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")
