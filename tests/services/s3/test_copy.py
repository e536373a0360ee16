"""CopyObject."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hodei.testing import Cloud
from services.s3.callers import let, statement

pytestmark = pytest.mark.feature("s3.objects")

Refused = Callable[..., dict[str, Any]]
SMALL, LARGE = b"small body", bytes(range(256)) * 2000
ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)
SAID = {
    "ContentType": "text/css",
    "CacheControl": "no-cache",
    "Metadata": {"a": "1"},
    "StorageClass": "STANDARD_IA",
    "WebsiteRedirectLocation": "/x",
}


def read(s3: Any, key: str, **more: Any) -> bytes:
    return s3.get_object(Bucket="bucket", Key=key, **more)["Body"].read()


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=len)
def test_a_copy_is_an_object_of_its_own(s3: Any, body: bytes) -> None:
    put = s3.put_object(Bucket="bucket", Key="a/ü +?", Body=body)
    copy = s3.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "bucket", "Key": "a/ü +?"})
    assert copy["CopyObjectResult"]["ETag"] == put["ETag"]
    assert copy["CopyObjectResult"]["ChecksumCRC32"] == put["ChecksumCRC32"]
    s3.delete_object(Bucket="bucket", Key="a/ü +?")
    assert read(s3, "copy") == body
    s3.delete_object(Bucket="bucket", Key="copy")
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")


def test_metadata_directives(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL, Tagging="t=1", **SAID)
    copy = {"Bucket": "bucket", "CopySource": "bucket/k"}
    s3.copy_object(Key="copied", **copy, ContentType="ignored/type", Metadata={"b": "ignored"})
    head = s3.head_object(Bucket="bucket", Key="copied")
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]) == ("text/css", "no-cache", {"a": "1"})
    assert "StorageClass" not in head and "WebsiteRedirectLocation" not in head
    s3.copy_object(Key="replaced", **copy, MetadataDirective="REPLACE", Metadata={"b": "2"})
    head = s3.head_object(Bucket="bucket", Key="replaced")
    assert (head["ContentType"], head.get("CacheControl"), head["Metadata"]) == (
        "binary/octet-stream",
        None,
        {"b": "2"},
    )
    s3.copy_object(Key="moved", **copy, StorageClass="GLACIER_IR", WebsiteRedirectLocation="/y")
    head = s3.head_object(Bucket="bucket", Key="moved")
    assert (head["StorageClass"], head["WebsiteRedirectLocation"]) == ("GLACIER_IR", "/y")


def test_tagging_directives(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="k", Tagging="key1=value1")

    def tags(**given: Any) -> list[dict[str, str]]:
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k", **given)
        found: list[dict[str, str]] = s3.get_object_tagging(Bucket="bucket", Key="copy")["TagSet"]
        return found

    assert tags() == tags(Tagging="key2=value2") == [{"Key": "key1", "Value": "value1"}]
    assert tags(TaggingDirective="COPY", Tagging="key2=value2") == [{"Key": "key1", "Value": "value1"}]
    assert tags(TaggingDirective="REPLACE", Tagging="key2=value2") == [{"Key": "key2", "Value": "value2"}]
    assert tags(TaggingDirective="REPLACE") == []


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=len)
def test_checksums_of_copies(s3: Any, body: bytes) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=body, ChecksumAlgorithm="SHA1")
    kept = s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k")["CopyObjectResult"]
    assert "ChecksumSHA1" in kept
    made = s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k", ChecksumAlgorithm="SHA256")
    result = made["CopyObjectResult"]
    assert "ChecksumSHA256" in result and "ChecksumSHA1" not in result
    assert s3.get_object(Bucket="bucket", Key="copy")["Body"].read() == body  # botocore checks the SHA-256


def test_a_copy_of_an_upload_in_parts_has_no_parts(s3: Any) -> None:
    where = {"Bucket": "bucket", "Key": "k"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=LARGE)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    copy = s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k")["CopyObjectResult"]
    assert copy["ETag"] == f'"{hashlib.md5(LARGE).hexdigest()}"'
    assert read(s3, "copy") == LARGE


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=len)
def test_onto_itself(s3: Any, refused: Refused, body: bytes) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=body, Metadata={"a": "1"})
    copy = {"Bucket": "bucket", "Key": "k", "CopySource": "bucket/k"}
    for nothing in ({}, {"MetadataDirective": "COPY"}, {"ChecksumAlgorithm": "SHA256"}):
        error = refused(s3.copy_object, **copy, **nothing)
        assert error == {"Code": "InvalidRequest", "Message": ITSELF, "Status": 400}
    s3.copy_object(**copy, StorageClass="STANDARD")
    s3.copy_object(**copy, MetadataDirective="REPLACE")
    s3.copy_object(**copy, WebsiteRedirectLocation="/x")
    s3.copy_object(**copy, ServerSideEncryption="AES256")
    assert s3.head_object(Bucket="bucket", Key="k")["Metadata"] == {}
    assert read(s3, "k") == body


def test_onto_itself_where_versioning_is_suspended(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="k", Body=SMALL)
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Suspended"})
    for _ in range(2):
        assert s3.copy_object(Bucket="bucket", Key="k", CopySource="bucket/k")["VersionId"] == "null"
    assert len(s3.list_object_versions(Bucket="bucket")["Versions"]) == 1


def test_versions_of_the_source(s3: Any, refused: Refused) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="bucket", Key="k", Body=b"old")["VersionId"]
    new = s3.put_object(Bucket="bucket", Key="k", Body=b"new")["VersionId"]
    copy = s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k")
    assert copy["CopySourceVersionId"] == new and len({copy["VersionId"], old, new}) == 3
    copy = s3.copy_object(Bucket="bucket", Key="copy", CopySource=f"bucket/k?versionId={old}")
    assert (copy["CopySourceVersionId"], read(s3, "copy")) == (old, b"old")
    s3.copy_object(Bucket="bucket", Key="k", CopySource=f"bucket/k?versionId={old}")  # back to the old one
    assert read(s3, "k") == b"old"
    marker = s3.delete_object(Bucket="bucket", Key="k")["VersionId"]
    error = refused(s3.copy_object, Bucket="bucket", Key="copy", CopySource="bucket/k")
    assert (error["Code"], error["Key"]) == ("NoSuchKey", "k")
    error = refused(s3.copy_object, Bucket="bucket", Key="copy", CopySource=f"bucket/k?versionId={marker}")
    assert error["Code"] == "InvalidRequest"


def test_conditions_on_the_source(cloud: Cloud, s3: Any, refused: Refused) -> None:
    cloud.clock.advance(days=1)
    etag = s3.put_object(Bucket="bucket", Key="k", Body=b"data")["ETag"]
    modified = s3.head_object(Bucket="bucket", Key="k")["LastModified"]
    cloud.clock.advance(days=1)
    second = timedelta(seconds=1)
    copy = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/k"}
    for holds in (
        {"IfMatch": etag},
        {"IfNoneMatch": '"0"'},
        {"IfModifiedSince": modified - second},
        {"IfModifiedSince": datetime.now(UTC) + timedelta(days=3650)},
        {"IfUnmodifiedSince": modified},
        {"IfMatch": etag, "IfUnmodifiedSince": modified - second},
    ):
        s3.copy_object(**copy, **{f"CopySource{name}": value for name, value in holds.items()})
    for name, value, condition in (
        ("IfMatch", '"0"', "If-Match"),
        ("IfNoneMatch", etag.strip('"'), "If-None-Match"),
        ("IfModifiedSince", modified, "If-Modified-Since"),
        ("IfUnmodifiedSince", modified - second, "If-Unmodified-Since"),
    ):
        error = refused(s3.copy_object, **copy, **{f"CopySource{name}": value})
        assert (error["Code"], error["Status"]) == ("PreconditionFailed", 412)
        assert error["Condition"] == f"x-amz-copy-source-{condition}"


def test_conditions_on_the_target(s3: Any, refused: Refused) -> None:
    etag = s3.put_object(Bucket="bucket", Key="k", Body=SMALL)["ETag"]
    copy = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/k"}
    assert refused(s3.copy_object, **copy, IfMatch=etag)["Code"] == "NoSuchKey"
    s3.copy_object(**copy, IfNoneMatch="*")
    assert refused(s3.copy_object, **copy, IfNoneMatch="*")["Condition"] == "If-None-Match"
    assert refused(s3.copy_object, **copy, IfMatch='"0"')["Condition"] == "If-Match"
    s3.copy_object(**copy, IfMatch=etag)


def test_sources_that_cannot_be(s3: Any, refused: Refused) -> None:
    copy = {"Bucket": "bucket", "Key": "copy"}
    assert refused(s3.copy_object, **copy, CopySource="nothing") == {
        "Code": "InvalidArgument",
        "Message": "Invalid copy source object key",
        "ArgumentName": "x-amz-copy-source",
        "ArgumentValue": "x-amz-copy-source",
        "Status": 400,
    }
    assert refused(s3.copy_object, **copy, CopySource="bucket/none")["Code"] == "NoSuchKey"
    error = refused(s3.copy_object, **copy, CopySource="no-such-bucket/k")
    assert (error["Code"], error["BucketName"]) == ("NoSuchBucket", "no-such-bucket")
    s3.put_object(Bucket="bucket", Key="cold", StorageClass="GLACIER")
    error = refused(s3.copy_object, **copy, CopySource="bucket/cold")
    assert (error["Code"], error["StorageClass"], error["Status"]) == ("InvalidObjectState", "GLACIER", 403)


def test_between_regions_and_accounts(cloud: Cloud, s3: Any) -> None:
    other = cloud.client("s3", account="111111111111", region_name="eu-central-1")
    other.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    let(
        s3,
        "bucket",
        statement("bucket", {"AWS": "111111111111"}, Action="s3:GetObject", Resource="arn:aws:s3:::bucket/*"),
    )
    for body in (SMALL, LARGE):
        s3.put_object(Bucket="bucket", Key="k", Body=body)
        other.copy_object(Bucket="far", Key="k", CopySource="bucket/k")
        s3.delete_object(Bucket="bucket", Key="k")
        assert other.get_object(Bucket="far", Key="k")["Body"].read() == body
