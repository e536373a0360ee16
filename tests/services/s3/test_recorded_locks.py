"""Object lock: our answers are those of AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.s3.recorded import Answers, Replay, Scenario, Scenarios, put, replayed, said, versioning

pytestmark = pytest.mark.feature("s3.versioning")

scenario = Scenarios()


def locked(r: Replay) -> None:
    r.s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)


@scenario()
def delete_object_with_no_locking(r: Replay) -> Answers:
    put(r.s3, "key")
    keys = {"Objects": [{"Key": "key"}]}
    return {
        "delete-object-bypass-no-lock": said(
            r.s3.delete_object, Bucket="bucket", Key="key", BypassGovernanceRetention=True
        ),
        "delete-object-bypass-no-lock-false": said(
            r.s3.delete_object, Bucket="bucket", Key="key", BypassGovernanceRetention=False
        ),
        "delete-objects-bypass-no-lock": said(
            r.s3.delete_objects, Bucket="bucket", Delete=keys, BypassGovernanceRetention=True
        ),
    }


@scenario()
def disable_versioning_on_locked_bucket(r: Replay) -> Answers:
    locked(r)
    return {
        "disable-versioning-on-locked-bucket": versioning(r.s3, "Suspended", "locked"),
        "enable-versioning-again-on-locked-bucket": versioning(r.s3, "Enabled", "locked"),
    }


@scenario()
def get_object_lock_configuration_exc(r: Replay) -> Answers:
    return {
        "get-lock-config-no-enabled": said(r.s3.get_object_lock_configuration, Bucket="bucket"),
        "get-lock-config-bucket-not-exists": said(r.s3.get_object_lock_configuration, Bucket="nowhere"),
    }


def hold(r: Replay, key: str, status: str) -> Any:
    return said(r.s3.put_object_legal_hold, Bucket="locked", Key=key, LegalHold={"Status": status})


@scenario()
def delete_locked_object(r: Replay) -> Answers:
    locked(r)
    at = {"Bucket": "locked", "Key": "test-delete-locked"}
    answers = {"put-obj": said(r.s3.put_object, **at, Body=b"test")}
    version = {"VersionId": answers["put-obj"]["VersionId"]}
    keys = {"Objects": [{"Key": at["Key"], **version}]}
    return answers | {
        "put-object-legal-hold": hold(r, at["Key"], "ON"),
        "delete-object-locked": said(r.s3.delete_object, **at, **version),
        "delete-objects-locked": said(r.s3.delete_objects, Bucket="locked", Delete=keys),
        "put-object-legal-hold-off": hold(r, at["Key"], "OFF"),
    }


@scenario()
def put_get_object_legal_hold(r: Replay) -> Answers:
    locked(r)
    at = {"Bucket": "locked", "Key": "key"}
    return {
        "put-obj": said(r.s3.put_object, **at, Body=b"test"),
        "get-legal-hold-unset": said(r.s3.get_object_legal_hold, **at),
        "put-object-legal-hold": hold(r, "key", "ON"),
        "head-object-with-legal-hold": said(r.s3.head_object, **at),
        "get-legal-hold-set": said(r.s3.get_object_legal_hold, **at),
        "put-object-legal-hold-off": hold(r, "key", "OFF"),
    }


@scenario()
def s3_copy_object_legal_hold(r: Replay) -> Answers:
    locked(r)
    source, target = {"Bucket": "locked", "Key": "source"}, {"Bucket": "locked", "Key": "target"}
    return {
        "put-object": said(r.s3.put_object, **source, Body=b'{"key": "value"}', ObjectLockLegalHoldStatus="ON"),
        "head-object": said(r.s3.head_object, **source),
        "copy-legal-hold": said(r.s3.copy_object, **target, CopySource="locked/source"),
        "head-dest-key": said(r.s3.head_object, **target),
    }


def retain(r: Replay, at: dict[str, str], days: float, mode: str = "GOVERNANCE", **params: Any) -> Any:
    retention = {"Mode": mode, "RetainUntilDate": r.cloud.clock.now() + timedelta(days=days)}
    return said(r.s3.put_object_retention, **at, Retention=retention, **params)


@scenario(loose="ETag ChecksumCRC32")
def object_lock_delete_markers(r: Replay) -> Answers:
    locked(r)
    at = {"Bucket": "locked", "Key": "key"}
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": r.cloud.clock.now() + timedelta(days=1)}
    answers = {"put-object-with-lock": said(r.s3.put_object, **at, Body=b"a" * 20, **lock)}
    answers["head-object-with-lock"] = said(r.s3.head_object, **at)
    answers["put-delete-marker"] = said(r.s3.delete_object, **at)
    marker = at | {"VersionId": answers["put-delete-marker"]["VersionId"]}
    return answers | {
        "head-object-locked-delete-marker": said(r.s3.head_object, **marker),
        "put-object-retention-delete-marker": retain(r, marker, 1),
        "get-object-retention-delete-marker": said(r.s3.get_object_retention, **marker),
    }


@scenario()
def s3_object_retention_compliance_mode(r: Replay) -> Answers:
    locked(r)
    at = {"Bucket": "locked", "Key": "key"}
    answers = {"put-obj-locked-1": said(r.s3.put_object, **at, Body=b"test")}
    version = at | {"VersionId": answers["put-obj-locked-1"]["VersionId"]}
    answers["add-compliance-retention"] = retain(r, version, 1, "COMPLIANCE")
    answers["put-delete-marker"] = said(r.s3.delete_object, **at)
    answers |= {
        "delete-locked-1": said(r.s3.delete_object, **version),
        "delete-locked-2": said(r.s3.delete_object, **version, BypassGovernanceRetention=True),
        "update-retention-less-restrictive": retain(r, version, 2, BypassGovernanceRetention=True),
        "update-retention-shortened": retain(r, version, 0.5, "COMPLIANCE", BypassGovernanceRetention=True),
    }
    r.cloud.clock.advance(days=2)
    return answers | {"delete-obj-after-lock-expiration": said(r.s3.delete_object, **version)}


@scenario()
def s3_object_retention_exc(r: Replay) -> Answers:
    locked(r)
    at = {"Bucket": "locked", "Key": "key"}
    r.s3.put_object(**at, Body=b"test")
    put(r.s3, "key")
    answers = {
        "get-object-retention-never-set": said(r.s3.get_object_retention, **at),
        "put-object-retention-no-bucket": retain(r, {"Bucket": "nowhere", "Key": "key"}, 1),
        "put-object-retention-no-key": retain(r, at | {"Key": "non-existing-key"}, 1),
        "put-object-retention-regular-bucket": retain(r, {"Bucket": "bucket", "Key": "key"}, 1),
        "get-object-retention-regular-bucket": said(r.s3.get_object_retention, Bucket="bucket", Key="key"),
        "put-object-missing-retention-fields": said(r.s3.put_object_retention, **at, Retention={"Mode": "GOVERNANCE"}),
    }
    retain(r, at, 10)
    past = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}
    return answers | {
        "update-retention-no-bypass": retain(r, at, 5),
        "update-retention-bad-value": retain(r, at, 5, "BAD-VALUE"),
        "update-retention-past-date": said(
            r.s3.put_object_retention, **at, Retention=past, BypassGovernanceRetention=True
        ),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
