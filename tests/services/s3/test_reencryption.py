"""UpdateObjectEncryption: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config

from hodei.testing import Cloud

from .callers import may

pytestmark = pytest.mark.feature("s3.encryption")

WHERE = {"Bucket": "bucket", "Key": "k"}
SMALL, LARGE = b"small", b"a body that is a file " * 20_000


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    return cloud.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


def under(key: str, **more: Any) -> dict[str, Any]:
    return {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": key, **more}}}


@pytest.mark.parametrize("body", [SMALL, LARGE, b""], ids=["row", "file", "empty"])
def test_an_object_comes_under_a_key(cloud: Cloud, s3: Any, kms: Any, key: str, body: bytes, refused: Any) -> None:
    s3.put_object(**WHERE, Body=body, Metadata={"a": "b"}, Tagging="c=d")
    before = s3.head_object(**WHERE, ChecksumMode="ENABLED")
    cloud.clock.advance(hours=1)
    s3.update_object_encryption(**WHERE, **under(key))
    after = s3.head_object(**WHERE, ChecksumMode="ENABLED")
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"]) == ("aws:kms", key)
    for name in ("ETag", "LastModified", "Metadata", "ContentLength", "ChecksumCRC32", "ChecksumType"):
        assert before[name] == after[name]
    assert s3.get_object(**WHERE)["Body"].read() == body
    kms.disable_key(KeyId=key)
    assert refused(s3.get_object, **WHERE)["Code"] == "KMS.DisabledException"


def test_parts_stay_parts(s3: Any, key: str) -> None:
    upload = s3.create_multipart_upload(**WHERE)["UploadId"]
    parts = []
    for number, body in enumerate((b"x" * 5 * 2**20, b"end"), 1):
        etag = s3.upload_part(**WHERE, UploadId=upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(**WHERE, UploadId=upload, MultipartUpload={"Parts": parts})
    s3.update_object_encryption(**WHERE, **under(key, BucketKeyEnabled=True))
    got = s3.get_object(**WHERE, PartNumber=2)
    assert (got["Body"].read(), got["PartsCount"], got["BucketKeyEnabled"]) == (b"end", 2, True)


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_from_key_to_key(s3: Any, kms: Any, key: str, body: bytes, refused: Any) -> None:
    s3.put_object(**WHERE, Body=body, ServerSideEncryption="aws:kms")
    s3.update_object_encryption(**WHERE, **under(key))
    other = kms.create_key()["KeyMetadata"]["Arn"]
    s3.update_object_encryption(**WHERE, **under(other))
    kms.disable_key(KeyId=key)
    assert s3.get_object(**WHERE)["Body"].read() == body
    kms.disable_key(KeyId=other)
    kms.enable_key(KeyId=key)
    assert refused(s3.get_object, **WHERE)["Code"] == "KMS.DisabledException"


def test_what_changes_meanwhile_stays_changed(cloud: Cloud, s3: Any, key: str) -> None:
    s3.put_object(**WHERE, Body=bytes(30 * 2**20))

    async def race() -> Any:
        async with cloud.aio_client("s3") as client:
            updating = client.update_object_encryption(**WHERE, **under(key))
            return await asyncio.gather(updating, client.put_object(**WHERE, Body=b"new"), return_exceptions=True)

    refused, _ = asyncio.run(race())
    assert refused.response["Error"]["Code"] == "OperationAborted"
    got = s3.get_object(**WHERE)
    assert (got["Body"].read(), got["ServerSideEncryption"]) == (b"new", "AES256")


def test_one_version_alone(s3: Any, key: str) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    old, new = (s3.put_object(**WHERE, Body=body)["VersionId"] for body in (b"old", b"new"))
    s3.update_object_encryption(**WHERE, VersionId=old, **under(key))
    assert s3.head_object(**WHERE, VersionId=old)["SSEKMSKeyId"] == key
    assert s3.head_object(**WHERE, VersionId=new)["ServerSideEncryption"] == "AES256"
    assert s3.get_object(**WHERE, VersionId=old)["Body"].read() == b"old"
    assert len(s3.list_object_versions(Bucket="bucket")["Versions"]) == 2


def test_what_cannot_be(cloud: Cloud, s3: Any, kms: Any, key: str, refused: Any) -> None:
    assert refused(s3.update_object_encryption, **WHERE, **under(key))["Code"] == "NoSuchKey"
    s3.put_object(**WHERE, Body=b"x", ServerSideEncryption="aws:kms:dsse")
    error = refused(s3.update_object_encryption, **WHERE, **under(key))
    assert error["Code"] == "InvalidRequest" and "encryption type DSSE-KMS or SSE-C" in error["Message"]
    s3.put_object(**WHERE, Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    assert "DSSE-KMS or SSE-C" in refused(s3.update_object_encryption, **WHERE, **under(key))["Message"]
    s3.put_object(**WHERE, Body=b"x")
    error = refused(s3.update_object_encryption, **WHERE, **under("alias/aws/s3/is/no/arn"))
    assert error["Code"] == "InvalidRequest" and "correctly formatted KMS key ARN" in error["Message"]
    theirs = cloud.client("kms", account="111111111111").create_key()["KeyMetadata"]["Arn"]
    error = refused(s3.update_object_encryption, **WHERE, **under(theirs))
    assert error["Code"] == "AccessDenied" and "owned by the same account as the bucket" in error["Message"]
    gone = key.rpartition("/")[0] + "/11111111-1111-1111-1111-111111111111"
    assert refused(s3.update_object_encryption, **WHERE, **under(gone))["Code"] == "KMS.NotFoundException"


def test_what_is_not_said(cloud: Cloud, s3: Any, key: str, refused: Any) -> None:
    s3.put_object(**WHERE, Body=b"x")
    loose = cloud.client("s3", config=Config(parameter_validation=False))
    error = refused(loose.update_object_encryption, **WHERE, ObjectEncryption={"SSEKMS": {"BucketKeyEnabled": True}})
    assert "require an AWS KMS key Amazon Resource Name (ARN)" in error["Message"]
    error = refused(loose.update_object_encryption, **WHERE, ObjectEncryption={})
    assert error["Code"] == "InvalidRequest" and "Valid values are SSEKMS" in error["Message"]
    old = cloud.client("s3", config=Config(signature_version="s3"))
    assert "Signature Version 4" in refused(old.update_object_encryption, **WHERE, **under(key))["Message"]


def test_locked_objects_stay(cloud: Cloud, s3: Any, key: str, refused: Any) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = cloud.clock.now() + timedelta(days=1)
    where = {"Bucket": "locked", "Key": "k"}
    s3.put_object(**where, Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    error = refused(s3.update_object_encryption, **where, **under(key))
    assert error["Code"] == "AccessDenied" and "protected by S3 Object Lock" in error["Message"]
    cloud.clock.advance(days=2)
    s3.update_object_encryption(**where, **under(key))


def test_who_may(s3: Any, key: str, hire: Any, refused: Any) -> None:
    s3.put_object(**WHERE, Body=b"x")
    error = refused(hire("ada", may("s3:PutObject", "kms:*")).update_object_encryption, **WHERE, **under(key))
    assert "is not authorized to perform: s3:UpdateObjectEncryption" in error["Message"]
    error = refused(hire("bob", may("s3:UpdateObjectEncryption")).update_object_encryption, **WHERE, **under(key))
    assert error["Code"] == "AccessDenied" and "kms:GenerateDataKey" in error["Message"]
    sse = "s3:x-amz-server-side-encryption"
    named = {"StringEquals": {sse: "aws:kms", f"{sse}-aws-kms-key-id": key}}
    cleo = hire("cleo", may("s3:UpdateObjectEncryption", Condition=named), may("kms:*"))
    cleo.update_object_encryption(**WHERE, **under(key))
