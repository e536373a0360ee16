"""Multipart uploads, against what AWS answered."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.services.s3.state import data, upload_parts, uploads
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.objects")

BUCKET = "assembled"
KEY = "dir/whole"
MB5 = 5 * 2**20
BIG = b"a" * (MB5 + 1)
SMALL = b"a" * 10
UPLOAD_GONE = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
INVALID_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag."
)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client that adds no checksums of its own accord."""
    config = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    client = cloud.client("s3", config=config)
    client.create_bucket(Bucket=BUCKET)
    return client


def begin(s3: Any, **options: Any) -> str:
    return str(s3.create_multipart_upload(Bucket=BUCKET, Key=KEY, **options)["UploadId"])


def upload(s3: Any, upload_id: str, *bodies: bytes, **options: Any) -> list[dict[str, Any]]:
    """Upload parts 1, 2 ...; returns what completes the upload."""
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(Bucket=BUCKET, Key=KEY, UploadId=upload_id, PartNumber=number, Body=body, **options)
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})
    return parts


def complete(s3: Any, upload_id: str, parts: list[dict[str, Any]], **options: Any) -> Any:
    return s3.complete_multipart_upload(
        Bucket=BUCKET, Key=KEY, UploadId=upload_id, MultipartUpload={"Parts": parts}, **options
    )


def refused(call: Any, *args: Any, **options: Any) -> tuple[int, dict[str, str]]:
    with pytest.raises(ClientError) as caught:
        call(*args, **options)
    error = dict(caught.value.response["Error"])
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], error


def stored_rows(cloud: Cloud) -> tuple[int, int, int]:
    """Uploads, parts and small bodies that the bucket's place holds."""

    def count() -> tuple[int, int, int]:
        home = cloud.world.context("s3", account="000000000000", region="us-east-1")
        return uploads.count(home), upload_parts.count(home), data.count(home)

    counted: tuple[int, int, int] = cloud._runner.call(count)
    return counted


def test_parts_become_one_object(s3: Any) -> None:
    upload_id = begin(s3, ContentType="text/x-whole", Metadata={"a": "b"}, StorageClass="STANDARD_IA")
    parts = upload(s3, upload_id, BIG, BIG, SMALL)
    answer = complete(s3, upload_id, parts)
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert answer == {
        "Bucket": BUCKET,
        "Key": KEY,
        "Location": "http://localhost:4566/assembled/dir%2Fwhole",
        "ETag": '"4d45984fc3feb2ac9b22683c49674b56-3"',
        "ChecksumCRC64NVME": "ZMNX55lZurA=",
        "ChecksumType": "FULL_OBJECT",
        "ServerSideEncryption": "AES256",
    }
    found = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert found["Body"].read() == BIG + BIG + SMALL
    assert (found["ContentType"], found["Metadata"], found["StorageClass"]) == (
        "text/x-whole",
        {"a": "b"},
        "STANDARD_IA",
    )
    part = s3.get_object(Bucket=BUCKET, Key=KEY, PartNumber=3)
    assert part["Body"].read() == SMALL
    assert (part["PartsCount"], part["ContentRange"]) == (3, "bytes 10485762-10485771/10485772")
    middle = s3.get_object(Bucket=BUCKET, Key=KEY, Range=f"bytes={MB5 - 2}-{MB5 + 5}")
    assert middle["Body"].read() == b"a" * 8


@pytest.mark.parametrize(
    ("algorithm", "kind", "expected"),
    [
        ("CRC32", "COMPOSITE", "5FRUiw==-3"),
        ("SHA1", "COMPOSITE", "AyE60nyQoBgJcwsyPHWu7aJuxBs=-3"),
        ("CRC32", "FULL_OBJECT", "qSEQSA=="),
        ("CRC64NVME", "FULL_OBJECT", "ZMNX55lZurA="),
    ],
)
def test_checksum_of_the_whole_as_aws_computed_it(s3: Any, algorithm: str, kind: str, expected: str) -> None:
    upload_id = begin(s3, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    parts = upload(s3, upload_id, BIG, BIG, SMALL, ChecksumAlgorithm=algorithm)
    listed = s3.list_parts(Bucket=BUCKET, Key=KEY, UploadId=upload_id)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, kind)
    assert [p[f"Checksum{algorithm}"] for p in listed["Parts"]] == [p[f"Checksum{algorithm}"] for p in parts]
    answer = complete(s3, upload_id, parts, ChecksumType=kind)
    assert (answer[f"Checksum{algorithm}"], answer["ChecksumType"]) == (expected, kind)
    head = s3.head_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == expected


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_full_object_checksum_is_that_of_the_same_bytes_put_at_once(s3: Any, algorithm: str) -> None:
    body = bytes(range(256)) * (MB5 // 256) + b"\0" * 7
    put = s3.put_object(Bucket=BUCKET, Key="at-once", Body=body + b"tail", ChecksumAlgorithm=algorithm)
    upload_id = begin(s3, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    answer = complete(s3, upload_id, upload(s3, upload_id, body, b"tail", ChecksumAlgorithm=algorithm))
    assert answer[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
        ),
        (
            {"ChecksumType": "COMPOSITE"},
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        ),
        (
            {"ChecksumAlgorithm": "TEST"},
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        ),
    ],
)
def test_checksum_types_that_do_not_fit(s3: Any, options: dict[str, str], message: str) -> None:
    status, error = refused(begin, s3, **options)
    assert (status, error["Code"], error["Message"]) == (400, "InvalidRequest", message)


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC32", "COMPOSITE"), ("CRC32C", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT"), ("SHA1", "COMPOSITE")],
)
def test_default_checksum_type(s3: Any, algorithm: str, kind: str) -> None:
    answer = s3.create_multipart_upload(Bucket=BUCKET, Key=KEY, ChecksumAlgorithm=algorithm)
    assert (answer["ChecksumAlgorithm"], answer["ChecksumType"]) == (algorithm, kind)


def test_checksums_that_do_not_match(s3: Any) -> None:
    upload_id = begin(s3, ChecksumAlgorithm="SHA256")
    where = {"Bucket": BUCKET, "Key": KEY, "UploadId": upload_id, "PartNumber": 1}
    _, error = refused(s3.upload_part, **where, Body=b"abc", ChecksumAlgorithm="CRC32")
    assert (
        error["Message"]
        == "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    )
    (part,) = upload(s3, upload_id, b"abc")
    assert part["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    bare = {"PartNumber": 1, "ETag": part["ETag"]}
    _, error = refused(complete, s3, upload_id, [bare])
    assert error["Message"] == (
        "The upload was created using a sha256 checksum. The complete request must include the checksum for each "
        "part. It was missing for part 1 in the request."
    )
    other = base64.b64encode(hashlib.sha256(b"else").digest()).decode()
    status, error = refused(complete, s3, upload_id, [bare | {"ChecksumSHA256": other}])
    assert (status, error["Code"], error["ETag"]) == (400, "InvalidPart", hashlib.md5(b"abc").hexdigest())
    crc = base64.b64encode(zlib.crc32(b"abc").to_bytes(4, "big")).decode()
    _, error = refused(complete, s3, upload_id, [bare | {"ChecksumCRC32": crc}])
    assert (error["Code"], error["Message"]) == (
        "BadDigest",
        "The sha256 you specified for part 1 did not match what we received.",
    )
    _, error = refused(complete, s3, upload_id, [part], ChecksumType="FULL_OBJECT")
    assert error["Message"] == (
        "The upload was created using the COMPOSITE checksum mode. The complete request must use the same checksum mode."
    )
    assert complete(s3, upload_id, [part])["ChecksumType"] == "COMPOSITE"


def test_the_checksum_of_the_whole_is_compared(s3: Any) -> None:
    upload_id = begin(s3, ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    parts = [{"PartNumber": 1, "ETag": upload(s3, upload_id, b"abc")[0]["ETag"]}]
    status, error = refused(complete, s3, upload_id, parts, ChecksumCRC32C="AAAAAA==")
    assert (status, error["Code"]) == (400, "BadDigest")
    assert error["Message"] == "The crc32c you specified did not match the calculated checksum."
    assert complete(s3, upload_id, parts, ChecksumCRC32C="Nks/tw==")["ChecksumCRC32C"] == "Nks/tw=="


def test_an_upload_without_checksum_takes_parts_with_any(s3: Any) -> None:
    upload_id = begin(s3)
    (part,) = upload(s3, upload_id, b"abc", ChecksumAlgorithm="CRC32C")
    assert part["ChecksumCRC32C"] == "Nks/tw=="
    assert "ChecksumCRC32C" not in s3.list_parts(Bucket=BUCKET, Key=KEY, UploadId=upload_id)["Parts"][0]
    _, error = refused(complete, s3, upload_id, [part])
    assert error["Code"] == "InvalidPart"
    bare = [{"PartNumber": 1, "ETag": part["ETag"]}]
    _, error = refused(complete, s3, upload_id, bare, ChecksumType="FULL_OBJECT")
    assert error["Message"] == (
        "The upload was created using the null checksum mode. The complete request must use the same checksum mode."
    )
    answer = complete(s3, upload_id, bare)
    put = s3.put_object(Bucket=BUCKET, Key="same", Body=b"abc", ChecksumAlgorithm="CRC64NVME")
    assert answer["ChecksumCRC64NVME"] == put["ChecksumCRC64NVME"]


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_part_numbers_go_from_1_to_10000(s3: Any, number: int) -> None:
    upload_id = begin(s3)
    where = {"Bucket": BUCKET, "Key": KEY, "UploadId": upload_id, "PartNumber": number}
    status, error = refused(s3.upload_part, **where, Body=b"")
    assert (status, error["Code"]) == (400, "InvalidArgument")
    assert error["Message"] == "Part number must be an integer between 1 and 10000, inclusive"
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("partNumber", str(number))


def test_parts_must_be_big_ordered_and_there(s3: Any) -> None:
    upload_id = begin(s3)
    small, last = upload(s3, upload_id, SMALL, SMALL)
    status, error = refused(complete, s3, upload_id, [small, last])
    assert (status, error["Code"]) == (400, "EntityTooSmall")
    assert error["Message"] == "Your proposed upload is smaller than the minimum allowed size"
    assert (error["MinSizeAllowed"], error["ProposedSize"], error["PartNumber"]) == ("5242880", "10", "1")
    assert error["ETag"] == small["ETag"].strip('"')
    status, error = refused(complete, s3, upload_id, [last, small])
    assert (status, error["Code"], error["UploadId"]) == (400, "InvalidPartOrder", upload_id)
    assert error["Message"] == "The list of parts was not in ascending order. Parts must be ordered by part number."
    status, error = refused(complete, s3, upload_id, [{"PartNumber": 3, "ETag": small["ETag"]}])
    assert (status, error["Code"], error["Message"], error["PartNumber"]) == (400, "InvalidPart", INVALID_PART, "3")
    assert error["ETag"] == small["ETag"].strip('"') and error["UploadId"] == upload_id
    status, error = refused(complete, s3, upload_id, [])
    assert (status, error["Code"]) == (400, "MalformedXML")
    _, error = refused(complete, s3, upload_id, [last], MpuObjectSize=11)
    assert error["Code"] == "InvalidRequest"
    assert complete(s3, upload_id, [last], MpuObjectSize=10)["ETag"].endswith('-1"')


def test_a_part_sent_again_replaces_the_first_and_unused_parts_go(s3: Any, cloud: Cloud) -> None:
    upload_id = begin(s3)
    upload(s3, upload_id, b"old")
    assert stored_rows(cloud) == (1, 1, 1)
    parts = upload(s3, upload_id, b"new", b"unused")
    assert stored_rows(cloud) == (1, 2, 2)
    complete(s3, upload_id, parts[:1])
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"new"
    assert stored_rows(cloud) == (0, 0, 1)


def test_an_aborted_upload_leaves_nothing(s3: Any, cloud: Cloud) -> None:
    upload_id = begin(s3)
    upload(s3, upload_id, b"x" * 200_000, b"small")
    (blob,) = [part for part in cloud.world.blobs._directory.rglob("*") if part.is_file()]
    s3.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload_id)
    assert stored_rows(cloud) == (0, 0, 0)
    cloud.settle()
    cloud._runner.call(lambda: cloud.world.blobs.sweep(cloud.world.store))
    assert not blob.exists()
    for call in (
        lambda: s3.list_parts(Bucket=BUCKET, Key=KEY, UploadId=upload_id),
        lambda: upload(s3, upload_id, b"late"),
        lambda: complete(s3, upload_id, [{"PartNumber": 1, "ETag": "e"}]),
        lambda: s3.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload_id),
    ):
        status, error = refused(call)
        assert (status, error["Code"], error["Message"], error["UploadId"]) == (
            404,
            "NoSuchUpload",
            UPLOAD_GONE,
            upload_id,
        )


def test_an_upload_belongs_to_its_key(s3: Any) -> None:
    upload_id = begin(s3)
    status, error = refused(s3.list_parts, Bucket=BUCKET, Key="other", UploadId=upload_id)
    assert (status, error["Code"], error["UploadId"]) == (404, "NoSuchUpload", upload_id)


def test_completing_again_answers_the_same(s3: Any, cloud: Cloud) -> None:
    upload_id = begin(s3)
    parts = upload(s3, upload_id, b"abc")
    first, second = complete(s3, upload_id, parts), complete(s3, upload_id, parts)
    first.pop("ResponseMetadata"), second.pop("ResponseMetadata")
    assert first == second
    assert refused(complete, s3, upload_id, [{"PartNumber": 1, "ETag": hashlib.md5(b"").hexdigest()}])[0] == 404
    cloud.clock.advance(days=2)
    assert refused(complete, s3, upload_id, parts)[1]["Code"] == "NoSuchUpload"


def test_conditions_on_completion(s3: Any, cloud: Cloud) -> None:
    first, second = begin(s3), begin(s3)
    parts = upload(s3, first, b"abc")
    upload(s3, second, b"abc")
    assert refused(complete, s3, first, parts, IfMatch='"e"')[0] == 404
    complete(s3, first, parts, IfNoneMatch="*")
    status, error = refused(complete, s3, second, parts, IfNoneMatch="*")
    assert (status, error["Code"], error["Condition"]) == (412, "PreconditionFailed", "If-None-Match")
    etag = s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"]
    status, error = refused(complete, s3, second, parts, IfMatch='"other"')
    assert (status, error["Code"], error["Condition"]) == (412, "PreconditionFailed", "If-Match")
    status, error = refused(complete, s3, second, parts, IfMatch=etag)
    assert (status, error["Code"], error["Condition"]) == (409, "ConditionalRequestConflict", "If-Match")
    third = begin(s3)
    upload(s3, third, b"abc")
    complete(s3, third, parts, IfMatch=etag)
    fourth = begin(s3)
    upload(s3, fourth, b"abc")
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert refused(complete, s3, fourth, parts, IfNoneMatch="*")[1]["Code"] == "ConditionalRequestConflict"


def test_versions_of_completed_uploads(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    ids = []
    for body in (b"one", b"two"):
        upload_id = begin(s3)
        ids.append(complete(s3, upload_id, upload(s3, upload_id, body))["VersionId"])
    assert s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=ids[0])["Body"].read() == b"one"
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["VersionId"] == ids[1]


def test_listing_of_parts(s3: Any) -> None:
    upload_id = begin(s3)
    where = {"Bucket": BUCKET, "Key": KEY, "UploadId": upload_id}
    empty = s3.list_parts(**where)
    assert "Parts" not in empty and empty["NextPartNumberMarker"] == empty["PartNumberMarker"] == 0
    upload(s3, upload_id, b"abcd", b"abcd")
    first = s3.list_parts(**where, MaxParts=1)
    assert (first["IsTruncated"], first["NextPartNumberMarker"], first["MaxParts"]) == (True, 1, 1)
    second = s3.list_parts(**where, MaxParts=1, PartNumberMarker=1)
    assert (second["IsTruncated"], second["NextPartNumberMarker"], second["Parts"][0]["PartNumber"]) == (False, 2, 2)
    beyond = s3.list_parts(**where, MaxParts=1, PartNumberMarker=10)
    assert "Parts" not in beyond and beyond["NextPartNumberMarker"] == 0 and beyond["PartNumberMarker"] == 10
    listed = s3.list_parts(**where)
    assert listed["StorageClass"] == "STANDARD" and listed["Owner"]["ID"] and listed["Initiator"]["ID"]
    assert (listed["Parts"][0]["Size"], listed["Parts"][0]["ETag"]) == (4, '"e2fc714c4727ee9395f324cd2e7f331f"')


def test_listing_of_uploads(s3: Any) -> None:
    ids = {
        key: s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        for key in ("test/bar/1", "test/foo/1", "test/foo/2", "top")
    }
    second = s3.create_multipart_upload(Bucket=BUCKET, Key="top")["UploadId"]
    found = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="test/", Delimiter="/")
    assert [group["Prefix"] for group in found["CommonPrefixes"]] == ["test/bar/", "test/foo/"]
    assert "Uploads" not in found
    assert found["NextKeyMarker"] == found["NextUploadIdMarker"] == found["KeyMarker"] == found["UploadIdMarker"] == ""
    found = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="test/foo")
    assert [entry["Key"] for entry in found["Uploads"]] == ["test/foo/1", "test/foo/2"]
    assert (found["NextKeyMarker"], found["NextUploadIdMarker"]) == ("test/foo/2", ids["test/foo/2"])
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1})
    listed = [(entry["Key"], entry["UploadId"]) for page in pages for entry in page["Uploads"]]
    assert listed == [*ids.items(), ("top", second)]
    after = s3.list_multipart_uploads(Bucket=BUCKET, KeyMarker="top", UploadIdMarker=ids["top"])
    assert [entry["UploadId"] for entry in after["Uploads"]] == [second]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET, KeyMarker="top")


def test_parts_copied_from_objects(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"0123456789")
    upload_id = begin(s3)
    where = {"Bucket": BUCKET, "Key": KEY, "UploadId": upload_id, "CopySource": f"{BUCKET}/source"}
    copied = s3.upload_part_copy(**where, PartNumber=1, CopySourceRange="bytes=1-9")
    assert copied["CopyPartResult"]["ETag"] == f'"{hashlib.md5(b"123456789").hexdigest()}"'
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
    complete(s3, upload_id, parts)
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"123456789"


@pytest.mark.parametrize(
    "text", ["0-8", "bytes=-", "bytes=-0", "bytes=-1-", "bytes=1-", "bytes=1-0", "bytes=0-1,3-4", "bytes=0--1"]
)
def test_malformed_copy_ranges(s3: Any, text: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"0123456789")
    where = {"Bucket": BUCKET, "Key": KEY, "UploadId": begin(s3), "PartNumber": 1, "CopySource": f"{BUCKET}/source"}
    status, error = refused(s3.upload_part_copy, **where, CopySourceRange=text)
    assert (status, error["Code"], error["ArgumentValue"]) == (400, "InvalidArgument", text)
    assert error["Message"] == (
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        "zero-based offsets of the first and last bytes to copy"
    )


def test_copy_ranges_beyond_the_source(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"0123456789")
    where = {"Bucket": BUCKET, "Key": KEY, "UploadId": begin(s3), "PartNumber": 1, "CopySource": f"{BUCKET}/source"}
    _, error = refused(s3.upload_part_copy, **where, CopySourceRange="bytes=0-100")
    assert error["Message"] == "Range specified is not valid for source object of size: 10"
    _, error = refused(s3.upload_part_copy, **where, CopySourceRange="bytes=100-200")
    assert (error["Code"], error["Message"]) == (
        "InvalidRequest",
        "The specified copy range is invalid for the source object size",
    )
    status, error = refused(s3.upload_part_copy, **where, CopySourceIfNoneMatch="781e5e245d69b566979b86e28d23f2c7")
    assert (status, error["Condition"]) == (412, "x-amz-copy-source-If-None-Match")


@pytest.mark.feature("s3.encryption")
def test_parts_with_a_customer_key(s3: Any, cloud: Cloud) -> None:
    key, other = b"k" * 32, b"o" * 32
    sse = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    upload_id = begin(s3, **sse)
    must = (
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )
    assert refused(upload, s3, upload_id, b"x")[1]["Message"] == must
    assert refused(upload, s3, begin(s3), b"x", **sse)[1]["Message"] == must
    wrong = sse | {"SSECustomerKey": other}
    assert refused(upload, s3, upload_id, b"x", **wrong)[1]["Message"] == (
        "The provided encryption parameters did not match the ones used originally."
    )
    parts = upload(s3, upload_id, BIG, b"tail", **sse)
    assert parts[0]["ETag"] != f'"{hashlib.md5(BIG).hexdigest()}"'
    answer = complete(s3, upload_id, parts)
    assert not [name for name in answer if name.startswith(("Checksum", "SSE", "ServerSide"))]
    assert s3.get_object(Bucket=BUCKET, Key=KEY, **sse)["Body"].read() == BIG + b"tail"
    assert refused(s3.get_object, Bucket=BUCKET, Key=KEY)[0] == 400


def test_what_boto3_uploads_by_itself(s3: Any, cloud: Cloud, tmp_path: Any) -> None:
    from boto3.s3.transfer import TransferConfig

    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 50_000)
    client = cloud.client("s3")
    client.upload_file(
        str(file), BUCKET, "uploaded", Config=TransferConfig(multipart_threshold=MB5, multipart_chunksize=MB5)
    )
    head = client.head_object(Bucket=BUCKET, Key="uploaded")
    assert head["ETag"].endswith('-3"') and head["ContentLength"] == 12_800_000
    client.download_file(BUCKET, "uploaded", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
