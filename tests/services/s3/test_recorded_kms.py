"""Objects under keys of KMS: our answers are those of AWS, but for ETags, which are no MD5."""

from __future__ import annotations

from typing import Any

import pytest

from services.s3.recorded import Answers, Replay, Scenario, Scenarios, copy, get, head, put, replayed, said

pytestmark = pytest.mark.feature("s3.encryption")

scenario = Scenarios()
KMS = {"ServerSideEncryption": "aws:kms"}


def new_key(r: Replay) -> str:
    return str(r.cloud.client("kms").create_key()["KeyMetadata"]["KeyId"])


def by_default(r: Replay, bucket: str = "bucket", *, bucket_key: bool = True, **key: str) -> Any:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", **key}, "BucketKeyEnabled": bucket_key}
    configuration = {"Rules": [rule]}
    return said(r.s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=configuration)


def default_of(r: Replay) -> Any:
    return said(r.s3.get_bucket_encryption, Bucket="bucket")


@scenario()
def copy_object_kms(r: Replay) -> Answers:
    put(r.s3, "key", b"hello world")
    answers = {"get-object": get(r.s3, "key")}
    answers["copy-object"] = copy(r.s3, "key", **KMS, BucketKeyEnabled=True, SSEKMSKeyId=new_key(r))
    return answers | {"get-copied-object": get(r.s3, "target")}


@scenario(loose="ETag")
def s3_copy_object_in_place_with_encryption(r: Replay) -> Answers:
    keys = new_key(r), new_key(r)
    stored = put(r.s3, "key", **KMS, BucketKeyEnabled=True, SSEKMSKeyId=keys[0])
    answers = {"put-object-with-kms-encryption": stored, "head-object": head(r.s3, "key")}
    answers["copy-object-in-place-with-sse"] = copy(r.s3, "key", "key", **KMS, SSEKMSKeyId=keys[1])
    answers["head-copy-with-sse"] = head(r.s3, "key")
    answers["copy-object-in-place-without-kms-sse"] = copy(r.s3, "key", "key")
    answers["head-copy-without-kms-sse"] = head(r.s3, "key")
    answers["copy-object-in-place-with-aes"] = copy(r.s3, "key", "key", ServerSideEncryption="AES256")
    return answers | {"head-copy-with-aes": head(r.s3, "key")}


@scenario(loose="ETag")
def s3_multipart_upload_sse(r: Replay) -> Answers:
    at = {"Bucket": "bucket", "Key": "test-sse-field-multipart"}
    created = said(r.s3.create_multipart_upload, **at, **KMS, BucketKeyEnabled=True, SSEKMSKeyId=new_key(r))
    at["UploadId"] = created["UploadId"]
    part = said(r.s3.upload_part, **at, PartNumber=1, Body=b"test-sse")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    answers = {"multi-sse-create-multipart": created, "multi-sse-upload-part": part}
    answers["multi-sse-compete-multipart"] = said(r.s3.complete_multipart_upload, **at, MultipartUpload=parts)
    return answers | {"get-obj": get(r.s3, at["Key"])}


@scenario(loose="ETag")
def s3_sse_default_kms_key(r: Replay) -> Answers:
    r.s3.create_bucket(Bucket="bucket-2")
    second = {"Bucket": "bucket-2", "Key": "key"}
    answers = {
        "put-obj-default-kms-s3-key": put(r.s3, "key", b"test-sse", **KMS),
        "get-obj-default-kms-s3-key": get(r.s3, "key"),
        "put-obj-default-kms-s3-key-bucket-2": said(r.s3.put_object, **second, Body=b"test-sse", **KMS),
        "get-obj-default-kms-s3-key-bucket-2": said(r.s3.get_object, **second),
        "put-bucket-encryption-default-kms-s3-key": by_default(r),
        "get-bucket-encryption-default-kms-s3-key": default_of(r),
    }
    answers["put-obj-default-kms-s3-key-from-bucket"] = put(r.s3, "key", b"test-sse")
    return answers | {"get-obj-default-kms-s3-key-from-bucket": get(r.s3, "key")}


@scenario(loose="ETag")
def s3_sse_validate_kms_key_state(r: Replay) -> Answers:
    kms = r.cloud.client("kms")
    key = kms.create_key(Description="of a test")["KeyMetadata"]
    sse = {**KMS, "SSEKMSKeyId": key["KeyId"]}
    answers = {"create-kms-key": key, "success-put-object-sse": put(r.s3, "key", b"test-sse", **sse)}
    answers["success-get-object-sse"] = get(r.s3, "key")
    kms.disable_key(KeyId=key["KeyId"])
    answers["put-obj-disabled-key"] = put(r.s3, "key", b"test-sse", **sse)
    answers["get-obj-disabled-key"] = get(r.s3, "key")
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    return answers | {"get-obj-pending-deletion-key": get(r.s3, "key")}


def stored_by_default(r: Replay, **key: str) -> Answers:
    return {
        "put-bucket-enc": by_default(r, **key),
        "get-bucket-enc": default_of(r),
        "put-object-encrypted": put(r.s3, "key", b"test-encrypted"),
        "head-object-encrypted": head(r.s3, "key"),
        "get-object-encrypted": get(r.s3, "key"),
    }


@scenario(loose="ETag")
def s3_bucket_encryption_sse_kms(r: Replay) -> Answers:
    key = new_key(r)
    answers = stored_by_default(r, KMSMasterKeyID=key)
    answers["put-bucket-enc-bucket-key-disabled"] = by_default(r, bucket_key=False, KMSMasterKeyID=key)
    return answers | {"put-object-encrypted-bucket-key-disabled": put(r.s3, "key", b"test-encrypted")}


@scenario(loose="ETag")
def s3_bucket_encryption_sse_kms_aws_managed_key(r: Replay) -> Answers:
    answers = stored_by_default(r)
    key = answers["put-object-encrypted"]["SSEKMSKeyId"]
    return answers | {"managed-kms-key": said(r.cloud.client("kms").describe_key, KeyId=key)}


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
