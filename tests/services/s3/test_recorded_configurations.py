"""Configurations of buckets: our answers are those of AWS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.s3.recorded import Answers, Replay, Scenario, Scenarios, put, replayed, said, versioning

pytestmark = pytest.mark.feature("s3.objects")

scenario = Scenarios()
ARN = "arn:aws:s3:::bucket"


def in_region(r: Replay, region: str, name: str) -> None:
    constraint = {"LocationConstraint": region}
    r.client(region=region).create_bucket(Bucket=name, CreateBucketConfiguration=constraint)


@scenario()
def bucket_versioning_crud(r: Replay) -> Answers:
    def got(name: str = "bucket") -> Any:
        return said(r.s3.get_bucket_versioning, Bucket=name)

    return {
        "get-versioning-before": got(),
        "put-versioning-suspended-before": versioning(r.s3, "Suspended"),
        "put-versioning-enabled-lowercase": versioning(r.s3, "enabled"),
        "put-versioning-enabled-capitalized": versioning(r.s3, "Enabled"),
        "get-versioning-after-enabled": got(),
        "put-versioning-suspended-after": versioning(r.s3, "Suspended"),
        "get-versioning-after-suspended": got(),
        "put-versioning-disabled": versioning(r.s3, "Disabled"),
        "put-versioning-empty": versioning(r.s3, None),
        "put-versioning-no-bucket": versioning(r.s3, "Suspended", "nowhere"),
        "get-versioning-no-bucket": got("nowhere"),
    }


@scenario()
def bucket_acceleration_configuration_crud(r: Replay) -> Answers:
    def put(status: str) -> Any:
        call = {"Bucket": "bucket", "AccelerateConfiguration": {"Status": status}}
        return said(r.s3.put_bucket_accelerate_configuration, **call)

    def got() -> Any:
        return said(r.s3.get_bucket_accelerate_configuration, Bucket="bucket")

    return {
        "get-bucket-default-accelerate-config": got(),
        "put-bucket-accelerate-config-enabled": put("Enabled"),
        "get-bucket-accelerate-config-enabled": got(),
        "put-bucket-accelerate-config-disabled": put("Suspended"),
        "get-bucket-accelerate-config-disabled": got(),
    }


@scenario()
def s3_request_payer(r: Replay) -> Answers:
    payment = {"Payer": "Requester"}
    return {
        "put-bucket-request-payment": said(
            r.s3.put_bucket_request_payment, Bucket="bucket", RequestPaymentConfiguration=payment
        ),
        "get-bucket-request-payment": said(r.s3.get_bucket_request_payment, Bucket="bucket"),
    }


@scenario()
def s3_default_bucket_encryption(r: Replay) -> Answers:
    def gone() -> Any:
        return said(r.s3.delete_bucket_encryption, Bucket="bucket")

    return {
        "default-bucket-encryption": said(r.s3.get_bucket_encryption, Bucket="bucket"),
        "delete-bucket-encryption": gone(),
        "delete-bucket-encryption-idempotent": gone(),
        "get-bucket-no-encryption": said(r.s3.get_bucket_versioning, Bucket="bucket"),  # sic: it is empty
    }


@scenario()
def s3_bucket_encryption_sse_s3(r: Replay) -> Answers:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
    call = {"Bucket": "bucket", "ServerSideEncryptionConfiguration": {"Rules": [rule]}}
    return {
        "put-bucket-enc": said(r.s3.put_bucket_encryption, **call),
        "put-object-encrypted": put(r.s3, "key", b"test-encrypted"),
        "head-object-encrypted": said(r.s3.head_object, Bucket="bucket", Key="key"),
        "get-object-encrypted": said(r.s3.get_object, Bucket="bucket", Key="key"),
    }


def metrics(s3: Any, id: str, prefix: str = "logs/prefix") -> Any:
    configuration = {"Id": id, "Filter": {"Prefix": prefix}}
    call = {"Bucket": "bucket", "Id": id, "MetricsConfiguration": configuration}
    return said(s3.put_bucket_metrics_configuration, **call)


@scenario()
def put_bucket_metrics_configuration(r: Replay) -> Answers:
    return {
        "put_bucket_metrics_configuration": metrics(r.s3, "one", "logs/"),
        "get_bucket_metrics_configuration": said(r.s3.get_bucket_metrics_configuration, Bucket="bucket", Id="one"),
    }


@scenario()
def get_bucket_metrics_configuration_not_exist(r: Replay) -> Answers:
    answer = said(r.s3.get_bucket_metrics_configuration, Bucket="bucket", Id="one")
    return {"get_bucket_metrics_configuration": answer}


@scenario()
def list_bucket_metrics_configurations(r: Replay) -> Answers:
    for id in ("one", "two"):
        metrics(r.s3, id)
    answer = said(r.s3.list_bucket_metrics_configurations, Bucket="bucket")
    return {"list_bucket_metrics_configurations": answer}


@scenario()
def list_bucket_metrics_configurations_paginated(r: Replay) -> Answers:
    for number in range(102):
        metrics(r.s3, f"{number:03}")
    first = r.s3.list_bucket_metrics_configurations(Bucket="bucket")
    assert first["IsTruncated"] and len(first["MetricsConfigurationList"]) == 100
    answer = said(
        r.s3.list_bucket_metrics_configurations, Bucket="bucket", ContinuationToken=first["NextContinuationToken"]
    )
    return {"list_bucket_metrics_configurations_page_2": answer}


INVENTORY = {
    "Id": "test-1",
    "Destination": {"S3BucketDestination": {"Bucket": ARN, "Format": "CSV"}},
    "IsEnabled": True,
    "IncludedObjectVersions": "All",
    "OptionalFields": ["Size", "ETag"],
    "Schedule": {"Frequency": "Daily"},
}


def inventory(s3: Any, id: str = "test-1", /, **changes: Any) -> Any:
    document = {**{name: value for name, value in INVENTORY.items() if name != "OptionalFields"}, "Id": id, **changes}
    call = {"Bucket": "bucket", "Id": id, "InventoryConfiguration": document}
    return said(s3.put_bucket_inventory_configuration, **call)


@scenario()
def put_bucket_inventory_config_order(r: Replay) -> Answers:
    for id in ("z-test", "a-test", "test-1"):
        inventory(r.s3, id)

    def listed() -> Any:
        return said(r.s3.list_bucket_inventory_configurations, Bucket="bucket")

    return {
        "list-inventory-config": listed(),
        "del-inventory-config": said(r.s3.delete_bucket_inventory_configuration, Bucket="bucket", Id="z-test"),
        "list-inventory-config-after-del": listed(),
    }


@scenario()
def s3_put_inventory_report_exceptions(r: Replay) -> Answers:
    def to(**changes: str) -> Any:
        return {"S3BucketDestination": {"Bucket": ARN, "Format": "CSV"} | changes}

    return {
        "wrong-id": inventory(r.s3, Id="wrong-id"),
        "wrong-destination-arn": inventory(r.s3, Destination=to(Bucket="bucket")),
        "wrong-destination-format": inventory(r.s3, Destination=to(Format="WRONG-FORMAT")),
        "wrong-schedule-frequency": inventory(r.s3, Schedule={"Frequency": "Hourly"}),
        "wrong-object-versions": inventory(r.s3, IncludedObjectVersions="Wrong"),
        "wrong-optional-field": inventory(r.s3, OptionalFields=["TestField"]),
    }


@scenario()
def put_bucket_logging_wrong_target(r: Replay) -> Answers:
    in_region(r, "us-west-2", "far-target")
    return {
        "put-bucket-logging-different-regions": logged(r.s3, "far-target"),
        "put-bucket-logging-non-existent-bucket": logged(r.s3, "nowhere"),
    }


def logged(s3: Any, target: str, bucket: str = "bucket") -> Any:
    status = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log"}}
    return said(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=status)


@scenario()
def put_bucket_logging_cross_locations(r: Replay) -> Answers:
    for region in ("us-west-2", "eu-west-1"):
        in_region(r, region, f"in-{region}")
    return {
        "put-bucket-logging-different-regions": logged(r.client(region="us-west-2"), "in-eu-west-1", "in-us-west-2"),
        "put-bucket-logging-cross-us-east-1": logged(r.s3, "in-eu-west-1"),
    }


@scenario()
def replication_config_without_filter(r: Replay) -> Answers:
    versioning(r.s3, "Enabled")
    rule = {
        "ID": "rtc",
        "Priority": 0,
        "Filter": {},
        "Status": "Disabled",
        "Destination": {
            "Bucket": "arn:aws:s3:::dest-bucket",
            "StorageClass": "STANDARD",
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        },
        "DeleteMarkerReplication": {"Status": "Disabled"},
    }

    def put() -> Any:
        configuration = {"Role": "arn:aws:iam::000000000000:role/role", "Rules": [rule]}
        return said(r.s3.put_bucket_replication, Bucket="bucket", ReplicationConfiguration=configuration)

    answers = {"expected_error_dest_does_not_exist": put()}
    r.s3.create_bucket(Bucket="dest-bucket")
    answers["expected_error_dest_versioning_disabled"] = put()
    versioning(r.s3, "Enabled", "dest-bucket")
    answers["put-bucket-replication"] = put()
    answer = said(r.s3.get_bucket_replication, Bucket="bucket")
    configuration = answer["ReplicationConfiguration"]  # the recording has names in place of ARNs
    configuration["Role"] = configuration["Role"].rpartition("/")[2]
    destination = configuration["Rules"][0]["Destination"]
    destination["Bucket"] = destination["Bucket"].rpartition(":")[2]
    return answers | {"get-bucket-replication": answer}


# lifecycle


def lifecycle(s3: Any, *rules: Any) -> Any:
    call = {"Bucket": "bucket", "LifecycleConfiguration": {"Rules": list(rules)}}
    return said(s3.put_bucket_lifecycle_configuration, **call)


def expiring(id: str, filter: Any, **more: Any) -> Any:
    return {"ID": id, "Filter": filter, "Status": "Enabled", "Expiration": {"Days": 7}} | more


def lifecycle_of(s3: Any) -> Any:
    return said(s3.get_bucket_lifecycle_configuration, Bucket="bucket")


@scenario()
def bucket_lifecycle_configuration_date(r: Replay) -> Answers:
    lifecycle(r.s3, expiring("rule_number_one", {}, Expiration={"Date": datetime(2030, 1, 1, tzinfo=UTC)}))
    return {"get-bucket-lifecycle-conf": lifecycle_of(r.s3)}


@scenario()
def bucket_lifecycle_configuration_object_expiry(r: Replay) -> Answers:
    lifecycle(r.s3, expiring("rule_number_one", {"Prefix": ""}))
    put(r.s3, "key")
    return {
        "get-bucket-lifecycle-conf": lifecycle_of(r.s3),
        "head-object-expiry": said(r.s3.head_object, Bucket="bucket", Key="key"),
        "get-object-expiry": said(r.s3.get_object, Bucket="bucket", Key="key"),
    }


@scenario()
def bucket_lifecycle_configuration_object_expiry_versioned(r: Replay) -> Answers:
    versioning(r.s3, "Enabled")
    lifecycle(r.s3, expiring("rule2", {}, NoncurrentVersionExpiration={"NoncurrentDays": 1}))

    def head(**params: str) -> Any:
        return said(r.s3.head_object, Bucket="bucket", Key="key", **params)

    first = put(r.s3, "key")["VersionId"]
    answers = {"get-bucket-lifecycle-conf": lifecycle_of(r.s3), "head-object-expiry": head()}
    second = put(r.s3, "key")["VersionId"]
    return answers | {
        "head-object-expiry-noncurrent": head(VersionId=first),
        "head-object-expiry-current-without-version-id": head(),
        "head-object-expiry-current-with-version-id": head(VersionId=second),
    }


@scenario()
def bucket_lifecycle_multiple_rules(r: Replay) -> Answers:
    prefixes = {"rule_one": "testobject", "rule_two": "test", "rule_three": "t"}
    lifecycle(r.s3, *(expiring(id, {"Prefix": prefix}) for id, prefix in prefixes.items()))
    return {
        "get-bucket-lifecycle-conf": lifecycle_of(r.s3),
        "put-object-match-both-rules": put(r.s3, "testobject"),
        "put-object-match-rule-2": put(r.s3, "test"),
        "put-object-no-match": put(r.s3, "no-match"),
    }


@scenario(loose="ETag ChecksumCRC32")
def bucket_lifecycle_object_size_rules(r: Replay) -> Answers:
    lifecycle(
        r.s3, expiring("rule_one", {"ObjectSizeGreaterThan": 20}), expiring("rule_two", {"ObjectSizeLessThan": 10})
    )
    return {
        "get-bucket-lifecycle-conf": lifecycle_of(r.s3),
        "put-object-match-rule-1": put(r.s3, "large", b"a" * 22),
        "put-object-match-rule-2": put(r.s3, "small", b"a" * 9),
        "put-object-no-match": put(r.s3, "between", b"a" * 15),
    }


@scenario()
def bucket_lifecycle_tag_rules(r: Replay) -> Answers:
    one = {"Key": "testlifecycle", "Value": "positive"}
    two = {"Key": "testlifecycletwo", "Value": "positive-two"}
    lifecycle(r.s3, expiring("rule_one", {"Tag": one}), expiring("rule_two", {"And": {"Tags": [one, two]}}))
    answers = {"get-bucket-lifecycle-conf": lifecycle_of(r.s3)}
    tagging = {
        "match-both-rules": "testlifecycle=positive&testlifecycletwo=positive-two",
        "match-rule-1": "testlifecycle=positive",
        "no-match": "testlifecycle=negative",
        "no-tags": "",
    }
    for name, tags in tagging.items():
        answers[f"put-object-{name}"] = put(r.s3, name, Tagging=tags)
        answers[f"get-object-{name}"] = said(r.s3.get_object, Bucket="bucket", Key=name)
    return answers


@scenario()
def lifecycle_expired_object_delete_marker(r: Replay) -> Answers:
    lifecycle(r.s3, expiring("rule-marker", {}, Expiration={"ExpiredObjectDeleteMarker": True}))
    return {
        "get-bucket-lifecycle-conf": lifecycle_of(r.s3),
        "put-object": put(r.s3, "key"),
        "head-object": said(r.s3.head_object, Bucket="bucket", Key="key"),
    }


@scenario()
def put_bucket_lifecycle_conf_exc(r: Replay) -> Answers:
    tag = {"Key": "key", "Value": "value"}
    good = expiring("rule", {})

    def refused(**changes: Any) -> Any:
        return lifecycle(r.s3, {name: value for name, value in (good | changes).items() if value is not None})

    return {
        "missing-id": refused(ID=None, Filter=None),
        "missing-filter": refused(Filter=None),
        "missing-noncurrent-version-expiration-data": refused(
            Expiration=None, NoncurrentVersionExpiration={"NewerNoncurrentVersions": 1}
        ),
        "wrong-filter-and-plus-prefix": refused(
            Filter={"And": {"Prefix": "test", "Tags": [tag]}, "Prefix": "test"}
        ),
        "wrong-filter-and-and-object-size": refused(
            Filter={"And": {"Prefix": "test", "Tags": [tag]}, "ObjectSizeGreaterThan": 20}
        ),
        "duplicate-tag-keys": refused(Filter={"And": {"Tags": [tag, tag]}}),
        "wrong-data-no-midnight": refused(Expiration={"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}),
        "expired-delete-marker-and-days": refused(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}),
    }  # fmt: skip


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
