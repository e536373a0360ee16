"""Digest files, as `aws cloudtrail validate-logs` finds them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hodei.inprocess import botocore_sender
from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import BUCKET

pytestmark = pytest.mark.feature("cloudtrail.recording")

Validate = Callable[..., str]


@pytest.fixture
def validate(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Validate:
    """What the command says of the last two days."""
    from awscli.clidriver import create_clidriver

    for name, value in (
        ("AWS_ENDPOINT_URL", cloud.url),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", REGION),
    ):
        monkeypatch.setenv(name, value)

    def validate(trail: str, *options: str) -> str:
        driver = create_clidriver()
        driver.session.register("before-send", botocore_sender(cloud._runner))
        start = (cloud.clock.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        end = cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        driver.main(
            ["cloudtrail", "validate-logs", "--trail-arn", trail, "--start-time", start, "--end-time", end, *options]
        )
        return "".join(capsys.readouterr())

    return validate


@pytest.fixture
def day(cloud: Cloud, logging: Any) -> str:
    """A trail that has logged for some hours; its ARN."""
    arn: str = logging(EnableLogFileValidation=True, IsMultiRegionTrail=True)
    for hour in range(5):
        for region in (REGION, "eu-west-1"):
            cloud.client("sqs", region_name=region).create_queue(QueueName=f"q-{hour}")
        cloud.clock.advance(hours=1)
    cloud.clock.advance(minutes=10)
    return arn


def keys(cloud: Cloud, word: str) -> list[str]:
    listed = cloud.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    return [one["Key"] for one in listed if word in one["Key"]]


def test_all_is_valid(day: str, validate: Validate) -> None:
    said = validate(day)
    assert "5/5 digest files valid" in said
    assert "/5 log files valid" in said or "/6 log files valid" in said
    assert "INVALID" not in said


def test_a_log_file_that_was_changed_or_deleted(cloud: Cloud, day: str, validate: Validate) -> None:
    s3 = cloud.client("s3")
    first, second, *_ = keys(cloud, f"/CloudTrail/{REGION}/")
    body = gzip.decompress(s3.get_object(Bucket=BUCKET, Key=first)["Body"].read())
    s3.put_object(Bucket=BUCKET, Key=first, Body=gzip.compress(body.replace(b"StartLogging", b"StopLogging ")))
    s3.delete_object(Bucket=BUCKET, Key=second)
    said = validate(day)
    assert f"s3://{BUCKET}/{first}\tINVALID: hash value doesn't match" in said
    assert f"s3://{BUCKET}/{second}\tINVALID: not found" in said
    assert "2/" in said.partition("log files valid,")[2] and "5/5 digest files valid" in said


def test_a_digest_file_that_was_changed_or_deleted(cloud: Cloud, day: str, validate: Validate) -> None:
    s3 = cloud.client("s3")
    digests = keys(cloud, f"/CloudTrail-Digest/{REGION}/")
    found = s3.get_object(Bucket=BUCKET, Key=digests[3])
    body = gzip.compress(gzip.decompress(found["Body"].read()).replace(b'"SHA-256"', b'"SHA-257"'))
    s3.put_object(Bucket=BUCKET, Key=digests[3], Body=body, Metadata=found["Metadata"])
    s3.delete_object(Bucket=BUCKET, Key=digests[1])
    said = validate(day)
    assert f"s3://{BUCKET}/{digests[3]}\tINVALID: signature verification failed" in said
    assert f"s3://{BUCKET}/{digests[1]}\tINVALID: not found" in said


def test_keys_sign_for_a_month_in_their_region(cloud: Cloud, day: str, cloudtrail: Any) -> None:
    (key,) = cloudtrail.list_public_keys()["PublicKeyList"]
    assert key["ValidityStartTime"] <= cloud.clock.now() < key["ValidityEndTime"]
    assert key["Fingerprint"] == hashlib.md5(key["Value"]).hexdigest()
    (there,) = cloud.client("cloudtrail", region_name="eu-west-1").list_public_keys()["PublicKeyList"]
    assert there["Fingerprint"] != key["Fingerprint"]
    cloudtrail.stop_logging(Name="main")
    cloud.clock.advance(days=31)
    cloudtrail.start_logging(Name="main")
    cloud.clock.advance(minutes=70)
    start = key["ValidityStartTime"]
    found = cloudtrail.list_public_keys(StartTime=start, EndTime=cloud.clock.now())["PublicKeyList"]
    assert [one["Fingerprint"] for one in found].count(key["Fingerprint"]) == 1 and len(found) == 2


def test_a_chain_begins_and_ends(cloud: Cloud, logging: Any, cloudtrail: Any, files: Any) -> None:
    logging(EnableLogFileValidation=True)
    cloud.clock.advance(hours=1, minutes=10)
    cloud.client("sqs").create_queue(QueueName="last")
    cloudtrail.stop_logging(Name="main")
    cloud.clock.advance(hours=3)
    first, last = files("Digest").values()
    assert first["previousDigestS3Object"] is first["previousDigestSignature"] is None
    assert last["previousDigestS3Object"] == first["digestS3Object"]
    assert last["digestStartTime"] == first["digestEndTime"]
    assert len(last["logFiles"]) == 1
    cloudtrail.start_logging(Name="main")
    cloudtrail.update_trail(Name="main", EnableLogFileValidation=False)
    cloud.clock.advance(hours=2)
    assert len(files("Digest")) == 2
    cloudtrail.update_trail(Name="main", EnableLogFileValidation=True)
    cloud.clock.advance(hours=1, minutes=10)
    assert list(files("Digest").values())[-1]["previousDigestSignature"] is None
