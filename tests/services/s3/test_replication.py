"""Replication between buckets, regions and accounts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.replication")

SOURCE, TARGET = "replicated", "replicas"
ENABLED = {"Status": "Enabled"}


def create(s3: Any, name: str, **params: Any) -> None:
    s3.create_bucket(Bucket=name, **params)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=ENABLED)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    create(client, SOURCE)
    create(
        cloud.client("s3", region_name="eu-west-1"),
        TARGET,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    return client


def rule(**changes: Any) -> dict[str, Any]:
    bucket = changes.pop("to", TARGET)
    destination = {"Bucket": f"arn:aws:s3:::{bucket}", **changes.pop("Destination", {})}
    defaults = {"ID": f"to-{bucket}", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
    return {**ENABLED, **defaults, **changes, "Destination": destination}


def configure(s3: Any, *rules: dict[str, Any], bucket: str = SOURCE) -> None:
    configuration = {"Role": "arn:aws:iam::000000000000:role/replication", "Rules": list(rules)}
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)


def put(s3: Any, cloud: Cloud, key: str = "key", **params: Any) -> dict[str, str]:
    """Where the source lies, once replication has had its time."""
    version = s3.put_object(Bucket=SOURCE, Key=key, **{"Body": b"body", **params})["VersionId"]
    cloud.clock.advance(seconds=1)
    return {"Bucket": SOURCE, "Key": key, "VersionId": version}


def replica_of(s3: Any, where: dict[str, str], bucket: str = TARGET) -> Any:
    return s3.get_object(**{**where, "Bucket": bucket})


def keys(s3: Any, bucket: str = TARGET) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_an_object_and_all_that_belongs_to_it(s3: Any, cloud: Cloud) -> None:
    configure(s3, rule())
    where = put(s3, cloud, ContentType="text/plain", Metadata={"a": "b"}, Tagging="k=v", StorageClass="STANDARD_IA")
    assert s3.head_object(**where)["ReplicationStatus"] == "COMPLETED"
    source, replica = s3.get_object(**where), replica_of(s3, where)
    assert replica["ReplicationStatus"] == "REPLICA"
    assert replica["Body"].read() == b"body"
    for member in ("VersionId", "ETag", "ContentType", "Metadata", "LastModified", "TagCount", "StorageClass"):
        assert replica[member] == source[member], member
    assert s3.get_object_tagging(**{**where, "Bucket": TARGET})["TagSet"] == [{"Key": "k", "Value": "v"}]


def test_large_and_multipart_bodies_are_their_own(s3: Any, cloud: Cloud) -> None:
    configure(s3, rule())
    body = bytes(range(256)) * 4096
    where = put(s3, cloud, Body=body)
    s3.delete_object(**where)
    assert replica_of(s3, where)["Body"].read() == body, "the source is gone, the replica stays"


def test_what_was_there_before_is_not_replicated(s3: Any, cloud: Cloud) -> None:
    where = put(s3, cloud, "before")
    configure(s3, rule())
    cloud.clock.advance(days=1)
    assert keys(s3) == [] and "ReplicationStatus" not in s3.head_object(**where)


def test_filters_priorities_and_several_destinations(s3: Any, cloud: Cloud) -> None:
    create(s3, "second")
    tag = {"Key": "copy", "Value": "yes"}
    configure(
        s3,
        rule(Filter={"Prefix": "a/"}),
        rule(
            ID="high",
            Filter={"And": {"Prefix": "a/", "Tags": [tag]}},
            Priority=2,
            Destination={"StorageClass": "GLACIER"},
        ),
        rule(to="second", Filter={"Tag": tag}),
        rule(ID="off", Filter={"Prefix": "off/"}, Priority=3, Status="Disabled"),
    )
    put(s3, cloud, "a/plain")
    put(s3, cloud, "a/tagged", Tagging="copy=yes")
    put(s3, cloud, "b/tagged", Tagging="copy=yes")
    unmatched = put(s3, cloud, "off/plain")
    assert keys(s3) == ["a/plain", "a/tagged"] and keys(s3, "second") == ["a/tagged", "b/tagged"]
    assert s3.head_object(Bucket=TARGET, Key="a/tagged")["StorageClass"] == "GLACIER"
    assert "StorageClass" not in s3.head_object(Bucket=TARGET, Key="a/plain")
    assert "ReplicationStatus" not in s3.head_object(**unmatched)


@pytest.mark.parametrize("marker_rule", ["Enabled", "Disabled", "first version"])
def test_delete_markers(s3: Any, cloud: Cloud, marker_rule: str) -> None:
    if marker_rule == "first version":
        first = rule(Prefix="")
        for name in ("Filter", "Priority", "DeleteMarkerReplication"):
            del first[name]
        configure(s3, first)
    else:
        configure(s3, rule(DeleteMarkerReplication={"Status": marker_rule}))
    where = put(s3, cloud)
    marker = s3.delete_object(Bucket=SOURCE, Key="key")["VersionId"]
    cloud.clock.advance(seconds=1)
    found = s3.list_object_versions(Bucket=TARGET).get("DeleteMarkers", [])
    assert [entry["VersionId"] for entry in found] == ([] if marker_rule == "Disabled" else [marker])
    s3.delete_object(**where)
    cloud.clock.advance(seconds=1)
    assert replica_of(s3, where)["Body"].read() == b"body", "deletions for good are never replicated"


def test_changes_follow(s3: Any, cloud: Cloud) -> None:
    configure(s3, rule())
    where = put(s3, cloud, Tagging="a=1")
    s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "a", "Value": "2"}]})
    cloud.clock.advance(seconds=1)
    assert s3.get_object_tagging(**{**where, "Bucket": TARGET})["TagSet"] == [{"Key": "a", "Value": "2"}]
    assert s3.head_object(**where)["ReplicationStatus"] == "COMPLETED"
    replica = {**where, "Bucket": TARGET}
    s3.put_object_tagging(**replica, Tagging={"TagSet": []})
    cloud.clock.advance(seconds=1)
    assert s3.head_object(**where)["TagCount"] == 1, "without replica modification sync they do not come back"


def test_two_ways_without_a_loop(s3: Any, cloud: Cloud) -> None:
    sync = {"SourceSelectionCriteria": {"ReplicaModifications": ENABLED}}
    configure(s3, rule(**sync))
    configure(s3, rule(to=SOURCE, **sync), bucket=TARGET)
    where = put(s3, cloud)
    replica = {**where, "Bucket": TARGET}
    s3.put_object_tagging(**replica, Tagging={"TagSet": [{"Key": "from", "Value": "replica"}]})
    cloud.clock.advance(minutes=1)
    assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "from", "Value": "replica"}]
    assert [len(s3.list_object_versions(Bucket=bucket)["Versions"]) for bucket in (SOURCE, TARGET)] == [1, 1]
    assert s3.head_object(**replica)["ReplicationStatus"] == "REPLICA"


def test_replicas_are_not_replicated_on(s3: Any, cloud: Cloud) -> None:
    create(s3, "third")
    configure(s3, rule())
    configure(s3, rule(to="third"), bucket=TARGET)
    put(s3, cloud)
    assert keys(s3) == ["key"] and keys(s3, "third") == []


def test_another_account_becomes_the_owner(s3: Any, cloud: Cloud) -> None:
    other = cloud.client("s3", account="111122223333")
    create(other, "elsewhere")
    ownership = {"Account": "111122223333", "AccessControlTranslation": {"Owner": "Destination"}}
    configure(s3, rule(to="elsewhere", Destination=ownership))
    put(s3, cloud)
    listed = other.list_objects_v2(Bucket="elsewhere", FetchOwner=True)["Contents"][0]
    assert listed["Owner"] == other.list_buckets()["Owner"]


def test_lock_goes_along(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    for name in ("locked-source", "locked-target"):
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    configure(s3, rule(to="locked-target"), bucket="locked-source")
    until = cloud.clock.now() + timedelta(days=5)
    s3.put_object(
        Bucket="locked-source",
        Key="key",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
        ObjectLockLegalHoldStatus="ON",
    )
    cloud.clock.advance(seconds=1)
    replica = s3.head_object(Bucket="locked-target", Key="key")
    assert replica["ObjectLockMode"] == "COMPLIANCE" and replica["ObjectLockLegalHoldStatus"] == "ON"


def test_failure_and_its_event(s3: Any, cloud: Cloud) -> None:
    configure(s3, rule())
    s3.put_bucket_versioning(Bucket=TARGET, VersioningConfiguration={"Status": "Suspended"})
    where = put(s3, cloud)
    assert s3.head_object(**where)["ReplicationStatus"] == "FAILED" and keys(s3) == []


def test_pending_work_survives_the_process(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path) as cloud:
        s3 = cloud.client("s3")
        for name in (SOURCE, TARGET):
            create(s3, name)
        configure(s3, rule())
        cloud.clock.freeze()
        for number in range(20):
            s3.put_object(Bucket=SOURCE, Key=f"{number:02}", Body=b"body")
    with Cloud(directory=tmp_path) as cloud:
        s3 = cloud.client("s3")
        cloud.clock.advance(seconds=1)
        assert len(keys(s3)) == 20
        assert s3.head_object(Bucket=SOURCE, Key="00")["ReplicationStatus"] == "COMPLETED"


def test_lifecycle_waits_for_replication(s3: Any, cloud: Cloud) -> None:
    configure(s3, rule())
    s3.put_bucket_versioning(Bucket=TARGET, VersioningConfiguration={"Status": "Suspended"})
    put(s3, cloud)
    expiring = {"ID": "r", "Filter": {}, **ENABLED, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=SOURCE, LifecycleConfiguration={"Rules": [expiring]})
    cloud.clock.advance(days=5)
    assert keys(s3, SOURCE) == ["key"]


def test_configuration_is_kept_and_needed_versioning_stays(s3: Any, refused: Any) -> None:
    error = refused(s3.get_bucket_replication, Bucket=SOURCE)
    assert (error["Code"], error["Status"]) == ("ReplicationConfigurationNotFoundError", 404)
    assert error["Message"] == "The replication configuration was not found"
    configure(s3, rule())
    assert s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]["Rules"] == [rule()]
    suspend = {"Status": "Suspended"}
    error = refused(s3.put_bucket_versioning, Bucket=SOURCE, VersioningConfiguration=suspend)
    assert error["Code"] == "InvalidBucketState"
    s3.delete_bucket_replication(Bucket=SOURCE)
    s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration=suspend)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"to": "unversioned"}, "Destination bucket must have versioning enabled."),
        ({"to": "no-such-bucket-here"}, "Destination bucket must have versioning enabled."),
        ({"Destination": {"Bucket": "no-arn"}}, "Invalid bucket ARN."),
        (
            {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "DeleteMarkerReplication": ENABLED},
            "Delete marker replication is not supported if any Tag filter is specified. "
            "Please refer to S3 Developer Guide for more information.",
        ),
    ],
)
def test_refused_rules(s3: Any, refused: Any, changes: dict[str, Any], message: str) -> None:
    s3.create_bucket(Bucket="unversioned")
    assert refused(lambda: configure(s3, rule(**changes)))["Message"] == message


def test_source_must_be_versioned(s3: Any, refused: Any) -> None:
    s3.create_bucket(Bucket="unversioned")
    error = refused(lambda: configure(s3, rule(), bucket="unversioned"))
    assert error["Code"] == "InvalidRequest"
    assert error["Message"] == "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
