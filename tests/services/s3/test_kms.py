"""SSE-KMS and DSSE-KMS: objects under keys of KMS, read by whom KMS lets decrypt."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import ACCOUNT, Cloud

pytestmark = pytest.mark.feature("s3.encryption")

Refused = Callable[..., dict[str, Any]]
Hire = Callable[..., Any]
NEEDLE = b"the text that must not be found on the disk "
SMALL, LARGE = NEEDLE * 10, NEEDLE * 20_000
WHERE = {"Bucket": "bucket", "Key": "k"}
BUCKET_ARN = "arn:aws:s3:::bucket"
ARN = f"{BUCKET_ARN}/k"
KMS = {"ServerSideEncryption": "aws:kms"}
ALL_OF_S3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    return cloud.client("kms")


@pytest.fixture
def web(cloud: Cloud) -> httpx.Client:
    return httpx.Client(transport=cloud.transport())


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a customer's key."""
    return str(kms.create_key()["KeyMetadata"]["Arn"])


def under(key: str, **more: Any) -> dict[str, Any]:
    return {**KMS, "SSEKMSKeyId": key, **more}


def told(answer: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(answer.get(name) for name in ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"))


def default(s3: Any, *, bucket_key: bool = False, **by_default: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": bucket_key}
    s3.put_bucket_encryption(Bucket="bucket", ServerSideEncryptionConfiguration={"Rules": [rule]})


def guard(kms: Any, key: str, **condition: Any) -> None:
    """Have the key policy let its account do all, but decrypt and make data keys under that condition only."""
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Resource": "*"}
    free = {**root, "NotAction": ["kms:Decrypt", "kms:GenerateDataKey"]}
    bound = {**root, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Condition": {"StringEquals": condition}}
    document = {"Version": "2012-10-17", "Statement": [free, bound]}
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
@pytest.mark.parametrize("method", ["aws:kms", "aws:kms:dsse"])
def test_put_get_head(s3: Any, key: str, body: bytes, method: str) -> None:
    put = s3.put_object(**WHERE, Body=body, ServerSideEncryption=method, SSEKMSKeyId=key.rpartition("/")[2])
    got = s3.get_object(**WHERE)
    assert got["Body"].read() == body
    for answer in (put, got, s3.head_object(**WHERE)):
        assert told(answer) == (method, key, None)
        assert answer["ETag"] == put["ETag"] != f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.get_object(**WHERE, Range="bytes=101-199")["Body"].read() == body[101:200]
    assert s3.get_object(**WHERE, ChecksumMode="ENABLED")["Body"].read() == body


@pytest.mark.parametrize("method", ["aws:kms", "aws:kms:dsse"])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_nothing_readable_lies_on_the_disk(tmp_path: Path, body: bytes, method: str) -> None:
    with Cloud(directory=tmp_path) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(**WHERE, Body=body, ServerSideEncryption=method)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(stored) > len(body)
    assert NEEDLE[:16] not in stored
    with Cloud(directory=tmp_path) as cloud:
        assert cloud.client("s3").get_object(**WHERE)["Body"].read() == body


def test_awss_own_key_where_none_is_named(s3: Any, kms: Any) -> None:
    put = s3.put_object(**WHERE, Body=SMALL, **KMS)
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert put["SSEKMSKeyId"] == managed["Arn"]
    assert managed["KeyManager"] == "AWS"
    assert s3.get_object(**WHERE)["Body"].read() == SMALL


def test_an_alias_is_told_as_the_key(s3: Any, kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    assert s3.put_object(**WHERE, Body=SMALL, **under("alias/mine"))["SSEKMSKeyId"] == key


def test_by_default_of_the_bucket(s3: Any, kms: Any, key: str) -> None:
    default(s3, SSEAlgorithm="aws:kms", KMSMasterKeyID=key, bucket_key=True)
    assert told(s3.put_object(**WHERE, Body=SMALL)) == ("aws:kms", key, True)
    assert told(s3.get_object(**WHERE)) == ("aws:kms", key, True)
    assert told(s3.put_object(**WHERE, Body=SMALL, ServerSideEncryption="AES256")) == ("AES256", None, None)
    managed = s3.put_object(**WHERE, Body=SMALL, **KMS, BucketKeyEnabled=False)
    assert told(managed) == ("aws:kms", kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"], None)
    default(s3, SSEAlgorithm="aws:kms:dsse", KMSMasterKeyID=key)
    assert told(s3.put_object(**WHERE, Body=SMALL)) == ("aws:kms:dsse", key, None)


def test_the_state_of_the_key_counts(s3: Any, kms: Any, key: str, refused: Refused) -> None:
    s3.put_object(**WHERE, Body=SMALL, **under(key))
    kms.disable_key(KeyId=key)
    disabled = {"Code": "KMS.DisabledException", "Message": f"{key} is disabled.", "Status": 400}
    assert refused(s3.get_object, **WHERE) == disabled
    assert refused(s3.put_object, **WHERE, Body=SMALL, **under(key)) == disabled
    assert s3.head_object(**WHERE)["SSEKMSKeyId"] == key  # whose answer needs no key
    assert refused(s3.head_object, **WHERE, ChecksumMode="ENABLED")["Status"] == 400
    kms.enable_key(KeyId=key)
    assert s3.get_object(**WHERE)["Body"].read() == SMALL
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    pending = {"Code": "KMS.KMSInvalidStateException", "Message": f"{key} is pending deletion.", "Status": 400}
    assert refused(s3.get_object, **WHERE) == pending


def test_a_deleted_key(cloud: Cloud, s3: Any, kms: Any, key: str, refused: Refused) -> None:
    s3.put_object(**WHERE, Body=SMALL, **under(key))
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    cloud.clock.advance(days=8)
    gone = {"Code": "KMS.NotFoundException", "Message": f"Key '{key}' does not exist", "Status": 400}
    assert refused(s3.get_object, **WHERE) == gone
    assert refused(s3.put_object, **WHERE, Body=SMALL, **under(key)) == gone
    s3.delete_object(**WHERE)


def test_who_may_not_use_the_key(s3: Any, key: str, hire: Hire, refused: Refused) -> None:
    s3.put_object(**WHERE, Body=SMALL, **under(key))
    stranger = hire("stranger", ALL_OF_S3)
    for call, action in (
        (lambda: refused(stranger.get_object, **WHERE), "kms:Decrypt"),
        (lambda: refused(stranger.put_object, **WHERE, Body=SMALL, **under(key)), "kms:GenerateDataKey"),
    ):
        error = call()
        assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
        assert error["Message"] == (
            f"User: arn:aws:iam::{ACCOUNT}:user/stranger is not authorized to perform: {action} on resource: {key} "
            f"because no identity-based policy allows the {action} action"
        )
    reader = hire("reader", ALL_OF_S3, {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key})
    assert reader.get_object(**WHERE)["Body"].read() == SMALL
    assert refused(reader.put_object, **WHERE, Body=SMALL, **under(key))["Code"] == "AccessDenied"
    stranger.put_object(**WHERE, Body=SMALL, **KMS)  # of AWS's own key S3's permissions are enough
    assert stranger.get_object(**WHERE)["Body"].read() == SMALL


def test_the_encryption_context(s3: Any, kms: Any, key: str, refused: Refused) -> None:
    guard(kms, key, **{"kms:EncryptionContext:aws:s3:arn": ARN, "kms:ViaService": "s3.us-east-1.amazonaws.com"})
    s3.put_object(**WHERE, Body=SMALL, **under(key))
    assert s3.get_object(**WHERE)["Body"].read() == SMALL
    assert refused(s3.put_object, Bucket="bucket", Key="other", Body=SMALL, **under(key))["Code"] == "AccessDenied"
    assert refused(s3.put_object, **WHERE, Body=SMALL, **under(key, BucketKeyEnabled=True))["Code"] == "AccessDenied"
    guard(kms, key, **{"kms:EncryptionContext:aws:s3:arn": BUCKET_ARN})
    assert refused(s3.get_object, **WHERE)["Code"] == "AccessDenied"
    s3.put_object(**WHERE, Body=SMALL, **under(key, BucketKeyEnabled=True))
    assert s3.get_object(**WHERE)["Body"].read() == SMALL


def test_an_encryption_context_of_ones_own(s3: Any, kms: Any, key: str, refused: Refused) -> None:
    guard(kms, key, **{"kms:EncryptionContext:team": "blue"})
    context = base64.b64encode(json.dumps({"team": "blue"}).encode()).decode()
    put = s3.put_object(**WHERE, Body=SMALL, **under(key, SSEKMSEncryptionContext=context))
    assert put["SSEKMSEncryptionContext"] == context
    assert s3.get_object(**WHERE)["Body"].read() == SMALL
    assert refused(s3.put_object, **WHERE, Body=SMALL, **under(key))["Code"] == "AccessDenied"
    for wrong in ("no base64", base64.b64encode(b"[]").decode(), base64.b64encode(b'{"a": 1}').decode()):
        error = refused(s3.put_object, **WHERE, Body=SMALL, **under(key, SSEKMSEncryptionContext=wrong))
        assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-server-side-encryption-context")


@pytest.mark.parametrize("given", [{"SSEKMSKeyId": "alias/aws/s3"}, {"SSEKMSEncryptionContext": "e30="}])
def test_what_needs_the_method_beside_it(s3: Any, refused: Refused, given: dict[str, str]) -> None:
    error = refused(s3.put_object, **WHERE, Body=SMALL, **given)
    assert error["Code"] == "InvalidArgument"
    assert error["Message"] == (
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
    )


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["row", "file"])
def test_copies(s3: Any, kms: Any, key: str, refused: Refused, body: bytes) -> None:
    s3.put_object(**WHERE, Body=body)
    copy = {"Bucket": "bucket", "Key": "copy"}
    answer = s3.copy_object(**copy, CopySource="bucket/k", **under(key, BucketKeyEnabled=True))
    assert told(answer) == ("aws:kms", key, True)
    assert s3.get_object(**copy)["Body"].read() == body
    other = kms.create_key()["KeyMetadata"]["Arn"]
    s3.copy_object(**copy, CopySource="bucket/copy", **under(other))  # another key in its place
    assert told(s3.head_object(**copy)) == ("aws:kms", other, None)
    kms.disable_key(KeyId=key)
    assert s3.get_object(**copy)["Body"].read() == body
    s3.copy_object(**copy, CopySource="bucket/copy")  # without a word of keys: the bucket's default
    got = s3.get_object(**copy)
    assert (got["Body"].read(), told(got)) == (body, ("AES256", None, None))
    assert got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    s3.copy_object(**copy, CopySource="bucket/k", **under(other))
    kms.disable_key(KeyId=other)
    assert refused(s3.copy_object, **WHERE, CopySource="bucket/copy")["Code"] == "KMS.DisabledException"


@pytest.mark.parametrize("method", ["aws:kms", "aws:kms:dsse"])
def test_multipart(s3: Any, kms: Any, key: str, refused: Refused, method: str) -> None:
    parts = [b"a" * 5 * 2**20, b"b" * 100]
    given = {"ServerSideEncryption": method, "SSEKMSKeyId": key, "BucketKeyEnabled": True}
    bucket_key = True if method == "aws:kms" else None
    created = s3.create_multipart_upload(**WHERE, **given)
    assert told(created) == (method, key, bucket_key)
    upload = {**WHERE, "UploadId": created["UploadId"]}
    answers = [s3.upload_part(**upload, PartNumber=number, Body=body) for number, body in enumerate(parts, 1)]
    assert {told(answer) for answer in answers} == {(method, key, bucket_key)}
    s3.put_object(Bucket="bucket", Key="source", Body=b"c" * 100)
    copied = s3.upload_part_copy(**upload, PartNumber=2, CopySource="bucket/source")
    assert told(copied) == (method, key, bucket_key)
    etags = [answers[0]["ETag"], copied["CopyPartResult"]["ETag"]]
    whole = {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]}
    kms.disable_key(KeyId=key)
    assert refused(s3.upload_part, **upload, PartNumber=3, Body=b"x")["Code"] == "KMS.DisabledException"
    completion = {**upload, "MultipartUpload": whole}
    assert refused(s3.complete_multipart_upload, **completion)["Code"] == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    assert told(s3.complete_multipart_upload(**completion)) == (method, key, bucket_key)
    assert s3.get_object(**WHERE)["Body"].read() == parts[0] + b"c" * 100
    assert s3.get_object(**WHERE, PartNumber=2)["Body"].read() == b"c" * 100


def test_presigned(s3: Any, web: httpx.Client, key: str, hire: Hire) -> None:
    params = {**WHERE, **under(key)}
    url = s3.generate_presigned_url("put_object", Params=params)
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key}
    put = web.put(url, content=SMALL, headers=headers)
    assert (put.status_code, put.headers["x-amz-server-side-encryption-aws-kms-key-id"]) == (200, key)
    assert web.get(s3.generate_presigned_url("get_object", Params=WHERE)).content == SMALL
    stranger = hire("stranger", ALL_OF_S3)
    answer = web.get(stranger.generate_presigned_url("get_object", Params=WHERE))
    assert (answer.status_code, "kms:Decrypt" in answer.text) == (403, True)


def test_a_form(s3: Any, web: httpx.Client, key: str) -> None:
    names = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")
    fields = dict(zip(names, ("aws:kms", key)), **{f"{names[0]}-bucket-key-enabled": "true"})
    conditions = [{name: value} for name, value in fields.items()]
    post = s3.generate_presigned_post("bucket", "k", Fields=fields, Conditions=conditions)
    answer = web.post(post["url"], data=post["fields"], files={"file": SMALL})
    assert (answer.status_code, answer.headers[names[1]]) == (204, key)
    assert told(s3.head_object(**WHERE)) == ("aws:kms", key, True)
    assert s3.get_object(**WHERE)["Body"].read() == SMALL


def test_without_a_signature_there_is_no_reading(cloud: Cloud, s3: Any, key: str, refused: Refused) -> None:
    s3.put_object(**WHERE, Body=SMALL, **under(key))
    s3.delete_public_access_block(Bucket="bucket")
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET_ARN}/*"}
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [anyone]}))
    nobody = cloud.client("s3", config=Config(signature_version=UNSIGNED))
    error = refused(nobody.get_object, **WHERE)
    assert (error["Code"], error["Message"]) == (
        "InvalidArgument",
        "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
    )


def test_keys_are_the_requesters(cloud: Cloud, s3: Any, kms: Any, refused: Refused) -> None:
    """A key that is named without an account is one of who asks, be the bucket whose it may."""
    other = cloud.client("s3", account="111111111111")
    anyone = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": f"{BUCKET_ARN}/*"}
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [anyone]}))
    theirs = cloud.client("kms", account="111111111111").create_key()["KeyMetadata"]
    assert other.put_object(**WHERE, Body=SMALL, **under(theirs["KeyId"]))["SSEKMSKeyId"] == theirs["Arn"]
    assert other.get_object(**WHERE)["Body"].read() == SMALL
    assert refused(s3.get_object, **WHERE)["Code"] == "AccessDenied"


def test_replication(cloud: Cloud, s3: Any, kms: Any, key: str, refused: Refused) -> None:
    """Only where the rule says so; the replica lies under the key of its own bucket's region."""
    there, theirs = cloud.client("s3", region_name="eu-west-1"), cloud.client("kms", region_name="eu-west-1")
    there.create_bucket(Bucket="replicas", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in ("bucket", "replicas"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    target = theirs.create_key()["KeyMetadata"]["Arn"]
    destination = {"Bucket": "arn:aws:s3:::replicas", "EncryptionConfiguration": {"ReplicaKmsKeyID": target}}
    rule = {"Status": "Enabled", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
    rule["Destination"] = destination

    def replicate(**more: Any) -> None:
        rules = {"Role": f"arn:aws:iam::{ACCOUNT}:role/none", "Rules": [{**rule, **more}]}
        s3.put_bucket_replication(Bucket="bucket", ReplicationConfiguration=rules)

    replicate()
    s3.put_object(**WHERE, Body=LARGE, **under(key))
    cloud.clock.advance(seconds=1)
    assert refused(s3.head_object, Bucket="replicas", Key="k")["Status"] == 404
    chosen = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}
    with pytest.raises(s3.exceptions.ClientError, match="ReplicaKmsKeyID must be specified"):
        replicate(**chosen, Destination={"Bucket": destination["Bucket"]})
    replicate(**chosen)
    for body in (SMALL, LARGE):
        s3.put_object(**WHERE, Body=body, **under(key))
        cloud.clock.advance(seconds=1)
        got = there.get_object(Bucket="replicas", Key="k")
        assert (got["Body"].read(), got["SSEKMSKeyId"]) == (body, target)
    theirs.disable_key(KeyId=target)
    assert refused(there.get_object, Bucket="replicas", Key="k")["Code"] == "KMS.DisabledException"
    assert s3.get_object(**WHERE)["Body"].read() == LARGE
    s3.put_object(**WHERE, Body=SMALL, **under(key))
    cloud.clock.advance(seconds=1)
    assert s3.head_object(**WHERE)["ReplicationStatus"] == "FAILED"
