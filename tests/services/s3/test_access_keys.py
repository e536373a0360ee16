"""Condition keys of S3: each lets through what it says and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.config import Config

from hodei.testing import Cloud
from services.s3.callers import can, let, may, statement

pytestmark = [pytest.mark.feature("s3.policies"), pytest.mark.feature("iam.evaluation")]

OBJECT = {"Bucket": "bucket", "Key": "k"}
Hire = Callable[..., Any]
Given = dict[str, Any]


def when(operator: str, key: str, *values: str) -> Given:
    return {"Condition": {operator: {key: list(values)}}}


LIST = ("list_objects_v2", {"Bucket": "bucket"})
PUT = ("put_object", OBJECT)


@pytest.mark.parametrize(
    ("call", "condition", "good", "bad"),
    [
        (LIST, when("StringLike", "s3:prefix", "home/ann/*"), {"Prefix": "home/ann/x"}, {"Prefix": "home/"}),
        (LIST, when("StringEquals", "s3:prefix", "", "home/"), {"Prefix": ""}, {}),
        (LIST, when("StringEquals", "s3:delimiter", "/"), {"Delimiter": "/"}, {"Delimiter": "#"}),
        (LIST, when("NumericLessThanEquals", "s3:max-keys", "10"), {"MaxKeys": 10}, {"MaxKeys": 11}),
        (LIST, when("StringEquals", "s3:ResourceAccount", "000000000000"), {}, None),
        (
            PUT,
            when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
            {"ACL": "bucket-owner-full-control"},
            {},
        ),
        (
            PUT,
            when("StringEquals", "s3:x-amz-server-side-encryption", "AES256"),
            {"ServerSideEncryption": "AES256"},
            {},
        ),
        (PUT, when("StringEquals", "s3:x-amz-storage-class", "GLACIER"), {"StorageClass": "GLACIER"}, {}),
        (PUT, when("Null", "s3:if-none-match", "false"), {"IfNoneMatch": "*"}, {}),
        (PUT, when("StringEquals", "s3:RequestObjectTag/team", "a"), {"Tagging": "team=a&x=y"}, {"Tagging": "team=b"}),
        (
            PUT,
            when("ForAllValues:StringEquals", "s3:RequestObjectTagKeys", "team", "cost"),
            {"Tagging": "team=a&cost=1"},
            {"Tagging": "team=a&other=1"},
        ),
        (PUT, when("Bool", "s3:ObjectCreationOperation", "true"), {}, None),
        (PUT, when("StringEquals", "s3:signatureversion", "AWS4-HMAC-SHA256"), {}, None),
        (PUT, when("StringEquals", "s3:authType", "REST-HEADER"), {}, None),
        (
            ("copy_object", OBJECT),
            when("StringLike", "s3:x-amz-copy-source", "bucket/public/*"),
            {"CopySource": "bucket/public/x"},
            {"CopySource": "bucket/private/x"},
        ),
        (
            ("copy_object", {**OBJECT, "CopySource": "bucket/public/x"}),
            when("StringEquals", "s3:x-amz-metadata-directive", "REPLACE"),
            {"MetadataDirective": "REPLACE"},
            {"MetadataDirective": "COPY"},
        ),
        (
            ("create_bucket", {}),
            when("StringLike", "s3:LocationConstraint", "eu-*"),
            {"Bucket": "europe", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
            {"Bucket": "india", "CreateBucketConfiguration": {"LocationConstraint": "ap-south-1"}},
        ),
    ],
)
def test_keys_of_requests(
    s3: Any, hire: Hire, call: tuple[str, Given], condition: Given, good: Given, bad: Any
) -> None:
    for key in ("public/x", "private/x"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"x")
    name, params = call
    action = {"list_objects_v2": "s3:ListBucket", "create_bucket": "s3:CreateBucket"}.get(name, "s3:PutObject")
    more = may("s3:PutObjectAcl", "s3:PutObjectTagging", "s3:GetObject")
    ann = hire("ann", may(action, **condition), more)
    ben = hire("ben", may(action), more, may(action, **condition) | {"Effect": "Deny"})
    assert can(getattr(ann, name), **params, **good)
    assert not can(getattr(ben, name), **params, **good)
    if bad is not None:
        assert not can(getattr(ann, name), **params, **bad)
        assert can(getattr(ben, name), **params, **bad)


def test_tags_that_objects_have(s3: Any, hire: Hire) -> None:
    s3.put_object(**OBJECT, Body=b"x", Tagging="team=a")
    s3.put_object(Bucket="bucket", Key="other", Body=b"x", Tagging="team=b")
    ann = hire(
        "ann",
        may("s3:GetObject", "s3:PutObjectTagging", **when("StringEquals", "s3:ExistingObjectTag/team", "a")),
        may("s3:PutObject"),
    )
    assert can(ann.get_object, **OBJECT) and not can(ann.get_object, Bucket="bucket", Key="other")
    copy = {"Bucket": "bucket", "Key": "copy", "TaggingDirective": "REPLACE"}
    assert can(ann.copy_object, **copy, CopySource="bucket/k") and not can(
        ann.copy_object, **copy, CopySource="bucket/other"
    )
    tags = {"Tagging": {"TagSet": [{"Key": "team", "Value": "b"}]}}
    assert not can(ann.put_object_tagging, Bucket="bucket", Key="other", **tags)
    assert can(ann.put_object_tagging, **OBJECT, **tags) and not can(ann.get_object, **OBJECT)


def test_versions(s3: Any, hire: Hire) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    first, second = (s3.put_object(**OBJECT, Body=b"x")["VersionId"] for _ in range(2))
    ann = hire("ann", may("s3:GetObjectVersion", **when("StringEquals", "s3:VersionId", first)))
    assert can(ann.get_object, **OBJECT, VersionId=first) and not can(ann.get_object, **OBJECT, VersionId=second)


def test_locks(s3: Any, hire: Hire, cloud: Cloud) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    where = {"Bucket": "locked", "Key": "k"}
    s3.put_object(**where)
    days = when("NumericLessThanEquals", "s3:object-lock-remaining-retention-days", "10")
    mode = when("StringEquals", "s3:object-lock-mode", "GOVERNANCE")
    ann = hire("ann", may("s3:PutObjectRetention", Condition=days["Condition"] | mode["Condition"]))

    def retention(mode: str, **length: float) -> Given:
        from datetime import timedelta

        return {"Retention": {"Mode": mode, "RetainUntilDate": cloud.clock.now() + timedelta(**length)}}

    assert not can(ann.put_object_retention, **where, **retention("GOVERNANCE", days=12))
    assert not can(ann.put_object_retention, **where, **retention("COMPLIANCE", days=5))
    assert can(ann.put_object_retention, **where, **retention("GOVERNANCE", days=5))


def test_how_a_presigned_url_is_signed_and_how_old_it_is(s3: Any, cloud: Cloud) -> None:
    s3.put_object(**OBJECT, Body=b"x")
    old = statement(
        "bucket", action="s3:GetObject", effect="Deny", **when("NumericGreaterThan", "s3:signatureAge", "60000")
    )
    let(s3, "bucket", old)
    web = httpx.Client(transport=cloud.transport())
    signer = cloud.client("s3", config=Config(signature_version="s3v4"))
    url = signer.generate_presigned_url("get_object", OBJECT, ExpiresIn=3600)
    assert web.get(url).status_code == 200
    cloud.clock.advance(minutes=2)
    assert web.get(url).status_code == 403
    let(
        s3,
        "bucket",
        statement(
            "bucket", effect="Deny", action="s3:GetObject", **when("StringEquals", "s3:authType", "REST-QUERY-STRING")
        ),
    )
    assert (
        can(s3.get_object, **OBJECT) and web.get(signer.generate_presigned_url("get_object", OBJECT)).status_code == 403
    )
    let(
        s3,
        "bucket",
        statement("bucket", effect="Deny", action="s3:GetObject", **when("StringEquals", "s3:signatureversion", "AWS")),
    )
    version_2 = cloud.client("s3", config=Config(signature_version="s3"))
    assert web.get(version_2.generate_presigned_url("get_object", OBJECT)).status_code == 403
    assert can(s3.get_object, **OBJECT) and not can(version_2.get_object, **OBJECT)


def test_payloads_must_be_signed(s3: Any) -> None:
    let(
        s3,
        "bucket",
        statement(
            "bucket",
            effect="Deny",
            action="s3:GetObject",
            **when("StringEquals", "s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ),
    )
    s3.put_object(**OBJECT, Body=b"x")
    assert can(s3.get_object, **OBJECT)


def test_tags_of_buckets_count_where_the_bucket_says_so(s3: Any, hire: Hire) -> None:
    assert s3.get_bucket_abac(Bucket="bucket")["AbacStatus"] == {"Status": "Disabled"}
    s3.put_object(**OBJECT, Body=b"x")
    s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    clients = [
        hire(key.partition(":")[0], may("s3:GetObject", "s3:ListBucket", **when("StringEquals", f"{key}/team", "a")))
        for key in ("aws:ResourceTag", "s3:BucketTag")
    ]
    for status in ("Enabled", "Disabled"):
        s3.put_bucket_abac(Bucket="bucket", AbacStatus={"Status": status})
        for client in clients:
            assert can(client.get_object, **OBJECT) is (status == "Enabled")
            assert can(client.list_objects_v2, Bucket="bucket") is (status == "Enabled")
