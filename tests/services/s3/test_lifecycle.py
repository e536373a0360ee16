"""Lifecycle rules on the cloud's clock: days of them happen when the clock is advanced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.lifecycle")

BUCKET = "aging"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def configure(s3: Any, *rules: dict[str, Any], **params: Any) -> Any:
    named = [{"Filter": {}, "Status": "Enabled", **rule} for rule in rules]
    named = [{k: v for k, v in rule.items() if v is not None} for rule in named]
    return s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": named}, **params)


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def versions(s3: Any) -> list[tuple[str, bool]]:
    """(key or "marker of key", latest)"""
    listed = s3.list_object_versions(Bucket=BUCKET)
    return [(entry["Key"], entry["IsLatest"]) for entry in listed.get("Versions", [])] + [
        (f"marker of {entry['Key']}", entry["IsLatest"]) for entry in listed.get("DeleteMarkers", [])
    ]


def enable_versioning(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def storage_class(s3: Any, key: str) -> str:
    return str(s3.head_object(Bucket=BUCKET, Key=key).get("StorageClass", "STANDARD"))


def midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def test_objects_expire_at_the_midnight_after_their_days(s3: Any, cloud: Cloud) -> None:
    configure(s3, {"ID": "old", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}})
    put = s3.put_object(Bucket=BUCKET, Key="logs/a", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"x")
    due = midnight_after(cloud.clock.now() + timedelta(days=3))
    assert put["Expiration"] == f'expiry-date="{format_datetime(due, usegmt=True)}", rule-id="old"'
    assert s3.head_object(Bucket=BUCKET, Key="logs/a")["Expiration"] == put["Expiration"]
    assert "Expiration" not in s3.get_object(Bucket=BUCKET, Key="kept")
    cloud.clock.advance(seconds=(due - cloud.clock.now()).total_seconds() - 60)
    assert keys(s3) == ["kept", "logs/a"]
    cloud.clock.advance(seconds=120)
    assert keys(s3) == ["kept"]


def test_expiration_on_a_date(s3: Any, cloud: Cloud) -> None:
    date = midnight_after(cloud.clock.now() + timedelta(days=5))
    configure(s3, {"ID": "once", "Expiration": {"Date": date}})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    cloud.clock.advance(days=4)
    assert keys(s3) == ["a"]
    cloud.clock.advance(days=2)
    assert keys(s3) == []
    s3.put_object(Bucket=BUCKET, Key="later", Body=b"x")
    cloud.clock.advance(days=1)
    assert keys(s3) == [], "a date in the past goes on being applied"


def test_filters(s3: Any, cloud: Cloud) -> None:
    one, two = {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}
    configure(
        s3,
        {"Filter": {"Tag": one}, "Expiration": {"Days": 1}},
        {"Filter": {"And": {"Prefix": "p/", "Tags": [two]}}, "Expiration": {"Days": 1}},
        {"Filter": {"And": {"ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 20}}, "Expiration": {"Days": 1}},
    )
    for key, body, tags in (
        ("tag", b"", "a=1"),
        ("other-value", b"", "a=2"),
        ("p/tag", b"", "b=2&c=3"),
        ("q/tag", b"", "b=2"),
        ("size-10", b"x" * 10, ""),
        ("size-11", b"x" * 11, ""),
        ("size-20", b"x" * 20, ""),
    ):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body, Tagging=tags)
    cloud.clock.advance(days=2)
    assert keys(s3) == ["other-value", "q/tag", "size-10", "size-20"]


def test_disabled_rules_and_removed_configurations_do_nothing(s3: Any, cloud: Cloud) -> None:
    configure(s3, {"Expiration": {"Days": 1}, "Status": "Disabled"})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    cloud.clock.advance(days=3)
    configure(s3, {"Expiration": {"Days": 1}})
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    cloud.clock.advance(days=3)
    assert keys(s3) == ["a"]
    configure(s3, {"Expiration": {"Days": 1}})
    cloud.clock.advance(days=1)
    assert keys(s3) == [], "rules apply to objects that were there before"


def test_more_keys_than_a_batch(s3: Any, cloud: Cloud) -> None:
    configure(s3, {"Expiration": {"Days": 1}})
    for number in range(450):
        s3.put_object(Bucket=BUCKET, Key=f"{number:04}", Body=b"")
    cloud.clock.advance(days=2)
    assert keys(s3) == []


def test_versions_expire_behind_a_marker_which_goes_last(s3: Any, cloud: Cloud) -> None:
    enable_versioning(s3)
    configure(
        s3,
        {
            "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 2},
        },
    )
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    cloud.clock.advance(days=2)
    assert versions(s3) == [("a", False), ("marker of a", True)]
    cloud.clock.advance(days=2)
    assert versions(s3) == [("a", False), ("marker of a", True)]
    cloud.clock.advance(days=1)
    assert versions(s3) == [("marker of a", True)]
    cloud.clock.advance(days=1)
    assert versions(s3) == []


def test_newer_noncurrent_versions_are_kept(s3: Any, cloud: Cloud) -> None:
    enable_versioning(s3)
    configure(s3, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}})
    bodies = [f"{number}".encode() for number in range(5)]
    made = [s3.put_object(Bucket=BUCKET, Key="a", Body=body)["VersionId"] for body in bodies]
    cloud.clock.advance(days=3)
    left = [entry["VersionId"] for entry in s3.list_object_versions(Bucket=BUCKET)["Versions"]]
    assert left == made[:1:-1], "the current one and the two newest of the others"


def test_expired_object_delete_marker(s3: Any, cloud: Cloud) -> None:
    enable_versioning(s3)
    configure(s3, {"Expiration": {"ExpiredObjectDeleteMarker": True}})
    kept = s3.put_object(Bucket=BUCKET, Key="history", Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="history")
    s3.delete_object(Bucket=BUCKET, Key="nothing")
    assert "Expiration" not in s3.head_object(Bucket=BUCKET, Key="history", VersionId=kept["VersionId"])
    cloud.clock.advance(days=1)
    assert versions(s3) == [("history", False), ("marker of history", True)]


def test_locked_versions_are_passed_over(cloud: Cloud, s3: Any) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = cloud.clock.now() + timedelta(days=10)
    s3.put_object(Bucket="locked", Key="a", Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    s3.delete_object(Bucket="locked", Key="a")
    rule = {"ID": "r", "Filter": {}, "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="locked", LifecycleConfiguration={"Rules": [rule]})
    cloud.clock.advance(days=9)
    assert len(s3.list_object_versions(Bucket="locked")["Versions"]) == 1
    cloud.clock.advance(days=3)
    assert "Versions" not in s3.list_object_versions(Bucket="locked")


@pytest.mark.feature("s3.storage-classes")
def test_transitions_go_down_and_spare_small_objects(s3: Any, cloud: Cloud) -> None:
    configure(
        s3,
        {
            "Transitions": [
                {"Days": 30, "StorageClass": "STANDARD_IA"},
                {"Days": 60, "StorageClass": "GLACIER"},
                {"Days": 180, "StorageClass": "DEEP_ARCHIVE"},
            ],
            "Expiration": {"Days": 365},
        },
    )
    s3.put_object(Bucket=BUCKET, Key="big", Body=bytes(128 * 1024))
    s3.put_object(Bucket=BUCKET, Key="small", Body=bytes(128 * 1024 - 1))
    s3.put_object(Bucket=BUCKET, Key="cold", Body=bytes(128 * 1024), StorageClass="DEEP_ARCHIVE")
    seen = []
    for days in (29, 2, 30, 120):
        cloud.clock.advance(days=days)
        seen.append(storage_class(s3, "big"))
    assert seen == ["STANDARD", "STANDARD_IA", "GLACIER", "DEEP_ARCHIVE"]
    assert storage_class(s3, "small") == "STANDARD"
    assert storage_class(s3, "cold") == "DEEP_ARCHIVE"
    cloud.clock.advance(days=200)
    assert keys(s3) == []


@pytest.mark.feature("s3.storage-classes")
def test_minimum_size_by_class_and_by_filter(s3: Any, cloud: Cloud) -> None:
    rules = (
        {"Filter": {"Prefix": "a"}, "Transitions": [{"Days": 0, "StorageClass": "GLACIER_IR"}]},
        {"Filter": {"Prefix": "b"}, "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}]},
        {
            "Filter": {"And": {"Prefix": "c", "ObjectSizeGreaterThan": 1}},
            "Transitions": [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}],
        },
    )
    answer = configure(s3, *rules, TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    assert answer["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"xx")
    cloud.clock.advance(days=1)
    assert [storage_class(s3, key) for key in "abc"] == ["STANDARD", "GLACIER", "INTELLIGENT_TIERING"]


def test_noncurrent_transition(s3: Any, cloud: Cloud) -> None:
    enable_versioning(s3)
    configure(s3, {"NoncurrentVersionTransitions": [{"NoncurrentDays": 1, "StorageClass": "GLACIER_IR"}]})
    old = s3.put_object(Bucket=BUCKET, Key="a", Body=bytes(128 * 1024))["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="a", Body=bytes(128 * 1024))
    cloud.clock.advance(days=2)
    assert s3.head_object(Bucket=BUCKET, Key="a", VersionId=old)["StorageClass"] == "GLACIER_IR"
    assert storage_class(s3, "a") == "STANDARD"


def test_incomplete_uploads_are_aborted(s3: Any, cloud: Cloud) -> None:
    configure(
        s3, {"ID": "up", "Filter": {"Prefix": "up/"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}}
    )
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="up/a")
    assert upload["AbortRuleId"] == "up"
    assert upload["AbortDate"] == midnight_after(cloud.clock.now() + timedelta(days=2))
    s3.upload_part(Bucket=BUCKET, Key="up/a", UploadId=upload["UploadId"], PartNumber=1, Body=b"x")
    s3.create_multipart_upload(Bucket=BUCKET, Key="other")
    cloud.clock.advance(days=4)
    assert [upload["Key"] for upload in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == ["other"]


def test_what_is_put_is_read_back(s3: Any, refused: Any) -> None:
    error = refused(s3.get_bucket_lifecycle_configuration, Bucket=BUCKET)
    assert (error["Code"], error["Status"]) == ("NoSuchLifecycleConfiguration", 404)
    assert error["Message"] == "The lifecycle configuration does not exist"
    configure(s3, {"Filter": {"Prefix": ""}, "Expiration": {"Days": 7}}, {"ID": "two", "Expiration": {"Days": 9}})
    found = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    first, second = found["Rules"]
    assert first.pop("ID") and first == {"Filter": {"Prefix": ""}, "Status": "Enabled", "Expiration": {"Days": 7}}
    assert second == {"ID": "two", "Filter": {}, "Status": "Enabled", "Expiration": {"Days": 9}}


MIDNIGHT = datetime(2030, 1, 1, tzinfo=UTC)
IA, GLACIER = {"StorageClass": "STANDARD_IA"}, {"StorageClass": "GLACIER"}
TAGS = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ({"Filter": None, "Expiration": {"Days": 7}}, "MalformedXML", ""),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML", ""),
        ({"Filter": {"Prefix": "a", "ObjectSizeLessThan": 3}, "Expiration": {"Days": 1}}, "MalformedXML", ""),
        ({"NoncurrentVersionExpiration": {}}, "MalformedXML", ""),
        ({"Status": "enabled", "Expiration": {"Days": 1}}, "MalformedXML", ""),
        ({}, "InvalidRequest", "At least one action needs to be specified in a rule"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument", "'Days' for Expiration action must be a positive integer"),
        ({"Expiration": {"Date": MIDNIGHT + timedelta(hours=1)}}, "InvalidArgument", "'Date' must be at midnight GMT"),
        (
            {"Filter": {"And": {"Tags": TAGS}}, "Expiration": {"Days": 1}},
            "InvalidRequest",
            "Duplicate Tag Keys are not allowed.",
        ),
        (
            {"Transitions": [{"Days": 29, **IA}]},
            "InvalidArgument",
            "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
        ),
        (
            {"Transitions": [{"Days": 30, **IA}, {"Date": MIDNIGHT, **GLACIER}]},
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for filter '(prefix=)'",
        ),
        (
            {"Expiration": {"Days": 5}, "Transitions": [{"Days": 5, **GLACIER}]},
            "InvalidArgument",
            "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in the Transition action",
        ),
        (
            {
                "Filter": {"Tag": {"Key": "k", "Value": "v"}},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        ),
        (
            {"ID": "x" * 256, "Expiration": {"Days": 1}},
            "InvalidArgument",
            "ID length should not exceed allowed limit of 255",
        ),
    ],
)
def test_refused_rules(s3: Any, refused: Any, rule: dict[str, Any], code: str, message: str) -> None:
    error = refused(lambda: configure(s3, {"ID": "r", **rule}))
    assert error["Code"] == code
    assert not message or error["Message"] == message


def test_one_id_twice(s3: Any, refused: Any) -> None:
    rule = {"ID": "same", "Expiration": {"Days": 1}}
    error = refused(lambda: configure(s3, rule, rule))
    assert error["Message"] == "Rule ID must be unique. Found same ID for more than one rule"
