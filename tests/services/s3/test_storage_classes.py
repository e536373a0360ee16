"""Storage classes: archived objects are restored before they are read, at AWS's pace on the cloud's clock."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.storage-classes")

BUCKET = "archive"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def archive(s3: Any, storage_class: str = "GLACIER") -> dict[str, Any]:
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"frozen", StorageClass=storage_class)
    return {"Bucket": BUCKET, "Key": "key"}


def request(days: int, tier: str) -> dict[str, Any]:
    return {"Days": days, "GlacierJobParameters": {"Tier": tier}}


@pytest.mark.parametrize(
    "name", ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]
)
def test_classes_that_are_read_at_once(s3: Any, name: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"body", StorageClass=name)
    answer = s3.get_object(Bucket=BUCKET, Key="key")
    assert answer["Body"].read() == b"body"
    assert answer.get("StorageClass", "STANDARD") == name
    assert s3.get_object_attributes(Bucket=BUCKET, Key="key", ObjectAttributes=["StorageClass"])["StorageClass"] == name


@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_objects_refuse_to_be_read(s3: Any, refused: Any, name: str) -> None:
    key = archive(s3, name)
    source = {"Bucket": BUCKET, "Key": "key"}
    error = refused(s3.get_object, **key)
    assert (error["Code"], error["Status"], error["StorageClass"]) == ("InvalidObjectState", 403, name)
    assert error["Message"] == "The operation is not valid for the object's storage class"
    error = refused(s3.copy_object, Bucket=BUCKET, Key="2", CopySource=source)
    assert (error["Code"], error["Status"]) == ("InvalidObjectState", 403)
    assert s3.head_object(**key)["StorageClass"] == name


def test_unknown_class(s3: Any, refused: Any) -> None:
    error = refused(s3.put_object, Bucket=BUCKET, Key="key", StorageClass="OUTPOSTS")
    assert (error["Code"], error["StorageClassRequested"]) == ("InvalidStorageClass", "OUTPOSTS")
    assert error["Message"] == "The storage class you specified is not valid"


@pytest.mark.parametrize(
    ("name", "tier", "hours"),
    [
        ("GLACIER", "Expedited", 5 / 60),
        ("GLACIER", "Standard", 5),
        ("GLACIER", "Bulk", 12),
        ("DEEP_ARCHIVE", "Standard", 12),
        ("DEEP_ARCHIVE", "Bulk", 48),
    ],
)
def test_restore_takes_its_time_and_the_copy_expires(
    s3: Any, cloud: Cloud, refused: Any, name: str, tier: str, hours: float
) -> None:
    key = archive(s3, name)
    answer = s3.restore_object(**key, RestoreRequest=request(2, tier))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.head_object(**key)["Restore"] == 'ongoing-request="true"'
    cloud.clock.advance(hours=hours - 1 / 60)
    assert refused(s3.get_object, **key)["Code"] == "InvalidObjectState"
    cloud.clock.advance(minutes=2)
    restored = s3.get_object(**key)
    assert restored["Body"].read() == b"frozen" and restored["StorageClass"] == name
    ongoing, _, expiry = restored["Restore"].partition(", ")
    assert ongoing == 'ongoing-request="false"'
    due = parsedate_to_datetime(expiry.removeprefix('expiry-date="').rstrip('"'))
    assert due.hour == due.minute == 0
    assert timedelta(days=2) - timedelta(minutes=2) < due - cloud.clock.now() <= timedelta(days=3)
    cloud.clock.advance(days=3)
    assert "Restore" not in s3.head_object(**key)
    assert refused(s3.get_object, **key)["Code"] == "InvalidObjectState"


def test_restore_again(s3: Any, cloud: Cloud, refused: Any) -> None:
    key = archive(s3)
    s3.restore_object(**key, RestoreRequest=request(1, "Standard"))
    error = refused(s3.restore_object, **key, RestoreRequest=request(1, "Bulk"))
    assert (error["Code"], error["Status"]) == ("RestoreAlreadyInProgress", 409)
    assert error["Message"] == "Object restore is already in progress"
    faster = s3.restore_object(**key, RestoreRequest=request(1, "Expedited"))
    assert faster["ResponseMetadata"]["HTTPStatusCode"] == 202, "a restore under way can be sped up"
    cloud.clock.advance(minutes=6)
    longer = s3.restore_object(**key, RestoreRequest=request(10, "Standard"))
    assert longer["ResponseMetadata"]["HTTPStatusCode"] == 200
    cloud.clock.advance(days=9)
    assert s3.get_object(**key)["Body"].read() == b"frozen"


def test_restore_errors(s3: Any, refused: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="warm", Body=b"x")
    error = refused(s3.restore_object, Bucket=BUCKET, Key="warm", RestoreRequest={"Days": 1})
    assert (error["Code"], error["Status"], error["StorageClass"]) == ("InvalidObjectState", 403, "STANDARD")
    assert error["Message"] == "Restore is not allowed for the object's current storage class"
    error = refused(s3.restore_object, **archive(s3, "DEEP_ARCHIVE"), RestoreRequest=request(1, "Expedited"))
    assert error["Message"] == "Retrieval option is not supported by this storage class"
    assert refused(s3.restore_object, **archive(s3), RestoreRequest={})["Code"] == "MalformedXML"
    assert refused(s3.restore_object, Bucket=BUCKET, Key="none", RestoreRequest={"Days": 1})["Code"] == "NoSuchKey"


def test_restore_survives_overwriting(s3: Any, cloud: Cloud) -> None:
    key = archive(s3)
    s3.restore_object(**key, RestoreRequest=request(1, "Standard"))
    s3.put_object(**key, Body=b"warm again")
    cloud.clock.advance(days=4)
    assert s3.get_object(**key)["Body"].read() == b"warm again"
