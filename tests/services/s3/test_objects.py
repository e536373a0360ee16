"""PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import time
from collections.abc import Callable
from typing import Any

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud
from services.s3.callers import SIGNED, let, statement

Refused = Callable[..., dict[str, Any]]
HOST = ("Host", "bucket.s3.localhost")
SMALL = b"a small body"
LARGE = bytes(range(256)) * 9000  # 2.2 MiB: a file, several blocks


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("body", [b"", b"x", SMALL, LARGE[:65536], LARGE[:65537], LARGE], ids=len)
def test_a_body_comes_back_as_it_went(s3: Any, body: bytes) -> None:
    put = s3.put_object(Bucket="bucket", Key="a/b c+ü", Body=body)
    got = s3.get_object(Bucket="bucket", Key="a/b c+ü")
    assert got["Body"].read() == body
    assert got["ContentLength"] == len(body)
    assert got["ETag"] == put["ETag"]
    assert got["ContentType"] == "binary/octet-stream"
    assert got["ServerSideEncryption"] == put["ServerSideEncryption"] == "AES256"
    assert "VersionId" not in got


@pytest.mark.feature("s3.objects")
def test_what_is_said_of_an_object_is_answered(s3: Any) -> None:
    said = {
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/css",
        "WebsiteRedirectLocation": "/other",
        "StorageClass": "STANDARD_IA",
        "Metadata": {"color": "red", "size": "1"},
    }
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL, Tagging="a=1&b=2", **said)
    for answer in (s3.get_object(Bucket="bucket", Key="k"), s3.head_object(Bucket="bucket", Key="k")):
        assert {name: answer[name] for name in said} == said
        assert answer["TagCount"] == 2


@pytest.mark.feature("s3.objects")
def test_response_headers_can_be_overridden(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL, ContentType="text/css")
    got = s3.get_object(Bucket="bucket", Key="k", ResponseContentType="text/plain", ResponseCacheControl="max-age=1")
    assert (got["ContentType"], got["CacheControl"]) == ("text/plain", "max-age=1")


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("abc", "abc"),
        ("=?UTF-8?B?YWJj?=", "abc"),
        ("ÄMÄZÕÑ S3".encode().decode("latin-1"), "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
        ("=?UTF-8?B?AAECAw==?=", "=?UTF-8?B?AAECAw==?="),
        ("=?UTF-8?B?77+9Ye+/vQ==?=", "=?UTF-8?B?77+9Ye+/vQ==?="),
    ],
)
def test_metadata_beyond_ascii_is_answered_as_encoded_words(cloud: Cloud, s3: Any, given: str, stored: str) -> None:
    cloud.send(Request("PUT", "/k", Headers([HOST, SIGNED, ("x-amz-meta-text", given)]), Body()))
    assert s3.head_object(Bucket="bucket", Key="k")["Metadata"] == {"text": stored}


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("body", [SMALL * 100, LARGE], ids=["row", "file"])
@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=17-1200", 17, 1201),
        ("bytes=-7", -7, None),
        ("bytes=1000-", 1000, None),
        ("bytes=1000-999999999", 1000, None),
        ("bytes=-999999999", 0, None),
    ],
)
def test_ranges(s3: Any, body: bytes, header: str, start: int, end: int | None) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=body)
    got = s3.get_object(Bucket="bucket", Key="k", Range=header)
    wanted = body[start:end]
    assert got["Body"].read() == wanted
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    first = start % len(body) if start < 0 else start
    assert got["ContentRange"] == f"bytes {first}-{first + len(wanted) - 1}/{len(body)}"
    assert "ChecksumCRC32" not in got


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("header", ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "lines=1-2", "bytes=a-b"])
def test_ranges_that_s3_does_not_take_are_ignored(s3: Any, header: str) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL)
    got = s3.get_object(Bucket="bucket", Key="k", Range=header)
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()) == (200, SMALL)


@pytest.mark.feature("s3.objects")
def test_a_range_beyond_the_end(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=b"test-123")
    error = refused(s3.get_object, Bucket="bucket", Key="k", Range="bytes=1024-4096")
    assert error == {
        "Code": "InvalidRange",
        "Message": "The requested range is not satisfiable",
        "ActualObjectSize": "8",
        "RangeRequested": "bytes=1024-4096",
        "Status": 416,
    }
    assert refused(s3.get_object, Bucket="bucket", Key="k", Range="bytes=-0")["Code"] == "InvalidRange"


@pytest.mark.feature("s3.objects")
def test_a_part_of_an_object_that_has_none(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=b"test-123")
    got = s3.get_object(Bucket="bucket", Key="k", PartNumber=1)
    assert (got["ContentRange"], got["ResponseMetadata"]["HTTPStatusCode"]) == ("bytes 0-7/8", 206)
    assert "PartsCount" not in got
    error = refused(s3.get_object, Bucket="bucket", Key="k", PartNumber=2)
    assert (error["Code"], error["ActualPartCount"], error["PartNumberRequested"]) == ("InvalidPartNumber", "1", "2")
    error = refused(s3.get_object, Bucket="bucket", Key="k", PartNumber=1, Range="bytes=0-1")
    assert error["Message"] == "Cannot specify both Range header and partNumber query parameter"


@pytest.mark.feature("s3.objects")
def test_what_is_not_there(s3: Any, refused: Refused) -> None:
    assert refused(s3.get_object, Bucket="bucket", Key="none") == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "none",
        "Status": 404,
    }
    assert refused(s3.head_object, Bucket="bucket", Key="none") == {
        "Code": "404",
        "Message": "Not Found",
        "Status": 404,
    }
    error = refused(s3.get_object, Bucket="no-such-bucket", Key="k")
    assert (error["Code"], error["BucketName"]) == ("NoSuchBucket", "no-such-bucket")


@pytest.mark.feature("s3.objects")
def test_limits(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k" * 1024, Body=b"")
    assert refused(s3.put_object, Bucket="bucket", Key="k" * 1025, Body=b"")["Code"] == "KeyTooLongError"
    assert refused(s3.put_object, Bucket="bucket", Key="ü" * 513, Body=b"")["Code"] == "KeyTooLongError"
    s3.put_object(Bucket="bucket", Key="k", Metadata={"a": "x" * 2047})
    error = refused(s3.put_object, Bucket="bucket", Key="k", Metadata={"a": "x" * 2048})
    assert (error["Code"], error["MaxSizeAllowed"], error["Size"]) == ("MetadataTooLarge", "2048", "2049")


@pytest.mark.feature("s3.objects")
def test_a_put_above_five_gigabytes_is_refused_before_it_comes(cloud: Cloud, s3: Any) -> None:
    response = cloud.send(put_request(Announced(5 * 2**30 + 1)))
    assert response.status == 400
    assert b"<Code>EntityTooLarge</Code>" in response.body


class Announced(Body):
    """A body of which more is announced than comes."""

    def __init__(self, length: int, data: bytes = b"") -> None:
        super().__init__(None)
        self.length = length
        self._data = data

    async def chunks(self) -> Any:
        yield self._data


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("size", [10, 300_000])
def test_a_truncated_body_leaves_what_was_there(cloud: Cloud, s3: Any, size: int) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL)
    response = cloud.send(put_request(Announced(size + 1, b"x" * size)))
    assert (response.status, b"<Code>IncompleteBody</Code>" in response.body) == (400, True)
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == SMALL


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_overwriting_and_deleting_free_the_space(cloud: Cloud, s3: Any, body: bytes) -> None:
    for _ in range(3):
        s3.put_object(Bucket="bucket", Key="k", Body=body)
    s3.delete_object(Bucket="bucket", Key="k")
    assert is_freed(cloud)


def is_freed(cloud: Cloud) -> bool:
    """Whether no body lies in rows or, soon, in files: those are removed in a thread."""
    from hodei.services.s3.state import data

    folder, deadline = cloud.world.blobs._directory, time.monotonic() + 5
    while any(path.is_file() for path in folder.rglob("*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(path.is_file() for path in folder.rglob("*")) and not list(data.all(cloud.world.store))


@pytest.mark.feature("s3.objects")
def test_of_concurrent_puts_the_last_to_end_wins(cloud: Cloud, s3: Any) -> None:
    first, second = Gated(b"1" * 200_000), Gated(b"2" * 200_000)

    async def race() -> None:
        slow = asyncio.ensure_future(cloud._runner.answer(put_request(first)))
        fast = asyncio.ensure_future(cloud._runner.answer(put_request(second)))
        await asyncio.sleep(0)
        second.gate.set()
        await fast
        first.gate.set()
        await slow

    cloud._runner.call(race)
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"1" * 200_000


class Gated(Body):
    """A body whose second half comes when the gate opens."""

    def __init__(self, data: bytes) -> None:
        super().__init__(None)
        self.length = len(data)
        self.gate = asyncio.Event()
        self._data = data

    async def chunks(self) -> Any:
        half = len(self._data) // 2
        yield self._data[:half]
        await self.gate.wait()
        yield self._data[half:]


def put_request(body: Body) -> Request:
    return Request("PUT", "/k", Headers([HOST, SIGNED]), body)


@pytest.mark.feature("s3.objects")
def test_streams_without_a_known_length_need_the_decoded_one(cloud: Cloud, s3: Any) -> None:
    body = Announced(0)
    body.length = None
    response = cloud.send(put_request(body))
    assert (response.status, b"<Code>MissingContentLength</Code>" in response.body) == (411, True)


@pytest.mark.feature("s3.objects")
def test_upload_and_download_of_files(s3: Any) -> None:
    s3.upload_fileobj(io.BytesIO(LARGE), "bucket", "file")
    target = io.BytesIO()
    s3.download_fileobj("bucket", "file", target)
    assert target.getvalue() == LARGE


@pytest.mark.feature("s3.objects")
def test_delete_is_idempotent(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL)
    for _ in range(2):
        answer = s3.delete_object(Bucket="bucket", Key="k")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert "VersionId" not in answer
    assert refused(s3.get_object, Bucket="bucket", Key="k")["Code"] == "NoSuchKey"


@pytest.mark.feature("s3.objects")
def test_delete_objects(s3: Any, refused: Refused) -> None:
    for key in ("a", "b"):
        s3.put_object(Bucket="bucket", Key=key)
    wanted = [{"Key": "a"}, {"Key": "none"}]
    assert s3.delete_objects(Bucket="bucket", Delete={"Objects": wanted})["Deleted"] == wanted
    answer = s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    assert "Deleted" not in answer and "Errors" not in answer
    too_many = [{"Key": str(number)} for number in range(1001)]
    assert refused(s3.delete_objects, Bucket="bucket", Delete={"Objects": too_many})["Code"] == "MalformedXML"


@pytest.mark.feature("s3.objects")
def test_delete_objects_fails_key_by_key(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="a", Body=SMALL)
    s3.put_object(Bucket="bucket", Key="b", Body=SMALL)
    etag = s3.head_object(Bucket="bucket", Key="a")["ETag"]
    wanted = [{"Key": "a", "ETag": etag}, {"Key": "b", "ETag": '"0"'}, {"Key": "c", "VersionId": "made-up"}]
    answer = s3.delete_objects(Bucket="bucket", Delete={"Objects": wanted})
    assert answer["Deleted"] == [{"Key": "a"}]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [
        ("b", "PreconditionFailed"),
        ("c", "NoSuchVersion"),
    ]


@pytest.mark.feature("s3.objects")
def test_expected_bucket_owner(s3: Any, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k", ExpectedBucketOwner="000000000000")
    assert (
        refused(s3.get_object, Bucket="bucket", Key="k", ExpectedBucketOwner="111111111111")["Code"] == "AccessDenied"
    )
    error = refused(s3.delete_object, Bucket="bucket", Key="k", ExpectedBucketOwner="abcd")
    assert error["Code"] == "InvalidBucketOwnerAWSAccountID"
    assert error["Message"] == "The value of the expected bucket owner parameter must be an AWS Account ID... [abcd]"


@pytest.mark.feature("s3.objects")
def test_acls_are_refused_where_the_owner_owns_everything(s3: Any, refused: Refused) -> None:
    error = refused(s3.put_object, Bucket="bucket", Key="k", ACL="public-read")
    assert (error["Code"], error["Status"]) == ("AccessControlListNotSupported", 400)
    s3.put_object(Bucket="bucket", Key="k", ACL="bucket-owner-full-control")


@pytest.mark.feature("s3.storage-classes")
@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_what_is_archived_cannot_be_read(s3: Any, name: str, refused: Refused) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL, StorageClass=name)
    assert refused(s3.get_object, Bucket="bucket", Key="k") == {
        "Code": "InvalidObjectState",
        "Message": "The operation is not valid for the object's storage class",
        "StorageClass": name,
        "Status": 403,
    }
    assert s3.head_object(Bucket="bucket", Key="k")["StorageClass"] == name


@pytest.mark.feature("s3.storage-classes")
@pytest.mark.parametrize("name", ["OUTPOSTS", "EXPRESS_ONEZONE", "NONE"])
def test_storage_classes_that_a_bucket_does_not_have(s3: Any, name: str, refused: Refused) -> None:
    error = refused(s3.put_object, Bucket="bucket", Key="k", StorageClass=name)
    assert (error["Code"], error["StorageClassRequested"]) == ("InvalidStorageClass", name)


@pytest.mark.feature("s3.objects")
def test_every_answer_names_itself(cloud: Cloud, s3: Any) -> None:
    response = cloud.send(Request("GET", "/k", Headers([HOST, SIGNED]), Body()))
    assert response.header("server") == "AmazonS3"
    request_id, host_id = response.header("x-amz-request-id"), response.header("x-amz-id-2")
    assert f"<RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>".encode() in response.body


@pytest.mark.feature("s3.objects")
def test_documents_arrive_as_they_were_sent(cloud: Cloud, s3: Any) -> None:
    document = b"<Delete><Object><Key>k</Key></Object></Delete>"
    digest = base64.b64encode(hashlib.md5(document).digest()).decode()

    def send(*headers: tuple[str, str]) -> bytes:
        return cloud.send(Request("POST", "/?delete", Headers([HOST, SIGNED, *headers]), Body(document))).body

    assert b"<Deleted><Key>k</Key></Deleted>" in send(("Content-MD5", digest))
    missing = b"Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
    assert missing in send()
    assert b"<Code>BadDigest</Code>" in send(("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="))
    assert b"<Code>InvalidDigest</Code>" in send(("Content-MD5", "nonsense"))
    assert b"<Code>BadDigest</Code>" in send(("x-amz-checksum-crc32", "AAAAAA=="))


@pytest.mark.feature("s3.objects")
def test_requester_pays(cloud: Cloud, s3: Any, refused: Refused) -> None:
    payment = {"Payer": "Requester"}
    s3.put_bucket_request_payment(Bucket="bucket", RequestPaymentConfiguration=payment)
    let(s3, "bucket", statement("bucket", {"AWS": "111111111111"}))
    other, where = cloud.client("s3", account="111111111111"), {"Bucket": "bucket", "Key": "k"}
    assert refused(other.put_object, **where)["Code"] == "AccessDenied"
    for operation in ("put_object", "get_object", "head_object", "delete_object"):
        assert getattr(other, operation)(**where, RequestPayer="requester")["RequestCharged"] == "requester"
    assert "RequestCharged" not in s3.put_object(**where, RequestPayer="requester")


@pytest.mark.feature("s3.objects")
def test_redirect_locations(s3: Any, refused: Refused) -> None:
    for location in ("ftp://example.com", "other"):
        error = refused(s3.put_object, Bucket="bucket", Key="k", WebsiteRedirectLocation=location)
        assert error["Code"] == "InvalidRedirectLocation"


@pytest.mark.feature("s3.objects")
def test_appending_is_refused(s3: Any, refused: Refused) -> None:
    error = refused(s3.put_object, Bucket="bucket", Key="k", WriteOffsetBytes=0)
    assert (error["Code"], error["Header"], error["Status"]) == ("NotImplemented", "x-amz-write-offset-bytes", 501)


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("recreated", [False, True])
def test_a_bucket_that_goes_while_the_body_comes(cloud: Cloud, s3: Any, recreated: bool) -> None:
    body = Gated(b"1" * 200_000)

    async def race() -> Any:
        slow = asyncio.ensure_future(cloud._runner.answer(put_request(body)))
        await asyncio.sleep(0)
        await cloud._runner.answer(Request("DELETE", "/", Headers([HOST, SIGNED]), Body()))
        if recreated:
            await cloud._runner.answer(Request("PUT", "/", Headers([HOST, SIGNED]), Body()))
        body.gate.set()
        return await slow

    response = cloud._runner.call(race)
    assert (response.status, b"<Code>NoSuchBucket</Code>" in response.body) == (404, True)
    assert is_freed(cloud)


@pytest.mark.feature("s3.versioning")
def test_event_holds_are_refused(s3: Any, refused: Refused) -> None:
    error = refused(s3.put_object, Bucket="bucket", Key="k", ObjectLockEventHoldDurationDays=1)
    assert (error["Code"], error["Header"]) == ("NotImplemented", "x-amz-object-lock-event-hold")
