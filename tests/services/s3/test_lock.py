"""Object lock, on the cloud's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.versioning")

BUCKET = "locked"
PROTECTED = "Access Denied because object protected by object lock."


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    client.create_bucket(Bucket="plain")
    return client


def put(s3: Any, **params: Any) -> dict[str, Any]:
    made: dict[str, Any] = s3.put_object(Bucket=BUCKET, Key="key", Body=b"test", **params)
    return {"Bucket": BUCKET, "Key": "key", "VersionId": made["VersionId"]}


def test_bucket_with_lock_is_versioned_and_stays_so(s3: Any, refused: Any) -> None:
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled"
    }
    error = refused(s3.put_bucket_versioning, Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert error["Code"] == "InvalidBucketState" and error["Status"] == 409
    assert error["Message"] == (
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
    )
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def test_legal_hold_protects_the_version_not_the_key(s3: Any, refused: Any) -> None:
    version = put(s3)
    assert refused(s3.get_object_legal_hold, **version)["Code"] == "NoSuchObjectLockConfiguration"
    s3.put_object_legal_hold(**version, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**version)["LegalHold"] == {"Status": "ON"}
    assert s3.head_object(**version)["ObjectLockLegalHoldStatus"] == "ON"
    error = refused(s3.delete_object, **version, BypassGovernanceRetention=True)
    assert (error["Code"], error["Message"], error["Status"]) == ("AccessDenied", PROTECTED, 403)
    many = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "key", "VersionId": version["VersionId"]}]})
    assert many["Errors"][0]["Message"] == PROTECTED
    assert s3.delete_object(Bucket=BUCKET, Key="key")["DeleteMarker"]
    s3.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
    assert s3.get_object_legal_hold(**version)["LegalHold"] == {"Status": "OFF"}
    assert s3.delete_object(**version)["VersionId"] == version["VersionId"]


def test_compliance_retention_yields_to_time_alone(s3: Any, cloud: Cloud, refused: Any) -> None:
    version = put(s3)
    until = cloud.clock.now() + timedelta(days=10)
    s3.put_object_retention(**version, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until})
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(days=1)}
    weaker = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    for retention in (sooner, weaker):
        error = refused(s3.put_object_retention, **version, Retention=retention, BypassGovernanceRetention=True)
        assert (error["Code"], error["Message"]) == ("AccessDenied", PROTECTED)
    assert refused(s3.delete_object, **version, BypassGovernanceRetention=True)["Message"] == PROTECTED
    later = {"Mode": "COMPLIANCE", "RetainUntilDate": until + timedelta(days=1)}
    s3.put_object_retention(**version, Retention=later)
    cloud.clock.advance(days=10, minutes=1)
    assert refused(s3.delete_object, **version)["Message"] == PROTECTED
    cloud.clock.advance(days=1)
    assert s3.delete_object(**version)["VersionId"] == version["VersionId"]


def test_governance_retention_can_be_bypassed(s3: Any, cloud: Cloud, refused: Any) -> None:
    until = cloud.clock.now() + timedelta(days=10)
    version = put(s3, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    retention = s3.get_object_retention(**version)["Retention"]
    assert retention["Mode"] == "GOVERNANCE" and abs(retention["RetainUntilDate"] - until) < timedelta(seconds=1)
    assert s3.head_object(**version)["ObjectLockMode"] == "GOVERNANCE"
    sooner = {"Mode": "GOVERNANCE", "RetainUntilDate": until - timedelta(days=1)}
    assert refused(s3.put_object_retention, **version, Retention=sooner)["Message"] == PROTECTED
    s3.put_object_retention(**version, Retention=sooner, BypassGovernanceRetention=True)
    assert refused(s3.delete_object, **version)["Message"] == PROTECTED
    s3.delete_object(**version, BypassGovernanceRetention=True)


def test_default_retention_is_applied_to_new_versions(s3: Any, cloud: Cloud, refused: Any) -> None:
    before = put(s3)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}
    s3.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    version = put(s3)
    retention = s3.get_object_retention(**version)["Retention"]
    assert retention["RetainUntilDate"].year == cloud.clock.now().year + 1
    assert refused(s3.get_object_retention, **before)["Code"] == "NoSuchObjectLockConfiguration"
    assert refused(s3.delete_object, **version)["Code"] == "AccessDenied"


def test_lock_needs_a_bucket_with_lock(s3: Any, cloud: Cloud, refused: Any) -> None:
    s3.put_object(Bucket="plain", Key="key", Body=b"test")
    until = cloud.clock.now() + timedelta(days=1)
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    missing = ("InvalidRequest", "Bucket is missing Object Lock Configuration")
    for call, params in (
        (s3.put_object_retention, {"Retention": retention}),
        (s3.get_object_retention, {}),
        (s3.put_object_legal_hold, {"LegalHold": {"Status": "ON"}}),
        (s3.put_object, {"ObjectLockLegalHoldStatus": "ON"}),
    ):
        error = refused(call, Bucket="plain", Key="key", **params)
        assert (error["Code"], error["Message"]) == missing
    error = refused(s3.delete_object, Bucket="plain", Key="key", BypassGovernanceRetention=False)
    assert error["Message"] == "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets."
    assert error["ArgumentName"] == "x-amz-bypass-governance-retention"
    error = refused(s3.get_object_lock_configuration, Bucket="plain")
    assert error["Code"] == "ObjectLockConfigurationNotFoundError" and error["BucketName"] == "plain"


def test_lock_is_enabled_on_a_versioned_bucket_later(s3: Any, refused: Any) -> None:
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    put_configuration = s3.put_object_lock_configuration
    error = refused(put_configuration, Bucket="plain", ObjectLockConfiguration=configuration)
    assert error["Code"] == "InvalidBucketState"
    s3.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    put_configuration(Bucket="plain", ObjectLockConfiguration=configuration)
    made = s3.put_object(Bucket="plain", Key="key", Body=b"x")
    assert refused(s3.delete_object, Bucket="plain", Key="key", VersionId=made["VersionId"])["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    "retention", [{"Mode": "GOVERNANCE"}, {"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, {"Mode": "WORM", "Days": 1}]
)
def test_malformed_default_retention(s3: Any, refused: Any, retention: dict[str, Any]) -> None:
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    error = refused(s3.put_object_lock_configuration, Bucket=BUCKET, ObjectLockConfiguration=configuration)
    assert error["Code"] == "MalformedXML"


def test_retention_errors(s3: Any, cloud: Cloud, refused: Any) -> None:
    version = put(s3)
    past = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}
    error = refused(s3.put_object_retention, **version, Retention=past)
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "RetainUntilDate")
    assert error["Message"] == "The retain until date must be in the future!"
    assert refused(s3.put_object_retention, **version, Retention={"Mode": "GOVERNANCE"})["Code"] == "MalformedXML"
    until = cloud.clock.now() + timedelta(days=1)
    bad = {"Mode": "BAD", "RetainUntilDate": until}
    assert refused(s3.put_object_retention, **version, Retention=bad)["Code"] == "MalformedXML"
    error = refused(put, s3=s3, ObjectLockMode="GOVERNANCE")
    assert error["Message"] == "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
    good = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    error = refused(s3.put_object_retention, Bucket=BUCKET, Key="none", Retention=good)
    assert error["Code"] == "NoSuchKey"
    marker = s3.delete_object(Bucket=BUCKET, Key="key")["VersionId"]
    error = refused(s3.get_object_retention, Bucket=BUCKET, Key="key", VersionId=marker)
    assert (error["Code"], error["Method"], error["ResourceType"]) == ("MethodNotAllowed", "GET", "DeleteMarker")
