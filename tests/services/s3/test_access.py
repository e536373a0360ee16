"""Who may do what with buckets and objects: bucket policies, and the policies of those who call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import Cloud
from services.s3.callers import can, let, may, statement

pytestmark = [pytest.mark.feature("s3.policies"), pytest.mark.feature("iam.evaluation")]

OTHER = "111111111111"
OBJECT = {"Bucket": "bucket", "Key": "k"}
Refused = Callable[..., dict[str, Any]]
Hire = Callable[..., Any]


@pytest.fixture
def other(cloud: Cloud) -> Any:
    return cloud.client("s3", account=OTHER)


@pytest.fixture
def anonymous(cloud: Cloud) -> Any:
    return cloud.client("s3", config=Config(signature_version=UNSIGNED))


def test_a_user_needs_a_policy_and_is_told_why_it_has_none(s3: Any, hire: Hire, refused: Refused) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    ann = hire("ann")
    user = "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: s3:"
    error = refused(ann.get_object, **OBJECT)
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert error["Message"] == (
        f'{user}GetObject on resource: "arn:aws:s3:::bucket/k" '
        "because no identity-based policy allows the s3:GetObject action"
    )
    assert refused(ann.list_buckets)["Message"] == (
        f"{user}ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action"
    )
    assert refused(ann.head_object, **OBJECT)["Status"] == 403
    assert refused(ann.list_objects_v2, Bucket="nowhere")["Code"] == "NoSuchBucket"


def test_a_users_policy(s3: Any, hire: Hire) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    s3.put_object(Bucket="bucket", Key="secret", Body=b"data")
    ann = hire("ann", may("s3:GetObject", on="arn:aws:s3:::bucket/k*"), may("s3:CreateBucket", "s3:ListAllMyBuckets"))
    assert can(ann.get_object, **OBJECT) and can(ann.head_object, **OBJECT)
    assert not can(ann.get_object, Bucket="bucket", Key="secret")
    assert not can(ann.put_object, **OBJECT) and not can(ann.delete_object, **OBJECT)
    assert can(ann.create_bucket, Bucket="anns") and can(ann.list_buckets)
    assert not can(ann.head_bucket, Bucket="anns") and not can(ann.delete_bucket, Bucket="anns")


def test_what_is_not_there_is_for_those_to_know_who_may_list(s3: Any, hire: Hire, refused: Refused) -> None:
    ann = hire("ann", may("s3:GetObject"))
    assert refused(ann.get_object, **OBJECT)["Message"] == (
        "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: s3:ListBucket on resource: "
        '"arn:aws:s3:::bucket" because no identity-based policy allows the s3:ListBucket action'
    )
    assert refused(ann.head_object, **OBJECT)["Status"] == 403
    ben = hire("ben", may("s3:GetObject", "s3:ListBucket"))
    assert refused(ben.get_object, **OBJECT)["Code"] == "NoSuchKey"
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(**OBJECT)
    assert refused(ann.get_object, **OBJECT)["Code"] == "AccessDenied"
    assert refused(ben.get_object, **OBJECT)["Code"] == "NoSuchKey"


def test_a_bucket_policy_lets_a_user_of_the_account_in(s3: Any, hire: Hire, refused: Refused) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    ann, ben = hire("ann"), hire("ben", may("s3:*"))
    arn = "arn:aws:iam::000000000000:user/"
    let(
        s3,
        "bucket",
        statement("bucket", {"AWS": f"{arn}ann"}, "s3:GetObject"),
        statement("bucket", {"AWS": f"{arn}ben"}, "s3:GetObject", "Deny"),
    )
    assert can(ann.get_object, **OBJECT) and not can(ann.put_object, **OBJECT)
    assert "with an explicit deny in a resource-based policy" in refused(ben.get_object, **OBJECT)["Message"]
    assert can(ben.put_object, **OBJECT)


def test_another_account_needs_both_sides(s3: Any, other: Any, hire: Hire, refused: Refused) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    cat, dan = hire("cat", account=OTHER), hire("dan", may("s3:GetObject"), account=OTHER)
    for client in (other, cat, dan):
        error = refused(client.get_object, **OBJECT)
        assert (error["Code"], error["Message"]) == ("AccessDenied", "Access Denied")
    let(s3, "bucket", statement("bucket", {"AWS": OTHER}, ["s3:GetObject", "s3:PutObject"]))
    assert can(other.get_object, **OBJECT) and can(dan.get_object, **OBJECT) and not can(cat.get_object, **OBJECT)
    assert can(other.put_object, **OBJECT) and not can(dan.put_object, **OBJECT)
    assert not can(other.list_objects_v2, Bucket="bucket") and not can(other.get_bucket_policy, Bucket="bucket")


def test_accounts_by_their_canonical_ids(s3: Any, other: Any) -> None:
    other.create_bucket(Bucket="theirs")
    canonical = other.get_bucket_acl(Bucket="theirs")["Owner"]["ID"]
    s3.put_object(**OBJECT, Body=b"data")
    let(s3, "bucket", statement("bucket", {"CanonicalUser": canonical}, "s3:GetObject"))
    assert can(other.get_object, **OBJECT) and not can(other.put_object, **OBJECT)


def test_the_root_can_be_denied_all_but_its_way_out(s3: Any, hire: Hire, refused: Refused) -> None:
    admin = hire("admin", may("*"))
    let(s3, "bucket", statement("bucket", effect="Deny"))
    message = refused(s3.put_object, **OBJECT)["Message"]
    assert message == (
        "User: arn:aws:iam::000000000000:root is not authorized to perform: s3:PutObject on resource: "
        '"arn:aws:s3:::bucket/k" with an explicit deny in a resource-based policy'
    )
    assert not can(admin.get_bucket_policy, Bucket="bucket") and not can(admin.delete_bucket_policy, Bucket="bucket")
    assert can(s3.get_bucket_policy, Bucket="bucket") and can(s3.delete_bucket_policy, Bucket="bucket")
    assert can(s3.put_object, **OBJECT)


def test_the_anonymous(s3: Any, anonymous: Any, refused: Refused, cloud: Cloud) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    for call, params in (
        (anonymous.get_object, OBJECT),
        (anonymous.list_objects_v2, {"Bucket": "bucket"}),
        (anonymous.put_object, OBJECT),
    ):
        error = refused(call, **params)
        assert (error["Code"], error["Message"], error["Status"]) == ("AccessDenied", "Access Denied", 403)
    assert not can(anonymous.list_buckets) and not can(anonymous.create_bucket, Bucket="nobodys")
    assert refused(anonymous.get_object, Bucket="nowhere", Key="k")["Code"] == "NoSuchBucket"
    let(s3, "bucket", statement("bucket", action="s3:GetObject"))
    assert anonymous.get_object(**OBJECT)["Body"].read() == b"data"
    web = httpx.Client(transport=cloud.transport(), base_url=cloud.url)
    assert web.get("/bucket/k").text == "data" and web.get("/bucket/none").status_code == 403
    assert not can(anonymous.put_object, **OBJECT)


def test_public_policies_can_be_restricted_to_the_account(s3: Any, anonymous: Any, other: Any, hire: Hire) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    ann = hire("ann")
    let(s3, "bucket", statement("bucket", action="s3:GetObject"), statement("bucket", {"AWS": OTHER}, "s3:GetObject"))
    assert can(anonymous.get_object, **OBJECT) and can(other.get_object, **OBJECT)
    s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert not can(anonymous.get_object, **OBJECT) and not can(other.get_object, **OBJECT)
    assert can(ann.get_object, **OBJECT)
    let(s3, "bucket", statement("bucket", {"AWS": OTHER}, "s3:GetObject"))
    s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert can(other.get_object, **OBJECT)


def test_versions_have_actions_of_their_own(s3: Any, hire: Hire) -> None:
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    version = {**OBJECT, "VersionId": s3.put_object(**OBJECT, Body=b"data")["VersionId"]}
    ann = hire("ann", may("s3:GetObject", "s3:DeleteObject", "s3:GetObjectTagging", "s3:ListBucket"))
    ben = hire(
        "ben",
        may("s3:GetObjectVersion", "s3:DeleteObjectVersion", "s3:GetObjectVersionTagging", "s3:ListBucketVersions"),
    )
    for name in ("get_object", "head_object", "get_object_tagging"):
        assert can(getattr(ann, name), **OBJECT) and not can(getattr(ann, name), **version), name
        assert can(getattr(ben, name), **version) and not can(getattr(ben, name), **OBJECT), name
    assert can(ann.list_objects_v2, Bucket="bucket") and not can(ann.list_object_versions, Bucket="bucket")
    assert can(ben.list_object_versions, Bucket="bucket") and not can(ben.list_objects_v2, Bucket="bucket")
    assert not can(ann.delete_object, **version) and can(ann.delete_object, **OBJECT)
    assert not can(ben.delete_object, **OBJECT) and can(ben.delete_object, **version)


def test_a_copy_needs_source_and_target(s3: Any, hire: Hire) -> None:
    s3.create_bucket(Bucket="target")
    s3.put_object(**OBJECT, Body=b"data")
    s3.put_object(Bucket="bucket", Key="tagged", Body=b"data", Tagging="a=b")
    copy = {"Bucket": "target", "Key": "k", "CopySource": "bucket/k"}
    put = may("s3:PutObject", on="arn:aws:s3:::target/*")
    read = may("s3:GetObject", on="arn:aws:s3:::bucket/*")
    assert not can(hire("ann", put).copy_object, **copy) and not can(hire("ben", read).copy_object, **copy)
    both = hire("both", put, read)
    assert can(both.copy_object, **copy)
    tagged = copy | {"CopySource": "bucket/tagged"}
    assert not can(both.copy_object, **tagged)
    assert can(both.copy_object, **tagged, TaggingDirective="REPLACE")
    tags = hire("tags", put, read, may("s3:GetObjectTagging", "s3:PutObjectTagging"))
    assert can(tags.copy_object, **tagged) and can(tags.copy_object, **copy, TaggingDirective="REPLACE", Tagging="a=b")
    assert not can(both.copy_object, **copy, TaggingDirective="REPLACE", Tagging="a=b")
    upload = {**OBJECT, "Bucket": "target"}
    upload |= {"UploadId": both.create_multipart_upload(**upload)["UploadId"]}
    assert can(both.upload_part_copy, **upload, PartNumber=1, CopySource="bucket/k")
    assert not can(hire("puts", put).upload_part_copy, **upload, PartNumber=1, CopySource="bucket/k")
    assert not can(both.abort_multipart_upload, **upload) and not can(both.list_parts, **upload)


def test_what_else_a_new_object_asks_for(s3: Any, hire: Hire) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2040-01-01T00:00:00Z"}
    where, put = {"Bucket": "locked", "Key": "k"}, may("s3:PutObject")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("PutObjectTagging", {"Tagging": "a=b"}),
        ("PutObjectAcl", {"ACL": "bucket-owner-full-control"}),
        ("PutObjectRetention", until),
        ("PutObjectLegalHold", {"ObjectLockLegalHoldStatus": "OFF"}),
    ]
    plain = hire("plain", put)
    assert can(plain.put_object, **where)
    for action, params in asked:
        assert not can(plain.put_object, **where, **params), action
        assert not can(plain.create_multipart_upload, **where, **params), action
        assert can(hire(action, put, may(f"s3:{action}")).put_object, **where, **params), action


def test_bypassing_retention_is_a_permission(s3: Any, hire: Hire) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2040-01-01T00:00:00Z"}
    version = s3.put_object(Bucket="locked", Key="k", **until)["VersionId"]
    given = {"Bucket": "locked", "Key": "k", "VersionId": version, "BypassGovernanceRetention": True}
    delete = may("s3:DeleteObjectVersion")
    assert not can(hire("ann", delete).delete_object, **given)
    assert can(hire("ben", delete, may("s3:BypassGovernanceRetention")).delete_object, **given)


def test_of_many_keys_each_is_judged(s3: Any, hire: Hire, anonymous: Any) -> None:
    for key in ("a", "b", "keep"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"x")
    ann = hire(
        "ann", may("s3:DeleteObject"), may("s3:DeleteObject", on="arn:aws:s3:::bucket/keep") | {"Effect": "Deny"}
    )
    wanted = {"Objects": [{"Key": "a"}, {"Key": "keep"}, {"Key": "b"}]}
    answer = ann.delete_objects(Bucket="bucket", Delete=wanted)
    assert [entry["Key"] for entry in answer["Deleted"]] == ["a", "b"]
    (failure,) = answer["Errors"]
    assert (failure["Key"], failure["Code"]) == ("keep", "AccessDenied")
    assert "with an explicit deny in an identity-based policy" in failure["Message"]
    (failure,) = anonymous.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "keep"}]})["Errors"]
    assert (failure["Code"], failure["Message"]) == ("AccessDenied", "Access Denied")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="bucket")["Contents"]] == ["keep"]


@pytest.mark.parametrize(
    ("action", "operation", "params"),
    [
        ("GetEncryptionConfiguration", "get_bucket_encryption", {}),
        ("GetBucketVersioning", "get_bucket_versioning", {}),
        ("GetBucketPublicAccessBlock", "get_public_access_block", {}),
        ("GetBucketNotification", "get_bucket_notification_configuration", {}),
        ("GetBucketLocation", "get_bucket_location", {}),
        ("GetBucketOwnershipControls", "get_bucket_ownership_controls", {}),
        ("GetInventoryConfiguration", "list_bucket_inventory_configurations", {}),
        ("GetAccelerateConfiguration", "get_bucket_accelerate_configuration", {}),
        ("ListBucket", "head_bucket", {}),
        ("ListBucketMultipartUploads", "list_multipart_uploads", {}),
        ("PutLifecycleConfiguration", "delete_bucket_lifecycle", {}),
        ("PutBucketCORS", "delete_bucket_cors", {}),
        ("PutBucketTagging", "delete_bucket_tagging", {}),
        ("PutReplicationConfiguration", "delete_bucket_replication", {}),
        ("PutBucketObjectLockConfiguration", "put_object_lock_configuration", None),
    ],
)
def test_operations_that_need_other_actions(s3: Any, hire: Hire, action: str, operation: str, params: Any) -> None:
    bucket = {"Bucket": "bucket"}
    if params is None:
        s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
        bucket |= {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    others = [f"s3:{name}" for name in ("Get*", "List*", "Put*", "Delete*")]
    denied = hire("denied", may(*others), may(f"s3:{action}") | {"Effect": "Deny"})
    assert not can(getattr(denied, operation), **bucket)
    assert can(getattr(hire("only", may(f"s3:{action}", on="arn:aws:s3:::bucket")), operation), **bucket)
